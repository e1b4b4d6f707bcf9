"""Which fields somebody may fill in: what is asked of the rules before a form is made or read."""

from __future__ import annotations

from typing import Any

from trivet.admin.editing.standing import Standing
from trivet.admin.plan.form import FormPlan, InlinePlan
from trivet.admin.plan.readers import FieldPlan, Shape
from trivet.admin.visits import Visit

__all__ = ["shape_of"]


async def shape_of(
    visit: Visit, form: FormPlan, standing: Standing | None, *, has_storage: bool
) -> Shape:
    """Give the fields of a row, new where it is None, that the visitor may fill in."""
    action, what = ("add", form.model) if standing is None else ("change", standing.row)
    left_out = set() if standing is None else standing.overfull
    names = [
        one.name
        for one in form.fields
        if one.name not in left_out
        and _is_open(one, has_storage)
        and await visit.may("view", what, one.name)
        and await visit.may(action, what, one.name)
    ]
    inlines = []
    for inline in form.inlines:
        if inline.name not in left_out:
            within = await _within(visit, inline, has_storage)
            if within is not None:
                inlines.append((inline.name, within))
    return Shape(tuple(names), tuple(inlines), visit.time_zone)


def _is_open(one: FieldPlan, has_storage: bool) -> bool:
    if one.is_readonly:
        return False
    return one.kind != "file" or has_storage or one.files.storage is not None


async def _within(visit: Visit, inline: InlinePlan, has_storage: bool) -> Shape | None:
    """Give what may be filled in of children: what may be on one of them, or on a new one.

    What may not be changed of one row is not taken for that row, when it is stored.
    """
    model: Any = inline.model
    if not await visit.may("view", model):
        return None
    can_add = inline.can_add and await visit.may("add", model)
    can_change = await visit.may("change", model)
    if not (can_add or can_change or (inline.can_delete and await visit.may("delete", model))):
        return None
    names = []
    for one in inline.form.fields:
        if not _is_open(one, has_storage) or not await visit.may("view", model, one.name):
            continue
        if (can_add and await visit.may("add", model, one.name)) or (
            can_change and await visit.may("change", model, one.name)
        ):
            names.append(one.name)
    inner = [
        (one.name, shape)
        for one in inline.form.inlines
        if (shape := await _within(visit, one, has_storage)) is not None
    ]
    return Shape(tuple(names), tuple(inner), visit.time_zone)
