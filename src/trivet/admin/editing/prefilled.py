"""What an address says of a new row: ``/album/add?artist=3``, for fields that may be filled in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import TypeAdapter, ValidationError

from trivet.admin.plan.form import FormPlan
from trivet.admin.plan.readers import Shape
from trivet.forms.plan import Leaf, plan_of
from trivet.forms.widgets import Hidden

__all__ = ["MADE", "prefilled"]

MADE = "_made"
"""What an address calls the field for which a row was made in another window."""

_LONGEST = 2000  # characters of one value


def prefilled(
    plan: FormPlan,
    shape: Shape,
    query: Iterable[tuple[str, str]],
    standing: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Give values by the names of fields; what does not fit is left out.

    A row that was made for a field joins those that are `standing` there.
    """
    given: dict[str, list[str]] = {}
    for name, text in query:
        if len(text) <= _LONGEST and "\0" not in text:
            given.setdefault(name, []).append(text)
    found: dict[str, Any] = {}
    for node in plan_of(plan.readers(shape)).fields:
        field = plan.field(node.name)
        if node.name not in given or field is None or not isinstance(node, Leaf):
            continue
        if field.is_blind or isinstance(node.widget, Hidden):
            continue
        if field.relation is not None:
            texts = given[node.name]
            if field.relation.is_many and node.name in given.get(MADE, ()):
                texts = list(dict.fromkeys([*((standing or {}).get(node.name) or ()), *texts]))
            found[node.name] = texts if field.relation.is_many else texts[-1]
        else:
            value = _value(plan.readers(shape), node.name, given[node.name][-1])
            if value is not None:
                found[node.name] = value
    return found


def _value(model: Any, name: str, text: str) -> Any:
    info = model.model_fields[name]
    try:
        return TypeAdapter(info.annotation).validate_strings(text)
    except (ValidationError, ValueError):
        return None
