"""The unit of work: what one request, job or script reads and writes together.

Reads before the first write need no transaction: each borrows a connection for itself, so that
they may run side by side. The first write begins the transaction; from then on reads are in it too
and see what was written. Single rows are written directly (`direct.py`) until something needs a
session of SQLAlchemy's, which goes on with the same transaction. It ends committed as a whole, or
not at all.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeVar, cast

from sqlalchemy import Executable, Select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
from sqlalchemy.orm import Session

from trivet.db.direct import Direct, Underway, begun
from trivet.db.errors import DatabaseAway, NotFound, UnitOverError
from trivet.db.faults import flushed
from trivet.db.reading import Known
from trivet.db.signals import Events
from trivet.db.sync import SyncWork, sync_work
from trivet.db.tenants import Apart, Reader, set_apart

if TYPE_CHECKING:
    from trivet.db.database import Database
    from trivet.db.query import Query

__all__ = ["Unit"]

Row = TypeVar("Row")


class Unit:
    """One unit of work on one database.

    What was read, changed or added here is stored when it is committed, saved or not.
    """

    __slots__ = (
        "_direct",
        "_events",
        "_is_writing",
        "_joined",
        "_known",
        "_lock",
        "_session",
        "_sync",
        "after",
        "apart",
        "beside",
        "database",
        "is_over",
        "reader",
        "underway",
    )

    def __init__(self, database: Database) -> None:
        self.database = database
        self.reader: Reader = database  # where reads outside the transaction go
        self.beside: Unit | None = None  # the next one outwards, on another database perhaps
        self.apart: Apart | None = None  # what sets its transactions apart from others
        self.is_over = False  # True once nobody will commit it any more
        self.underway = Underway()
        self._sync: SyncWork | None = None
        self._session: AsyncSession | None = None
        self._is_writing = False
        self._direct: Direct | None = None  # the transaction, until a session has to go on with it
        self._joined: AsyncConnection | None = None  # what the session went on with
        self._known: Known = {}
        self._lock: asyncio.Lock | None = None
        self.after: list[Callable[[], Any]] | None = None  # see `on_commit`
        self._events: Events | None = None  # what signals are still to tell

    @property
    def is_writing(self) -> bool:
        """True from the first write to the end."""
        return self._is_writing

    @property
    def _is_sessions(self) -> bool:
        """True once something was written that the session alone knows."""
        return self._is_writing and self._direct is None

    @property
    def has_begun(self) -> bool:
        """True once something was read or written."""
        return self._session is not None or bool(self._known)

    @property
    def is_nested(self) -> bool:
        """True within a savepoint."""
        return self._session is not None and self._session.in_nested_transaction()

    @property
    def has_sync_session(self) -> bool:
        """True once a plain session was asked for."""
        return self._sync is not None

    async def set_reader(self, reader: Reader, apart: Apart, *, forgets: bool) -> None:
        """Read from elsewhere from now on; `forgets` what was read, which others have too."""
        async with self._alone():
            if not self._is_writing and self._session is not None:
                session, self._session = self._session, None
                await session.close()
            if forgets:
                self._known = {}
            self.reader, self.apart = reader, apart

    # -- reading ---------------------------------------------------------------------------------

    async def get(self, model: type[Row], key: Any) -> Row:
        """Give the object with this key; raises `NotFound`."""
        if (found := await self.find(model, key)) is None:
            raise NotFound(model, key)
        return found

    async def find(self, model: type[Row], key: Any) -> Row | None:
        """Give the object with this key, or None."""
        keys = key if isinstance(key, tuple) else (key,)
        if not self._is_sessions:
            known = self._known.get((model, keys, None))
            if known is not None:
                return cast(Row, known)
            plan = None if self.apart is not None else self.database.plans.by_key(model)
            if plan is not None:
                with self.underway:
                    rows = await self.read(plan.sql, plan.values(keys))
                    return plan.make(rows, self._known)[0] if rows else None
        async with self._reading() as session:
            return await session.get(model, keys)

    async def fetch(self, query: Query[Row]) -> list[Row]:
        """Give all rows of a query."""
        if self.reads_directly:
            planned = self.database.plans.of(query)
            if planned is not None:
                plan, values = planned
                with self.underway:
                    found: list[Row] = plan.make(await self.read(plan.sql, values), self._known)
                    if query.branches:
                        await self.database.plans.loader.attach(self, found, query.branches)
                return found
        return await self.all(query.statement())

    @property
    def reads_directly(self) -> bool:
        """True while nothing was written or changed that only the session knows."""
        return not (self._is_sessions or self.apart is not None or self.has_changes())

    @property
    def known(self) -> Known:
        """The objects that were read so far, by SQLAlchemy's identity keys."""
        return self._known

    async def read(self, sql: str, values: Sequence[Any]) -> Sequence[Any]:
        """Run one read past SQLAlchemy, within `underway`; gives the driver's own rows."""
        if self._is_writing:
            async with self._alone():
                assert self._direct is not None, "see `reads_directly`"
                return await self._direct.run(sql, values)
        return await self.reader.rows(sql, values)

    async def all(self, statement: Select[Any]) -> list[Any]:
        """Give all rows of a statement that selects one thing."""
        async with self._reading() as session:
            return list((await session.scalars(statement)).unique())

    async def rows(self, statement: Executable) -> Sequence[Any]:
        """Give all rows of any statement that only reads, as SQLAlchemy's rows."""
        async with self._reading() as session:
            return (await session.execute(statement)).all()

    async def scalar(self, statement: Executable) -> Any:
        """Give the one value of a statement that only reads."""
        ((found,),) = await self.rows(statement)
        return found

    @asynccontextmanager
    async def _reading(self) -> AsyncIterator[AsyncSession]:
        """Give the session for one read by SQLAlchemy: one after the other, as it needs it."""
        while True:
            if self.apart is not None or self.has_changes() or self._direct is not None:
                await self.session()  # what was changed must be seen
            async with self._alone():
                if self._direct is not None:
                    continue  # another task has begun to write meanwhile
                session = self._session if self._is_writing else self._attached()
                assert session is not None, "made with the first write"
                yield session
                if not self._is_writing:
                    states = session.sync_session.identity_map.all_states()
                    self._known.update({state.key: state.obj() for state in states})
                    await session.commit()  # nothing was written: it gives its connection back
                return

    def _alone(self) -> asyncio.Lock:
        """Give the lock under which the session is used: it does one thing at a time."""
        if self._lock is None:
            self._lock = asyncio.Lock()
        return self._lock

    def has_changes(self) -> bool:
        """Tell whether an object that was read directly was changed since."""
        return not self._is_sessions and any(
            found._sa_instance_state.modified for found in self._known.values()
        )

    def _attached(self) -> AsyncSession:
        """Give the session, which knows all that was read directly."""
        if self._session is None:
            self._session = AsyncSession(self.reader.engine, expire_on_commit=False)
            if self.database.signals:
                self._events = self.database.signals.attach(self._session.sync_session)
        self._session.add_all(self._known.values())
        return self._session

    # -- writing ---------------------------------------------------------------------------------

    async def session(self) -> AsyncSession:
        """Give the session of the transaction, which is begun if there is none yet."""
        while True:
            async with self._alone():
                if not self._is_writing:
                    await self._begin()
                if self._direct is None:
                    break
                if not self.underway:
                    self._join(self._direct.joined())
                    break
            await self.underway.end()
        assert self._session is not None, "made with the first write"
        return self._session

    def _join(self, connection: AsyncConnection) -> None:
        """Let the session go on with the transaction that is under way on a connection."""
        self._joined, self._direct = connection, None
        session = self._attached()
        self._known = {}
        session.bind, session.sync_session.bind = connection, connection.sync_connection

    async def _begin(self) -> None:
        """Begin the transaction: on a connection of the driver's where it can be, or a session."""
        if self.is_over:
            raise UnitOverError
        await self.database.begin_writing()
        if self.apart is None and self.database.begins_directly:
            try:
                self._direct = await begun(self.database)
            except BaseException:
                self.database.end_writing()
                raise
            self._is_writing = True  # until here, others read as before
            return
        self._is_writing = True
        session = self._attached()
        self._known = {}
        await session.connection(execution_options={"trivet_writes": True})

    def sync_session(self) -> Session:
        """Give the plain session that ends as this unit does, made with the first call."""
        if self._sync is None:
            if self.is_over:
                raise UnitOverError
            self._sync = sync_work(self)
        return self._sync.session

    async def set_local(self, name: str, value: object) -> None:
        """Set a setting of PostgreSQL's for this unit's transactions alone, before all they do.

        Everything that the unit reads is read in its transaction from now on. Raises `SetupError`
        on other databases, and for another value than the one that was already worked with.
        """
        await set_apart(self, Apart(((name, str(value)),)))

    async def use_schema(self, schema: str) -> None:
        """Read and write the tables of a schema: those whose models name none themselves.

        Raises `SetupError` on SQLite, which has none, and once something was written elsewhere.
        """
        await set_apart(self, Apart(schema=schema))

    async def save(self, instance: Any) -> None:
        """Store what is new or changed, now, within the transaction."""
        if not await self._save_directly(instance):
            await self.save_all([instance])

    async def _save_directly(self, instance: Any) -> bool:
        """Store one object by one statement; gives False where only the session can."""
        if self._session is not None or self.apart is not None or self.database.signals:
            return False
        key = instance._sa_instance_state.key
        if key is not None and self._known.get(key) is not instance:
            return False
        async with self._alone():
            if not self._is_writing:
                await self._begin()
            if self._direct is None or not await self._direct.save(instance):
                return False
            self._known[instance._sa_instance_state.key] = instance
        return True

    async def save_all(self, instances: Sequence[Any]) -> None:
        """Store many new objects at once."""
        session = await self.session()
        async with self._alone():
            session.add_all(instances)
            await flushed(session)
            for instance in instances:
                # What the database has computed is read now: nothing is loaded by an attribute.
                if computed := instance._sa_instance_state.expired_attributes:
                    await session.refresh(instance, list(computed))
        if self._events:
            await self.database.signals.tell(self._events)

    async def delete(self, instance: Any) -> None:
        """Delete the row, now, within the transaction."""
        session = await self.session()
        async with self._alone():
            session.add(instance)
            await session.delete(instance)
            await flushed(session)
        if self._events:
            await self.database.signals.tell(self._events)

    async def refresh(self, instance: Any) -> None:
        """Read the row of an instance again."""
        async with self._reading() as session:
            session.add(instance)
            await session.refresh(instance)

    async def execute(self, statement: Executable, values: Any = None) -> Any:
        """Run a statement that writes, within the transaction, with values by name.

        With a list of them it is run once for each.
        """
        session = await self.session()
        async with self._alone():
            return await session.execute(statement, values)

    async def write(self, sql: str, values: Sequence[Any]) -> Sequence[Any]:
        """Run one statement that writes, past SQLAlchemy; gives rows as the driver does.

        `sql` is in the driver's own words, as `database.plans` compiles them.
        """
        async with self._alone():
            if not self._is_writing:
                await self._begin()
            if self._direct is not None:
                return await self._direct.run(sql, values)
            found = await (await self._attached().connection()).exec_driver_sql(sql, tuple(values))
            return found.all() if found.returns_rows else ()

    def on_commit(self, function: Callable[[], Any]) -> None:
        """Call a function once what was written is committed; never, where it is rolled back."""
        if self.after is None:
            self.after = []
        self.after.append(function)

    @property
    def is_settled(self) -> bool:
        """True where a commit would do nothing; asked first, it saves one."""
        return not (
            self._is_writing
            or self._session is not None
            or self._sync is not None
            or self.after is not None
            or self.has_changes()
        )

    def forget(self) -> None:
        """Read everything anew from now on."""
        self._known = {}

    # -- the end ---------------------------------------------------------------------------------

    async def commit(self) -> None:
        """Make everything that was written last; what is raised leaves nothing written."""
        try:
            await self._save_changes()
            if self._sync is not None:
                sync, self._sync = self._sync, None
                await sync.commit()
        except BaseException:
            await self.roll_back()
            raise
        after, self.after = self.after, None
        if self._direct is not None:
            direct, self._direct = self._direct, None
            try:
                await direct.commit()
            finally:
                self._written()
        if self._session is not None:
            try:
                if self._is_writing:
                    await self._settle()
                    try:
                        await self._session.commit()
                    except DatabaseAway as error:
                        error.is_in_doubt = True
                        raise
            finally:
                await self._end()
        self._known = {}
        for function in after or ():
            result = function()
            if hasattr(result, "__await__"):
                await result

    async def settle(self) -> None:
        """Store what was changed and not saved, and commit nothing yet."""
        await self._save_changes()
        if self._is_sessions:
            await self._settle()
        if self._sync is not None:
            await self._sync.flush()

    async def _save_changes(self) -> None:
        """Store objects that were read directly, and changed and not saved since."""
        if self.has_changes():
            changed = [one for one in self._known.values() if one._sa_instance_state.modified]
            for instance in changed:
                if not await self._save_directly(instance):
                    await self.session()  # which stores the rest of them
                    return

    async def _settle(self) -> None:
        """Store what was changed and not saved, and tell of it, until there is nothing more."""
        session = await self.session()
        while True:
            async with self._alone():
                await flushed(session)
            if not self._events:
                return
            await self.database.signals.tell(self._events)

    async def roll_back(self) -> None:
        """Take back everything that was written."""
        self.after = None
        self._known = {}
        if self._sync is not None:
            sync, self._sync = self._sync, None
            await sync.close()
        if self._direct is not None:
            direct, self._direct = self._direct, None
            try:
                await direct.roll_back()
            finally:
                self._written()
        if self._session is not None:
            await self._end()

    async def _end(self) -> None:
        """Close the session, which takes back what is not committed."""
        session, self._session = self._session, None
        joined, self._joined = self._joined, None
        was_writing, self._is_writing = self._is_writing, False
        try:
            try:
                if session is not None:
                    await session.close()
            finally:
                if joined is not None:
                    await joined.close()
        finally:
            if was_writing:
                self.database.end_writing()

    def _written(self) -> None:
        """Let the next writer begin: the transaction without a session is over."""
        self._is_writing = False
        self.database.end_writing()
