"""What a route may be given, written once: the option sets of verbs, routers and inclusions.

`Default` wraps a value that nobody chose, so that an outer router's choice can take its place.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import Any, Generic, TypedDict, TypeVar

from starlette.responses import Response

from trivet.binding.params import Depends
from trivet.routing.when import HeaderIs

__all__ = [
    "Default",
    "FormLimits",
    "RouteOptions",
    "chosen",
    "generate_unique_id",
    "has_body",
    "operation_id",
]

T = TypeVar("T")
Tags = Sequence[str | Enum]
Responses = Mapping[int | str, dict[str, Any]]
IncEx = Any  # Pydantic's include and exclude: sets or nested mappings of names


class Default(Generic[T]):
    """A value that stands until somebody chooses one."""

    def __init__(self, value: T) -> None:
        self.value = value

    def __bool__(self) -> bool:
        return bool(self.value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Default) and other.value == self.value

    def __hash__(self) -> int:
        return hash((Default, id(self.value)))


def chosen(first: Any, *others: Any) -> Any:
    """Give the first that somebody chose, nearest first; the nearest default where nobody did."""
    for item in (first, *others):
        if not isinstance(item, Default):
            return item
    return first


class FormLimits(TypedDict, total=False):
    """Limits of a form: counts of fields and files, and a text field's size in bytes."""

    max_fields: int
    max_files: int
    max_part_size: int


class RouteOptions(TypedDict, total=False):
    """What every verb takes besides the path; FastAPI's names."""

    response_model: Any
    status_code: int | None
    tags: Tags | None
    dependencies: Sequence[Depends] | None
    summary: str | None
    description: str | None
    response_description: str
    responses: Responses | None
    deprecated: bool | None
    operation_id: str | None
    response_model_include: IncEx | None
    response_model_exclude: IncEx | None
    response_model_by_alias: bool
    response_model_exclude_unset: bool
    response_model_exclude_defaults: bool
    response_model_exclude_none: bool
    include_in_schema: bool
    response_class: type[Response]
    name: str | None
    callbacks: Sequence[Any] | None
    openapi_extra: dict[str, Any] | None
    generate_unique_id_function: Callable[[Any], str]
    max_body_size: int | None
    form_limits: FormLimits | None
    when: HeaderIs | None


def generate_unique_id(route: Any) -> str:
    """Give the id that a route has by default: its name, path and, by alphabet, first method."""
    return operation_id(route, min(route.methods))


def operation_id(route: Any, method: str) -> str:
    """Give the id that a route's operation for `method` has by default."""
    operation = re.sub(r"\W", "_", f"{route.name}{route.path_format}")
    when = getattr(route, "when", None)  # one path may have several of one name
    apart = "" if when is None or when.default else re.sub(r"\W", "_", f"_{when.value}")
    return f"{operation}_{method.lower()}{apart}"


def has_body(status: int | str | None) -> bool:
    """Tell whether answers of `status` may carry a body; ranges such as `4XX` may."""
    if status is None or (isinstance(status, str) and not status.isdecimal()):
        return True
    number = int(status)
    return not (number < 200 or number in (204, 205, 304))


def check_max_body(size: int | None) -> None:
    """Raise `ValueError` unless `size` is a number of bytes or None."""
    if size is not None and (isinstance(size, bool) or not isinstance(size, int) or size < 0):
        raise ValueError("max_body_size must be a non-negative integer or None")


def check_form_limits(limits: FormLimits | None) -> FormLimits:
    """Give the limits of a form as a dictionary; raises `ValueError` for what is no limit."""
    if limits is None:
        return {}
    for name, value in limits.items():
        if name not in FormLimits.__annotations__:
            known = ", ".join(FormLimits.__annotations__)
            raise ValueError(f"form_limits has no {name!r}; it knows {known}")
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise ValueError(f"form_limits[{name!r}] must be a non-negative integer")
    return limits
