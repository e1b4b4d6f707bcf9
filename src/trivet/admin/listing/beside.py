"""What a list says besides its rows, by one statement: the ends of its hierarchy, and names of rows
that its filters and conditions pick by their keys.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import and_, false, func, or_

from trivet.admin.conditions.tree import Condition
from trivet.admin.listing.state import ListState
from trivet.admin.plan.filters import EMPTY, RelationFilter, UnfitFilter
from trivet.admin.plan.model import ModelPlan
from trivet.admin.plan.site import SitePlan
from trivet.admin.plan.subjects import RowSubject, Subject
from trivet.admin.visits import Visit
from trivet.db import Query
from trivet.db.present import unit_now
from trivet.db.together import read_together

__all__ = ["Beside", "Names", "Picks", "picked_by_conditions", "picked_by_filters", "read_beside"]

Names = Mapping[tuple[str, str], str]
"""What rows are called, by the name of a relation and the text of a key."""
Picks = Iterable[tuple[RelationFilter, str]]
"""Texts of keys, each with the relation through which a row is picked."""


@dataclass(frozen=True)
class Beside:
    """What was found."""

    names: Names = field(default_factory=dict)
    """Of the rows that the visitor may see."""
    ends: Mapping[str, Any] = field(default_factory=dict)
    """`hierarchy_min` and `hierarchy_max`, where they were asked for."""


def picked_by_filters(plan: ModelPlan, state: ListState) -> Picks:
    """Give what the filters of a list pick."""
    for one in plan.all_filters:
        if isinstance(one, RelationFilter):
            yield from ((one, text) for text in state.given(one).get("", ()) if text != EMPTY)


def picked_by_conditions(subjects: Iterable[Subject], conditions: Iterable[Condition]) -> Picks:
    """Give what conditions pick; `subjects` are those that the visitor may ask about."""
    by_name = {one.name: one.plan for one in subjects if isinstance(one, RowSubject)}
    for condition in conditions:
        if condition.name in by_name:
            yield from ((by_name[condition.name], text) for text in condition.values)


async def read_beside(
    site: SitePlan,
    visit: Visit,
    plan: ModelPlan,
    picks: Picks,
    shown: Sequence[Any] = (),
    *,
    with_ends: bool = False,
) -> Beside:
    """Ask for what the rows that are `shown` do not tell themselves: as a rule nothing.

    Rows that are related to them were read with them, and are called as they are there.
    """
    names: dict[tuple[str, str], str] = {}
    missing: dict[Any, dict[tuple[Any, ...], list[tuple[str, str]]]] = {}
    related: dict[str, Names] = {}
    for one, text in dict.fromkeys(picks):
        place = one.name, text
        if one.name not in related:
            related[one.name] = _related(site, one.name, shown)
        if place in related[one.name]:
            names[place] = related[one.name][place]
            continue
        try:
            missing.setdefault(one.relation.target, {}).setdefault(one.key(text), []).append(place)
        except UnfitFilter:
            continue
    queries = []
    for target, keys in missing.items():
        conditions = [and_(*site.keys_of(target).conditions(key)) for key in keys]
        query = Query(target).where(or_(false(), *conditions))
        queries.append(await visit.may.reachable("view", query))
    ends = await _ends(plan, visit) if with_ends else {}
    found = await read_together(unit_now(plan.model), queries, ends)
    for target, rows in found.rows.items():
        for row in rows:
            places = missing[target].get(site.keys_of(target).values(row), ())
            names |= dict.fromkeys(places, site.name_of(row))
    return Beside(names, found.values)


def _related(site: SitePlan, name: str, shown: Sequence[Any]) -> Names:
    """Give what rows are called to which those that are shown lead, where they were read."""
    found = {}
    for row in shown:
        other = vars(row).get(name)
        if other is not None and not isinstance(other, list | set | dict):
            found[name, site.keys_of(type(other)).written(other)] = site.name_of(other)
    return found


async def _ends(plan: ModelPlan, visit: Visit) -> Mapping[str, Any]:
    """Give the statements of the ends of all rows that may be seen: they are in an index.

    Two of them, as SQLite finds either in an index, but not both at once.
    """
    if plan.hierarchy is None:
        return {}
    whole = await visit.may.reachable("view", plan.query())
    statement, day = whole.bare_of_loads().order_by().statement(), plan.hierarchy.attribute
    return {
        "hierarchy_min": statement.with_only_columns(func.min(day)),
        "hierarchy_max": statement.with_only_columns(func.max(day)),
    }
