"""A process that sends a webhook and delivers it, until somebody kills it: see `test_drill.py`."""

from __future__ import annotations

import asyncio
import sys

from tests.webhooks.running import Order, Shop, site_on
from trivet.db import Database


async def main(url: str, works: bool) -> None:
    site = site_on(Database(url, models=Shop))
    async with site.database.transaction():
        await Order.create(text="placed")
        await site.webhooks.send("order.placed", {"order": "placed"})
    sys.stdout.write("committed\n")
    sys.stdout.flush()
    if works:
        async with site.working(lease=1.0):
            await asyncio.sleep(60)
    await asyncio.sleep(60)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2] == "works"))
