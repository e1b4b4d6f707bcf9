"""Many rows by a script, written for Trivet: `bulk` inserts them, `iterate` reads them."""

import asyncio
import os
import sys

from meter import CHUNK, measurements, metered

from trivet.db import Database, Mapped, Model, field

db = Database(os.environ["BENCH_DATABASE"], pool_size=10)


class Measurement(Model):
    sensor: Mapped[int]
    value: Mapped[float]
    label: Mapped[str] = field(max_length=40)


class Reading(Model):
    sensor: Mapped[int]
    value: Mapped[float]
    label: Mapped[str] = field(max_length=40)


async def bulk() -> None:
    rows = measurements()
    async with db.transaction():
        await Measurement.all().count()  # the connection is open
    with metered():
        async with db.transaction():
            for start in range(0, len(rows), CHUNK):
                await Measurement.bulk_create(rows[start : start + CHUNK])


async def iterate() -> None:
    total = 0.0
    async with db.transaction():
        await Measurement.all().count()  # the connection is open
        with metered():
            columns = (Reading.id, Reading.sensor, Reading.value, Reading.label)
            async for _, _, value, _ in Reading.all().iterate_values(*columns):
                total += value
    print(total)


async def main(work: str) -> None:
    await {"bulk": bulk, "iterate": iterate}[work]()
    await db.close()


asyncio.run(main(sys.argv[1]))
