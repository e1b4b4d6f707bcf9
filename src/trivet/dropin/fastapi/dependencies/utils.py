"""`fastapi.dependencies.utils`, as far as extensions use it: plans and signatures."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from typing import Any, ForwardRef, Literal

from trivet.binding.analyze import analyze, dependency_call
from trivet.binding.body import body_field
from trivet.binding.params import Depends
from trivet.binding.signature import return_annotation, typed_signature
from trivet.dropin.fastapi.dependencies.models import Dependant
from trivet.errors import MissingExtraError
from trivet.schema.annotations import is_subclass, stream_item
from trivet.schema.field import Field

__all__ = [
    "Dependant",
    "ensure_multipart_is_installed",
    "get_body_field",
    "get_dependant",
    "get_flat_dependant",
    "get_flat_params",
    "get_parameterless_sub_dependant",
    "get_stream_item_type",
    "get_sub_dependant",
    "get_typed_annotation",
    "get_typed_return_annotation",
    "get_typed_signature",
    "lenient_issubclass",
]

get_stream_item_type = stream_item
lenient_issubclass = is_subclass
get_typed_return_annotation = return_annotation


def get_typed_signature(call: Callable[..., Any]) -> inspect.Signature:
    """Give the parameters of `call` with their annotations as types."""
    return typed_signature(call)


def get_typed_annotation(annotation: Any, globalns: dict[str, Any]) -> Any:
    """Give an annotation as a type, if it is written as a text whose names are known."""
    if not isinstance(annotation, str):
        return annotation
    try:
        found = eval(annotation, globalns)  # the user's own annotation
    except (NameError, AttributeError):
        return ForwardRef(annotation)
    return None if found is type(None) else found


def get_dependant(
    *,
    path: str,
    call: Callable[..., Any],
    name: str | None = None,
    own_oauth_scopes: list[str] | None = None,
    parent_oauth_scopes: list[str] | None = None,
    use_cache: bool = True,
    scope: Literal["function", "request"] | None = None,
) -> Dependant:
    """Make the plan of a function that serves or helps to serve `path`."""
    plan = analyze(call, path, scope=scope)
    plan.name = name
    plan.use_cache = use_cache
    plan.own_scopes = list(own_oauth_scopes or [])
    plan.parent_scopes = list(parent_oauth_scopes or [])
    return Dependant(plan)


def get_parameterless_sub_dependant(*, depends: Depends, path: str) -> Dependant:
    """Make the plan of a dependency whose value nobody wants."""
    return Dependant(dependency_call(depends, path))


def get_sub_dependant(
    *, depends: Depends, dependency: Callable[..., Any], path: str, name: str | None = None
) -> Dependant:
    """Make the plan of `dependency` as the parameter `name` asks for it."""
    found = dependency_call(depends, path)
    found.function = dependency
    found.name = name
    return Dependant(found)


def get_flat_dependant(dependant: Dependant, *, skip_repeats: bool = False) -> Dependant:
    """Give one plan with the parameters of `dependant` and of all that it calls."""
    calls = dependant.plan.unique() if skip_repeats else list(dependant.plan.walk())
    flat = analyze(dependant.call, dependant.path, scope=dependant.plan.scope)
    for place in ("path", "query", "header", "cookie", "body"):
        setattr(flat, place, [field for call in calls for field in getattr(call, place)])
    return Dependant(flat)


def get_flat_params(dependant: Dependant) -> list[Field]:
    """Give all parameters outside the body, those of models one by one."""
    return [field for _, field, _ in dependant.plan.parameters()]


def get_body_field(
    *, body_params: Sequence[Field], name: str, embed_body_fields: bool
) -> Field | None:
    """Give the one field that stands for the whole body; None where nothing is read from it."""
    return body_field(list(body_params), name, embedded=embed_body_fields)


def ensure_multipart_is_installed() -> None:
    """Raise unless forms can be read."""
    if find_spec("python_multipart") is None:
        raise MissingExtraError("python-multipart", "all", what="reading a form")


def _get_flat_body_params(dependant: Dependant) -> list[Field]:
    return dependant.plan.body_fields()


_get_body_field = get_body_field
