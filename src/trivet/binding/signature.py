"""What a function's signature says, with its annotations as types, and how it is to be called."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from functools import partial
from typing import Any, ForwardRef

from trivet.binding.plan import Kind

if sys.version_info >= (3, 13):
    from inspect import iscoroutinefunction
else:  # only this one knows functions marked by asyncio's old decorator
    from asyncio import iscoroutinefunction

__all__ = ["kind_of", "return_annotation", "typed_signature"]


def typed_signature(function: Callable[..., Any]) -> inspect.Signature:
    """Give the signature of `function` with string annotations resolved where that is possible."""
    signature = _signature(function)
    names = _names_of(function)
    return inspect.Signature(
        [
            parameter.replace(annotation=_resolved(parameter.annotation, names))
            for parameter in signature.parameters.values()
        ]
    )


def return_annotation(function: Callable[..., Any]) -> Any:
    """Give what `function` is annotated to return; None where it says nothing."""
    annotation = _signature(function).return_annotation
    if annotation is inspect.Signature.empty:
        return None
    return _resolved(annotation, _names_of(function))


def kind_of(function: Callable[..., Any]) -> Kind:
    """Tell how `function` is called: looks through partials, wrappers and `__call__`."""
    if _is(inspect.isasyncgenfunction, function):
        return Kind.ASYNC_GENERATOR
    if _is(inspect.isgeneratorfunction, function):
        return Kind.GENERATOR
    if _is(iscoroutinefunction, function):
        return Kind.ASYNC
    return Kind.SYNC


def _is(test: Callable[[Any], bool], function: Any) -> bool:
    bare = _without_partials(function)
    inner = inspect.unwrap(bare)
    if test(bare) or test(inner):
        return True
    if inspect.isclass(inner):  # calling a class gives an instance, whatever its __call__ is
        return False
    for found in (bare, inner):
        method = getattr(found, "__call__", None)  # noqa: B004  # its function is looked at
        if method is None:
            continue
        method = _without_partials(method)
        if test(method) or test(inspect.unwrap(method)):
            return True
    return False


def _without_partials(function: Any) -> Any:
    while isinstance(function, partial):
        function = function.func
    return function


def _signature(function: Callable[..., Any]) -> inspect.Signature:
    try:
        return inspect.signature(function, eval_str=True)
    except NameError:
        # A name that exists only for type checkers; the rest is resolved one by one.
        if sys.version_info >= (3, 14):
            from annotationlib import Format

            return inspect.signature(function, annotation_format=Format.FORWARDREF)
        return inspect.signature(function)


def _names_of(function: Callable[..., Any]) -> dict[str, Any]:
    return getattr(inspect.unwrap(_without_partials(function)), "__globals__", {})


def _resolved(annotation: Any, names: dict[str, Any]) -> Any:
    if not isinstance(annotation, str):
        return annotation
    try:
        found = eval(annotation, names)  # the user's own annotation
    except (NameError, AttributeError):
        return ForwardRef(annotation)
    return None if found is type(None) else found
