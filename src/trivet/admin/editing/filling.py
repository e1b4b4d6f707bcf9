"""A row as the initial values of its form; relations as keys, with what they are called."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from trivet.admin.editing.standing import Standing
from trivet.admin.plan.form import FieldPlan, FormPlan
from trivet.admin.plan.inputs import JsonInput, json_text
from trivet.admin.plan.readers import ROW_KEY, Shape
from trivet.admin.plan.site import SitePlan
from trivet.forms.plan import Group, Leaf, Rows, plan_of

__all__ = ["blind_of", "copied", "initial_of", "new_rows"]


def initial_of(site: SitePlan, standing: Standing, shape: Shape) -> dict[str, Any]:
    """Give what stands in the inputs for a row."""
    nodes = {node.name: node for node in plan_of(standing.plan.readers(shape)).fields}
    found: dict[str, Any] = {ROW_KEY: standing.key} if standing.path else {}
    for name in shape.names:
        field = standing.plan.field(name)
        if field is not None and name not in standing.hidden:
            found[name] = _value(site, standing, field, nodes[name])
    for name, within in shape.inlines:
        inline = standing.plan.inline(name)
        if inline is None:
            continue
        rows: list[Any] = [initial_of(site, one, within) for one in standing.children.get(name, ())]
        room = max(0, inline.most - len(rows)) if inline.can_add else 0
        found[name] = rows + [{} for _ in range(min(inline.extra, room))]
    return found


def new_rows(plan: FormPlan) -> dict[str, Any]:
    """Give the empty rows of a new row's form."""
    return {one.name: [{} for _ in range(one.extra)] for one in plan.inlines if one.can_add}


def copied(initial: dict[str, Any], plan: FormPlan) -> dict[str, Any]:
    """Give the values of a row for one that is like it: no files, and nothing that is unique."""
    found: dict[str, Any] = {}
    for name, value in initial.items():
        field, inline = plan.field(name), plan.inline(name)
        if inline is not None:
            found[name] = [copied(one, inline.form) for one in value]
        elif field is not None and not _is_own(field):
            found[name] = value
    return found


def _is_own(field: FieldPlan) -> bool:
    return (
        field.is_blind
        or bool(field.slug_from)
        or (field.column is not None and field.column.is_unique)
    )


def blind_of(standing: Standing) -> dict[str, str]:
    """Give what stands for values that no input holds, for their fingerprints."""
    found = {}
    for one in standing.every():
        for field in one.plan.fields:
            if field.is_blind and field.name not in one.hidden:
                found[f"{one.path}{field.name}"] = _mark(getattr(one.row, field.name))
    return found


def _mark(value: Any) -> str:
    if isinstance(value, bytes):
        return sha256(value).hexdigest()
    return "" if value is None else str(getattr(value, "name", value))


def _value(site: SitePlan, standing: Standing, field: FieldPlan, node: Leaf | Group | Rows) -> Any:
    if field.relation is not None:
        keys = site.keys_of(field.relation.target)
        if field.relation.is_many:
            return [keys.written(one) for one in standing.related.get(field.name, ())]
        value = getattr(standing.row, field.name)
        return None if value is None else keys.written(value)
    value = getattr(standing.row, field.name)
    if isinstance(node, Leaf) and isinstance(node.widget, JsonInput):
        return json_text(value)
    return value
