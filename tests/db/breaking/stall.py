"""A small application whose database the tests break: `trivet run` serves it in processes.

TRIVET_STALL is the address of the database, TRIVET_STALL_POOL the most connections of a process.
"""

from __future__ import annotations

import asyncio
import os

from pydantic import BaseModel
from sqlalchemy import CheckConstraint, UniqueConstraint

from trivet import App
from trivet.db import Database, ForeignKey, Mapped, Model, field

app = App()
database = app.use(
    Database(
        os.environ.get("TRIVET_STALL", "sqlite://"),
        pool_size=int(os.environ.get("TRIVET_STALL_POOL", "5")),
        timeout=float(os.environ.get("TRIVET_STALL_TIMEOUT", "2")),
    )
)


class StallOrder(Model):
    """What somebody ordered: an order and its lines are stored together, or not at all."""

    number: Mapped[str] = field(max_length=100, unique=True)
    note: Mapped[str] = field(default="")


class StallLine(Model):
    __table_args__ = (
        CheckConstraint("amount > 0", name="amount_is_positive"),
        UniqueConstraint("order_id", "place"),
    )

    order_id: Mapped[int] = field(ForeignKey(StallOrder.id))
    place: Mapped[int]
    amount: Mapped[int] = field(default=1)


TABLES = [StallOrder.__table__, StallLine.__table__]


class NewLine(BaseModel):
    order_id: int
    place: int = 1
    amount: int = 1


@app.post("/orders/{number}", status_code=201)
async def order(number: str, lines: int = 2, note: int = 0) -> StallOrder:
    made = await StallOrder.create(number=number, note="x" * note)
    for place in range(lines):
        await StallLine.create(order_id=made.id, place=place)
    return made


@app.get("/orders")
async def orders() -> list[StallOrder]:
    return await StallOrder.all().order_by("-id").limit(20)


@app.get("/orders/{id}")
async def one(id: int) -> StallOrder:
    return await StallOrder.get(id)


@app.get("/count")
async def count() -> int:
    return await StallOrder.all().count()


@app.delete("/orders/{id}")
async def cancel(id: int) -> None:
    await (await StallOrder.get(id)).delete()


@app.post("/lines", status_code=201)
async def line(new: NewLine) -> StallLine:
    return await StallLine.create(**new.model_dump())


@app.post("/slow/{number}", status_code=201)
async def slow(number: str, seconds: float = 0.3) -> StallOrder:
    made = await StallOrder.create(number=number)
    await asyncio.sleep(seconds)
    return made


@app.get("/dream")
async def dream() -> int:
    """Ask for what takes the database many seconds."""
    kind = database.engine.url.get_backend_name()
    if kind == "sqlite":
        rows = await database.sql(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000000)"
            " SELECT count(*) FROM n"
        )
    elif kind == "postgresql":
        rows = await database.sql("SELECT 1 FROM pg_sleep(30)")
    else:
        rows = await database.sql("SELECT sleep(30)")
    return len(list(rows))
