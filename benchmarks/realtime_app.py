"""What the benchmark of channels serves: one public channel, on a back end that the name says."""

from __future__ import annotations

import asyncio
import os
import resource
import time

from pydantic import BaseModel

from trivet import App
from trivet.realtime import (
    BackendAway,
    NatsBackend,
    PostgresBackend,
    Realtime,
    RedisBackend,
    Replay,
)
from trivet.realtime.backends.backend import Backend


class Tick(BaseModel):
    number: int
    text: str


app = App()
BACKEND = os.environ.get("BENCH_BACKEND", "memory")


def backend() -> Backend | None:
    if BACKEND.startswith("postgresql"):
        from trivet.db import Database

        return PostgresBackend(app.use(Database(BACKEND)))
    if BACKEND.startswith("redis"):
        return RedisBackend(BACKEND)
    if BACKEND.startswith("nats"):
        return NatsBackend(BACKEND)
    return None


realtime = app.use(Realtime(backend()))
ticks = realtime.channel("ticks", Tick, public=True, replay=Replay(count=5000, seconds=300))


@app.post("/publish")
async def publish(first: int, rate: float, seconds: float) -> dict[str, int]:
    """Publish so many a second, each until it is taken, the next not before that."""
    number, refused, start = first, 0, time.monotonic()
    while (due := start + (number - first) / rate) < start + seconds:
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        try:
            message = Tick(number=number, text=f"{time.time()} {'x' * 80}")
            await ticks().publish(message, at_once=True)
            number += 1
        except BackendAway:
            refused += 1
            await asyncio.sleep(0.1)
    return {"next": number, "refused": refused}


@app.get("/spent")
async def spent() -> dict[str, float]:
    """Give the seconds of processor time and the bytes of memory that the server has used."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return {"seconds": usage.ru_utime + usage.ru_stime, "bytes": usage.ru_maxrss * 1024.0}
