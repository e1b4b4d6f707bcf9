"""The first page: what its charts say."""

from __future__ import annotations

import re

from tests.admin.shop import AdmRecord, filled, usual_shop
from trivet.admin import Chart
from trivet.db import Database
from trivet.i18n import I18n


async def none() -> dict[str, int]:
    """Give no numbers."""
    return {}


async def test_days_of_a_chart_are_written_as_elsewhere(database: Database) -> None:
    await filled(database, 3)
    shop = usual_shop(database)
    shop.app.use(I18n(locales=["de"]))
    shop.admin.chart(Chart("Records", rows=AdmRecord.all(), on=AdmRecord.created))
    client = await shop.root()

    page = (await client.get("/admin/", headers={"accept-language": "de"})).text

    assert len(re.findall(r'<th scope="row">\d\d\.\d\d\.\d{4}<td>', page)) == 30


async def test_a_chart_without_numbers_says_so(database: Database) -> None:
    shop = usual_shop(database)
    for kind in ("bar", "line", "donut"):
        shop.admin.chart(Chart(f"None as {kind}", rows=none, kind=kind))
    client = await shop.root()

    page = (await client.get("/admin/")).text

    assert page.count("Nothing here yet") == 3
    assert '<svg class="drawn"' not in page
