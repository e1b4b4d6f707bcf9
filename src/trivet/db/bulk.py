"""Many rows by few statements: created, changed, deleted, or written over what is there.

Rows are dictionaries by attribute names, or objects, or those that fit some conditions. Nothing of
them is in the unit of work, and signals are told once, of all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any, Literal, TypeVar

from sqlalchemy import delete, insert, inspect, update
from sqlalchemy.dialects import mysql, postgresql, sqlite

from trivet.db.columns import now
from trivet.db.inheritance import refuse_several_tables, refuse_views
from trivet.db.present import unit_now
from trivet.db.reading import is_plain
from trivet.db.signals import Bulk
from trivet.db.unit import Unit
from trivet.errors import SetupError

__all__ = ["bulk_create", "bulk_update", "upsert", "write_all"]

Row = TypeVar("Row")
_MOST_VALUES = 20_000  # in one statement: PostgreSQL and SQLite take 32,766


async def bulk_create(model: type[Row], rows: Iterable[Any], *, returning: bool) -> list[Row] | int:
    """Insert rows; gives them as objects in their order if `returning`, their number otherwise."""
    refuse_views(model)
    unit, given = unit_now(model), _all_values(model, rows)
    bulk = Bulk(model, "create", given)
    await _tell(unit, "before_bulk", bulk)
    made: list[Row] = []
    table = _table_of(model)
    # A statement has one list of columns: rows that name the same ones go together.
    for _, group in groupby(given, key=tuple):
        values = list(group)
        if not returning:
            # Without the model's own steps for each row, half as dear (benchmarks: data-bulk).
            await unit.execute(insert(model if table is None else table), values)
        elif _returns(unit):
            statement = insert(model).returning(model, sort_by_parameter_order=True)
            made += (await unit.execute(statement, values)).scalars().all()
        else:
            created = [model(**row) for row in values]
            await unit.save_all(created)
            made += created
    await _tell(unit, "after_bulk", Bulk(model, "create", given, len(given)))
    return made if returning else len(given)


async def bulk_update(model: type[Any], rows: Iterable[Any], fields: Sequence[str] | None) -> None:
    """Change rows by their keys; of objects, `fields` or all columns are written."""
    refuse_views(model)
    unit, mapper = unit_now(model), inspect(model)
    keys = [mapper.get_property_by_column(column).key for column in mapper.primary_key]
    if mapper.version_id_col is not None:
        raise SetupError(
            f"{model.__name__} counts its versions, and a bulk update cannot check them",
            code="db.bulk-versions",
            mend=f"{model.__name__}.where(...).update(...), or row.update(...) for each",
        )
    given = []
    for row in rows:
        values = _values(model, row)
        if fields is not None:
            values = {name: values[name] for name in (*keys, *fields)}
        if any(key not in values for key in keys):
            raise ValueError(f"a row to update needs its key ({', '.join(keys)}): {row!r}")
        given.append(values)
    await _tell(unit, "before_bulk", Bulk(model, "update", given))
    for _, group in groupby(given, key=_names):
        await unit.execute(update(model), list(group))
    await _tell(unit, "after_bulk", Bulk(model, "update", given, len(given)))


async def upsert(
    model: type[Row],
    rows: Iterable[Any],
    on_conflict: Sequence[Any],
    change: Sequence[Any] | None,
    *,
    returning: bool,
) -> list[Row] | int:
    """Insert rows, and change those whose `on_conflict` columns are there already."""
    refuse_several_tables(model, "upsert()")
    unit, mapper = unit_now(model), inspect(model)
    given = [_values(model, row) for row in rows]
    unique = [_name(model, column) for column in on_conflict]
    await _tell(unit, "before_bulk", Bulk(model, "upsert", given))
    made: list[Row] = []
    for names, group in groupby(given, key=_names):
        values = list(group)
        if change is None:
            kept = {*unique, *(mapper.get_property_by_column(c).key for c in mapper.primary_key)}
            written = [name for name in names if name not in kept]
            written += [prop.key for prop in mapper.column_attrs if _changes(prop, names)]
        else:
            written = [_name(model, column) for column in change]
        size = max(_MOST_VALUES // max(len(mapper.columns), 1), 1)
        for start in range(0, len(values), size):
            statement = _over(unit, model, values[start : start + size], unique, written)
            if returning and _returns(unit):
                result = await unit.execute(
                    statement.returning(model).execution_options(populate_existing=True)
                )
                made += result.scalars().all()
            else:
                await unit.execute(statement)
    await _tell(unit, "after_bulk", Bulk(model, "upsert", given, len(given)))
    if not returning:
        return len(given)
    if not _returns(unit):
        raise SetupError(
            "this database gives no rows back that it writes",
            code="db.no-returning",
            mend="upsert(...) without returning, then a query",
        )
    return made


async def write_all(
    model: type[Any],
    conditions: Sequence[Any],
    kind: Literal["update", "delete"],
    values: dict[str, Any],
) -> int:
    """Change or delete all rows that fit, by one statement; gives how many.

    Their versions are counted on, and where deletion is soft, the rows are only marked.
    """
    refuse_several_tables(model, f"{kind}() of a query")
    unit = unit_now(model)
    await _tell(unit, "before_bulk", Bulk(model, kind, values))
    if kind == "delete" and not hasattr(model, "__shown__"):
        statement: Any = delete(model).where(*conditions)
    else:
        given = {"deleted": now()} if kind == "delete" else dict(values)
        version = inspect(model).version_id_col
        if version is not None:
            given[inspect(model).get_property_by_column(version).key] = version + 1
        statement = update(model).where(*conditions).values(**given)
    count = int((await unit.execute(statement)).rowcount)
    await _tell(unit, "after_bulk", Bulk(model, kind, values, count))
    return count


def _over(
    unit: Unit, model: type[Any], values: list[Any], unique: list[str], written: list[str]
) -> Any:
    """Give the statement that inserts, or changes what is there, in the database's own words."""
    backend = unit.database.driver.url.get_backend_name()
    mapper = inspect(model)
    columns = {prop.key: prop.columns[0] for prop in mapper.column_attrs}
    if backend in ("mysql", "mariadb"):
        over = mysql.insert(model).values(values)
        change = {columns[name].name: over.inserted[columns[name].name] for name in written}
        if written and mapper.version_id_col is not None:
            change[mapper.version_id_col.name] = mapper.version_id_col + 1
        key = mapper.primary_key[0]
        # To change nothing is said by setting a column to itself.
        return over.on_duplicate_key_update(change or {key.name: key})
    made: Any = (postgresql if backend.startswith("postgres") else sqlite).insert(model)
    made = made.values(values)
    elements = [columns[name] for name in unique]
    if not written:
        return made.on_conflict_do_nothing(index_elements=elements)
    change = {columns[name].name: made.excluded[columns[name].name] for name in written}
    if mapper.version_id_col is not None:
        change[mapper.version_id_col.name] = mapper.version_id_col + 1
    return made.on_conflict_do_update(index_elements=elements, set_=change)


def _names(row: dict[str, Any]) -> tuple[str, ...]:
    return tuple(row)


def _changes(prop: Any, given: tuple[str, ...]) -> bool:
    """Tell whether a column that is not given changes by itself with each update."""
    return prop.columns[0].onupdate is not None and prop.key not in given


def _returns(unit: Unit) -> bool:
    return bool(unit.database.engine.dialect.insert_executemany_returning)


def _all_values(model: type[Any], rows: Iterable[Any]) -> list[dict[str, Any]]:
    """Give the values of rows; plain dictionaries are not copied where nobody could change them."""
    names = inspect(model).column_attrs.keys()
    known = frozenset(names)
    signals = unit_now(model).database.signals
    return [
        row if type(row) is dict and not signals and row.keys() <= known else _values(model, row)
        for row in rows
    ]


def _table_of(model: type[Any]) -> Any:
    """Give the table whose columns are called as the model's attributes, or None."""
    mapper: Any = inspect(model)
    if not is_plain(mapper) or mapper.version_id_col is not None:
        return None
    are_alike = all(prop.key == prop.columns[0].key for prop in mapper.column_attrs)
    return mapper.local_table if are_alike else None


def _values(model: type[Any], row: Any) -> dict[str, Any]:
    """Give the values of one row by attribute names."""
    names = inspect(model).column_attrs.keys()
    if isinstance(row, Mapping):
        unknown = [name for name in row if name not in names]
        if unknown:
            raise TypeError(
                f"{model.__name__} has no column {unknown[0]!r}; it has {', '.join(names)}"
            )
        return dict(row)
    if not isinstance(row, model):
        raise TypeError(f"a row is a dictionary or a {model.__name__}, not {row!r}")
    held = inspect(row).dict
    return {name: held[name] for name in names if name in held}


def _name(model: type[Any], column: Any) -> str:
    name = column if isinstance(column, str) else column.key
    if name not in inspect(model).column_attrs:
        raise TypeError(f"{model.__name__} has no column {name!r}")
    return str(name)


async def _tell(unit: Unit, name: Any, bulk: Bulk[Any]) -> None:
    if unit.database.signals:
        await unit.database.signals.tell_bulk(name, bulk)
