"""What the tests of the history have in common: fixtures of the folder above, and keys of rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import select

from tests.admin.shop import AdmArtist, AdmRecord, Shop, filled
from trivet.admin.history import changes_in
from trivet.db import Database

RECORDS = "/admin/adm-record"


@dataclass
class Keys:
    """The keys of rows in a shop with one record."""

    queen: str
    abba: str
    record: str

    def form(self, **changes: str) -> dict[str, str]:
        """Give the whole form of the record, with changes."""
        stored = {"title": "Record 000", "format": "lp", "year": "1970", "price": "9.90"}
        return stored | {"artist": self.abba} | changes

    @property
    def url(self) -> str:
        """The address of the record."""
        return f"{RECORDS}/{self.record}"


@pytest.fixture
async def keys(shop: Shop) -> Keys:
    """Fill the shop with one record, and give its keys."""
    await filled(shop.database, 1)
    return await keys_in(shop.database)


async def keys_in(database: Database) -> Keys:
    async with database.own_transaction():
        queen = await AdmArtist.where(name="Queen").first()
        abba = await AdmArtist.where(name="ABBA").first()
        record = await AdmRecord.where().order_by(AdmRecord.id).first()
    assert queen is not None
    assert abba is not None
    assert record is not None
    return Keys(str(queen.id), str(abba.id), str(record.id))


async def written(database: Database) -> list[Any]:
    """Give all changes that are written down, the oldest first."""
    table = changes_in(database.metadata)
    async with database.own_transaction() as unit:
        return list(await unit.rows(select(table).order_by(table.c.id)))
