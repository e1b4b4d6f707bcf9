"""Forms as models: which parameters are read from a form's flat fields, and how unions choose.

A form has no nesting, so a parameter that is a model takes the form's own fields, and each branch
of a union of models reads them in its own way.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, BeforeValidator, Tag
from starlette.datastructures import FormData

from trivet.binding import params
from trivet.binding.plan import fields_of
from trivet.binding.received import form_items
from trivet.schema.annotations import is_subclass, is_union, model_of, without_metadata
from trivet.schema.field import Field

__all__ = ["embeds", "form_models", "is_optional", "with_union_validators"]


def is_optional(annotation: Any) -> bool:
    """Tell whether `annotation` is a union with None."""
    return type(None) in get_args(annotation)


def form_models(field: Field) -> list[type[BaseModel]]:
    """Give the models that read the form's flat fields for this parameter; perhaps none."""
    info = field.field_info
    if not isinstance(info, params.Form) or info.embed or field.is_json:
        return []
    model = model_of(field.annotation)
    return [model] if model is not None else _union_models(field.annotation)


def with_union_validators(annotation: Any) -> Any:
    """Give a union of models in which each branch reads the form's values by its own fields."""
    if not _union_models(annotation):
        return annotation
    choices: list[Any] = []
    for choice in get_args(annotation):
        if choice is type(None):
            choices.append(choice)
            continue
        model: Any = choice
        metadata: Sequence[Any] = ()
        if get_origin(choice) is Annotated:
            model, *metadata = get_args(choice)
        validator = BeforeValidator(partial(_by_own_fields, model=model))
        tag = next((item for item in reversed(metadata) if isinstance(item, Tag)), None)
        choices.append(Annotated[choice, validator, tag or Tag(model.__name__)])
    return Union[tuple(choices)]  # noqa: UP007  # a union of a computed tuple


def _union_models(annotation: Any) -> list[type[BaseModel]]:
    if not is_union(annotation):
        return []
    models = [
        without_metadata(choice) for choice in get_args(annotation) if choice is not type(None)
    ]
    if len(models) < 2 or not all(is_subclass(model, BaseModel) for model in models):
        return []
    return models


def _by_own_fields(value: Any, *, model: type[BaseModel]) -> Any:
    if not isinstance(value, dict):
        return value
    received = FormData(
        [
            (name, item)
            for name, found in value.items()
            for item in (found if isinstance(found, list) else [found])
        ]
    )
    shaped = {alias: item for alias, item, _ in form_items(fields_of(model), received)}
    # None and empty lists cannot come from a form, but another validator may have put them there.
    shaped.update(
        {
            name: item
            for name, item in value.items()
            if item is None or (isinstance(item, list) and not item)
        }
    )
    return shaped


def embeds(fields: Sequence[Field]) -> bool:
    """Tell whether each of these body parameters stands under its own key."""
    if not fields:
        return False
    # Dependencies may ask for the same parameter again: it is one field.
    if len({field.name for field in fields}) > 1:
        return True
    first = fields[0]
    models = form_models(first)
    if models and any(
        not form_models(other) or other.annotation is not first.annotation for other in fields[1:]
    ):
        return True
    if getattr(first.field_info, "embed", None):
        return True
    return (
        isinstance(first.field_info, params.Form)
        and not is_subclass(first.annotation, BaseModel)
        and not models
    )
