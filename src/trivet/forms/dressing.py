"""A model with widgets and picks for some of its fields: for schemas that were made of a model."""

from __future__ import annotations

from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, create_model

from trivet.errors import SetupError
from trivet.forms.picking import Pick
from trivet.forms.widgets import Widget

__all__ = ["dressed"]

Model = TypeVar("Model", bound=BaseModel)


def dressed(model: type[Model], **marks: Widget | Pick) -> type[Model]:
    """Give a model below `model` with these marks: ``dressed(schema(Post), body=Textarea())``.

    Call it once, beside the model. Raises `SetupError` for names that the model has not.
    """
    fields: dict[str, Any] = {}
    for name, mark in marks.items():
        info = model.model_fields.get(name)
        if info is None:
            raise SetupError(
                f"{model.__name__} has no field {name!r}",
                code="forms.no-field",
                mend=f"one of: {', '.join(sorted(model.model_fields))}",
            )
        fields[name] = (Annotated[(info.annotation, *info.metadata, mark)], info)
    made: type[Model] = create_model(
        model.__name__, __base__=model, __module__=model.__module__, **fields
    )
    return made
