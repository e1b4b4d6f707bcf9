"""The read path: a statement compiled once, and the driver's rows made into values directly.

SQLAlchemy compiles; what it does for each execution besides (contexts, result objects, loaders) is
left out where a statement selects one plain entity. Every other statement takes SQLAlchemy's own
path, and both give the same (a test runs generated queries down both).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Float, Numeric, Select
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import Mapper

from trivet.binding.source import Source
from trivet.db.errors import UnfitValue

__all__ = ["Known", "RowPlan", "dictionaries", "instances", "is_plain", "plan_of", "tuples"]

# Instances by SQLAlchemy's identity keys: one row is one object in one unit of work.
Known = dict[Any, Any]


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
        self,
        sql: str,
        order: list[tuple[int, Any]],
        constants: list[Any],
        make: Callable[..., Any],
    ) -> None:
        self.sql = sql
        self._order = order  # of the driver: which value, and what turns it into the driver's
        self._constants = constants  # values behind those that are given
        self.make = make

    def values(self, given: Sequence[Any]) -> list[Any]:
        """Give the values of one execution in the driver's order; raises `UnfitValue`."""
        if self._constants:
            given = [*given, *self._constants]
        try:
            return [
                given[index] if process is None else process(given[index])
                for index, process in self._order
            ]
        except OverflowError as error:
            raise UnfitValue(
                f"a value here is none that its column can keep: {error}; say in the type of the"
                " parameter how large it may be",
                error,
                self.sql,
            ) from error


def plan_of(
    statement: Select[Any],
    binds: Sequence[Any],
    dialect: Dialect,
    maker: Callable[[Sequence[Any], Dialect], Callable[..., Any]],
) -> RowPlan | None:
    """Compile `statement`, whose rows are made by what `maker` gives for their columns.

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
    columns = [_base_column(entry.objects[0]) for entry in compiled._result_columns]
    return RowPlan(compiled.string, order, constants, maker(columns, dialect))


class _Rows:
    """Writes a function that takes rows apart: one name for each of their columns."""

    def __init__(self, columns: Sequence[Any], dialect: Dialect) -> None:
        self.source = Source()
        self._columns = columns
        self._dialect = dialect
        self._names = {column: f"c{index}" for index, column in enumerate(columns)}

    def of(self, column: Any) -> str:
        """Give the name of a column's value."""
        return self._names[column]

    def loop(self) -> str:
        """Give the head of the loop over the rows."""
        names = ", ".join(self._names.values())
        return f"for {names}{',' if len(self._names) == 1 else ''} in rows:"

    @property
    def has_processors(self) -> bool:
        """True where the driver's values are not yet Python's."""
        return any(_processor(column.type, self._dialect) for column in self._columns)

    def processed(self) -> None:
        """Write what turns the driver's values into Python's."""
        for column, name in self._names.items():
            process = _processor(column.type, self._dialect)
            if process is not None:
                self.source.line(f"{name} = {self.source.name(process, f'read_{name}')}({name})")

    def kept(self, columns: Sequence[Any]) -> list[str]:
        """Write where values of these columns are gathered beside what is made of the rows."""
        names = [f"kept_{index}" for index in range(len(columns))]
        for name in names:
            self.source.line(f"{name} = []")
        return names

    def end(self, kept: Sequence[str]) -> None:
        """Write the return: the list alone, or with what was kept."""
        inner = "".join(f"{name}, " for name in kept)
        self.source.line(f"return found, ({inner})" if kept else "return found")


def instances(
    mapper: Mapper[Any], columns: Sequence[Any], dialect: Dialect, kept: Sequence[Any] = ()
) -> Callable[..., Any]:
    """Write the function that makes instances of rows, one assignment a column.

    ``make(rows, known)`` gives a list; with `kept`, also a list of values for each such column.
    """
    rows = _Rows(columns, dialect)
    source = rows.source
    table: Any = mapper.local_table
    own = [column for column in columns if table.c.contains_column(column)]
    key = ", ".join(rows.of(column) for column in mapper.primary_key)
    cls = source.name(mapper._identity_class, "identity_class")
    new = source.name(mapper.class_manager.new_instance, "new_instance")
    with source.block("def make(rows, known):"):
        source.line("found = []")
        lists = rows.kept(kept)
        with source.block(rows.loop()):
            rows.processed()
            source.line(f"key = ({cls}, ({key},), None)")
            source.line("instance = known.get(key)")
            with source.block("if instance is None:"):
                source.line(f"instance = known[key] = {new}()")
                source.line("values = instance.__dict__")
                for column in own:
                    name = mapper.get_property_by_column(column).key
                    source.line(f"values[{name!r}] = {rows.of(column)}")
                source.line("values['_sa_instance_state'].key = key")
            source.line("found.append(instance)")
            for name, column in zip(lists, kept, strict=True):
                source.line(f"{name}.append({rows.of(column)})")
        rows.end(lists)
    made: Callable[..., Any] = source.written(
        "make", f"<trivet rows of {mapper.class_.__name__}>"
    ).function
    return made


def dictionaries(
    names: Mapping[str, Any],
    columns: Sequence[Any],
    dialect: Dialect,
    kept: Sequence[Any] = (),
) -> Callable[..., Any]:
    """Write the function that makes dictionaries of rows; `names` says which column is which.

    ``make(rows)`` gives a list; with `kept`, also a list of values for each such column.
    """
    rows = _Rows(columns, dialect)
    source = rows.source
    with source.block("def make(rows):"):
        source.line("found = []")
        lists = rows.kept(kept)
        with source.block(rows.loop()):
            rows.processed()
            pairs = ", ".join(f"{name!r}: {rows.of(column)}" for name, column in names.items())
            source.line(f"found.append({{{pairs}}})")
            for name, column in zip(lists, kept, strict=True):
                source.line(f"{name}.append({rows.of(column)})")
        rows.end(lists)
    made: Callable[..., Any] = source.written("make", "<trivet rows>").function
    return made


def tuples(columns: Sequence[Any], dialect: Dialect) -> Callable[..., Any]:
    """Write the function that makes tuples of rows, a value a column: ``make(rows)``."""
    rows = _Rows(columns, dialect)
    if not rows.has_processors:
        return lambda found: [tuple(row) for row in found]
    source = rows.source
    with source.block("def make(rows):"):
        source.line("found = []")
        with source.block(rows.loop()):
            rows.processed()
            source.line(f"found.append(({''.join(f'{rows.of(column)}, ' for column in columns)}))")
        rows.end(())
    made: Callable[..., Any] = source.written("make", "<trivet rows>").function
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
