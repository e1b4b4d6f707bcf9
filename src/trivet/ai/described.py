"""One tool: a route as a model sees it, with name, description and the schemas of both sides."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.responses import JSONResponse

from trivet.ai.arguments import Argument, arguments_of, schema_of, with_definitions
from trivet.ai.marking import ToolMark, mark_of
from trivet.ai.private import Guard, guards_in
from trivet.binding.plan import Call
from trivet.errors import SetupError, place_of
from trivet.routing.contexts import RouteContext
from trivet.routing.options import Default, has_body
from trivet.routing.state import RouteState
from trivet.schema.annotations import is_subclass
from trivet.schema.document import JsonSchema, Schemas

__all__ = ["Tool", "described", "place_in_code"]

# What OpenAI's and Anthropic's interfaces both take.
_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_IDEMPOTENT = frozenset({"GET", "PUT", "DELETE"})
_DESTROYING: Mapping[str, bool | None] = {"GET": False, "DELETE": True, "PUT": True, "PATCH": True}


@dataclass(frozen=True)
class Tool:
    """A route that a model may call."""

    name: str
    title: str
    description: str
    input_schema: JsonSchema
    output_schema: JsonSchema | None
    """Of its answer, where that is a JSON object of one shape."""
    method: str
    reads_only: bool
    destroys: bool | None
    """None where nobody has said."""
    route: RouteState
    declared: Any  # Any: the route as it was declared, by which a match names it
    arguments: tuple[Argument, ...]
    guard: Guard | None
    guard_key: tuple[Any, ...]
    """Equal for tools that ask the same of who calls."""

    @property
    def is_idempotent(self) -> bool:
        """Whether to call it twice is to call it once."""
        return self.method in _IDEMPOTENT


def place_in_code(context: RouteContext) -> str:
    """Say where a route is, for messages."""
    route: RouteState = context.effective
    place = place_of(route.endpoint)
    named = f"{'/'.join(sorted(route.methods))} {route.path_format}"
    return f"{place['file']}:{place['line']} ({named})" if "file" in place else named


def described(context: RouteContext) -> Tool:
    """Describe a typed route as a tool; raises `SetupError` where it cannot be one."""
    route: RouteState = context.effective
    where = place_in_code(context)
    mark = mark_of(route.endpoint) or ToolMark()
    name = mark.name or route.name
    if not _NAME.fullmatch(name):
        raise SetupError(
            f"a tool cannot be called {name!r}: models take letters, digits, _ and -, at most 64",
            code="ai.tool-name",
            where=where,
            mend='@tool(name="read_book")',
        )
    if route.is_sse_stream or route.is_json_stream:
        raise SetupError(
            f"{route.path_format} yields a stream, and a model is given an answer as a whole",
            code="ai.tool-stream",
            where=where,
            mend="return a list of at most so many, or leave the route out of the tools",
        )
    method = "GET" if "GET" in route.methods else min(set(route.methods) - {"HEAD"})
    arguments = arguments_of(route, where)
    guards = guards_in(route.plan)
    reads_only = method == "GET" if mark.reads_only is None else mark.reads_only
    destroys = _DESTROYING.get(method) if mark.destroys is None else mark.destroys
    return Tool(
        name=name,
        title=route.summary or route.name.replace("_", " ").title(),
        description=mark.description or route.description or route.summary or "",
        input_schema=schema_of(arguments, where),
        output_schema=_output(route, where),
        method=method,
        reads_only=reads_only,
        destroys=False if reads_only else destroys,
        route=route,
        declared=context.original_route,
        arguments=arguments,
        guard=Guard(guards) if guards else None,
        guard_key=tuple(_key(one) for one in guards),
    )


def _key(call: Call) -> tuple[Any, ...]:
    return call.function, tuple(call.scopes)


def _output(route: RouteState, where: str) -> JsonSchema | None:
    """Give the schema of the answer, if every answer of the route fits it."""
    made = route.response_class
    response_class = made.value if isinstance(made, Default) else made
    leaves_out = (
        route.response_model_exclude_unset
        or route.response_model_exclude_defaults
        or route.response_model_exclude_none
        or route.response_model_include
        or route.response_model_exclude
        or not route.response_model_by_alias
    )
    field = route.response_field
    if field is None or leaves_out or not has_body(route.status_code):
        return None
    if not is_subclass(response_class, JSONResponse):
        return None
    schemas = Schemas([field], where=lambda _: where)
    found = with_definitions(schemas.of(field), schemas.definitions)
    whole = found
    if "$ref" in found:  # both eras of the protocol have clients that want the type at the root
        own = schemas.definitions[found["$ref"].rpartition("/")[2]]
        whole = with_definitions(own, schemas.definitions)
    return whole if whole.get("type") == "object" else None
