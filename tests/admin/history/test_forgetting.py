"""Old changes are forgotten by a command."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from tests.admin.history.conftest import Keys, written
from tests.admin.shop import Shop
from trivet.admin.history import changes_in
from trivet.admin.history.commands import commands_of
from trivet.errors import SetupError


async def test_what_happened_before_a_moment_is_forgotten(shop: Shop, keys: Keys) -> None:
    client = await shop.root()
    await client.post(keys.url, data=keys.form(title="Jazz"))
    await client.post(keys.url, data=keys.form(title="Game"))
    table = changes_in(shop.database.metadata)
    now = datetime.now(UTC)
    async with shop.database.own_transaction() as unit:
        first = await unit.scalar(select(table.c.id).order_by(table.c.id).limit(1))
        old = update(table).where(table.c.id == first).values(at=now - timedelta(days=400))
        await unit.execute(old)
    assert shop.admin.site.history is not None

    count = await shop.admin.site.history.purge(now - timedelta(days=365))

    assert count == 1
    assert [one.changes["title"][1] for one in await written(shop.database)] == ["Game"]


async def test_a_day_that_is_none_is_told(shop: Shop) -> None:
    assert shop.admin.site.history is not None
    (group,) = commands_of(shop.admin.site.history)

    with pytest.raises(SetupError) as caught:
        await group.commands["purge"]("yesterday")

    assert caught.value.code == "admin.purge-before"
