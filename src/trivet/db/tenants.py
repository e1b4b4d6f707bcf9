"""Units of work that are set apart: settings for their transactions alone, or a schema.

What is set is said at the begin of every transaction of such a unit, and by the connection's own
transaction it is forgotten: nothing stays on a connection of the pool. Such a unit reads nothing
outside its transaction, so that no read is without it.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from sqlalchemy import Connection, Engine, event, func, select
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.schema import CreateSchema

from trivet.errors import SetupError

if TYPE_CHECKING:
    from trivet.db.database import Database
    from trivet.db.unit import Unit

__all__ = ["Apart", "Reader", "apart_like", "create_schema", "row_policy", "set_apart"]

_OPTION = "trivet_settings"


class Reader(Protocol):
    """Where a unit of work reads outside its transaction: its database, or what stands for it."""

    @property
    def engine(self) -> AsyncEngine:
        """The engine of reads by SQLAlchemy."""

    async def rows(self, sql: str, values: Sequence[Any]) -> Sequence[Any]:
        """Run one read directly."""

    def stream(self, sql: str, values: Sequence[Any], chunk: int) -> AsyncGenerator[Sequence[Any]]:
        """Run one read directly, and give `chunk` rows at a time."""


@dataclass(frozen=True)
class Apart:
    """What sets the transactions of a unit of work apart."""

    settings: tuple[tuple[str, str], ...] = ()
    schema: str | None = None

    def joined(self, more: Apart) -> Apart:
        """Give this with more of it."""
        settings = tuple({**dict(self.settings), **dict(more.settings)}.items())
        return Apart(settings, more.schema or self.schema)

    def differs(self, other: Apart) -> bool:
        """Tell whether `other` has another value for what this has."""
        mine = dict(self.settings)
        if any(mine.get(name, value) != value for name, value in other.settings):
            return True
        return None not in (self.schema, other.schema) and self.schema != other.schema

    def options(self, database: Database, engine: Engine) -> dict[str, Any]:
        """Give the options of an engine that sets all its transactions apart like this."""
        made: dict[str, Any] = {}
        settings = self.settings
        if self.schema is not None:
            made["schema_translate_map"] = {None: self.schema}
            if database.is_postgres:  # for statements in the database's own words
                quoted = engine.dialect.identifier_preparer.quote_identifier(self.schema)
                settings = (*settings, ("search_path", quoted))
        if settings:
            made[_OPTION] = settings
            if not event.contains(engine, "begin", _say_settings):
                event.listen(engine, "begin", _say_settings)
        return made


def _say_settings(connection: Connection) -> None:
    settings = connection.get_execution_options().get(_OPTION)
    if settings:
        connection.execute(_statement(settings))


def _statement(settings: Sequence[tuple[str, str]]) -> Any:
    return select(*[func.set_config(name, value, True) for name, value in settings])


class ApartReader:
    """Runs no read directly; its engine begins no transaction without the settings."""

    def __init__(self, database: Database, apart: Apart) -> None:
        engine = database.engine
        options = apart.options(database, engine.sync_engine)
        self.engine: AsyncEngine = engine.execution_options(**options)

    async def rows(self, sql: str, values: Sequence[Any]) -> Sequence[Any]:
        """Refuse: whoever asks has forgotten what sets the unit apart."""
        raise AssertionError("a unit that is set apart reads in its transaction")

    def stream(self, sql: str, values: Sequence[Any], chunk: int) -> AsyncGenerator[Sequence[Any]]:
        """Refuse it likewise."""
        raise AssertionError("a unit that is set apart reads in its transaction")


async def set_apart(unit: Unit, wanted: Apart) -> None:
    """Set all further transactions of a unit apart, and the one under way; raises `SetupError`."""
    _check_database(unit.database, wanted)
    if unit.apart is not None and unit.apart.joined(wanted) == unit.apart:
        return
    if unit.apart is not None and unit.has_begun and unit.apart.differs(wanted):
        raise SetupError(
            "this unit of work has worked with another value already, and holds what it read so",
            code="db.set-apart-twice",
            mend="async with database.own_transaction() as unit: await unit.set_local(...)",
        )
    is_late = wanted.schema is not None and (unit.is_writing or unit.has_changes())
    if is_late or unit.is_nested or unit.has_sync_session:
        raise SetupError(
            "the transaction has begun already, and it is set apart as a whole",
            code="db.set-apart-late",
            mend="await unit.set_local(...) before anything is written",
        )
    joined = wanted if unit.apart is None else unit.apart.joined(wanted)
    reader = ApartReader(unit.database, joined)
    if unit.is_writing:
        await unit.execute(_statement(wanted.settings))
    await unit.set_reader(reader, joined, forgets=wanted.schema is not None)


def _check_database(database: Database, wanted: Apart) -> None:
    backend = database.driver.url.get_backend_name()
    if wanted.settings and not database.is_postgres:
        raise SetupError(
            f"{backend} has no settings for one transaction, and no policies for rows",
            code="db.no-settings",
            mend="a schema for each tenant: await unit.use_schema(...); or PostgreSQL",
        )
    if wanted.schema is not None and backend == "sqlite":
        raise SetupError(
            "SQLite has no schemas",
            code="db.no-schemas",
            mend="a file for each tenant, PostgreSQL, or MariaDB",
        )


async def create_schema(database: Database, schema: str) -> None:
    """Make a schema, and in it the tables of all models that name no schema themselves."""
    _check_database(database, Apart(schema=schema))
    async with database.engine.begin() as connection:
        await connection.execute(CreateSchema(schema, if_not_exists=True))
    options = Apart(schema=schema).options(database, database.engine.sync_engine)
    async with database.engine.execution_options(**options).begin() as connection:
        await connection.run_sync(database.metadata.create_all)


def apart_like(unit: Unit, outer: Unit) -> None:
    """Set a new unit of work apart as the one that it is begun in."""
    if outer.apart is not None:
        unit.reader, unit.apart = ApartReader(unit.database, outer.apart), outer.apart


def row_policy(table: str, column: str, setting: str) -> list[str]:
    """Give the statements that show rows of a table only where `column` is what `setting` says.

    For PostgreSQL, in a migration: ``for line in row_policy(…): op.execute(line)``. It holds for
    the owner of the table too, for superusers never. Without the setting, nothing is seen and
    nothing can be written. The names are written as they are given.
    """
    # An empty text is what a setting leaves behind on its connection.
    value = f"nullif(current_setting('{setting}', true), '')"
    seen = f"{column}::text = {value}"
    return [
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
        f"CREATE POLICY by_{column} ON {table} USING ({seen}) WITH CHECK ({seen})",
    ]
