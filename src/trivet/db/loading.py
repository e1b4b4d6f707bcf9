"""Related rows, read directly: for each relation one query, by the keys of all its parents.

The same questions make instances, for queries and for objects that lack a relation, and plain
dictionaries, for answers that nobody touches in between.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from sqlalchemy import inspect, select, tuple_
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import Mapper
from sqlalchemy.orm.attributes import set_committed_value

from trivet.db.branches import options_of
from trivet.db.links import Branches, Link, link_of
from trivet.db.reading import RowPlan, dictionaries, instances, is_plain, plan_of
from trivet.db.wanted import Wanted

if TYPE_CHECKING:
    from trivet.db.unit import Unit

__all__ = ["Loader", "Reading", "load_related", "reading_of"]

# How many keys one statement has: fewer are filled up, so that there are few texts.
_SIZES = (1, 2, 5, 10, 20, 50, 100, 200, 500)


@dataclass(frozen=True, eq=False)
class Reading:
    """How rows of one mapped class become dictionaries, relations and all."""

    mapper: Mapper[Any]
    names: Mapping[str, Any]
    """Columns of the table by the names under which they are shown."""
    relations: tuple[tuple[Link, Reading], ...]

    @property
    def kept(self) -> list[Any]:
        """The columns whose values lead to related rows."""
        properties = self.mapper.column_attrs
        return [properties[link.local].columns[0] for link, _ in self.relations]

    @property
    def columns(self) -> list[Any]:
        """All columns that are read, each once."""
        return list(dict.fromkeys([*self.names.values(), *self.kept]))


def reading_of(wanted: Wanted, mapper: Mapper[Any]) -> Reading | None:
    """Give how rows become what is wanted; None where only objects can."""
    if not (wanted.takes_rows and is_plain(mapper)):
        return None
    names: dict[str, Any] = {}
    relations = []
    for part in wanted.parts:
        name = next((one for one in part.names if hasattr(mapper.class_, one)), None)
        if name is None:
            continue  # the model's default, or its error
        if name in mapper.column_attrs:
            names[name] = mapper.column_attrs[name].columns[0]
            continue
        if name not in mapper.relationships or part.below is None:
            return None  # computed by the class, or shown in a way of its own
        prop = mapper.relationships[name]
        link = link_of(prop)
        below = None if link is None else reading_of(part.below, link.mapper)
        if link is None or below is None or part.below.is_many != link.is_many:
            return None
        relations.append((link, below))
    if not names:  # a statement needs a column
        return None
    return Reading(mapper, names, tuple(relations))


async def load_related(unit: Unit, items: Sequence[Any], branches: Branches) -> None:
    """Load relations of objects of one model that have not loaded them, and those below."""
    mapper: Any = inspect(type(items[0]))
    are_stored = all(item._sa_instance_state.key is not None for item in items)
    if are_stored and unit.reads_directly and unit.database.plans.follows(mapper, branches):
        with unit.underway:
            await unit.database.plans.loader.attach(unit, items, branches)
        return
    lacking = [item for item in items if _lacks(item, branches)]
    one, *more = mapper.primary_key
    for start in range(0, len(lacking), _SIZES[-1]):
        keys = [inspect(item).identity for item in lacking[start : start + _SIZES[-1]]]
        among = tuple_(one, *more).in_(keys) if more else one.in_([key for (key,) in keys])
        statement = select(mapper.class_).where(among)
        await unit.all(statement.options(*options_of(mapper.class_, branches)))


def _lacks(item: Any, branches: Branches) -> bool:
    """Tell whether a stored object has not loaded one of these relations, or what is below."""
    if item._sa_instance_state.key is None:
        return False
    for name, below in branches.items():
        if name not in item.__dict__:
            return True
        value = item.__dict__[name]
        related = value if isinstance(value, list | set) else [] if value is None else [value]
        if below and any(_lacks(one, below) for one in related):
            return True
    return False


class Loader:
    """Reads related rows for one dialect; keeps the statements that it has compiled."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._plans: dict[Any, RowPlan] = {}

    # -- dictionaries ----------------------------------------------------------------------------

    async def fill(
        self, unit: Unit, reading: Reading, items: Sequence[Any], kept: Sequence[Sequence[Any]]
    ) -> None:
        """Put related rows into dictionaries; `kept` are the values that lead to them."""
        for (link, below), keys in zip(reading.relations, kept, strict=True):
            children: list[Any] = []
            owners: list[Any] = []
            inner: list[list[Any]] = [[] for _ in below.relations]
            for chunk in _chunks(keys):
                plan = self._plan(link, below, len(chunk))
                found, lists = plan.make(await unit.read(plan.sql, plan.values(chunk)))
                children += found
                owners += lists[-1]
                for whole, some in zip(inner, lists, strict=False):
                    whole += some
            if children and below.relations:
                await self.fill(unit, below, children, inner)
            name = link.name
            if link.is_many:
                groups = _grouped(owners, children)
                for item, key in zip(items, keys, strict=True):
                    item[name] = groups.get(key, [])
            else:
                single = dict(zip(owners, children, strict=True))
                for item, key in zip(items, keys, strict=True):
                    item[name] = single.get(key)

    # -- instances -------------------------------------------------------------------------------

    async def attach(self, unit: Unit, items: Sequence[Any], branches: Branches) -> None:
        """Load relations of instances that have not loaded them, and what is below them."""
        if not items:
            return
        relations = inspect(type(items[0])).relationships
        for name, below in branches.items():
            link = link_of(relations[name])
            assert link is not None, "the caller has looked"
            lacking = [item for item in items if name not in item.__dict__]
            if lacking:
                await self._attach(unit, link, lacking)
            if below:
                await self.attach(unit, list(_related(items, link)), below)

    async def _attach(self, unit: Unit, link: Link, items: Sequence[Any]) -> None:
        keys = [item.__dict__[link.local] for item in items]
        children: list[Any] = []
        owners: list[Any] = []
        for chunk in _chunks(keys):
            plan = self._plan(link, None, len(chunk))
            rows = await unit.read(plan.sql, plan.values(chunk))
            found, (some,) = plan.make(rows, unit.known)
            children += found
            owners += some
        name = link.name
        if link.is_many:
            groups = _grouped(owners, children)
            for item, key in zip(items, keys, strict=True):
                set_committed_value(item, name, groups.get(key, []))
        else:
            single = dict(zip(owners, children, strict=True))
            for item, key in zip(items, keys, strict=True):
                item.__dict__[name] = single.get(key)

    # -- statements ------------------------------------------------------------------------------

    def _plan(self, link: Link, reading: Reading | None, count: int) -> RowPlan:
        key = (link, reading, count)
        plan = self._plans.get(key)
        if plan is None:
            plan = self._plans[key] = self._compiled(link, reading, count)
        return plan

    def _compiled(self, link: Link, reading: Reading | None, count: int) -> RowPlan:
        if reading is None:
            shown = [column for prop in link.mapper.column_attrs for column in prop.columns]
            maker = partial(instances, link.mapper, kept=[link.owner])
        else:
            shown = reading.columns
            maker = partial(dictionaries, reading.names, kept=[*reading.kept, link.owner])
        if link.owner not in set(shown):
            shown = [*shown, link.owner]
        statement, binds = link.statement(shown, count)
        plan = plan_of(statement, binds, self._dialect, maker)
        assert plan is not None, "its text depends on no value"
        return plan


def _chunks(keys: Sequence[Any]) -> Iterator[list[Any]]:
    """Give the keys, each once, in lists of few sizes; the last one is filled up with its first."""
    wanted = [key for key in dict.fromkeys(keys) if key is not None]
    for start in range(0, len(wanted), _SIZES[-1]):
        chunk = wanted[start : start + _SIZES[-1]]
        size = next(size for size in _SIZES if size >= len(chunk))
        yield chunk + chunk[:1] * (size - len(chunk))


def _grouped(owners: Sequence[Any], children: Sequence[Any]) -> dict[Any, list[Any]]:
    groups: dict[Any, list[Any]] = {}
    for owner, child in zip(owners, children, strict=True):
        groups.setdefault(owner, []).append(child)
    return groups


def _related(items: Sequence[Any], link: Link) -> Iterator[Any]:
    """Give all objects that a relation leads to, each once."""
    seen: set[int] = set()
    for item in items:
        value = item.__dict__[link.name]
        for one in value if link.is_many else (value,):
            if one is not None and id(one) not in seen:
                seen.add(id(one))
                yield one
