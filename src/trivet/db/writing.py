"""The write path: one row, written by one statement past the session.

What a session does besides (sorting what depends on each other, cascades, events) is left out
where there is nothing of it to do: one new object, or changed columns of one. Every other write
takes the session, and both write the same (a test runs generated rows down both).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

from sqlalchemy import ClauseElement, bindparam, insert, inspect, update
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import Session
from sqlalchemy.orm.base import NO_VALUE
from sqlalchemy.sql import schema as sqlalchemy_schema

from trivet.db.reading import RowPlan, dictionaries, is_plain, plan_of

__all__ = ["Write", "Writer"]

_MAPPER_EVENTS = ("before_insert", "after_insert", "before_update", "after_update")
_SESSION_EVENTS = ("before_flush", "after_flush", "after_flush_postexec", "pending_to_persistent")
_UNKNOWN: Any = object()


class Write(NamedTuple):
    """One statement that writes an object."""

    plan: RowPlan | None
    """The statement; None where there is nothing to store."""
    values: list[Any]
    given: Mapping[str, Any]
    """What the object has once it is written, besides what the database gives back."""
    is_new: bool


@dataclass(frozen=True)
class _Column:
    """One column, as far as it is written."""

    key: str
    column: Any
    make: Callable[[], Any] | None
    """What gives a new row's value, where the object has none."""
    renew: Callable[[], Any] | None
    """What gives the value with each change."""
    may_be_absent: bool
    """True where the database gives a value of its own to a new row that has none."""
    is_computed: bool


@dataclass(frozen=True)
class _Table:
    """One mapped class whose rows can be written directly."""

    mapper: Any
    columns: tuple[_Column, ...]
    relations: frozenset[str]
    keys: tuple[str, ...]


class Writer:
    """Writes objects directly for one database; keeps the statements that it has compiled."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._tables: dict[type[Any], _Table | None] = {}
        self._plans: dict[Any, RowPlan] = {}

    def write_of(self, instance: Any) -> Write | None:
        """Give the statement that stores a new or changed object; None where a session must."""
        model = type(instance)
        table = self._tables.get(model, _UNKNOWN)
        if table is _UNKNOWN:
            table = self._tables[model] = _table_of(inspect(model))
        if table is None:
            return None
        return self._insert(table, instance) if _is_new(instance) else self._update(table, instance)

    def written(self, write: Write, instance: Any, rows: Sequence[Any]) -> None:
        """Let an object have what its row has; raises `LookupError` where there is no row."""
        assert write.plan is not None, "it was run"
        values = instance.__dict__
        state = instance._sa_instance_state
        made = write.plan.make(rows)
        if not made and not write.is_new:
            raise LookupError
        values.update(write.given)
        if made:
            values.update(made[0])
        if write.is_new:
            mapper = state.mapper
            keys = self._tables[type(instance)].keys  # type: ignore[union-attr]
            state.key = (mapper._identity_class, tuple([values[key] for key in keys]), None)
        state._commit_all(values)

    # -- statements ------------------------------------------------------------------------------

    def _insert(self, table: _Table, instance: Any) -> Write | None:
        has = instance.__dict__
        if not (self._dialect.insert_returning and table.relations.isdisjoint(has)):
            return None
        given: dict[str, Any] = {}
        for one in table.columns:
            key = one.key
            value = has.get(key)
            if value is None:
                if one.is_computed:
                    continue
                if key in has and one.column.type.should_evaluate_none:
                    return None
                if one.make is not None:
                    value = one.make()
                elif one.may_be_absent or one.column.type.should_evaluate_none:
                    continue
            elif isinstance(value, ClauseElement):
                return None
            given[key] = value
        plan = self._plan(table, tuple(given), is_new=True)
        return Write(plan, plan.values(list(given.values())), given, is_new=True)

    def _update(self, table: _Table, instance: Any) -> Write | None:
        state = instance._sa_instance_state
        if not self._dialect.update_returning:
            return None
        has, changed = instance.__dict__, state.committed_state
        given: dict[str, Any] = {}
        renewed: list[_Column] = []
        for one in table.columns:
            key = one.key
            if key in changed:
                value = has.get(key, NO_VALUE)
                if value is NO_VALUE or isinstance(value, ClauseElement) or key in table.keys:
                    return None
                if value is None and one.column.type.should_evaluate_none:
                    return None
                old = changed[key]
                if old is NO_VALUE or not one.column.type.compare_values(old, value):
                    given[key] = value
                    continue
            if one.renew is not None:
                renewed.append(one)
        if not table.relations.isdisjoint(changed):
            return None
        if not given:
            return Write(None, [], given, is_new=False)
        given.update({one.key: one.renew() for one in renewed if one.renew is not None})
        plan = self._plan(table, tuple(given), is_new=False)
        keys = [has[key] for key in table.keys]
        return Write(plan, plan.values([*given.values(), *keys]), given, is_new=False)

    def _plan(self, table: _Table, names: tuple[str, ...], *, is_new: bool) -> RowPlan:
        key = (table.mapper, names, is_new)
        plan = self._plans.get(key)
        if plan is None:
            make = self._inserting if is_new else self._updating
            plan = self._plans[key] = make(table, names)
        return plan

    def _inserting(self, table: _Table, names: tuple[str, ...]) -> RowPlan:
        binds = _binds(table, names)
        statement = insert(table.mapper.local_table).values(
            {_column(table, name): bind for name, bind in zip(names, binds, strict=True)}
        )
        absent = [one for one in table.columns if one.key not in names]
        return self._compiled(statement, binds, absent)

    def _updating(self, table: _Table, names: tuple[str, ...]) -> RowPlan:
        keys = [_column(table, key) for key in table.keys]
        binds = [*_binds(table, names), *_binds(table, table.keys)]
        statement = update(table.mapper.local_table).values(
            {_column(table, name): bind for name, bind in zip(names, binds, strict=False)}
        )
        for column, bind in zip(keys, binds[len(names) :], strict=True):
            statement = statement.where(column == bind)
        given_back = [one for one in table.columns if one.is_computed or one.key in table.keys]
        return self._compiled(statement, binds, given_back)

    def _compiled(self, statement: Any, binds: list[Any], given_back: list[_Column]) -> RowPlan:
        # Without anything to give back, SQLAlchemy would ask for the key by itself.
        columns = [one.column for one in given_back]
        statement = statement.returning(*columns) if columns else statement.inline()
        names = {one.key: one.column for one in given_back}
        maker = partial(dictionaries, names) if columns else _nothing
        plan = plan_of(statement, binds, self._dialect, maker)
        assert plan is not None, "its text depends on no value"
        return plan


def _nothing(columns: Sequence[Any], dialect: Dialect) -> Callable[[Any], list[Any]]:
    return lambda rows: []


def _is_new(instance: Any) -> bool:
    state = instance._sa_instance_state
    return state.key is None and state.session_id is None


def _binds(table: _Table, names: Sequence[str]) -> list[Any]:
    return [bindparam(f"v_{key}", type_=_column(table, key).type, unique=True) for key in names]


def _column(table: _Table, key: str) -> Any:
    return table.mapper.column_attrs[key].columns[0]


def _table_of(mapper: Any) -> _Table | None:
    """Give what is known of a class; None where its rows are written by a session alone."""
    listens = [getattr(mapper.dispatch, name) for name in _MAPPER_EVENTS]
    session = Session()  # what is told of all sessions is told of it
    listens += [getattr(session.dispatch, name) for name in _SESSION_EVENTS]
    if not is_plain(mapper) or mapper.version_id_col is not None or any(map(bool, listens)):
        return None
    columns = []
    counted = mapper.local_table._autoincrement_column
    for prop in mapper.column_attrs:
        column = prop.columns[0]
        computed = column.computed is not None
        make, renew = _made_by(column.default), _made_by(column.onupdate)
        if _UNKNOWN in (make, renew) or (column.identity is not None and not column.primary_key):
            return None
        columns.append(
            _Column(
                prop.key,
                column,
                make,
                renew,
                may_be_absent=column is counted or column.server_default is not None,
                is_computed=computed,
            )
        )
        if column.server_onupdate is not None and not computed:
            return None
    keys = tuple(mapper.get_property_by_column(column).key for column in mapper.primary_key)
    return _Table(mapper, tuple(columns), frozenset(mapper.relationships.keys()), keys)


def _made_by(default: Any) -> Any:
    """Give the function of a default, None where there is none, `_UNKNOWN` for the database's."""
    if default is None:
        return None
    if default.is_scalar:
        value = default.arg
        return lambda: value
    # SQLAlchemy has wrapped functions that look at nothing; others want its own context.
    if default.is_callable and default.arg.__globals__ is vars(sqlalchemy_schema):
        return partial(default.arg, None)
    return _UNKNOWN
