"""Answers to requests with idempotency keys, in a table: `Idempotency(DatabaseAnswers(db))`.

A claim is committed at once, in a transaction of its own, so that others see that the request is
running. Its answer is written in the handler's own transaction, where that has written: what was
done and what is answered are committed together, or not at all. A claim has a token, which its
answer asks for: who took so long that somebody else has the key now is rolled back.

What is over is deleted in passing.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    MetaData,
    Table,
    delete,
    insert,
    select,
    update,
)
from sqlalchemy.exc import SQLAlchemyError

from trivet.db.belonging import unit_of
from trivet.db.database import Database
from trivet.db.errors import DatabaseAway, DatabaseBusy, DatabaseFull, LostRace, UniqueViolation
from trivet.db.own_tables import NO_TABLE, ascii_text, long_bytes, own_table
from trivet.db.present import current
from trivet.db.transactions import transaction_outside
from trivet.db.unit import Unit
from trivet.security.kept_answers import AnswersAway, KeptAnswer, LostClaim

__all__ = ["DatabaseAnswers"]

_CLAIMS = 500  # after so many, what is over is deleted


class DatabaseAnswers:
    """Keep answers in a table of `database`, for all processes that use it.

    Who waits longer than `timeout` seconds for the table has no answer (AnswersAway). Times are
    those of the clocks of the machines that write and read.
    """

    def __init__(
        self,
        database: Database,
        *,
        table: str = "trivet_answers",
        timeout: float = 2.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.table = _table(table, database.metadata)
        self._database = database
        self._timeout = timeout
        self._clock = clock
        self._claimed = 0

    async def claim(
        self, key: str, fingerprint: str, token: str, lease: float, ttl: float
    ) -> KeptAnswer | None:
        """Take a key that nobody has; otherwise give what is there."""
        columns = self.table.c
        row: dict[str, Any] = {"fingerprint": fingerprint, "token": token, "answer": None}
        row["expires"] = self._after(lease)
        try:
            async with self._writing() as unit:
                await self._tidied(unit)
                await unit.execute(insert(self.table).values(key=key, **row))
                return None
        except UniqueViolation:
            pass
        is_over = (columns.key == key) & (columns.expires <= self._after(0))
        async with self._writing() as unit:
            taken: Any = await unit.execute(update(self.table).where(is_over).values(row))
            if taken.rowcount:
                return None
            chosen = select(columns.fingerprint, columns.answer).where(columns.key == key)
            found = (await unit.execute(chosen)).first()
        if found is None:  # it was given back in between
            return KeptAnswer(fingerprint, None)
        return KeptAnswer(found[0], None if found[1] is None else bytes(found[1]))

    async def keep(self, key: str, token: str, answer: bytes, ttl: float) -> None:
        """Keep the answer for whoever has this token."""
        async with self._writing() as unit:
            await unit.execute(self._kept(key, token, answer, ttl))

    async def keep_within(
        self, key: str, token: str, answer: bytes, ttl: float, kept: Callable[[], None]
    ) -> None:
        """Keep the answer in the present unit of work, if it has written; raises LostClaim."""
        unit = unit_of(current.get(), self._database)
        if unit is None or unit.is_settled:
            return
        written: Any = await unit.execute(self._kept(key, token, answer, ttl))
        if not written.rowcount:
            raise LostClaim(key)
        unit.on_commit(kept)

    async def release(self, key: str, token: str) -> None:
        """Forget a claim."""
        columns = self.table.c
        mine = (columns.key == key) & (columns.token == token) & columns.answer.is_(None)
        async with self._writing() as unit:
            await unit.execute(delete(self.table).where(mine))

    def _kept(self, key: str, token: str, answer: bytes, ttl: float) -> Any:
        columns = self.table.c
        mine = (columns.key == key) & (columns.token == token)
        changed = {"answer": answer, "expires": self._after(ttl)}
        return update(self.table).where(mine).values(changed)

    @asynccontextmanager
    async def _writing(self) -> AsyncIterator[Unit]:
        """Open a transaction of its own; raises `AnswersAway` for what goes wrong in it."""
        try:
            async with (
                asyncio.timeout(self._timeout),
                transaction_outside(self._database) as unit,
            ):
                yield unit
        except (TimeoutError, DatabaseBusy, DatabaseAway, DatabaseFull, LostRace) as error:
            raise AnswersAway(str(error) or "it took too long") from error
        except UniqueViolation:
            raise
        except (SQLAlchemyError, OSError) as error:
            raise AnswersAway(f"{error}; {NO_TABLE}") from error

    async def _tidied(self, unit: Unit) -> None:
        self._claimed += 1
        if self._claimed >= _CLAIMS:
            self._claimed = 0
            ended = delete(self.table).where(self.table.c.expires <= self._after(0))
            await unit.execute(ended)

    def _after(self, seconds: float) -> int:
        return int((self._clock() + seconds) * 1000)


def _table(name: str, metadata: MetaData) -> Table:
    return own_table(
        name,
        metadata,
        Column("key", ascii_text(40), primary_key=True),
        Column("fingerprint", ascii_text(40), nullable=False),
        Column("token", ascii_text(40), nullable=False),
        Column("answer", long_bytes(), nullable=True),
        Column("expires", BigInteger, nullable=False, index=True),  # milliseconds since 1970, UTC
    )
