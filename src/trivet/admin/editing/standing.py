"""Rows as they are stored, with all that their form shows: their relations, and their children.

Children are read for all rows of a level at once, and never more of them than a form shows. Of
what the visitor may not see nothing is in here but that it is kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import and_, or_
from sqlalchemy.orm import with_parent
from sqlalchemy.orm.attributes import set_committed_value

from trivet.admin.plan.form import FormPlan, InlinePlan
from trivet.admin.plan.site import SitePlan
from trivet.admin.visits import Visit
from trivet.db import Query

__all__ = ["Standing", "known_rows", "standing_of", "with_relations"]

MOST_RELATED = 200  # rows of a relation to many that a form shows
_MOST_AT_ONCE = 1000  # children of one level


@dataclass
class Standing:
    """One row as it is stored."""

    row: Any
    key: str
    plan: FormPlan
    path: str = ""
    children: dict[str, list[Standing]] = field(default_factory=dict)
    """By the names of inlines; those with too many are not there."""
    overfull: set[str] = field(default_factory=set)
    """Inlines and relations to many with more rows than a form shows."""
    related: dict[str, list[Any]] = field(default_factory=dict)
    """The rows of relations to many that the visitor may see."""
    unseen: dict[str, list[Any]] = field(default_factory=dict)
    """The others, which stay as they are."""
    hidden: set[str] = field(default_factory=set)
    """Fields of this row that the visitor may not see."""
    can_change: bool = True
    can_delete: bool = True

    def every(self) -> Iterator[Standing]:
        """Give this row and all within it."""
        yield self
        for rows in self.children.values():
            for one in rows:
                yield from one.every()


def known_rows(site: SitePlan, model: Any) -> Query[Any]:
    """Give all rows of a model that the site knows at all."""
    plan = site.of(model)
    return Query(model) if plan is None else plan.query()


def with_relations(form: FormPlan, query: Query[Any]) -> Query[Any]:
    """Load what the form shows of other models, where it is one row."""
    for one in form.fields:
        if one.relation is not None and not one.relation.is_many:
            query = query.with_(getattr(form.model, one.name))
    return query


async def standing_of(
    site: SitePlan, visit: Visit, form: FormPlan, row: Any, *, is_held: bool = False
) -> Standing:
    """Give a row with its relations and children; held until the commit where it is to change."""
    made = Standing(row, site.keys_of(form.model).written(row), form)
    await _fill(site, visit, form, [made], is_held=is_held)
    return made


async def _fill(
    site: SitePlan, visit: Visit, form: FormPlan, rows: Sequence[Standing], *, is_held: bool
) -> None:
    for one in rows:
        for plan in form.fields:
            if not await visit.may("view", one.row, plan.name):
                one.hidden.add(plan.name)
            elif plan.relation is not None and plan.relation.is_many:
                await _related(site, visit, one, plan.name, plan.relation.target)
    for inline in form.inlines:
        await _children(site, visit, inline, rows, is_held=is_held)


async def _related(site: SitePlan, visit: Visit, one: Standing, name: str, target: Any) -> None:
    mine = with_parent(one.row, getattr(one.plan.model, name))
    found = await Query(target).where(mine).limit(MOST_RELATED + 1)
    if len(found) > MOST_RELATED:
        one.overfull.add(name)
        return
    seen = await visit.may.reachable("view", known_rows(site, target))
    keys = site.keys_of(target)
    shown = {keys.written(row) for row in await seen.where(mine)} if found else set()
    one.related[name] = [row for row in found if keys.written(row) in shown]
    one.unseen[name] = [row for row in found if keys.written(row) not in shown]
    set_committed_value(one.row, name, list(found))


async def _children(
    site: SitePlan, visit: Visit, inline: InlinePlan, parents: Sequence[Standing], *, is_held: bool
) -> None:
    if not parents or not await visit.may("view", inline.model):
        return
    query = await visit.may.reachable("view", known_rows(site, inline.model))
    query = with_relations(inline.form, query.where(or_(*(_of(inline, one) for one in parents))))
    keys = site.keys_of(inline.model)
    orders = [getattr(inline.model, name) for name in keys.names]
    if inline.sort:
        orders.insert(0, getattr(inline.model, inline.sort))
    most = min(_MOST_AT_ONCE, (inline.most + 1) * len(parents))
    query = query.order_by(*orders).limit(most)
    found = await (query.for_update() if is_held else query)
    by_parent: dict[tuple[Any, ...], list[Any]] = {}
    for row in found:
        by_parent.setdefault(tuple(getattr(row, name) for name, _ in inline.links), []).append(row)
    changeable = await _keys(visit, "change", keys, query)
    deletable = await _keys(visit, "delete", keys, query)
    filled = []
    for one in parents:
        mine = by_parent.get(tuple(getattr(one.row, name) for _, name in inline.links), [])
        if len(mine) > inline.most or (len(found) == most and len(parents) > 1):
            one.overfull.add(inline.name)
            continue
        one.children[inline.name] = [
            Standing(
                row,
                key := keys.written(row),
                inline.form,
                f"{one.path}{inline.name}.{key}.",
                can_change=key in changeable,
                can_delete=inline.can_delete and key in deletable,
            )
            for row in mine
        ]
        filled += one.children[inline.name]
    await _fill(site, visit, inline.form, filled, is_held=is_held)


async def _keys(visit: Visit, action: str, keys: Any, query: Query[Any]) -> set[str]:
    """Give the keys of the rows of a query on which the visitor may do something."""
    if not await visit.may(action, query.model):
        return set()
    return {keys.written(row) for row in await (await visit.may.reachable(action, query))}


def _of(inline: InlinePlan, parent: Standing) -> Any:
    return and_(
        *(
            getattr(inline.model, name) == getattr(parent.row, theirs)
            for name, theirs in inline.links
        )
    )
