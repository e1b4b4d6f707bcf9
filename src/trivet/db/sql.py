"""Statements in the database's own words, with bound parameters: ``db.sql("… :id", id=1)``."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Generator
from typing import Any, Generic, TypeVar

from pydantic import TypeAdapter
from sqlalchemy import Row, TextClause, bindparam, inspect, select, text
from sqlalchemy.orm import DeclarativeBase

from trivet.db.errors import NotFound
from trivet.db.portions import parts
from trivet.db.unit import Unit
from trivet.errors import SetupError

__all__ = ["Sql", "SqlInto"]

Item = TypeVar("Item")
_WRITES = re.compile(r"\b(insert|update|delete|merge|replace|truncate|create|alter|drop)\b", re.I)
_READS = re.compile(r"\s*(select|values|table|explain|show|pragma|describe)\b", re.I)


class Sql:
    """One statement with its values, awaited for its rows; nothing is sent before."""

    __slots__ = ("_unit", "_values", "text")

    def __init__(self, unit: Unit, statement: str, values: dict[str, Any]) -> None:
        self.text = statement
        self._unit = unit
        self._values = values

    def __await__(self) -> Generator[Any, None, list[Row[*tuple[Any, ...]]]]:
        return self._rows().__await__()

    async def __aiter__(self) -> AsyncIterator[Row[*tuple[Any, ...]]]:
        for row in await self:
            yield row

    async def first(self) -> Row[*tuple[Any, ...]] | None:
        """Give the first row, or None."""
        found = await self
        return found[0] if found else None

    async def scalar(self) -> Any:
        """Give the first value of the first row, or None where there is no row."""
        found = await self
        return found[0][0] if found else None

    async def execute(self) -> int:
        """Run a statement that gives no rows, within the transaction; gives how many it changed."""
        result = await self._unit.execute(self.clause())
        return int(result.rowcount)

    def into(self, kind: type[Item]) -> SqlInto[Item]:
        """Give objects in place of rows: of a model, or of any type that Pydantic knows."""
        return SqlInto(self, kind)

    def clause(self) -> TextClause:
        """Give the statement as SQLAlchemy's `text`, with its values bound."""
        made = text(self.text)
        lists: list[Any] = [
            bindparam(name, expanding=True)
            for name, value in self._values.items()
            if isinstance(value, list | tuple | set | frozenset)
        ]
        values = {
            name: list(value) if isinstance(value, tuple | set | frozenset) else value
            for name, value in self._values.items()
        }
        unknown = [name for name in values if name not in made._bindparams]
        missing = [name for name in made._bindparams if name not in values]
        if unknown or missing:
            what = f"has no :{unknown[0]}" if unknown else f"needs a value for :{missing[0]}"
            raise TypeError(f"the statement {what}: {self.text!r}")
        return made.bindparams(*lists).bindparams(**values) if values else made

    @property
    def unit(self) -> Unit:
        """The unit of work in which it runs."""
        return self._unit

    @property
    def is_reading(self) -> bool:
        """True for what surely writes nothing, and needs no transaction."""
        return bool(_READS.match(self.text)) or (
            self.text.lstrip().lower().startswith("with") and not _WRITES.search(self.text)
        )

    async def _rows(self) -> list[Row[*tuple[Any, ...]]]:
        if self.is_reading:
            return list(await self._unit.rows(self.clause()))
        result = await self._unit.execute(self.clause())
        return list(result.all()) if result.returns_rows else []


class SqlInto(Generic[Item]):
    """A statement whose rows become objects."""

    __slots__ = ("_kind", "_sql")

    def __init__(self, sql: Sql, kind: type[Item]) -> None:
        self._sql = sql
        self._kind = kind

    def __await__(self) -> Generator[Any, None, list[Item]]:
        return self._items().__await__()

    async def __aiter__(self) -> AsyncIterator[Item]:
        for item in await self:
            yield item

    async def first(self) -> Item | None:
        """Give the first object, or None."""
        found = await self
        return found[0] if found else None

    async def one(self) -> Item:
        """Give the first object; raises `NotFound` where there is none."""
        found = await self
        if not found:
            raise NotFound(self._kind)
        return found[0]

    async def _items(self) -> list[Item]:
        kind: Any = self._kind
        if isinstance(kind, type) and issubclass(kind, DeclarativeBase):
            return await self._models()
        rows = await self._sql
        adapter: TypeAdapter[Item] = TypeAdapter(kind)
        return [adapter.validate_python(dict(row._mapping)) for row in rows]

    async def _models(self) -> list[Item]:
        kind: Any = self._kind
        statement: Any = select(kind).from_statement(self._sql.clause())
        found: list[Item] = await parts(self._sql.unit, statement)
        if found:
            state: Any = inspect(found[0])
            missing = state.unloaded & set(state.mapper.column_attrs.keys())
            if missing:
                raise SetupError(
                    f"the statement gives no {', '.join(sorted(missing))}, which {kind.__name__}"
                    " has",
                    code="db.sql-columns",
                    mend=f'db.sql("select {state.mapper.local_table.name}.* from …")',
                )
        return found
