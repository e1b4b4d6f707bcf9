"""All that is known of a route: what its plan, its document and its endpoint are made from.

`RouteState` computes everything from the options, once, and never changes afterwards.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from enum import IntEnum
from typing import Any

from pydantic.fields import FieldInfo
from starlette import routing as starlette
from starlette.responses import JSONResponse, Response

from trivet.binding.analyze import analyze, dependency_call
from trivet.binding.body import body_field
from trivet.binding.forms import embeds
from trivet.binding.plan import Call
from trivet.binding.signature import return_annotation
from trivet.errors import DeclarationError, place_of
from trivet.http.sse import EventSourceResponse, ServerSentEvent
from trivet.routing.options import (
    Default,
    FormLimits,
    check_form_limits,
    check_max_body,
    generate_unique_id,
    has_body,
)
from trivet.routing.when import HeaderIs, check_when
from trivet.schema.annotations import is_subclass, stream_item
from trivet.schema.field import Field

__all__ = ["RouteState", "plan_of"]

_DEFAULTS: dict[str, Any] = {
    "response_model": Default(None),
    "status_code": None,
    "tags": None,
    "dependencies": None,
    "summary": None,
    "description": None,
    "response_description": "Successful Response",
    "responses": None,
    "deprecated": None,
    "operation_id": None,
    "response_model_include": None,
    "response_model_exclude": None,
    "response_model_by_alias": True,
    "response_model_exclude_unset": False,
    "response_model_exclude_defaults": False,
    "response_model_exclude_none": False,
    "include_in_schema": True,
    "response_class": Default(JSONResponse),
    "name": None,
    "methods": None,
    "callbacks": None,
    "openapi_extra": None,
    "generate_unique_id_function": Default(generate_unique_id),
    "strict_content_type": Default(True),
    "dependency_overrides_provider": None,
    "max_body_size": None,
    "form_limits": None,
    "stream_item_type": None,
    "when": None,
}


def plan_of(function: Callable[..., Any], path: str, dependencies: Sequence[Any]) -> Call:
    """Make the plan of a handler, with the dependencies that its routers ask for before its own."""
    plan = analyze(function, path, scope="function")
    plan.dependencies[:0] = [dependency_call(found, path) for found in dependencies]
    return plan


class RouteState:
    """What is known of a route; attributes have the names of their options."""

    path: str
    path_format: str
    endpoint: Callable[..., Any]
    methods: Any  # a set of names; Starlette, which shares the attribute, knows routes without one
    name: str
    response_model: Any
    status_code: int | None
    form_limits: FormLimits
    when: HeaderIs | None
    max_body_size: int | None
    unique_id: str
    plan: Call
    body_field: Field | None
    response_field: Field | None
    stream_item_field: Field | None
    response_fields: dict[int | str, Field]
    embeds_body: bool
    is_sse_stream: bool
    is_json_stream: bool

    def describe(self, path: str, endpoint: Callable[..., Any], options: dict[str, Any]) -> None:
        """Fill in everything; raises `DeclarationError` for what cannot be served."""
        unknown = set(options) - set(_DEFAULTS)
        if unknown:
            raise TypeError(
                f"a route has no option {sorted(unknown)[0]!r}; it knows {', '.join(_DEFAULTS)}"
            )
        for name, default in _DEFAULTS.items():
            setattr(self, name, options.get(name, default))
        if not callable(endpoint):
            raise DeclarationError(
                f"An endpoint must be a callable, this is {endpoint!r}", code="routing.endpoint"
            )
        self.path = path
        self.endpoint = endpoint
        self._describe_names()
        self._describe_texts()
        self.plan = plan_of(endpoint, self.path_format, self.dependencies)
        fields = self.plan.body_fields()
        self.embeds_body = embeds(fields)
        self.body_field = body_field(fields, self.unique_id, embedded=self.embeds_body)
        self._describe_answers()

    def _describe_names(self) -> None:
        self.name = self.name or starlette.get_name(self.endpoint)
        self.path_regex, self.path_format, self.param_convertors = starlette.compile_path(self.path)
        self.methods = {method.upper() for method in self.methods or ["GET"]}
        generate = self.generate_unique_id_function
        if isinstance(generate, Default):
            generate = generate.value
        self.tags: list[Any] = list(self.tags or [])
        self.responses: dict[int | str, Any] = dict(self.responses or {})
        self.dependencies: list[Any] = list(self.dependencies or [])
        check_max_body(self.max_body_size)
        check_when(self.when)
        self.form_limits = check_form_limits(self.form_limits)
        if isinstance(self.status_code, IntEnum):
            self.status_code = int(self.status_code)
        self.unique_id = self.operation_id or generate(self)

    def _describe_texts(self) -> None:
        text = self.description or inspect.cleandoc(self.endpoint.__doc__ or "")
        # What follows a form feed is for readers of the source.
        self.description: str = text.split("\f")[0].strip()

    def _describe_answers(self) -> None:
        yields = self.plan.kind.yields
        response_class = self.response_class
        self.is_sse_stream = yields and is_subclass(response_class, EventSourceResponse)
        self.is_json_stream = yields and isinstance(response_class, Default)
        if isinstance(self.response_model, Default):
            self.response_model = self._model_from_annotation()
        self.response_fields = {}
        for status, response in self.responses.items():
            if not isinstance(response, dict):
                raise DeclarationError(
                    "An additional response must be a dict", code="routing.responses"
                )
            if response.get("model"):
                self._check_body_allowed(status)
                self.response_fields[status] = self._answer_field(
                    f"Response_{status}_{self.unique_id}", response["model"]
                )
        self.response_field = None
        if self.response_model:
            self._check_body_allowed(self.status_code)
            self.response_field = self._answer_field(
                f"Response_{self.unique_id}", self.response_model
            )
        self.stream_item_field = None
        if self.stream_item_type:
            self.stream_item_field = self._answer_field(
                f"StreamItem_{self.unique_id}", self.stream_item_type
            )

    def _model_from_annotation(self) -> Any:
        annotation = return_annotation(self.endpoint)
        if is_subclass(annotation, Response):
            return None
        item = stream_item(annotation)
        if item is None or not self.plan.kind.yields:
            return annotation
        streams_items = self.is_json_stream or self.is_sse_stream
        # An event is the envelope, not the data.
        if streams_items and not is_subclass(item, ServerSentEvent):
            self.stream_item_type = item
        return None

    def _answer_field(self, name: str, annotation: Any) -> Field:
        return Field(name, FieldInfo(annotation=annotation), mode="serialization")

    def _check_body_allowed(self, status: int | str | None) -> None:
        if not has_body(status):
            place = place_of(self.endpoint)
            raise DeclarationError(
                f"Status code {status} must not have a response body",
                code="routing.body-not-allowed",
                where=f"{place['file']}:{place['line']}" if "file" in place else None,
                mend="return None and leave the response model out, or use status 200",
            )

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"{type(self).__name__!r} has no attribute {name!r}")
