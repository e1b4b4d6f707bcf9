"""Sessions in a table of the database: `Sessions(DatabaseSessions(db))`.

A session is written in the unit of work of its request: what the handler writes and what it notes
in the session are there together, or neither. Only when it was seen last is written apart, so that
a request that reads begins no transaction for it. It is read past the unit of work, from the
primary, by one statement that is compiled once.
"""

from __future__ import annotations

from typing import Any, ClassVar

from sqlalchemy import delete, select

from trivet.concurrency import run_in_thread
from trivet.db import Database, Unit
from trivet.db.transactions import transaction_outside
from trivet.sessions.kept import Kept
from trivet.sessions.statements import Statement, Statements, values_of
from trivet.sessions.store import GRACE, SessionStore, digest_of, new_token
from trivet.sessions.tables import sessions_in

__all__ = ["DatabaseSessions"]


class DatabaseSessions(SessionStore):
    """Keep sessions in a table of `database`, in the transactions of those who change them.

    To load one costs what any read by a key costs.
    """

    name: ClassVar[str] = "the database"

    def __init__(self, database: Database) -> None:
        self.database = database
        self.requires = (database,)
        self.table = sessions_in(database.metadata)
        self._statements = Statements(self.table)

    # -- reading ---------------------------------------------------------------------------------

    async def find(self, token: str, now: int) -> Kept | None:
        digest = digest_of(token)
        if digest is None:
            return None
        database, finding = self.database, self._statements.find
        plan = finding.plan(database.engine.dialect) if database.begins_directly else None
        if plan is None:
            async with database.engine.connect() as connection:
                given = {"v_digest": digest, "v_now": now}
                rows = list(await connection.execute(finding.statement, given))
        else:
            try:
                rows = plan.make(await database.rows(plan.sql, plan.values((digest, now))))
            except Exception as error:
                raise database.meaning(error, plan.sql) from error
        return Kept(*rows[0]) if rows else None

    async def was_replaced(self, token: str, now: int) -> bool:
        columns = self.table.c
        chosen = (columns.previous == digest_of(token)) & (columns.rotated > now - GRACE)
        return bool(await self._rows(select(columns.id).where(chosen).limit(1)))

    async def of(self, user: str, now: int) -> list[Kept]:
        columns = self.table.c
        chosen = (columns.handle == user) & (columns.expires > now)
        rows = await self._rows(self._statements.all.where(chosen).order_by(columns.seen.desc()))
        return [Kept(*row) for row in rows]

    async def _rows(self, statement: Any) -> list[Any]:
        """Read in what is being written here, or past every unit of work."""
        unit = self._own_unit()
        if unit is not None and unit.is_writing:
            return list(await unit.rows(statement))
        async with self.database.engine.connect() as connection:
            return list(await connection.execute(statement))

    # -- writing ---------------------------------------------------------------------------------

    async def insert(self, kept: Kept, instead_of: tuple[str, str] | None) -> str:
        token, previous, rotated = new_token(), None, None
        if instead_of is not None:
            await self.delete(instead_of[0])
            previous, rotated = digest_of(instead_of[1]), kept.seen
        values = values_of(kept, token=digest_of(token), previous=previous, rotated=rotated)
        await self._write(self._statements.insert, values)
        return token

    async def update(self, kept: Kept, token: str, *, rotates: bool) -> str | None:
        values, digest = values_of(kept, digest=digest_of(token)), digest_of(token)
        if not rotates:
            return token if await self._write(self._statements.update, values) else None
        token = new_token()
        values |= {"v_token": digest_of(token), "v_previous": digest, "v_rotated": kept.seen}
        return token if await self._write(self._statements.rotate, values) else None

    async def touch(self, kept: Kept, token: str) -> None:
        values = values_of(kept, digest=digest_of(token))
        unit = self._own_unit()
        if unit is not None and (unit.is_writing or unit.has_sync_session):
            await self._write(self._statements.touch, values)
            return
        async with transaction_outside(self.database) as own:
            await self._within(own, self._statements.touch, values)

    async def delete(self, id: str) -> None:
        await self._write(self._statements.delete, {"v_id": id})

    async def end(self, id: str, user: str) -> bool:
        chosen = (self.table.c.id == id) & (self.table.c.handle == user)
        return await self._write(_once(delete(self.table).where(chosen)), {}) > 0

    async def end_all(self, user: str, except_id: str | None) -> int:
        columns = self.table.c
        chosen = columns.handle == user
        if except_id is not None:
            chosen &= columns.id != except_id
        return await self._write(_once(delete(self.table).where(chosen)), {})

    async def forget_expired(self, now: int) -> int:
        async with transaction_outside(self.database) as own:
            ended = delete(self.table).where(self.table.c.expires <= now)
            return int((await own.execute(ended)).rowcount)

    async def _write(self, statement: Statement, values: dict[str, Any]) -> int:
        """Write in the present unit of work, or alone where there is none; gives how many rows."""
        unit = self._own_unit()
        if unit is not None:
            return await self._within(unit, statement, values)
        async with transaction_outside(self.database) as own:
            return await self._within(own, statement, values)

    async def _within(self, unit: Unit, statement: Statement, values: dict[str, Any]) -> int:
        if unit.has_sync_session and not unit.is_writing:
            # The handler's plain session is what writes, and ends as the unit does: a second
            # transaction might wait for it.
            session = unit.sync_session()
            result: Any = await run_in_thread(session.execute, statement.statement, values)
            return int(result.rowcount)
        database = self.database
        plan = statement.plan(database.engine.dialect) if database.begins_directly else None
        if plan is not None:
            given = plan.values([values[name] for name in statement.names])
            return len(await unit.write(plan.sql, given))
        return int((await unit.execute(statement.statement, values)).rowcount)

    def _own_unit(self) -> Unit | None:
        """Give the present unit of work; None where it works in a tenant's schema, not in ours."""
        unit = self.database.open_unit
        if unit is None or (unit.apart is not None and unit.apart.schema is not None):
            return None
        return unit


def _once(statement: Any) -> Statement:
    """Give a statement that is not kept, and so not worth compiling."""
    return Statement(statement, (), None, dict.fromkeys(("postgresql", "sqlite")))
