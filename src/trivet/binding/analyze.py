"""From a function to its plan: every parameter gets its place, or a declaration error.

Runs when a route is declared, so that mistakes surface where they were written.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import replace
from typing import Annotated, Any, ForwardRef, Literal, get_args, get_origin

from pydantic import AliasChoices
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined
from starlette.background import BackgroundTasks
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.websockets import WebSocket

from trivet.binding import params
from trivet.binding.forms import with_union_validators
from trivet.binding.plan import Call, Injected, SecurityScopes
from trivet.binding.signature import kind_of, typed_signature
from trivet.concurrency import Limit
from trivet.errors import DeclarationError, DependencyScopeError, place_of
from trivet.schema.annotations import (
    is_scalar,
    is_scalar_sequence,
    is_subclass,
    is_upload,
    is_upload_sequence,
    parameters_class_of,
    unalias,
)
from trivet.schema.field import Field, merged

__all__ = ["analyze", "dependency_call", "path_names", "refuse_body"]

# What a function gets for its annotation alone; the first class that fits decides.
_INJECTED: tuple[tuple[type, Injected], ...] = (
    (Request, Injected.REQUEST),
    (WebSocket, Injected.WEBSOCKET),
    (HTTPConnection, Injected.CONNECTION),
    (Response, Injected.RESPONSE),
    (BackgroundTasks, Injected.TASKS),
    (SecurityScopes, Injected.SCOPES),
)
_INJECTED_TYPES = tuple(kind for kind, _ in _INJECTED)
_NOTHING = inspect.Signature.empty


def path_names(path: str) -> set[str]:
    """Give the names of a path's parameters, as they stand between its braces."""
    return set(re.findall("{(.*?)}", path))


def analyze(
    function: Callable[..., Any],
    path: str,
    *,
    name: str | None = None,
    own_scopes: Sequence[str] = (),
    parent_scopes: Sequence[str] = (),
    use_cache: bool = True,
    scope: Literal["function", "request"] | None = None,
    limit: Limit | None = None,
) -> Call:
    """Make the plan of `function`, served at `path` (in its format form, without converters).

    Raises `DeclarationError` for a parameter that cannot be understood and `DependencyScopeError`
    for a dependency that would outlive what it depends on.
    """
    call = Call(
        function=function,
        kind=kind_of(function),
        path_pattern=path,
        name=name,
        use_cache=use_cache,
        scope=scope,
        own_scopes=list(own_scopes),
        parent_scopes=list(parent_scopes),
        limit=limit,
    )
    in_path = path_names(path)
    for parameter in typed_signature(function).parameters.values():
        found = _read(parameter, in_path, function)
        if isinstance(found, params.Depends):
            call.dependencies.append(_sub_call(call, parameter.name, found))
        elif isinstance(found, Injected):
            call.injected[parameter.name] = found
        elif isinstance(found.field_info, params.Body):
            call.body.append(found)
        else:
            info: Any = found.field_info  # a marker: it knows its place
            getattr(call, info.in_.value).append(found)
    return call


def dependency_call(dependency: params.Depends, path: str) -> Call:
    """Make the plan of a dependency whose value nobody takes: a route's or a router's."""
    if not callable(dependency.dependency):
        raise DeclarationError(
            "A parameter-less dependency must have a callable dependency",
            code="binding.dependency-not-callable",
            mend="dependencies=[Depends(your_function)]",
        )
    scopes = dependency.scopes if isinstance(dependency, params.Security) else None
    return analyze(
        dependency.dependency,
        path,
        own_scopes=scopes or (),
        scope=dependency.scope,
        limit=dependency._concurrency,
    )


def refuse_body(plan: Call) -> None:
    """Raise `DeclarationError` where something in the plan of a WebSocket would read a body."""
    for call in plan.walk():
        for field in call.body:
            raise DeclarationError(
                f"{field.name!r} would be read from a body, and a WebSocket's opening request has"
                " none",
                code="binding.socket-body",
                where=_where(call.function),
                mend=f"{field.name}: Annotated[…, Query()], or take it from a message:"
                " await socket.receive_json()",
            )


def _sub_call(caller: Call, name: str, dependency: params.Depends) -> Call:
    if caller.kind.yields and caller.lifetime == "request" and dependency.scope == "function":
        called = getattr(caller.function, "__name__", "<unnamed_callable>")
        raise DependencyScopeError(
            f'The dependency "{called}" has a scope of "request", it cannot depend on'
            ' dependencies with scope "function".',
            code="binding.dependency-scope",
            where=_where(caller.function),
            mend='give both the same scope: Depends(…, scope="function")',
        )
    assert dependency.dependency is not None, "a dependency without a function was filled in"
    scopes = dependency.scopes if isinstance(dependency, params.Security) else None
    return analyze(
        dependency.dependency,
        caller.path_pattern,
        name=name,
        own_scopes=scopes or (),
        parent_scopes=[*caller.parent_scopes, *caller.own_scopes],
        use_cache=dependency.use_cache,
        scope=dependency.scope,
        limit=dependency._concurrency,
    )


def _read(
    parameter: inspect.Parameter, in_path: set[str], function: Callable[..., Any]
) -> params.Depends | Injected | Field:
    """Say what one parameter is: a dependency, something injected, or a value of the request."""
    reader = _Reader(parameter, in_path, function)
    reader.read_annotation()
    reader.read_default()
    dependency = reader.dependency
    if dependency is not None:
        if dependency.dependency is None:
            if isinstance(reader.type, ForwardRef):
                reader.fail(
                    f"The class that {parameter.name!r} is annotated with is not defined yet:"
                    f" {reader.type.__forward_arg__}",
                    "binding.unknown-class",
                    "define it above the function, or write Depends(the_class)",
                )
            dependency = replace(dependency, dependency=reader.type)
        return dependency
    if is_subclass(reader.type, _INJECTED_TYPES):
        if reader.info is not None:
            reader.fail(
                f"Cannot specify a marker for type {reader.type!r}",
                "binding.marker-on-injected",
                "leave the marker out: the annotation alone says what is meant",
            )
        return next(kind for cls, kind in _INJECTED if issubclass(reader.type, cls))
    if reader.info is None:
        reader.infer()
    return reader.field()


class _Reader:
    """What is known of one parameter while it is being read."""

    def __init__(
        self, parameter: inspect.Parameter, in_path: set[str], function: Callable[..., Any]
    ) -> None:
        self.name = parameter.name
        self.value = parameter.default
        self.in_path = in_path
        self.function = function
        self.info: Any = None  # a marker: a FieldInfo with a place
        self.dependency: params.Depends | None = None
        annotation = unalias(parameter.annotation)
        self.annotation: Any = Any if annotation is _NOTHING else annotation
        self.type: Any = self.annotation

    @property
    def is_path(self) -> bool:
        return self.name in self.in_path

    def fail(self, what: str, code: str, mend: str) -> None:
        raise DeclarationError(what, code=code, where=_where(self.function), mend=mend)

    def read_annotation(self) -> None:
        """Take the type and the last marker out of `Annotated[...]`."""
        if get_origin(self.annotation) is not Annotated:
            return
        self.type, *extras = get_args(self.annotation)
        markers = [
            extra
            for extra in extras
            if isinstance(extra, (params.Param, params.Body, params.Depends))
        ]
        if not markers:
            return
        marker = markers[-1]
        if isinstance(marker, params.Depends):
            self.dependency = marker
            return
        info = merged(marker, self.annotation)
        if info.default not in (PydanticUndefined, ...):
            self.fail(
                f"`{type(info).__name__}` default value cannot be set in `Annotated` for"
                f" {self.name!r}. Set the default value with `=` instead.",
                "binding.default-in-annotated",
                f"{self.name}: Annotated[…, {type(info).__name__}()] = {info.default!r}",
            )
        if self.value is _NOTHING:
            info.default = PydanticUndefined
        else:
            if self.is_path:
                self.fail(
                    "Path parameters cannot have default values",
                    "binding.path-default",
                    f"leave the default of {self.name!r} out, or take it out of the path",
                )
            info.default = self.value
        self.info = info

    def read_default(self) -> None:
        """Take a marker that stands where the default stands."""
        value = self.value
        if isinstance(value, params.Depends):
            if self.dependency is not None:
                self.fail(
                    "Cannot specify `Depends` in `Annotated` and default value together for"
                    f" {self.name!r}",
                    "binding.two-markers",
                    "keep the one in `Annotated`",
                )
            if self.info is not None:
                self.fail(
                    "Cannot specify a marker in `Annotated` and `Depends` as a"
                    f" default value together for {self.name!r}",
                    "binding.two-markers",
                    "a parameter is either read from the request or given by a dependency",
                )
            self.dependency = value
        elif isinstance(value, FieldInfo):
            if self.info is not None:
                self.fail(
                    "Cannot specify markers in `Annotated` and default value"
                    f" together for {self.name!r}",
                    "binding.two-markers",
                    "keep the one in `Annotated` and write the default after `=`",
                )
            self.info = value
            self.info.annotation = self.type

    def infer(self) -> None:
        """Choose the place of a parameter without a marker, by its name and type."""
        default = PydanticUndefined if self.value is _NOTHING else self.value
        if self.is_path:
            self.info = params.Path(annotation=self.annotation)
        elif is_upload(self.type) or is_upload_sequence(self.type):
            self.info = params.File(default, annotation=self.annotation)
        elif not is_scalar(self.type):
            self.info = params.Body(default, annotation=self.annotation)
        else:
            self.info = params.Query(default, annotation=self.annotation)
        if get_origin(self.annotation) is Annotated:
            inferred = self.info.default
            self.info = merged(self.info, self.annotation)
            self.info.default = inferred
            if self.is_path:
                self.info.default_factory = None

    def field(self) -> Field:
        """Describe the value, and refuse what cannot stand in its place."""
        info = self.info
        if self.is_path and not isinstance(info, params.Path):
            self.fail(
                f"Cannot use `{type(info).__name__}` for path param {self.name!r}",
                "binding.marker-in-path",
                f"{self.name}: Annotated[…, Path()]",
            )
        if isinstance(info, params.Param) and info.in_ is None:
            info.in_ = params.ParamTypes.query
        if isinstance(info, params.Form):
            info.annotation = with_union_validators(info.annotation)
        info = self._with_path_choice(info)
        if not info.alias and getattr(info, "convert_underscores", None):
            info.alias = self.name.replace("_", "-")
        else:
            info.alias = info.alias or self.name
        field = Field(self.name, info)
        if self.is_path and not is_scalar(field.annotation):
            self.fail(
                "Path params must be of one of the supported types",
                "binding.path-type",
                f"{self.name}: str, int, float, bool, an enum, a date, a UUID …",
            )
        if isinstance(info, params.Query) and not (
            is_scalar(field.annotation)
            or is_scalar_sequence(field.annotation)
            or parameters_class_of(field.annotation) is not None
        ):
            self.fail(
                f"Query parameter {self.name!r} must be one of the supported types",
                "binding.query-type",
                f"{self.name}: Annotated[…, Body()], a scalar, a list of scalars, or a model",
            )
        return field

    def _with_path_choice(self, info: Any) -> Any:
        """Settle on the one of several alias choices that the path really has."""
        choices = info.validation_alias
        if (
            isinstance(info, params.Path)
            and isinstance(choices, AliasChoices)
            and all(isinstance(choice, str) for choice in choices.choices)
        ):
            for choice in choices.choices:
                if choice in self.in_path:
                    info = copy(info)
                    info.validation_alias = choice
                    break
        return info


def _where(function: Callable[..., Any]) -> str | None:
    place = place_of(function)
    return f"{place['file']}:{place['line']}" if "file" in place else None
