"""Clients that order and look at orders, and remember each answer."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx2
from sqlalchemy import text

from tests.db.breaking.conftest import opened

__all__ = ["Asked", "Load", "stored", "under_load"]


@dataclass
class Asked:
    """One request: which, when it was sent (of the clock), and what came of it."""

    what: str
    begun: float
    status: int
    answer: httpx2.Response | None


@dataclass
class Load:
    """What clients have asked so far; they go on until `is_over`."""

    asked: list[Asked] = field(default_factory=list)
    is_over: bool = False

    def of(self, status: int, *, since: float = 0.0, until: float = float("inf")) -> list[Asked]:
        """Give the requests that were answered so, and sent within a time."""
        return [a for a in self.asked if a.status == status and since <= a.begun < until]

    def statuses(self, *, since: float = 0.0, until: float = float("inf")) -> set[int]:
        """Give all statuses that requests got which were sent within a time; 0 for no answer."""
        return {a.status for a in self.asked if since <= a.begun < until}

    async def until_answered(self, status: int, count: int = 1) -> None:
        """Wait until so many more requests were answered so."""
        since = time.monotonic()
        async with asyncio.timeout(20):
            while len(self.of(status, since=since)) < count:  # noqa: ASYNC110  # many tell of it
                await asyncio.sleep(0.02)


@asynccontextmanager
async def under_load(
    urls: Sequence[str], *, writers: int = 6, readers: int = 3, patience: float = 15.0
) -> AsyncIterator[Load]:
    """Keep servers busy while the block runs; the last requests are waited for.

    `patience` is in seconds: longer than any time-out of the server, as who waits so long was
    forgotten.
    """
    load = Load()
    numbers = itertools.count()
    asking = []
    for i in range(writers + readers):
        client = httpx2.AsyncClient(base_url=urls[i % len(urls)], timeout=patience)
        asking.append(asyncio.create_task(_ask(load, client, numbers if i < writers else None)))
    try:
        yield load
    finally:
        load.is_over = True
        await asyncio.gather(*asking)


async def _ask(
    load: Load, client: httpx2.AsyncClient, numbers: itertools.count[int] | None
) -> None:
    async with client:
        while not load.is_over:
            what = f"n{next(numbers)}" if numbers is not None else ""
            begun = time.monotonic()
            try:
                if what:
                    answer = await client.post(f"/orders/{what}")
                else:
                    answer = await client.get("/orders")
            except httpx2.TransportError:
                load.asked.append(Asked(what, begun, 0, None))
                await asyncio.sleep(0.1)
                continue
            load.asked.append(Asked(what, begun, answer.status_code, answer))
            await asyncio.sleep(0.01 if answer.is_success else 0.1)


async def stored(url: str) -> list[str]:
    """Give the numbers of all orders; each must have both of its lines."""
    async with opened(url) as database, database.engine.connect() as connection:
        rows = (
            await connection.execute(
                text(
                    "SELECT o.number, count(l.id) FROM stall_order o"
                    " LEFT JOIN stall_line l ON l.order_id = o.id GROUP BY o.id, o.number"
                )
            )
        ).all()
    assert {lines for _, lines in rows} <= {2}, Counter(lines for _, lines in rows)
    return [number for number, _ in rows]
