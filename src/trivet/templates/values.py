"""What a handler gives as the names of a page."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

from pydantic import BaseModel

from trivet.errors import SetupError, place_of

__all__ = ["context_of"]


def context_of(value: Any, handler: Callable[..., Any]) -> dict[str, Any]:
    """Give the names and values of a mapping, a model or a dataclass, with their own objects.

    Nothing is copied or validated. Raises `SetupError` for what has no names.
    """
    if value is None:
        return {}
    if isinstance(value, Mapping):
        return dict(value)
    names = _names_of(value)
    if names is None:
        place = place_of(handler)
        raise SetupError(
            f"{getattr(handler, '__name__', handler)!r} gave {type(value).__name__!r} to a page,"
            " which has no names",
            code="templates.context",
            where=f"{place['file']}:{place['line']}" if "file" in place else None,
            mend='return {"items": …}, a model or a dataclass',
        )
    return {name: getattr(value, name) for name in names}


def _names_of(value: Any) -> list[str] | None:
    kind = type(value)
    if isinstance(value, BaseModel):
        return [*kind.model_fields, *kind.model_computed_fields, *(value.model_extra or ())]
    if dataclasses.is_dataclass(value):
        return [field.name for field in dataclasses.fields(value)]
    if hasattr(kind, "__struct_fields__"):  # of msgspec
        return list(kind.__struct_fields__)
    if hasattr(kind, "__attrs_attrs__"):
        return [field.name for field in kind.__attrs_attrs__]
    return None
