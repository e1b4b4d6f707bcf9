"""Orders with two lines each, stored as fast as possible until somebody kills this process.

`python write_until_killed.py URL NAME`: writes the number of each order once it is committed.
"""

from __future__ import annotations

import asyncio
import itertools
import sys

from tests.db.breaking.stall import StallLine, StallOrder
from trivet.db import Database


async def write(url: str, name: str) -> None:
    database = Database(url, timeout=30)
    for n in itertools.count():
        number = f"{name}-{n}"
        async with database.transaction() as unit:
            made = await StallOrder.create(number=number)
            await StallLine.create(order_id=made.id, place=1)
            await (await unit.session()).flush()
            await StallLine.create(order_id=made.id, place=2)
        sys.stdout.write(f"{number}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(write(sys.argv[1], sys.argv[2]))
