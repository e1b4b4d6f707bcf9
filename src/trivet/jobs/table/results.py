"""What the jobs before one returned: those of its chain or group."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from sqlalchemy import select

from trivet.db import Database
from trivet.jobs.tables import Board

__all__ = ["results_before"]


def results_before(
    database: Database, board: Board, id: int
) -> Callable[[], Awaitable[list[str | None]]]:
    """Give what reads the results of the jobs for which `id` has waited, as JSON, in order."""

    async def read() -> list[str | None]:
        jobs = board.jobs
        wanted = select(jobs.c.result).where(jobs.c.next_id == id).order_by(jobs.c.id)
        async with database.engine.connect() as connection:
            return list((await connection.execute(wanted)).scalars())

    return read
