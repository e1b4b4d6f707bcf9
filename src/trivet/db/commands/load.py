"""Lines of JSON as rows of a database: all of them, or none.

They are read as they come and stored in parts, so that memory stays as it is. Each value is checked
against its column before the database sees it; what the database itself refuses is looked for row
by row, so that the message names the line.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Table, and_, bindparam, func, insert, select, text, update
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from trivet.db.commands.dump import FORMAT, Tell
from trivet.db.commands.tables import Tables, nearest
from trivet.db.commands.values import Field, Wrong
from trivet.errors import TrivetError

__all__ = ["LoadFailed", "load"]

_MOST_ROWS = 1000  # in one part
_MOST_LETTERS = 1_000_000  # of its lines: rows may be large


class LoadFailed(TrivetError):
    """A line cannot be loaded; nothing was."""


@dataclass(frozen=True)
class _Shape:
    """What rows have in common that one statement stores."""

    table: Table
    names: tuple[str, ...]
    keys: tuple[str, ...]
    """Of rows that are there and get more values; empty for new ones."""


async def load(
    connection: AsyncConnection, tables: Tables, lines: Iterable[str], tell: Tell
) -> int:
    """Store the rows of these lines, and give their number; raises `LoadFailed`.

    The connection has no transaction yet: there is one for all.
    """
    await connection.execution_options(trivet_writes=True)
    loading = _Loading(connection, tables, tell)
    try:
        async with connection.begin():
            await loading.prepare()
            for number, line in enumerate(lines, 1):
                await loading.take(number, line)
            await loading.finish()
    except IntegrityError as error:  # what SQLite and PostgreSQL look at in the end
        raise LoadFailed(f"at the end: {_reason(error)}{loading.missing}") from error
    return sum(loading.counts.values())


class _Loading:
    """One file on its way into one database."""

    def __init__(self, connection: AsyncConnection, tables: Tables, tell: Tell) -> None:
        self._connection = connection
        self._dialect = connection.dialect.name
        self._tables = tables
        self._tell = tell
        self._fields: dict[Table, dict[str, Field]] = {}
        self._statements: dict[_Shape, Any] = {}
        self._shape: _Shape | None = None
        self._part: list[tuple[int, dict[str, Any]]] = []
        self._letters = 0
        self._has_head = False
        self._total: int | None = None
        self.counts: dict[Table, int] = {}
        self.missing = ""

    async def prepare(self) -> None:
        """Let references wait for the end where the database can, and a zero be a key."""
        if self._dialect == "sqlite":
            await self._connection.execute(text("PRAGMA defer_foreign_keys=ON"))
        elif self._dialect == "postgresql":
            await self._connection.execute(text("SET CONSTRAINTS ALL DEFERRED"))
        else:
            await self._connection.execute(
                text("SET SESSION sql_mode = CONCAT(@@sql_mode, ',NO_AUTO_VALUE_ON_ZERO')")
            )

    async def take(self, number: int, line: str) -> None:
        """Read one line, and store what came before where it does not go with it."""
        if not line.strip():
            return
        try:
            data = json.loads(line)
        except ValueError as error:
            raise LoadFailed(f"line {number}: this is no JSON: {error}") from error
        if not isinstance(data, dict):
            raise LoadFailed(f'line {number}: expected {{"table": …, "row": {{…}}}}')
        if self._total is not None:
            raise LoadFailed(f"line {number}: the dump ended before")
        match data:
            case {"table": str(name), "row": dict(row)} if len(data) == 2:
                await self._put(number, line, name, row, {})
            case {"table": str(name), "key": dict(key), "set": dict(row)} if len(data) == 3:
                await self._put(number, line, name, row, key)
            case {"dump": version, **rest} if number == 1 and set(rest) <= {"tables"}:
                if version != FORMAT:
                    raise LoadFailed(
                        f"line 1: a dump of form {version!r}; this version of Trivet reads {FORMAT}"
                    )
                self._has_head = True
            case {"rows": int(total)} if self._has_head and len(data) == 1:
                self._total = total
            case _:
                raise LoadFailed(
                    f'line {number}: expected {{"table": …, "row": {{…}}}}, not {line.strip()[:80]}'
                )

    async def _put(
        self, number: int, line: str, name: str, row: dict[str, Any], key: dict[str, Any]
    ) -> None:
        table = self._tables.named(name)
        if table is None:
            raise LoadFailed(
                f"line {number}: there is no model or table {name!r}; expected one of:"
                f" {self._tables.nearest(name)}"
            )
        shape = _Shape(table, tuple(row), tuple(key))
        is_full = len(self._part) >= _MOST_ROWS or self._letters > _MOST_LETTERS
        if shape != self._shape or is_full:
            await self._store()
            self._check(number, shape)
            self._shape = shape
        values = {f"v{n}": self._value(number, table, *item) for n, item in enumerate(row.items())}
        keys = {f"k{n}": self._value(number, table, *item) for n, item in enumerate(key.items())}
        self._part.append((number, {**values, **keys}))
        self._letters += len(line)

    def _value(self, number: int, table: Table, name: str, value: Any) -> Any:
        try:
            return self._fields[table][name].read(value)
        except Wrong as error:
            label = self._tables.label(table)
            raise LoadFailed(f"line {number}: {label}.{name} is {error}") from error

    def _check(self, number: int, shape: _Shape) -> None:
        """Refuse names that the table does not have, and rows that lack what they need."""
        table, label = shape.table, self._tables.label(shape.table)
        if table not in self._fields:
            self._fields[table] = {field.name: field for field in self._tables.fields(table)}
        fields = self._fields[table]
        for name in (*shape.names, *shape.keys):
            if name not in fields:
                raise LoadFailed(
                    f"line {number}: {label} has no column {name!r}; expected one of:"
                    f" {', '.join(nearest(name, fields))}"
                )
        if shape.keys:
            if set(shape.keys) != {column.name for column in table.primary_key.columns}:
                raise LoadFailed(f"line {number}: {shape.keys} is not the key of {label}")
            return
        for field in fields.values():
            if field.is_needed and field.name not in shape.names:
                raise LoadFailed(
                    f"line {number}: {label}.{field.name} is missing; expected"
                    f" {field.kind.expected}"
                )

    # -- storing ---------------------------------------------------------------------------------

    async def _store(self) -> None:
        """Store the part that was gathered; raises `LoadFailed` with the line that is refused."""
        shape, part = self._shape, self._part
        if shape is None or not part:
            return
        statement = self._statement(shape)
        rows = [values for _, values in part]
        try:
            async with self._connection.begin_nested():
                await self._connection.execute(statement, rows)
        except (SQLAlchemyError, OverflowError, ValueError) as error:
            await self._find(statement, part, shape, error)
        if not shape.keys:
            self.counts[shape.table] = self.counts.get(shape.table, 0) + len(part)
            self._tell(shape.table.key, self.counts[shape.table])
        self._part, self._letters = [], 0

    async def _find(
        self, statement: Any, part: list[tuple[int, Any]], shape: _Shape, whole: Exception
    ) -> None:
        """Store the rows one by one, until one is refused: its line is the one to name."""
        label = self._tables.label(shape.table)
        for number, values in part:
            try:
                await self._connection.execute(statement, values)
            except (SQLAlchemyError, OverflowError, ValueError) as error:
                raise LoadFailed(
                    f"line {number}: the database refuses this {label}: {_reason(error)}"
                ) from error
        raise LoadFailed(
            f"lines {part[0][0]} to {part[-1][0]}: the database refuses rows of {label}:"
            f" {_reason(whole)}"
        ) from whole

    def _statement(self, shape: _Shape) -> Any:
        found = self._statements.get(shape)
        if found is None:
            fields = self._fields[shape.table]
            columns = shape.table.columns
            by_name = {column.name: column for column in columns}
            values = {
                by_name[name]: bindparam(f"v{n}", type_=fields[name].type)
                for n, name in enumerate(shape.names)
            }
            if shape.keys:
                where = [
                    by_name[name] == bindparam(f"k{n}", type_=fields[name].type)
                    for n, name in enumerate(shape.keys)
                ]
                found = update(shape.table).where(and_(*where)).values(values)
            else:
                found = insert(shape.table).values(values)
            self._statements[shape] = found
        return found

    # -- the end ---------------------------------------------------------------------------------

    async def finish(self) -> None:
        """Store the last part, and see that all is there and fits."""
        await self._store()
        total = sum(self.counts.values())
        if self._has_head and self._total is None:
            raise LoadFailed("the end: the dump was cut off; its last line says how many rows")
        if self._total is not None and self._total != total:
            raise LoadFailed(f"the end: {total} rows were read, and the dump had {self._total}")
        if self._dialect == "sqlite":
            await self._note_missing()
        elif self._dialect == "postgresql":
            await self._connection.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
            for table in self.counts:
                await self._count_on(table)

    async def _note_missing(self) -> None:
        """Say what SQLite does not, when it refuses to commit: which rows refer to nothing."""
        quoted = self._connection.dialect.identifier_preparer.format_table
        for table in self.counts:
            found = await self._connection.execute(
                text(f"PRAGMA foreign_key_check({quoted(table)})")
            )
            row = found.first()
            if row is not None:
                self.missing = (
                    f"; such as {self._tables.label(table)}, row {row[1]}, which refers to"
                    f" a {row[2]} that is not there"
                )
                return

    async def _count_on(self, table: Table) -> None:
        """Set the sequences of a table behind its largest key."""
        name = self._connection.dialect.identifier_preparer.format_table(table)
        for column in table.columns:
            if not isinstance(column.type.python_type, type) or column.type.python_type is not int:
                continue
            sequence = await self._connection.scalar(
                select(func.pg_get_serial_sequence(name, column.name))
            )
            if sequence is None:
                continue
            largest = await self._connection.scalar(select(func.max(column)))
            if largest is not None:
                await self._connection.execute(
                    text(
                        "SELECT setval(CAST(CAST(:name AS text) AS regclass), GREATEST(:largest,"
                        f" (SELECT last_value FROM {sequence})))"
                    ),
                    {"name": sequence, "largest": largest},
                )


def _reason(error: BaseException) -> str:
    cause = getattr(error, "orig", None) or error
    lines: Sequence[str] = str(cause).strip().splitlines() or [type(cause).__name__]
    return lines[0].removeprefix("<class 'asyncpg.exceptions.").strip()
