"""How large the page of a list is: phones read it too."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from tests.admin.shop import AdmArtist, AdmRecord, Format, Shop, shop_on
from trivet.admin import ModelAdmin
from trivet.db import Database

MOST = 40_000
ROWS = 50


class EightColumns(ModelAdmin):
    columns = [
        *(AdmRecord.title, AdmRecord.artist, AdmRecord.format, AdmRecord.year, AdmRecord.price),
        *(AdmRecord.is_sold_out, AdmRecord.created, AdmRecord.story),
    ]
    search = [AdmRecord.title]
    filters = [AdmRecord.format, AdmRecord.artist, AdmRecord.year, AdmRecord.created]


async def test_fifty_rows_with_eight_columns_are_at_most_40_kilobytes(database: Database) -> None:
    shop = shop_on(database)
    shop.admin.add(AdmRecord, by=EightColumns)
    shop.admin.add(AdmArtist)
    await _realistic(shop)
    client = await shop.root()

    page = await client.get("/admin/adm-record/")

    assert page.text.count("<tr>") == ROWS + 1
    assert len(page.content) <= MOST


async def _realistic(shop: Shop) -> None:
    async with shop.database.own_transaction():
        artist = await AdmArtist.create(name="Sergei Rachmaninoff & Orchestra")
        for number in range(ROWS + 10):
            await AdmRecord.create(
                title=f"A Night at the Opera, Volume {number}",
                artist_id=artist.id,
                year=1960 + number,
                format=list(Format)[number % 3],
                price=Decimal("12.90") + number,
                created=datetime(2026, 3, 1 + number % 28, 12, 30, tzinfo=UTC),
                story=f"Recorded in {number} sessions, and remastered" if number % 2 else None,
            )
