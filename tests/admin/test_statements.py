"""What a list asks of the database when its table is long: few statements, and no table whole."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import insert

from tests.admin.shop import AdmArtist, AdmRecord, Format, Shop, shop_on, tables_in
from tests.admin.test_lists import link
from tests.db.conftest import address, own_database
from trivet.admin import ModelAdmin
from trivet.db import Database, Model
from trivet.testing import assert_queries

LIST = "/admin/adm-record/"
ROWS = 100_000
ARTISTS = 1_000
AT_ONCE = 5_000


class LongAdmin(ModelAdmin):
    columns = [
        *(AdmRecord.title, AdmRecord.artist, AdmRecord.format, AdmRecord.year),
        *(AdmRecord.price, AdmRecord.tags, AdmRecord.tracks),
    ]
    search = ["^title", "artist__name"]
    filters = [AdmRecord.format, AdmRecord.artist, AdmRecord.year, AdmRecord.tags]
    order = [-AdmRecord.year]


@pytest.fixture(scope="module")
async def long_database(kind: str, worker_id: str) -> AsyncIterator[Database]:
    async with own_database(address(kind), worker_id) as found:
        async with found.engine.begin() as connection:
            tables = list(tables_in(found))
            await connection.run_sync(Model.metadata.create_all, tables=tables)
            artists = [{"name": f"Artist {number}"} for number in range(ARTISTS)]
            await connection.execute(insert(AdmArtist), artists)
            for first in range(0, ROWS, AT_ONCE):
                records = [
                    {
                        "title": f"Record {number:06}",
                        "year": 1950 + number % 70,
                        "format": list(Format)[number % 3],
                        "artist_id": 1 + number % ARTISTS,
                    }
                    for number in range(first, first + AT_ONCE)
                ]
                await connection.execute(insert(AdmRecord), records)
            await connection.exec_driver_sql("ANALYZE")
        yield found


@pytest.fixture
def long_shop(long_database: Database) -> Shop:
    shop = shop_on(long_database)
    shop.admin.add(AdmRecord, by=LongAdmin)
    shop.admin.add(AdmArtist)
    return shop


@pytest.mark.parametrize(
    "asked",
    ["", "f.format=lp", "f.artist=7&f.year__gte=1990", "q=record+artist", "q=artist+77", "after"],
)
async def test_a_long_list_takes_three_statements_and_loads_no_other_table(
    long_shop: Shop, asked: str
) -> None:
    """Session and account are two more; PostgreSQL is asked besides what it expects."""
    email = f"root-{len(asked)}-{sum(map(ord, asked))}@example.org"
    client = await long_shop.signed_in(email, is_superuser=True)
    url: str | None = LIST if asked == "after" else f"{LIST}?{asked}"
    if asked == "after":
        url = link((await client.get(LIST)).text, "after")
    assert url is not None
    await client.get(url)
    is_postgresql = long_shop.database.engine.dialect.name == "postgresql"

    with assert_queries(at_most=6 if is_postgresql else 5) as sent:
        answer = await client.get(url)

    assert answer.text.count("<tr>") > 1
    texts = [one.text for one in sent]
    related = r"FROM \"?adm_(artist|tag|track)\"?\b"
    alone = [one for one in texts if re.search(related, one) and "adm_record" not in one]
    # One row of it, by its key, is what a filter is called by.
    assert all("LIMIT" in one or "WHERE" in one for one in alone)
    assert len(alone) <= 1
