"""From the state of a list to its rows: at most two statements, whatever the columns.

One reads the rows, with relations to one joined to them and those to many counted in them; one
says how many there are, with totals and the ends of the hierarchy, where they are not too many to
be counted. PostgreSQL is asked before what it expects: of few rows, one statement says both. Short
lists have numbered pages; longer ones go on from row to row by the index, so that their thousandth
page costs what the first does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import case
from sqlalchemy.orm import joinedload
from sqlalchemy.sql.operators import desc_op

from trivet.admin.conditions.fitting import Asking
from trivet.admin.keys import Keys
from trivet.admin.listing.seen import Seen
from trivet.admin.listing.state import ListState
from trivet.admin.plan.columns import ColumnPlan
from trivet.admin.plan.filters import UnfitFilter
from trivet.admin.plan.model import ModelPlan
from trivet.admin.visits import Visit
from trivet.db import BadCursor, Query, Window, related
from trivet.db.estimates import EXACT_UP_TO, Estimate, counted, expected
from trivet.db.few import Few
from trivet.db.pages import is_by_columns

__all__ = ["Found", "found_rows", "narrowed", "ordered"]


@dataclass(frozen=True)
class Found:
    """The rows of one page, and where it is among the others."""

    rows: Sequence[Any]
    extras: Sequence[Mapping[str, int]]
    """For each row: ``count_tags``, how many rows a relation has; ``sees_price``, 0 where a column
    is not seen of it."""
    total: Estimate
    first: int
    """How many rows are in front of the page."""
    previous: dict[str, Any] | None = None
    """What of the state leads to the page before this; None where there is none."""
    following: dict[str, Any] | None = None
    is_numbered: bool = True
    problem: str = ""
    """A filter, or a place, that could not be read."""

    @property
    def sums(self) -> Mapping[str, Any]:
        """Totals by columns, and `hierarchy_min` and `hierarchy_max`, where rows were counted."""
        return self.total.sums or {}


async def narrowed(
    plan: ModelPlan, state: ListState, visit: Visit, action: str = "view", seen: Seen | None = None
) -> Query[Any]:
    """Give all rows of a list on which the visitor may do `action`; raises `UnfitFilter`."""
    seen = Seen(plan, visit) if seen is None else seen
    query = await visit.may.reachable(action, plan.query(is_trash=state.is_trash))
    if state.search and plan.search is not None:
        # Where a column is seen on some rows alone, it is not searched in at all.
        steps = plan.search.steps
        unseen = [one for one in steps if await seen.where(one) is not True]
        query = plan.search.narrowed(query, state.search, unseen)
    for one in plan.all_filters:
        if given := state.given(one):
            query = await _seen_alone(query, seen, one.name, one.label)
            query = one.narrowed(query, given, visit.time_zone)
    if state.where.problem:
        raise UnfitFilter(state.where.problem)
    if state.where.root is not None:
        query = query.where(await Asking(plan, seen, visit).fitting(state.where.root))
    return query


async def _seen_alone(query: Query[Any], seen: Seen, name: str, label: str) -> Query[Any]:
    where = await seen.where(name)
    if where is False:
        raise UnfitFilter(label)
    return query if where is True else query.where(where)


async def found_rows(
    plan: ModelPlan,
    columns: Sequence[ColumnPlan],
    state: ListState,
    visit: Visit,
    seen: Seen,
    named_by: Callable[[Any], tuple[str, ...] | None],
    among: Any = None,
) -> Found:
    """Give one page of a list, of the rows that the visitor may see.

    `named_by` tells by which columns rows of a model are named, or None where it may be any. With
    `among`, a condition, it is the page of rows that were shown before, whatever became of them.
    """
    try:
        if among is None:
            query = await narrowed(plan, state, visit, seen=seen)
        else:
            query = (await visit.may.reachable("view", plan.query())).where(among)
        for name in {one.removeprefix("-") for one in state.orders}:
            query = await _seen_alone(query, seen, name, name)
    except UnfitFilter as error:
        return Found((), (), Estimate(0, exact=True), 0, problem=error.text)
    wanted = _wanted(plan, columns)
    extras = await _extras(plan, columns, seen)

    def chosen(query: Query[Any]) -> Query[Any]:
        return _loaded(plan, columns, ordered(plan, columns, state, query), named_by)

    outlook, total = await expected(query), None
    if outlook.is_few:
        few = Few(query, wanted)
        found, total = await _few(extras, state, few, chosen(few.query))
        if total is not None and total.exact:
            return _page(found, state, state.page, total)
    if total is None:
        total = await counted(query, outlook, wanted)
    try:
        return await _paged(extras, state, chosen(query), total)
    except BadCursor as error:
        return Found((), (), total, 0, problem=str(error))


def ordered(
    plan: ModelPlan, columns: Sequence[ColumnPlan], state: ListState, query: Query[Any]
) -> Query[Any]:
    """Sort as the list is sorted, by the key at last: no two rows are in the same place."""
    by_name = {column.name: column.order for column in columns if column.order is not None}
    orders = [
        by_name[name].desc() if one.startswith("-") else by_name[name]
        for one in state.orders
        if (name := one.removeprefix("-")) in by_name
    ]
    if not orders:
        given = plan.admin.order
        orders = list(given) if isinstance(given, list | tuple) else [given]
    keys = [getattr(plan.model, name) for name in plan.keys.names]
    # In the direction of what is before it: then an index of both is read without sorting.
    goes_up = bool(orders) and not _is_descending(orders[-1])
    return query.order_by(*orders, *(keys if goes_up else [key.desc() for key in keys]))


def _is_descending(order: Any) -> bool:
    if isinstance(order, str):
        return order.startswith("-")
    return getattr(order, "modifier", None) is desc_op


def _loaded(
    plan: ModelPlan,
    columns: Sequence[ColumnPlan],
    query: Query[Any],
    named_by: Callable[[Any], tuple[str, ...] | None],
) -> Query[Any]:
    """Load the relations to one that are shown, within the statement of the rows.

    Of them only what names them is read, unless a computed column wants more.
    """
    needs = [need for column in columns if column.computed for need in column.computed.needs]
    needed = {need.key for need in needs}
    for column in columns:
        relation = column.relation
        if relation is None or relation.is_many or relation.name in needed:
            continue
        option = joinedload(getattr(plan.model, relation.name))
        names = named_by(relation.target)
        if names is not None:
            read = [getattr(relation.target, name) for name in names or Keys(relation.target).names]
            option = option.load_only(*read, raiseload=True)
        query = query.with_(option)
    return query.with_(*(joinedload(need) for need in needs))


async def _extras(plan: ModelPlan, columns: Sequence[ColumnPlan], seen: Seen) -> Mapping[str, Any]:
    """Give what is read beside the rows: counts of relations to many, and what is seen of each."""
    many = [one.name for one in columns if one.relation is not None and one.relation.is_many]
    found = {f"count_{name}": related(getattr(plan.model, name)) for name in many}
    limits = await seen.limits(column.name for column in columns)
    return found | {f"sees_{name}": case((one, 1), else_=0) for name, one in limits.items()}


async def _asked(
    extras: Mapping[str, Any], query: Query[Any]
) -> list[tuple[Any, Mapping[str, int]]]:
    """Give rows, each with its extras."""
    if not extras:
        return [(row, {}) for row in await query]
    found = await query.annotate(**extras)
    return [(one[0], dict(zip(extras, one[1:], strict=True))) for one in found]


async def _few(
    extras: Mapping[str, Any], state: ListState, few: Few, query: Query[Any]
) -> tuple[list[Any], Estimate | None]:
    """Give the rows of a page and how many there are, at once; None where the page is behind all.

    Where the number is not exact, they are not the right rows.
    """
    first = (state.page - 1) * state.size
    found = await _asked({**extras, **few.columns}, query[first : first + state.size + 1])
    if not found:
        return [], None if first else Estimate(0, exact=True)
    return found, few.estimate(found[0][1])


async def _paged(
    extras: Mapping[str, Any], state: ListState, query: Query[Any], total: Estimate
) -> Found:
    is_numbered = total.exact and total.number <= EXACT_UP_TO
    if not is_numbered and is_by_columns(query):
        return await _windowed(extras, state, query, total)
    page = min(state.page, _last_page(state, total))
    first = (page - 1) * state.size
    found = await _asked(extras, query[first : first + state.size + 1])
    return _page(found, state, page, total)


def _page(
    found: Sequence[tuple[Any, Mapping[str, Any]]], state: ListState, page: int, total: Estimate
) -> Found:
    """Give a numbered page; one row more than it shows tells of a next one."""
    kept = found[: state.size]
    has_more = len(found) > state.size and page < _last_page(state, total)
    return Found(
        [row for row, _ in kept],
        [more for _, more in kept],
        total,
        (page - 1) * state.size,
        {"page": page - 1} if page > 1 else None,
        {"page": page + 1} if has_more else None,
    )


def _last_page(state: ListState, total: Estimate) -> int:
    """Give the last page by number: none is further than the rows that are counted."""
    return max(-(-min(total.number, EXACT_UP_TO) // state.size), 1)


async def _windowed(
    extras: Mapping[str, Any], state: ListState, query: Query[Any], total: Estimate
) -> Found:
    after, before = state.after or None, state.before or None
    window = Window(query, after=after, before=None if after else before, size=state.size)
    with window.reading():
        found = await _asked(extras, window.query)
    extra = {id(row): more for row, more in found}
    stretch = window.stretch([row for row, _ in found])
    at = state.at if stretch.has_previous else 0
    return Found(
        stretch.items,
        [extra[id(row)] for row in stretch.items],
        total,
        at,
        {"before": stretch.first, "at": max(at - state.size, 0)} if stretch.has_previous else None,
        {"after": stretch.last, "at": at + len(stretch.items)} if stretch.has_next else None,
        is_numbered=False,
    )


def _wanted(plan: ModelPlan, columns: Sequence[ColumnPlan]) -> Mapping[str, tuple[str, Any]]:
    """Give what is computed with the count: totals, and the ends of the hierarchy."""
    names = [column.name for column in columns if column.name in plan.totals]
    found = {name: ("sum", getattr(plan.model, name)) for name in names}
    if plan.hierarchy is not None:
        day = plan.hierarchy.attribute
        found |= {"hierarchy_min": ("min", day), "hierarchy_max": ("max", day)}
    return found
