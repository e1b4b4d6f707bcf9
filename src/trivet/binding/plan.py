"""The plan of a handler: what is read from the request, what is called, in which order.

A plan is a tree of `Call`s, made once from signatures. The compiler writes code from it, the
document describes it, `trivet explain` prints it, and the tests interpret it. Nothing here looks
at a signature or runs anything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Literal

from pydantic import BaseModel

from trivet.binding import params
from trivet.binding.bodies import BodyReader
from trivet.binding.scheme import SecurityScheme
from trivet.concurrency import Limit
from trivet.schema.annotations import is_subclass, parameters_class_of
from trivet.schema.field import Field
from trivet.schema.foreign import fields_in

__all__ = ["Call", "Injected", "Kind", "SecurityScopes", "extras_of", "fields_of", "param_model"]


class SecurityScopes:
    """All OAuth2 scopes that a dependency and those who depend on it ask for."""

    def __init__(self, scopes: list[str] | None = None) -> None:
        self.scopes: list[str] = scopes or []
        self.scope_str: str = " ".join(self.scopes)


class Kind(Enum):
    """How a function is called."""

    SYNC = "sync"
    ASYNC = "async"
    GENERATOR = "generator"
    ASYNC_GENERATOR = "async generator"

    @property
    def yields(self) -> bool:
        return self in (Kind.GENERATOR, Kind.ASYNC_GENERATOR)


class Injected(Enum):
    """Things that a function gets for its annotation alone."""

    REQUEST = "request"
    WEBSOCKET = "websocket"
    CONNECTION = "connection"
    RESPONSE = "response"
    TASKS = "background tasks"
    SCOPES = "security scopes"


@dataclass(slots=True, eq=False)
class Call:
    """One function of the plan with all that it needs: the handler itself or a dependency.

    `name` is the parameter of the caller that gets the value, None where nobody wants it.
    `scope` is when a `yield` dependency ends; None means as its kind says. `in_place_of` is the key
    of the call that an override has replaced by this one.
    """

    function: Callable[..., Any]
    kind: Kind
    path_pattern: str
    name: str | None = None
    path: list[Field] = field(default_factory=list)
    query: list[Field] = field(default_factory=list)
    header: list[Field] = field(default_factory=list)
    cookie: list[Field] = field(default_factory=list)
    body: list[Field] = field(default_factory=list)
    dependencies: list[Call] = field(default_factory=list)
    injected: dict[str, Injected] = field(default_factory=dict)
    use_cache: bool = True
    scope: Literal["function", "request"] | None = None
    own_scopes: list[str] = field(default_factory=list)
    parent_scopes: list[str] = field(default_factory=list)
    limit: Limit | None = None
    in_place_of: tuple[Any, ...] | None = None

    @property
    def lifetime(self) -> Literal["function", "request"] | None:
        """When what it yields ends; None where it yields nothing."""
        if self.scope:
            return self.scope
        return "request" if self.kind.yields else None

    @property
    def scopes(self) -> list[str]:
        """The OAuth2 scopes of its callers and its own, each once, in order."""
        return list(dict.fromkeys([*self.parent_scopes, *self.own_scopes]))

    @property
    def scheme(self) -> SecurityScheme | None:
        """The security scheme that this call is, if it is one."""
        function: Any = self.function
        while True:
            if isinstance(function, SecurityScheme):
                return function
            inner = getattr(function, "func", None) or getattr(function, "__wrapped__", None)
            if inner is None:
                return None
            function = inner

    @property
    def uses_scopes(self) -> bool:
        """True where its value may differ with the scopes that are asked for."""
        return (
            bool(self.own_scopes)
            or Injected.SCOPES in self.injected.values()
            or self.scheme is not None
            or any(call.uses_scopes for call in self.dependencies)
        )

    @property
    def key(self) -> tuple[Any, ...]:
        """What two calls must have in common to share one value in a request.

        One function in place of two others is called for each of them, as they were.
        """
        if self.in_place_of is not None:
            return self.function, self.in_place_of
        scopes = tuple(sorted(set(self.scopes))) if self.uses_scopes else ()
        return self.function, scopes, self.lifetime or ""

    def walk(self) -> Iterator[Call]:
        """Give this call and all below it, each caller before what it calls."""
        yield self
        for call in self.dependencies:
            yield from call.walk()

    def unique(self) -> list[Call]:
        """Give this call and all below it, those with the same key once."""
        found: dict[Any, Call] = {}
        waiting = [self]
        while waiting:
            call = waiting.pop()
            if call.key in found:
                continue
            found[call.key] = call
            waiting.extend(reversed(call.dependencies))
        return list(found.values())

    def bodies(self) -> dict[str, Field]:
        """Give what the first dependency below that reads the body takes, by media type."""
        for call in self.walk():
            if isinstance(call.function, BodyReader):
                return dict(call.function.bodies)
        return {}

    def body_fields(self) -> list[Field]:
        """Give the body's fields of this call and of all below it."""
        return [field for call in self.walk() for field in call.body]

    def parameters(self) -> list[tuple[params.ParamTypes, Field, Field | None]]:
        """Give all parameters outside the body: place, field and, if any, their model's field.

        They come by place (path, query, header, cookie); a model stands as its fields.
        """
        calls = self.unique()
        found: list[tuple[params.ParamTypes, Field, Field | None]] = []
        for place in _PLACES:
            for call in calls:
                for field_ in getattr(call, place.value):
                    model = param_model(field_)
                    if model is None:
                        found.append((place, field_, None))
                    else:
                        found += [(place, one, field_) for one in fields_of(model)]
        return found


_PLACES = (
    params.ParamTypes.path,
    params.ParamTypes.query,
    params.ParamTypes.header,
    params.ParamTypes.cookie,
)


def param_model(field: Field) -> Any | None:
    """Give the model whose fields are parameters of their own, or None for a plain parameter."""
    if isinstance(field.field_info, params.Path) or field.is_json:
        return None
    if not isinstance(field.field_info, params.Param):
        return None
    return parameters_class_of(field.annotation)


_model_fields: dict[type, list[Field]] = {}


def fields_of(model: Any) -> list[Field]:
    """Give the fields of a model, struct or attrs class, described once."""
    if model not in _model_fields:
        is_own = is_subclass(model, BaseModel)
        infos = model.model_fields if is_own else fields_in(model)
        config = model.model_config if is_own else None
        _model_fields[model] = [
            Field(name, info, config=None if _is_structured(info.annotation) else config)
            for name, info in infos.items()
        ]
    return _model_fields[model]


def extras_of(model: Any) -> str | None:
    """Say what a parameter model does with names that it does not know: "allow", "forbid"."""
    if is_subclass(model, BaseModel):
        return model.model_config.get("extra")  # type: ignore[no-any-return]
    config = getattr(model, "__struct_config__", None)
    return "forbid" if getattr(config, "forbid_unknown_fields", False) else None


def _is_structured(annotation: Any) -> bool:
    return isinstance(annotation, type) and (
        hasattr(annotation, "model_fields")
        or hasattr(annotation, "__dataclass_fields__")
        or issubclass(annotation, dict)
    )
