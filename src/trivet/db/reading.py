"""The read path: a statement compiled once, and the driver's rows made into instances directly.

SQLAlchemy compiles; what it does for each execution besides (contexts, result objects, loaders) is
left out where a statement selects one plain entity. Every other statement takes SQLAlchemy's own
path, and both give the same (a test runs generated queries down both).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Float, Numeric, Select
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import Mapper

from trivet.binding.source import Source

__all__ = ["Known", "RowPlan", "is_plain", "plan_of"]

# Instances by SQLAlchemy's identity keys: one row is one object in one unit of work.
Known = dict[Any, Any]
Maker = Callable[[Sequence[Any], Known], list[Any]]


def is_plain(mapper: Mapper[Any]) -> bool:
    """Tell whether rows of `mapper` become instances by nothing but setting columns."""
    if mapper.polymorphic_on is not None or mapper.inherits is not None:
        return False
    columns: Any = set(mapper.local_table.c)
    for prop in mapper.column_attrs:
        if len(prop.columns) != 1 or prop.columns[0] not in columns or prop.deferred:
            return False
    listens = mapper.class_manager.dispatch
    return not (listens.load or listens.refresh)


class RowPlan:
    """One compiled statement: its text, how its values are given, and what makes its rows."""

    __slots__ = ("_constants", "_order", "make", "sql")

    def __init__(
        self, sql: str, order: list[tuple[int, Any]], constants: list[Any], make: Maker
    ) -> None:
        self.sql = sql
        self._order = order  # of the driver: which value, and what turns it into the driver's
        self._constants = constants  # values behind those that are given
        self.make = make

    def values(self, given: Sequence[Any]) -> list[Any]:
        """Give the values of one execution in the driver's order."""
        if self._constants:
            given = [*given, *self._constants]
        return [
            given[index] if process is None else process(given[index])
            for index, process in self._order
        ]


def plan_of(
    statement: Select[Any], binds: Sequence[Any], mapper: Mapper[Any], dialect: Dialect
) -> RowPlan | None:
    """Compile `statement`, which selects the plain entity of `mapper` and nothing else.

    `binds` are its bound parameters in the order in which values will be given. None where the
    text depends on a value, as a list to look in makes it.
    """
    compiled: Any = dialect.statement_compiler(dialect, statement)
    if compiled.post_compile_params or compiled.literal_execute_params:
        return None
    places = {bind.key: index for index, bind in enumerate(binds)}
    processors: Any = compiled._bind_processors
    order = []
    constants: list[Any] = []
    for name in compiled.positiontup or ():
        bind = compiled.binds[name]
        index = places.get(bind.key)
        if index is None:  # the compiler's own, such as SQLite's OFFSET 0
            index = len(binds) + len(constants)
            constants.append(bind.effective_value)
        order.append((index, processors.get(name)))
    return RowPlan(compiled.string, order, constants, maker_of(mapper, compiled, dialect))


def maker_of(mapper: Mapper[Any], compiled: Any, dialect: Dialect) -> Maker:
    """Write the function that makes instances of rows, one assignment a column."""
    order = [entry.objects[0] for entry in compiled._result_columns]
    source = Source()
    names = []
    lines = []
    by_column: dict[Any, str] = {}
    for index, column in enumerate(order):
        name = f"c{index}"
        names.append(name)
        table_column = _base_column(column)
        prop = mapper.get_property_by_column(table_column)
        process = _processor(table_column.type, dialect)
        value = name
        if process is not None:
            lines.append(f"{name} = {source.name(process, f'process_{prop.key}')}({name})")
        by_column[table_column] = value
        lines.append(f"values[{prop.key!r}] = {value}")
    key = ", ".join(by_column[column] for column in mapper.primary_key)
    cls = source.name(mapper._identity_class, "identity_class")
    new = source.name(mapper.class_manager.new_instance, "new_instance")
    with source.block("def make(rows, known):"):
        source.line("found = []")
        with source.block(f"for {', '.join(names)}{',' if len(names) == 1 else ''} in rows:"):
            keyed = [line for line in lines if not line.startswith("values[")]
            for line in keyed:
                source.line(line)
            source.line(f"key = ({cls}, ({key},), None)")
            source.line("instance = known.get(key)")
            with source.block("if instance is None:"):
                source.line(f"instance = known[key] = {new}()")
                source.line("values = instance.__dict__")
                for line in lines:
                    if line.startswith("values["):
                        source.line(line)
                source.line("values['_sa_instance_state'].key = key")
            source.line("found.append(instance)")
        source.line("return found")
    made: Maker = source.written("make", f"<trivet rows of {mapper.class_.__name__}>").function
    return made


# What PostgreSQL's driver calls the types for which SQLAlchemy asks (pg_type.oid).
_PG_NUMERIC, _PG_FLOAT = 1700, 701


def _processor(column_type: Any, dialect: Dialect) -> Any:
    """Give what turns the driver's value of a column into Python's, or None."""
    code = None
    if dialect.name == "postgresql":
        inner = column_type.dialect_impl(dialect)
        if isinstance(inner, Float):
            code = _PG_FLOAT
        elif isinstance(inner, Numeric):
            code = _PG_NUMERIC
    return column_type._cached_result_processor(dialect, code)


def _base_column(column: Any) -> Any:
    """Give the table's column of what a statement selects."""
    return next(iter(column.base_columns))
