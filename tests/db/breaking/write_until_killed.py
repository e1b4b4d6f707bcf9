"""Orders with two lines each, stored as fast as possible by processes that somebody kills.

`python write_until_killed.py URL COUNT`: tells the id of each process and the number of each order
once it is committed, a line each; ends when all of them are dead.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import sys

from tests.db.breaking.stall import StallLine, StallOrder
from trivet.db import Database


async def write(url: str, name: int) -> None:
    database = Database(url, timeout=30)
    for n in itertools.count():
        number = f"{name}-{n}"
        async with database.transaction():
            made = await StallOrder.create(number=number)
            await StallLine.create(order_id=made.id, place=1)
            await StallLine.create(order_id=made.id, place=2)
        os.write(1, f"{os.getpid()} {number}\n".encode())  # whole, as it is short


if __name__ == "__main__":
    for child in range(int(sys.argv[2])):  # what is imported already need not be again
        if os.fork() == 0:
            asyncio.run(write(sys.argv[1], child))
    for _ in range(int(sys.argv[2])):
        os.wait()
