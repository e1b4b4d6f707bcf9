"""What somebody may see of rows that were read: fields that rules name, and related rows.

Rows themselves are narrowed by their query; here is what is asked about beside it, in a fixed
number of queries: one for each field that is guarded, and one for each model that is included.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from trivet.db import Query
from trivet.db.describe import describe
from trivet.errors import HTTPException
from trivet.resources.access import Asking
from trivet.resources.filters import Filter
from trivet.resources.plan import Plan
from trivet.resources.reading import Shape

__all__ = ["check_filter", "check_order", "narrow", "seen_of", "sees_all"]


async def narrow(
    plan: Plan, asking: Asking, shape: Shape, rows: Sequence[dict[str, Any]]
) -> set[str]:
    """Take out of rows what who asks may not see; gives the guarded fields that were taken out.

    Costs nothing where there is no permission model.
    """
    if asking.permissions is None or not rows:
        return set()
    guarded = set(asking.guarded("view", shape.model)) & set(shape.columns.model_fields)
    unseen: set[str] = set()
    for name in sorted(guarded):
        seen = await _keys(asking, shape.model, rows, name)
        if seen is not None:
            for row in rows:
                if _key(shape.model, row) not in seen:
                    row.pop(name, None)
                    unseen.add(name)
    for name, (relation, below) in shape.relations.items():
        await _narrow_related(plan, asking, name, relation.is_many, below, rows)
    return unseen


async def seen_of(asking: Asking, model: Any, rows: Sequence[Any]) -> Sequence[Any]:
    """Give those of a model's objects that who asks may see."""
    if asking.is_told_by_row("view", model):  # no list can ask these rules
        return [row for row in rows if await asking.may("view", row)]
    keys = [{name: getattr(row, name) for name in _key_names(model)} for row in rows]
    seen = await _keys(asking, model, keys, None)
    if seen is None:
        return rows
    return [row for row, key in zip(rows, keys, strict=True) if _key(model, key) in seen]


async def _narrow_related(
    plan: Plan,
    asking: Asking,
    name: str,
    is_many: bool,
    below: Shape,
    rows: Sequence[dict[str, Any]],
) -> None:
    related = list(_related(name, is_many, rows))
    if not related:
        return
    seen = await _keys(asking, below.model, related, None)
    if seen is not None:
        for row in rows:
            value = row[name]
            if is_many:
                row[name] = [one for one in value if _key(below.model, one) in seen]
            elif value is not None and _key(below.model, value) not in seen:
                row[name] = None
    kept = list(_related(name, is_many, rows))
    await narrow(plan, asking, below, list({id(one): one for one in kept}.values()))


def _related(
    name: str, is_many: bool, rows: Iterable[Mapping[str, Any]]
) -> Iterable[dict[str, Any]]:
    for row in rows:
        if is_many:
            yield from row[name]
        elif row[name] is not None:
            yield row[name]


async def _keys(
    asking: Asking, model: Any, rows: Sequence[Mapping[str, Any]], field: str | None
) -> set[Any] | None:
    """Give the keys of the rows, or of those whose field, may be seen; None for all of them."""
    every: Query[Any] = model.all()
    if field is None:
        allowed = await asking.reachable("view", every)
    else:
        allowed = await asking.visible(every, field)
    if allowed is every:
        return None
    names = _key_names(model)
    wanted = {_key(model, row) for row in rows}
    if len(names) == 1:
        found = await allowed.where(**{f"{names[0]}__in": wanted}).values_list(names[0])
        return set(found)
    first = {key[0] for key in wanted}
    return set(await allowed.where(**{f"{names[0]}__in": first}).values_list(*names))


def _key_names(model: Any) -> tuple[str, ...]:
    return tuple(column.name for column in describe(model).columns if column.is_key)


def _key(model: Any, row: Mapping[str, Any]) -> Any:
    names = _key_names(model)
    return row[names[0]] if len(names) == 1 else tuple(row[name] for name in names)


async def sees_all(asking: Asking, model: Any, field: str | None = None) -> bool:
    """Tell whether who asks may see all rows of a model, or a field of all of them."""
    if asking.permissions is None:
        return True
    every: Query[Any] = model.all()
    if field is None:
        return await asking.reachable("view", every) is every
    if field not in asking.guarded("view", model):
        return True
    return await asking.visible(every, field) is every


async def check_filter(plan: Plan, asking: Asking, one: Filter) -> None:
    """Raise 403 for a filter by what who asks may not see: its answers would tell."""
    if asking.permissions is None:
        return
    for model in one.through:
        if not await sees_all(asking, model):
            raise _refused(one.parameter)
    if not await sees_all(asking, one.through[-1] if one.through else plan.model, one.column):
        raise _refused(one.parameter)


async def check_order(plan: Plan, asking: Asking, name: str) -> None:
    """Raise 403 for an order by what who asks may not see."""
    if not await sees_all(asking, plan.model, name):
        raise _refused(name)


def _refused(name: str) -> HTTPException:
    return HTTPException(403, f"You may not see all that {name!r} would tell")
