"""What a form takes as OpenAPI shows it: JSON as the model is, and the fields of a form.

The fields of nested models are flat in a form, and are shown by a flat model of their own.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from operator import getitem
from typing import Annotated, Any

from pydantic import BaseModel, create_model
from pydantic import Field as PydanticField

from trivet.binding.params import Form
from trivet.forms.plan import Group, Leaf, Rows, plan_of
from trivet.forms.widgets import Upload
from trivet.schema.field import Field

__all__ = ["bodies_of"]

_FORM = "application/x-www-form-urlencoded"
_PARTS = "multipart/form-data"


def bodies_of(model: type[BaseModel]) -> dict[str, Field]:
    """Give what a form of `model` takes, by media type; one with files comes in parts only."""
    plan = plan_of(model)
    has_files = any(isinstance(leaf.widget, Upload) for leaf in plan.leaves())
    if all(isinstance(node, Leaf) for node in plan.fields):
        shown: Any = model
    else:
        shown = _flat(model, plan)
    form = Field("body", Form(annotation=shown))
    if has_files:
        return {_PARTS: form}
    return {_FORM: form, _PARTS: form, "application/json": Field("body", Form(annotation=model))}


def _flat(model: type[BaseModel], plan: Group) -> type[BaseModel]:
    fields: dict[str, Any] = {}
    patterns: dict[str, Any] = {}
    for number, (name, leaf, is_required) in enumerate(_leaves(plan, "", is_required=True)):
        default: Any = ... if is_required else None
        info = PydanticField(default, alias=name, title=leaf.label, description=leaf.help or None)
        fields[f"field_{number}"] = (_annotation(leaf), info)
    for prefix in _lists(plan, ""):
        patterns[f"^{prefix}-[0-9]+(-.*)?$"] = {"type": "string"}
    made: type[BaseModel] = create_model(
        f"{model.__name__}Form",
        __module__=model.__module__,
        __config__={"json_schema_extra": partial(_with_patterns, patterns)},
        **fields,
    )
    return made


def _annotation(leaf: Leaf) -> Any:
    facts = leaf.facts
    kind: Any = getitem(Annotated, (facts.type or str, *(facts.marks or (None,))))
    return kind if leaf.is_needed else kind | None


def _with_patterns(patterns: dict[str, Any], schema: dict[str, Any]) -> None:
    if patterns:
        schema["patternProperties"] = patterns


def _leaves(group: Group, prefix: str, *, is_required: bool) -> Iterator[tuple[str, Leaf, bool]]:
    for node in group.fields:
        name = f"{prefix}-{node.key}" if prefix else node.key
        if isinstance(node, Leaf):
            yield name, node, is_required and node.is_needed
        elif isinstance(node, Group):
            yield from _leaves(node, name, is_required=is_required and not node.is_nullable)


def _lists(group: Group, prefix: str) -> Iterator[str]:
    for node in group.fields:
        name = f"{prefix}-{node.key}" if prefix else node.key
        if isinstance(node, Rows):
            yield name
        elif isinstance(node, Group):
            yield from _lists(node, name)
