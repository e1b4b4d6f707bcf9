"""Relations of reflected models, both ways: which there are, what they are called, how they join.

To one: after the foreign key's column without `_id`. To many: after the other table; where several
foreign keys lead to one table, by which of them. Tables that hold nothing but two foreign keys
make relations from many to many.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, ForeignKeyConstraint, Table, and_

from trivet.db.model import table_name
from trivet.db.reflect.keys import is_single, link_of
from trivet.db.reflect.names import ATTRIBUTES, attribute, plural
from trivet.db.relations import relationship

__all__ = ["Names", "relate", "to_one_name"]

Names = Mapping[Table, Mapping[Column[Any], str]]
"""The attributes of all mapped tables, by their columns."""


@dataclass(frozen=True)
class _Pair:
    """One foreign key, and the names of its two relations."""

    key: ForeignKeyConstraint
    forth: str
    back: str | None


@dataclass(frozen=True)
class _Cross:
    """A table between two others, and the names of the relations over it."""

    first: ForeignKeyConstraint
    second: ForeignKeyConstraint
    forth: str  # of the first table, to the second
    back: str


def to_one_name(
    columns: list[str], target: str, used: set[str], taken: frozenset[str] = ATTRIBUTES
) -> str:
    """Give the name of the relation of a foreign key, whose columns have these attributes."""
    name = columns[0].removesuffix("_id") if len(columns) == 1 else table_name(target)
    if not name or name in used or name in taken:
        name = f"{columns[-1].removesuffix('_id')}_{table_name(target)}".strip("_")
    return attribute(name, used, taken)


def relate(classes: Mapping[Table, type[Any]], names: Names, between: list[Table]) -> None:
    """Give the classes their relations; `between` are tables with two foreign keys alone."""
    used = {table: set(names[table].values()) for table in classes}
    pairs: dict[Table, list[_Pair]] = {}
    for table in classes:
        found = _references(table, classes)
        many = [key.referred_table for key in found]
        for key in found:
            columns = [names[table][column] for column in key.columns]
            forth = to_one_name(columns, classes[key.referred_table].__name__, used[table])
            used[table].add(forth)
            back = None
            if table not in between:
                is_one = is_single(key)
                back = _back_name(classes[table], forth, is_one, many.count(key.referred_table))
                back = attribute(back, used[key.referred_table])
                used[key.referred_table].add(back)
            pairs.setdefault(table, []).append(_Pair(key, forth, back))
    crosses = [cross for table in between if (cross := _cross(table, classes, used)) is not None]
    for table in dict.fromkeys([*pairs, *between]):
        mine = [cross for cross in crosses if cross.first.table is table]
        _make(classes, pairs.get(table, []), mine)


def _references(table: Table, classes: Mapping[Table, Any]) -> list[ForeignKeyConstraint]:
    keys = sorted(table.foreign_key_constraints, key=lambda one: [c.name for c in one.columns])
    return [key for key in keys if key.referred_table in classes]


def _back_name(source: type[Any], forth: str, is_one: bool, count: int) -> str:
    one = table_name(source.__name__)
    name = one if is_one else plural(one)
    return f"{name}_by_{forth}" if count > 1 else name


def _cross(
    table: Table, classes: Mapping[Table, type[Any]], used: dict[Table, set[str]]
) -> _Cross | None:
    keys = link_of(table)
    if keys is None or any(key.referred_table not in classes for key in keys):
        return None
    first, second = keys
    names = []
    for here, there in ((first, second), (second, first)):
        name = plural(table_name(classes[there.referred_table].__name__))
        if first.referred_table is second.referred_table:
            name = f"{name}_by_{attribute(next(iter(here.columns)).name).removesuffix('_id')}"
        elif name in used[here.referred_table]:
            name = f"{name}_by_{attribute(table.name)}"
        name = attribute(name, used[here.referred_table])
        used[here.referred_table].add(name)
        names.append(name)
    return _Cross(first, second, *names)


def _make(classes: Mapping[Table, type[Any]], pairs: list[_Pair], crosses: list[_Cross]) -> None:
    """Make the relations that go by the foreign keys of one table."""
    # Keys of several columns may share some, and relations over a table between have its columns.
    all_names = [name for pair in pairs for name in (pair.forth, pair.back) if name]
    all_names += [name for cross in crosses for name in (cross.forth, cross.back)]
    shared = ",".join(dict.fromkeys(all_names))
    for pair in pairs:
        source, target = classes[pair.key.table], classes[pair.key.referred_table]
        local = list(pair.key.columns)
        remote = [element.column for element in pair.key.elements]
        join = _joined(pair.key)
        common: dict[str, Any] = {"primaryjoin": join, "foreign_keys": local, "overlaps": shared}
        forth = relationship(
            target, remote_side=remote, uselist=False, back_populates=pair.back, **common
        )
        setattr(source, pair.forth, forth)
        if pair.back is not None:
            back = relationship(
                source,
                remote_side=local,
                uselist=not is_single(pair.key),
                back_populates=pair.forth,
                **common,
            )
            setattr(target, pair.back, back)
    for cross in crosses:
        for here, there, name, other in (
            (cross.first, cross.second, cross.forth, cross.back),
            (cross.second, cross.first, cross.back, cross.forth),
        ):
            made = relationship(
                classes[there.referred_table],
                secondary=here.table,
                primaryjoin=_joined(here),
                secondaryjoin=_joined(there),
                back_populates=other,
                overlaps=shared,
            )
            setattr(classes[here.referred_table], name, made)


def _joined(key: ForeignKeyConstraint) -> Any:
    pairs = [element.parent == element.column for element in key.elements]
    return pairs[0] if len(pairs) == 1 else and_(*pairs)
