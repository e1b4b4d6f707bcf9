"""Links that have ended are forgotten, and those that count are not."""

from __future__ import annotations

import anyio

from tests.auth.site import Site
from trivet.auth.forgetting import forgetting_links
from trivet.auth.links import StoredLink


async def test_links_that_have_ended_are_forgotten_while_the_application_serves(
    site: Site,
) -> None:
    database, links = site.auth.database, site.auth.flows.links
    async with database.own_transaction():
        await links.make("reset", None, -1.0)
        await links.make("reset", None, 600.0)

    async with forgetting_links(database, links, every=0.01):
        with anyio.fail_after(20):
            while True:
                async with database.own_transaction():
                    left = await StoredLink.all().count()
                if left == 1:
                    break
                await anyio.sleep(0.02)
