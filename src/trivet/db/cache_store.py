"""A cache's store in a table of the database: `Cache(DatabaseStore(db))`.

It never takes part in a request's unit of work: what is kept or deleted has transactions of its
own, so that a roll-back of the request takes nothing back, and no request waits for a cache's row.
On SQLite, where there is one writer at a time, a request that writes itself cannot let the cache
write beside it: what it would keep is left out, what it deletes is deleted with its commit.

What is over is deleted in passing.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any, ClassVar

from sqlalchemy import (
    BigInteger,
    Column,
    MetaData,
    Select,
    Table,
    bindparam,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError

from trivet.cache import (
    Lease,
    NotANumberError,
    Store,
    StoreAway,
    StoreBusy,
    StoreError,
    StoreFull,
)
from trivet.db.database import Database
from trivet.db.errors import DatabaseAway, DatabaseBusy, DatabaseFull, LostRace, UniqueViolation
from trivet.db.own_tables import NO_TABLE, ascii_text, long_bytes, own_table, writer_in_the_way
from trivet.db.reading import RowPlan, plan_of, tuples
from trivet.db.transactions import transaction_outside
from trivet.db.unit import Unit

__all__ = ["DatabaseStore"]

_NEVER = 2**53  # milliseconds: as good as for ever, and exact in every language's numbers
_LARGEST = 2**63 - 1
_PATIENCE = 1.0  # seconds for which nobody waits for a writer that somebody has waited for
_WRITES = 200  # after so many, what is over is deleted


class DatabaseStore(Store):
    """Keep values in a table of `database`, at most about `max_entries` of them.

    Those go first whose time is over first. Who waits longer than `timeout` seconds for the table
    has a miss. Times are those of the clocks of the machines that write and read.
    """

    name: ClassVar[str] = "the database"

    def __init__(
        self,
        database: Database,
        *,
        table: str = "trivet_cache",
        max_entries: int = 100_000,
        timeout: float = 0.5,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.table = _table(table, database.metadata)
        self._database = database
        self._max_entries = max_entries
        self._timeout = timeout
        self._clock = clock
        self._plans: dict[tuple[int, str], RowPlan] = {}
        self._written = 0
        self._held_until = 0.0

    async def get_many(self, keys: Sequence[str]) -> list[bytes | None]:
        found: dict[str, bytes] = {}
        for start in range(0, len(keys), 64):
            with self._meant():
                async with asyncio.timeout(self._timeout):
                    found.update(await self._rows(keys[start : start + 64]))
        return [found.get(key) for key in keys]

    async def set_many(
        self, items: Mapping[str, bytes], ttl: float | None, lease: Lease | None = None
    ) -> bool:
        until = self._until(ttl)
        rows = [{"key": key, "value": items[key], "expires": until} for key in sorted(items)]
        async with self._writing() as unit:
            if lease is not None:
                ended = await unit.execute(delete(self.table).where(self._holds(lease)))
                if not ended.rowcount:
                    return False
            if rows:
                await unit.execute(self._over(rows))
            await self._tidied(unit, len(rows))
        return True

    async def add(self, key: str, value: bytes, ttl: float | None) -> bool:
        row = {"key": key, "value": value, "expires": self._until(ttl)}
        columns = self.table.c
        try:
            async with self._writing() as unit:
                if (await unit.execute(self._where_nothing_is(row))).rowcount == 1:
                    await self._tidied(unit, 1)
                    return True
        except UniqueViolation:
            pass
        is_over = (columns.key == key) & (columns.expires <= self._now())
        async with self._writing() as unit:
            taken = await unit.execute(update(self.table).where(is_over).values(row))
            return bool(taken.rowcount)

    async def delete_many(self, keys: Sequence[str]) -> None:
        async with self._writing() as unit:
            await unit.execute(delete(self.table).where(self.table.c.key.in_(sorted(keys))))

    async def release(self, lease: Lease) -> None:
        async with self._writing() as unit:
            await unit.execute(delete(self.table).where(self._holds(lease)))

    async def increment(self, key: str, by: int, ttl: float | None) -> int:
        columns = self.table.c
        row = {"key": key, "value": b"0", "expires": self._until(ttl)}
        async with self._writing() as unit:
            await unit.execute(self._over([row], "key"))  # there now, and held
            chosen = select(columns.value, columns.expires).where(columns.key == key)
            value, expires = (await unit.execute(chosen.with_for_update())).one()
            if expires <= self._now():
                value, expires = b"0", row["expires"]
            try:
                number = int(bytes(value)) + by
            except ValueError:
                raise NotANumberError(f"what is under {key!r} is no number") from None
            if not -_LARGEST - 1 <= number <= _LARGEST:
                raise NotANumberError(f"{number} under {key!r} has more than 64 bits")
            changed = {"value": b"%d" % number, "expires": expires}
            await unit.execute(update(self.table).where(columns.key == key).values(changed))
            await self._tidied(unit, 1)
        return number

    async def touch_many(self, keys: Sequence[str], ttl: float | None) -> int:
        columns = self.table.c
        chosen = columns.key.in_(sorted(keys)) & (columns.expires > self._now())
        async with self._writing() as unit:
            changed = update(self.table).where(chosen).values(expires=self._until(ttl))
            return int((await unit.execute(changed)).rowcount)

    async def clear(self, prefix: str) -> None:
        begins = func.substr(self.table.c.key, 1, len(prefix)) == prefix
        async with self._writing() as unit:
            await unit.execute(delete(self.table).where(begins))

    # -- reading ---------------------------------------------------------------------------------

    async def _rows(self, keys: Sequence[str]) -> Sequence[tuple[str, bytes]]:
        """Read past every unit of work, on a connection that is lent for this alone."""
        database = self._database
        if database.driver.reads_directly:
            # A text for 1, 2, 4 … keys: the last key stands in the places that are left.
            size = 1 << (len(keys) - 1).bit_length()
            plan = self._plan(size)
            given = [*keys, *[keys[-1]] * (size - len(keys)), self._now()]
            try:
                rows = await database.rows(plan.sql, plan.values(given))
            except Exception as error:
                raise database.meaning(error, plan.sql) from error
            found: Sequence[tuple[str, bytes]] = plan.make(rows)
            return found
        async with database.engine.connect() as connection:
            statement, _ = self._selected(len(keys))
            values = {f"key_{index}": key for index, key in enumerate(keys)}
            result = await connection.execute(statement, {**values, "now": self._now()})
            return [(key, bytes(value)) for key, value in result]

    def _plan(self, size: int) -> RowPlan:
        dialect = self._database.engine.dialect
        known = self._plans.get((size, dialect.name))
        if known is None:
            statement, binds = self._selected(size)
            known = plan_of(statement, binds, dialect, tuples)
            assert known is not None, "nothing of the text depends on a value"
            self._plans[size, dialect.name] = known
        return known

    def _selected(self, size: int) -> tuple[Select[Any], Sequence[Any]]:
        columns = self.table.c
        binds: list[Any] = [bindparam(f"key_{n}", type_=columns.key.type) for n in range(size)]
        now: Any = bindparam("now", type_=columns.expires.type)
        chosen = or_(*[columns.key == bind for bind in binds])
        statement = select(columns.key, columns.value).where(chosen, columns.expires > now)
        return statement, [*binds, now]

    # -- writing ---------------------------------------------------------------------------------

    @asynccontextmanager
    async def _writing(self) -> AsyncIterator[Unit]:
        """Open a transaction of the cache's own; raises `StoreError` for what goes wrong in it."""
        database = self._database
        writer = writer_in_the_way(database)
        if writer is not None:
            raise StoreBusy("the request writes itself", writer.on_commit)
        if time.monotonic() < self._held_until:
            raise StoreBusy("others write")
        with self._meant():
            async with asyncio.timeout(self._timeout), transaction_outside(database) as own:
                yield own

    @contextmanager
    def _meant(self) -> Iterator[None]:
        try:
            yield
        except (StoreError, NotANumberError, UniqueViolation):
            raise
        except LostRace as error:
            raise StoreBusy(str(error)) from error
        except (TimeoutError, DatabaseBusy) as error:
            if not self._database.driver.has_one_writer:
                raise StoreAway(str(error) or "it took too long") from error
            # SQLite is always there to be read. Whoever writes now may do so for long: one waits.
            self._held_until = time.monotonic() + _PATIENCE
            raise StoreBusy("others write") from error
        except DatabaseFull as error:
            raise StoreFull(str(error)) from error
        except DatabaseAway as error:
            raise StoreAway(str(error)) from error
        except (SQLAlchemyError, OSError) as error:
            raise StoreAway(f"{error}; {NO_TABLE}") from error

    def _over(self, rows: Sequence[Mapping[str, Any]], *changed: str) -> Any:
        """Give the statement that inserts rows, or writes over those that are there."""
        names = changed or ("value", "expires")
        dialect = self._database.engine.dialect.name
        if dialect in ("mysql", "mariadb"):
            over: Any = mysql.insert(self.table).values(rows)
            return over.on_duplicate_key_update({name: over.inserted[name] for name in names})
        make: Any = postgresql.insert if dialect == "postgresql" else sqlite.insert
        over = make(self.table).values(rows)
        return over.on_conflict_do_update(
            index_elements=["key"], set_={name: over.excluded[name] for name in names}
        )

    def _where_nothing_is(self, row: Mapping[str, Any]) -> Any:
        """Give the statement that inserts a row; MariaDB and MySQL refuse it where there is one."""
        dialect = self._database.engine.dialect.name
        if dialect in ("mysql", "mariadb"):
            return insert(self.table).values(row)
        make: Any = postgresql.insert if dialect == "postgresql" else sqlite.insert
        return make(self.table).values(row).on_conflict_do_nothing(index_elements=["key"])

    def _holds(self, lease: Lease) -> Any:
        columns = self.table.c
        return (
            (columns.key == lease.key)
            & (columns.value == lease.token.encode())
            & (columns.expires > self._now())
        )

    async def _tidied(self, unit: Unit, written: int) -> None:
        """Now and then, delete what is over, and what is too much."""
        self._written += written
        if self._written < _WRITES:
            return
        self._written = 0
        columns = self.table.c
        await unit.execute(delete(self.table).where(columns.expires <= self._now()))
        many = (await unit.execute(select(func.count()).select_from(self.table))).scalar_one()
        if many > self._max_entries:
            last = select(columns.expires).order_by(columns.expires)
            place = last.offset(many - self._max_entries - 1).limit(1)
            until = (await unit.execute(place)).scalar_one()
            await unit.execute(delete(self.table).where(columns.expires <= until))

    def _now(self) -> int:
        return int(self._clock() * 1000)

    def _until(self, ttl: float | None) -> int:
        return _NEVER if ttl is None else self._now() + max(1, round(ttl * 1000))


def _table(name: str, metadata: MetaData) -> Table:
    return own_table(
        name,
        metadata,
        Column("key", ascii_text(255), primary_key=True),
        Column("value", long_bytes(), nullable=False),
        Column("expires", BigInteger, nullable=False, index=True),  # milliseconds since 1970, UTC
    )
