"""One route as OpenAPI operations: what it takes and what it answers.

Everything is read from the route and its plan; nothing here looks at a signature.
"""

from __future__ import annotations

import copy
import inspect
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import responses as phrases
from typing import Any, cast

from starlette.responses import JSONResponse
from starlette.responses import Response as StarletteResponse

from trivet.binding.params import Body, Param, ParamTypes
from trivet.binding.plan import Call, param_model
from trivet.http.sse import EVENT_SCHEMA
from trivet.openapi.credentials import security_of
from trivet.openapi.error_shape import ErrorShape
from trivet.openapi.models import (
    MediaType,
    Operation,
    Parameter,
    PathItem,
    RequestBody,
    Response,
)
from trivet.routing.contexts import contexts
from trivet.routing.options import Default, generate_unique_id, has_body, operation_id
from trivet.routing.route import Route
from trivet.routing.state import RouteState
from trivet.schema.annotations import is_subclass
from trivet.schema.document import JsonSchema, Schemas
from trivet.schema.encode import jsonable_encoder
from trivet.schema.field import ABSENT, Field, names_of

__all__ = ["Gathered", "path_item"]

_METHODS_WITH_BODY = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH"})
_RANGES = {
    "1XX": "Information",
    "2XX": "Success",
    "3XX": "Redirection",
    "4XX": "Client Error",
    "5XX": "Server Error",
    "DEFAULT": "Default Response",
}


@dataclass
class Gathered:
    """What operations share: they read `schemas` and `errors`, and add to the rest."""

    schemas: Schemas
    errors: ErrorShape
    operation_ids: set[str] = field(default_factory=set)
    of_parts: Mapping[str, Any] = field(default_factory=dict)
    security_schemes: dict[str, Any] = field(default_factory=dict)
    shows_errors: bool = False


def path_item(route: RouteState, gathered: Gathered) -> PathItem:
    """Give the operations of `route` by method; empty where it is not to be shown."""
    if not route.include_in_schema:
        return {}
    return {
        # Sorted, because a set gives another order in each process.
        method.lower(): _operation(route, method, gathered)
        for method in sorted(route.methods)
    }


def _operation(route: RouteState, method: str, gathered: Gathered) -> Operation:
    operation = _texts(route, method, gathered)
    if security := security_of(route.plan, gathered.of_parts, gathered.security_schemes):
        operation["security"] = security
    if parameters := _parameters(route.plan, gathered.schemas):
        operation["parameters"] = parameters
    if method in _METHODS_WITH_BODY and route.body_field is not None:
        operation["requestBody"] = _request_body(route.body_field, gathered.schemas)
    elif method in _METHODS_WITH_BODY - {"GET", "HEAD"} and (bodies := route.plan.bodies()):
        content = {kind: MediaType(schema=gathered.schemas.of(one)) for kind, one in bodies.items()}
        operation["requestBody"] = RequestBody(required=True, content=content)
    if route.callbacks:
        operation["callbacks"] = _callbacks(route, gathered)
    operation["responses"] = _responses(route, gathered)
    if route.openapi_extra:
        _merge(cast("dict[str, Any]", operation), route.openapi_extra)
    return operation


def _texts(route: RouteState, method: str, gathered: Gathered) -> Operation:
    operation = Operation()
    if route.tags:
        operation["tags"] = route.tags
    operation["summary"] = route.summary or route.name.replace("_", " ").title()
    if route.description:
        operation["description"] = route.description
    operation["operationId"] = _operation_id(route, method, gathered.operation_ids)
    if route.deprecated:
        operation["deprecated"] = True
    return operation


def _operation_id(route: RouteState, method: str, known: set[str]) -> str:
    found: str = route.operation_id or route.unique_id
    if len(route.methods) > 1 and found == generate_unique_id(route):
        found = operation_id(route, method)  # a route has one id, and each operation needs its own
    if found in known:
        function = getattr(route.endpoint, "__name__", "<unnamed_endpoint>")
        message = f"Duplicate Operation ID {found} for function {function}"
        file = getattr(route.endpoint, "__globals__", {}).get("__file__")
        warnings.warn(f"{message} at {file}" if file else message, stacklevel=2)
    known.add(found)
    return found


# -- what a request has --------------------------------------------------------------------------


def _parameters(plan: Call, schemas: Schemas) -> list[Parameter]:
    found: dict[tuple[str, str], Parameter] = {}
    required: dict[tuple[str, str], Parameter] = {}
    for place, one, parent in plan.parameters():
        if not getattr((parent or one).field_info, "include_in_schema", True):
            continue
        parameter = _parameter(place, one, parent, schemas)
        key = place.value, parameter["name"]
        found[key] = parameter
        if parameter["required"]:
            required[key] = parameter
    # Where two dependencies ask for the same value, the one that must have it is right.
    return list((found | required).values())


def _parameter(place: ParamTypes, one: Field, parent: Field | None, schemas: Schemas) -> Parameter:
    info = one.field_info
    holder = (parent or one).field_info
    dashed = place is ParamTypes.header and getattr(
        info, "convert_underscores", getattr(holder, "convert_underscores", True)
    )
    alias, name = names_of(one, dashed=dashed)[0]
    is_optional = (
        parent is not None and parent.annotation is not param_model(parent) and not parent.required
    )
    parameter = Parameter(
        {
            "name": name,
            "in": place.value,
            "required": one.required and not is_optional,
            "schema": schemas.of(one, alias),
        }
    )
    if info.description:
        parameter["description"] = info.description
    _add_examples(parameter, info)
    if info.deprecated:
        parameter["deprecated"] = True
    return parameter


def _add_examples(shown: Parameter | MediaType, info: Any) -> None:
    """Take the examples of a marker; a field of a model has none of this kind."""
    examples = getattr(info, "openapi_examples", None)
    if examples:
        shown["examples"] = jsonable_encoder(examples)
    elif isinstance(info, (Param, Body)) and info.example is not ABSENT:
        shown["example"] = jsonable_encoder(info.example)


def _request_body(body: Field, schemas: Schemas) -> RequestBody:
    media = MediaType(schema=schemas.of(body))
    _add_examples(media, body.field_info)
    shown = RequestBody()
    if body.required:
        shown["required"] = True
    shown["content"] = {getattr(body.field_info, "media_type", "application/json"): media}
    return shown


def _callbacks(route: RouteState, gathered: Gathered) -> dict[str, dict[str, PathItem]]:
    found: dict[str, dict[str, PathItem]] = {}
    for context in contexts(route.callbacks):
        if isinstance(context.original_route, Route):
            callback = context.effective
            item = path_item(callback, gathered)
            found.setdefault(callback.name, {}).setdefault(callback.path, {}).update(item)
    return found


# -- what an answer has --------------------------------------------------------------------------


def _responses(route: RouteState, gathered: Gathered) -> dict[str, Response]:
    made = route.response_class
    response_class = made.value if isinstance(made, Default) else made
    own = Response(description=route.response_description)
    if has_body(route.status_code) and (content := _content(route, response_class, gathered)):
        own["content"] = content
    found = {_status(route, response_class): own}
    for status, response in route.responses.items():
        key = "default" if str(status).upper() == "DEFAULT" else str(status).upper()
        shown = found.setdefault(key, Response())
        _add_response(route, status, response, shown, response_class.media_type, gathered)
    reads_body = route.body_field is not None or bool(route.plan.bodies())
    takes_values = reads_body or bool(route.plan.parameters())
    if takes_values and not found.keys() & {"422", "4XX", "default"}:
        gathered.shows_errors = True
        found["422"] = Response(
            description="Validation Error",
            content={gathered.errors.media_type: MediaType(schema=gathered.errors.schema)},
        )
    return found


def _status(route: RouteState, response_class: type[StarletteResponse]) -> str:
    if route.status_code is not None:
        return str(route.status_code)
    parameter = inspect.signature(response_class.__init__).parameters.get("status_code")
    default = parameter.default if parameter is not None else None
    return str(default) if isinstance(default, int) else "200"


def _content(
    route: RouteState, response_class: type[StarletteResponse], gathered: Gathered
) -> dict[str, MediaType]:
    item = route.stream_item_field
    if route.is_json_stream:
        schema = gathered.schemas.of(item) if item else {}
        return {"application/jsonl": MediaType(itemSchema=schema)}
    if route.is_sse_stream:
        return {"text/event-stream": MediaType(itemSchema=_event(item, gathered.schemas))}
    if not response_class.media_type:
        return {}
    schema = {"type": "string"}
    if is_subclass(response_class, JSONResponse):
        answer = route.response_field
        schema = gathered.schemas.of(answer) if answer else {}
    return {response_class.media_type: MediaType(schema=schema)}


def _event(item: Field | None, schemas: Schemas) -> JsonSchema:
    event = copy.deepcopy(EVENT_SCHEMA)
    if item:
        event["required"] = ["data"]
        event["properties"]["data"] = {
            "type": "string",
            "contentMediaType": "application/json",
            "contentSchema": schemas.of(item),
        }
    return event


def _add_response(
    route: RouteState,
    status: int | str,
    response: dict[str, Any],
    shown: Response,
    media_type: str | None,
    gathered: Gathered,
) -> None:
    """Merge one of `responses` into what is shown for its status already."""
    added = copy.deepcopy({name: value for name, value in response.items() if name != "model"})
    described = route.response_fields.get(status)
    if described is not None:
        media = added.setdefault("content", {}).setdefault(media_type or "application/json", {})
        _merge(media.setdefault("schema", {}), gathered.schemas.of(described))
    text = _RANGES.get(str(status).upper()) or phrases.get(_number(status, route))
    description = added.get("description") or shown.get("description") or text
    _merge(cast("dict[str, Any]", shown), added)
    shown["description"] = description or "Additional Response"


def _number(status: int | str, route: RouteState) -> int:
    try:
        return int(status)
    except ValueError:
        raise ValueError(
            f"{status!r} in the responses of {route.path_format} is no status; write a number,"
            ' a range such as "4XX", or "default"'
        ) from None


def _merge(main: dict[str, Any], other: dict[str, Any]) -> None:
    """Put `other` into `main`: dictionaries are merged, lists are joined, the rest is replaced."""
    for name, value in other.items():
        known = main.get(name)
        if isinstance(known, dict) and isinstance(value, dict):
            _merge(known, value)
        elif isinstance(known, list) and isinstance(value, list):
            main[name] = known + value
        else:
            main[name] = value
