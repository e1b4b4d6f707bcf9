"""The secrets of endpoints where they are stored."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import select

from trivet import App
from trivet.db import Database
from trivet.errors import SetupError
from trivet.jobs import Jobs
from trivet.security.sealing import UnreadableSecret
from trivet.webhooks import Webhooks
from trivet.webhooks.tables import moment_now

NEW, OLD = "n" * 20 + "0123456789abcdef", "o" * 20 + "0123456789abcdef"
URL = "https://shop.example/hook"


def webhooks_on(database: Database, *secrets: str) -> Webhooks:
    made = Webhooks(Jobs(database))
    return made.seal_with(*secrets) if secrets else made


async def stored(webhooks: Webhooks) -> list[Any]:
    """Give what the one endpoint's column holds."""
    async with webhooks.database.own_transaction() as unit:
        [text] = (await unit.execute(select(webhooks.tables.endpoints.c.secrets))).scalars()
    found: list[Any] = json.loads(text)
    return found


async def test_a_secret_is_sealed_where_it_is_stored(database: Database) -> None:
    webhooks = webhooks_on(database, NEW)
    async with database.own_transaction():
        made = await webhooks.endpoints.add(URL, owner="ann")

    [kept] = await stored(webhooks)

    assert kept["secret"].startswith("sealed:")
    assert made.secret.startswith("whsec_")
    async with database.own_transaction():
        assert (await webhooks.endpoints.get(made.id)).secret == made.secret


async def test_rows_of_before_work_and_are_sealed_at_once_or_with_the_next_secret(
    database: Database,
) -> None:
    async with database.own_transaction():
        made = await webhooks_on(database).endpoints.add(URL)
    webhooks = webhooks_on(database, NEW)

    async with database.own_transaction():
        assert (await webhooks.endpoints.get(made.id)).secret == made.secret
        rotated = await webhooks.endpoints.rotate_secret(made.id)
    newest, before = await stored(webhooks)
    async with database.own_transaction():
        counts = [await webhooks.endpoints.seal() for _ in range(2)]
    after = await stored(webhooks)

    assert newest["secret"].startswith("sealed:")
    assert before["secret"] == made.secret
    assert counts == [1, 0]
    assert all(one["secret"].startswith("sealed:") for one in after)
    assert [one["until"] for one in after] == [newest["until"], before["until"]]
    good = list(webhooks._sealed.good(json.dumps(after), "", moment_now()))
    assert good == [rotated, made.secret]


async def test_an_older_secret_opens_until_all_is_sealed_anew(database: Database) -> None:
    async with database.own_transaction():
        made = await webhooks_on(database, OLD).endpoints.add(URL)

    both = webhooks_on(database, NEW, OLD)
    async with database.own_transaction():
        assert (await both.endpoints.get(made.id)).secret == made.secret
        with pytest.raises(UnreadableSecret, match="seal_with"):
            await webhooks_on(database, NEW).endpoints.get(made.id)
        await both.endpoints.seal()
        assert (await webhooks_on(database, NEW).endpoints.get(made.id)).secret == made.secret


async def test_a_secret_is_worth_nothing_in_the_row_of_another_owner(database: Database) -> None:
    webhooks = webhooks_on(database, NEW)
    text = json.dumps([webhooks._sealed.kept("whsec_x", "ann")])

    assert webhooks._sealed.newest(text, "ann") == "whsec_x"
    with pytest.raises(UnreadableSecret):
        webhooks._sealed.newest(text, "bob")


async def test_a_short_secret_is_refused(database: Database) -> None:
    with pytest.raises(SetupError) as found:
        webhooks_on(database, "short")

    assert found.value.code == "webhooks.sealing"


async def test_production_is_told_of_secrets_that_are_not_sealed(database: Database) -> None:
    def codes(*secrets: str) -> list[str]:
        return [one.code for one in webhooks_on(database, *secrets).deploy_checks(App())]

    assert codes() == ["webhooks.unsealed"]
    assert codes(NEW) == []
