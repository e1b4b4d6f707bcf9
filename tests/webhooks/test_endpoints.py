"""Endpoints: where webhooks go, of which events, by which secrets; on every database."""

from __future__ import annotations

import pytest

from tests.webhooks.running import Site, receiving
from trivet.db import NotFound
from trivet.errors import SetupError
from trivet.testing import async_client
from trivet.webhooks import DestinationRefused, Endpoint
from trivet.webhooks.endpoints import names_of


async def test_an_endpoint_is_given_back_as_it_was_added(site: Site) -> None:
    async with site.database.transaction():
        made = await site.webhooks.endpoints.add(
            "http://127.0.0.1:1/hook", ["order.*", "stock.low"], owner="shop 7", description="Ours"
        )

    async with site.database.transaction():
        found = await site.webhooks.endpoints.get(made.id)

    assert found == made
    assert (found.url, found.owner, found.description) == (
        "http://127.0.0.1:1/hook", "shop 7", "Ours",
    )  # fmt: skip
    assert found.events == ("order.*", "stock.low")
    assert found.secret.startswith("whsec_")
    assert found.is_active
    assert found.secret not in repr(found)


async def test_those_of_an_owner_are_listed_and_all(site: Site) -> None:
    endpoints = site.webhooks.endpoints
    async with site.database.transaction():
        for owner in ("a", "b", None):
            await endpoints.add("http://127.0.0.1:1/", owner=owner)

        assert [one.owner for one in await endpoints.all()] == ["a", "b", None]
        assert [one.owner for one in await endpoints.of("b")] == ["b"]
        assert [one.owner for one in await endpoints.of(None)] == [None]


async def test_an_endpoint_is_changed(site: Site) -> None:
    endpoints = site.webhooks.endpoints
    async with site.database.transaction():
        id = (await endpoints.add("http://127.0.0.1:1/", ["a"])).id

        changed = await endpoints.change(
            id, url="http://127.0.0.1:2/", events=["b", "b", "c"], is_active=False
        )

    assert (changed.url, changed.events) == ("http://127.0.0.1:2/", ("b", "c"))
    assert not changed.is_active


async def test_a_secret_is_rotated_and_the_newest_is_shown(site: Site) -> None:
    endpoints = site.webhooks.endpoints
    async with site.database.transaction():
        made = await endpoints.add("http://127.0.0.1:1/")

        secret = await endpoints.rotate_secret(made.id)

        assert secret != made.secret
        assert (await endpoints.get(made.id)).secret == secret


async def test_what_is_not_there_is_not_found(site: Site) -> None:
    endpoints = site.webhooks.endpoints
    async with site.database.transaction():
        for look in (endpoints.get(0), endpoints.change(0), endpoints.rotate_secret(0)):
            with pytest.raises(NotFound):
                await look
        await endpoints.remove(0)


async def test_a_url_that_is_refused_is_not_kept(site: Site) -> None:
    async with site.database.transaction():
        with pytest.raises(DestinationRefused):
            await site.webhooks.endpoints.add("https://10.0.0.1/")
        made = await site.webhooks.endpoints.add("http://127.0.0.1:1/")
        with pytest.raises(DestinationRefused):
            await site.webhooks.endpoints.change(made.id, url="https://169.254.169.254/")

        assert [one.url for one in await site.webhooks.endpoints.all()] == [made.url]


async def test_a_url_that_is_refused_is_answered_with_the_reason(site: Site) -> None:
    @site.app.post("/endpoints")
    async def add(url: str) -> dict[str, int]:
        return {"id": (await site.webhooks.endpoints.add(url)).id}

    async with async_client(site.app) as client:
        refused = await client.post("/endpoints", params={"url": "https://10.0.0.1/"})
        taken = await client.post("/endpoints", params={"url": "https://example.org/"})

    assert refused.status_code == 422
    assert refused.json() == {"detail": "10.0.0.1 is, or leads to, an address that is not public"}
    assert taken.status_code == 200


@pytest.mark.parametrize("events", [[], ["order placed"], ["*.order"], ["a" * 101], [""], ["a..b"]])
async def test_what_no_event_is_called_is_refused(site: Site, events: list[str]) -> None:
    async with site.database.transaction():
        with pytest.raises(SetupError) as caught:
            await site.webhooks.endpoints.add("http://127.0.0.1:1/", events)

    assert caught.value.code == "webhooks.event"


async def test_what_is_on_its_way_to_one_that_is_removed_is_given_up(site: Site) -> None:
    async with receiving() as receiver:
        async with site.database.transaction():
            made: Endpoint = await site.webhooks.endpoints.add(receiver.url)
            await site.webhooks.send("order.placed", {})
            await site.webhooks.endpoints.remove(made.id)
            other = await site.webhooks.endpoints.add(receiver.url)
            await site.webhooks.send("order.paid", {})
        async with site.working():
            await receiver.wait_for(1)

    assert [got.json()["type"] for got in receiver.got] == ["order.paid"]
    assert other.id != made.id


def test_an_endpoint_hears_an_event_by_its_name_and_by_all_above_it() -> None:
    assert names_of("order.line.added") == ["order.line.added", "*", "order.*", "order.line.*"]
