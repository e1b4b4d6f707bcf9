"""Many rows by a script on SQLAlchemy Core: `bulk` inserts them, `iterate` reads them."""

import asyncio
import os
import sys
from typing import Any

from meter import CHUNK, measurements, metered
from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    Integer,
    MetaData,
    String,
    Table,
    event,
    func,
    insert,
    select,
)
from sqlalchemy.ext.asyncio import create_async_engine

URL = os.environ["BENCH_DATABASE"]
DRIVERS = {"postgresql://": "postgresql+asyncpg://", "sqlite://": "sqlite+aiosqlite://"}
for scheme, with_driver in DRIVERS.items():
    URL = URL.replace(scheme, with_driver)

engine = create_async_engine(URL, pool_size=10, max_overflow=0)
metadata = MetaData()


if engine.dialect.name == "sqlite":

    @event.listens_for(engine.sync_engine, "connect")
    def set_up(connection: Any, record: Any) -> None:
        cursor = connection.cursor()
        for setting in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
            cursor.execute(f"PRAGMA {setting}")
        cursor.close()


def table(name: str) -> Table:
    return Table(
        name,
        metadata,
        Column("id", BigInteger().with_variant(Integer(), "sqlite"), primary_key=True),
        Column("sensor", BigInteger),
        Column("value", Double),
        Column("label", String(40)),
    )


measurement = table("measurement")
reading = table("reading")


async def bulk() -> None:
    rows = measurements()
    async with engine.connect() as connection:
        await connection.execute(select(func.count()).select_from(measurement))
    with metered():
        async with engine.begin() as connection:
            for start in range(0, len(rows), CHUNK):
                await connection.execute(insert(measurement), rows[start : start + CHUNK])


async def iterate() -> None:
    total = 0.0
    async with engine.connect() as connection:
        await connection.execute(select(func.count()).select_from(measurement))
        with metered():
            query = select(reading).execution_options(yield_per=1000)
            async with connection.stream(query) as result:
                async for rows in result.partitions():
                    for row in rows:
                        total += row.value
    print(total)


async def main(work: str) -> None:
    await {"bulk": bulk, "iterate": iterate}[work]()
    await engine.dispose()


asyncio.run(main(sys.argv[1]))
