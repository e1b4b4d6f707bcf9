"""All that hangs on rows that are to be deleted, looked up before they are.

Rows are followed from key to key, each once; at most `MOST` of them, beyond which nothing is
deleted in one piece. Only keys are read of them, and names of the first that the visitor may see.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Table, and_, inspect, or_, select

from trivet.admin.deleting.bonds import Bond, bonds_of
from trivet.admin.plan.site import SitePlan
from trivet.admin.visits import Visit
from trivet.db import Query
from trivet.db.present import unit_now

__all__ = ["MOST", "MOST_NAMED", "Collected", "Kind", "collected"]

MOST = 10_000
"""Rows that may hang on what is deleted at once."""
MOST_NAMED = 100
"""Rows of each kind that are named."""
_AT_ONCE = 400  # keys in one statement: databases take so many values
_DEEPEST = 50  # levels

Key = tuple[Any, ...]


@dataclass
class Kind:
    """Rows of one table to which the same happens."""

    table: Table
    model: Any
    """The mapped class; None for a link table, whose rows have no name."""
    keys: dict[Key, None] = field(default_factory=dict)
    named: list[Any] = field(default_factory=list)
    """The first of them that the visitor may see."""

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.keys)


@dataclass
class Collected:
    """What hangs on rows that are to be deleted."""

    gone: dict[Table, Kind] = field(default_factory=dict)
    kept: dict[Table, Kind] = field(default_factory=dict)
    held: dict[Table, Kind] = field(default_factory=dict)
    refused: dict[Table, int] = field(default_factory=dict)
    """How many rows would be gone that the visitor may not delete."""
    is_endless: bool = False

    @property
    def may_go(self) -> bool:
        """True where nothing stands in the way."""
        return not (self.held or self.refused or self.is_endless)


async def collected(site: SitePlan, visit: Visit, model: Any, rows: Sequence[Any]) -> Collected:
    """Look up what hangs on rows of a model."""
    found = Collected()
    own = _columns(model)
    named = [{column: getattr(row, name) for column, name in own} for row in rows]
    primary: Any = inspect(model)
    first = {tuple(one[column] for column in primary.primary_key): None for one in named}
    table = primary.local_table
    # The rows themselves are no part of what goes with them, unless they are reached again.
    roots = Kind(table, model, dict(first))
    todo: list[tuple[Any, list[dict[Any, Any]]]] = [(model, named)]
    for _ in range(_DEEPEST):
        following: list[tuple[Any, list[dict[Any, Any]]]] = []
        for parent, parents in todo:
            for bond in bonds_of(parent):
                more = await _followed(found, roots, bond, parents)
                if bond.model is not None and more:
                    following.append((bond.model, more))
                if found.is_endless:
                    return found
        todo = following
        if not todo:
            break
    else:
        found.is_endless = True
    _leave_out(found, roots)
    await _ask(found, visit)
    await _name(site, found, visit)
    return found


async def _followed(
    found: Collected, roots: Kind, bond: Bond, parents: Sequence[dict[Any, Any]]
) -> list[dict[Any, Any]]:
    """Read the rows behind one key; gives those that will be gone and were not known yet."""
    names = [tuple(one.get(column) for column in bond.targets) for one in parents]
    names = [one for one in names if None not in one]
    kinds: dict[Table, Kind] = getattr(found, bond.effect)
    columns = list(dict.fromkeys(_read(bond)))
    keys = _key_of(bond)
    new = []
    for start in range(0, len(names), _AT_ONCE):
        where = _among(bond.columns, names[start : start + _AT_ONCE])
        room = MOST - sum(one.count for one in (*found.gone.values(), *found.kept.values()))
        statement = select(*columns).where(where).order_by(*keys).limit(room + 1)
        rows = await unit_now(bond.model).rows(statement)
        if len(rows) > room:
            found.is_endless = True
            return []
        for row in rows:
            values = dict(zip(columns, row, strict=True))
            key = tuple(values[column] for column in keys)
            if bond.table is roots.table and key in roots.keys:
                continue
            kind = kinds.setdefault(bond.table, Kind(bond.table, bond.model))
            if key not in kind.keys:
                kind.keys[key] = None
                if bond.effect == "gone":
                    new.append(values)
    return new


def _key_of(bond: Bond) -> list[Any]:
    return list(bond.table.primary_key) or list(bond.columns)


def _read(bond: Bond) -> Iterator[Any]:
    """Give the columns that are read of rows: their keys, and what others name them by."""
    yield from _key_of(bond)
    if bond.model is not None:
        for one in bonds_of(bond.model):
            yield from (column for column in one.targets if column.table is bond.table)


def _columns(model: Any) -> list[tuple[Any, str]]:
    """Give the columns by which rows are named, with the attributes that have them."""
    mapper: Any = inspect(model)
    wanted = dict.fromkeys(mapper.primary_key)
    for bond in bonds_of(model):
        wanted |= dict.fromkeys(bond.targets)
    return [
        (column, mapper.get_property_by_column(column).key)
        for column in wanted
        if column in mapper.columns.values()
    ]


def _among(columns: Sequence[Any], values: Sequence[Key]) -> Any:
    if len(columns) == 1:
        return columns[0].in_([one[0] for one in values])
    pairs = (zip(columns, one, strict=True) for one in values)
    return or_(*(and_(*(column == value for column, value in one)) for one in pairs))


def _leave_out(found: Collected, roots: Kind) -> None:
    """Rows that are gone anyway neither stay nor hold anything."""
    for kinds in (found.kept, found.held):
        for table, kind in list(kinds.items()):
            gone = found.gone[table].keys if table in found.gone else {}
            kind.keys = {key: None for key in kind.keys if key not in gone}
            if table is roots.table:
                kind.keys = {key: None for key in kind.keys if key not in roots.keys}
            if not kind.keys:
                del kinds[table]


# -- what the visitor may -------------------------------------------------------------------------


async def _ask(found: Collected, visit: Visit) -> None:
    for table, kind in found.gone.items():
        if kind.model is None:
            continue  # a link is a part of the row that goes
        allowed = 0
        for query in _queries(kind, list(kind.keys)):
            allowed += await (await visit.may.reachable("delete", query)).count()
        if allowed < kind.count:
            found.refused[table] = kind.count - allowed


async def _name(site: SitePlan, found: Collected, visit: Visit) -> None:
    for kinds in (found.gone, found.kept, found.held):
        for kind in kinds.values():
            if kind.model is None or not await visit.may("view", kind.model):
                continue
            for query in _queries(kind, list(kind.keys)[:MOST_NAMED]):
                plan = site.of(kind.model)
                known = query if plan is None else plan.admin.query(query)
                kind.named += await (await visit.may.reachable("view", known))


def _queries(kind: Kind, keys: Sequence[Key]) -> Iterator[Query[Any]]:
    mapper: Any = inspect(kind.model)
    columns = [
        getattr(kind.model, mapper.get_property_by_column(one).key) for one in mapper.primary_key
    ]
    for start in range(0, len(keys), _AT_ONCE):
        yield Query(kind.model).where(_among(columns, keys[start : start + _AT_ONCE]))
