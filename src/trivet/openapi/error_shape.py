"""What an error looks like: the one place from which answers and the document take it.

An application has one `ErrorShape`. Its error handlers make every answer with `content` (or
`to_json`) and `media_type`; the document shows `schemas`. So the two cannot disagree.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from trivet.schema.document import REF_PREFIX, JsonSchema
from trivet.schema.encode import jsonable_encoder, to_json

__all__ = ["FASTAPI", "PROBLEM_DETAILS", "ErrorShape"]

# Any in this file: a detail, an error's input and the answer's content are any JSON.
Errors = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class ErrorShape:
    """How errors are answered and shown.

    `schemas` are the components of the document; `validation` is the name of the one that answers
    with status 422 follow. `shape` makes the content of an answer from its status, its detail and,
    for a request that did not fit, its errors as Pydantic writes them.
    """

    media_type: str
    validation: str
    schemas: Mapping[str, JsonSchema]
    shape: Callable[[int, Any, Errors | None], Any]

    def content(self, status: int, detail: Any = None, errors: Errors | None = None) -> Any:
        """Give the answer's content as plain data; `errors` only where a request did not fit."""
        return self.shape(status, detail, errors)

    def to_json(self, status: int, detail: Any = None, errors: Errors | None = None) -> bytes:
        """Give the answer's body."""
        return to_json(self.shape(status, detail, errors))

    @property
    def schema(self) -> JsonSchema:
        """The schema of an answer to a request that did not fit."""
        return {"$ref": REF_PREFIX + self.validation}


# -- FastAPI's shape: the detail, or the errors as the detail ------------------------------------


def _detail(status: int, detail: Any, errors: Errors | None) -> Any:
    return {"detail": detail if errors is None else jsonable_encoder(errors)}


FASTAPI = ErrorShape(
    media_type="application/json",
    validation="HTTPValidationError",
    schemas={
        "HTTPValidationError": {
            "title": "HTTPValidationError",
            "type": "object",
            "properties": {
                "detail": {
                    "title": "Detail",
                    "type": "array",
                    "items": {"$ref": REF_PREFIX + "ValidationError"},
                }
            },
        },
        "ValidationError": {
            "title": "ValidationError",
            "type": "object",
            "properties": {
                "loc": {
                    "title": "Location",
                    "type": "array",
                    "items": {"anyOf": [{"type": "string"}, {"type": "integer"}]},
                },
                "msg": {"title": "Message", "type": "string"},
                "type": {"title": "Error Type", "type": "string"},
                "input": {"title": "Input"},
                "ctx": {"title": "Context", "type": "object"},
            },
            "required": ["loc", "msg", "type"],
        },
    },
    shape=_detail,
)


# -- RFC 9457: problem details -------------------------------------------------------------------


def _problem(status: int, detail: Any, errors: Errors | None) -> Any:
    problem: dict[str, Any] = {"type": "about:blank", "title": _phrase(status), "status": status}
    if errors is not None:
        count = len(errors)
        problem["detail"] = f"{count} value{'' if count == 1 else 's'} of the request did not fit"
        problem["errors"] = [_problem_error(error) for error in errors]
    elif isinstance(detail, str):
        problem["detail"] = detail
    elif isinstance(detail, Mapping):
        # Extension members (section 3.2), which may not take the place of the standard ones.
        problem = {**jsonable_encoder(detail), **problem}
        problem |= {n: detail[n] for n in ("type", "title") if isinstance(detail.get(n), str)}
    elif detail is not None:
        problem["errors"] = jsonable_encoder(detail)
    return problem


def _problem_error(error: Mapping[str, Any]) -> dict[str, Any]:
    place, *rest = error["loc"] or ("",)
    found: dict[str, Any] = {"detail": error["msg"], "type": error["type"], "in": str(place)}
    if place == "body":
        found["pointer"] = "#" + "".join(f"/{_escaped(str(part))}" for part in rest)
    else:
        found["parameter"] = ".".join(str(part) for part in rest)
    return found


def _escaped(part: str) -> str:
    # A reference token of a JSON Pointer (RFC 6901, section 3).
    return part.replace("~", "~0").replace("/", "~1")


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"


PROBLEM_DETAILS = ErrorShape(
    media_type="application/problem+json",
    validation="ValidationProblem",
    schemas={
        "ValidationProblem": {
            "title": "ValidationProblem",
            "type": "object",
            "properties": {
                "type": {"title": "Type", "type": "string", "format": "uri-reference"},
                "title": {"title": "Title", "type": "string"},
                "status": {"title": "Status", "type": "integer"},
                "detail": {"title": "Detail", "type": "string"},
                "errors": {
                    "title": "Errors",
                    "type": "array",
                    "items": {"$ref": REF_PREFIX + "ValueProblem"},
                },
            },
            "required": ["type", "title", "status", "detail", "errors"],
        },
        "ValueProblem": {
            "title": "ValueProblem",
            "type": "object",
            "properties": {
                "detail": {"title": "Detail", "type": "string"},
                "type": {"title": "Type", "type": "string"},
                "in": {"title": "In", "type": "string"},
                "pointer": {"title": "Pointer", "type": "string", "format": "json-pointer"},
                "parameter": {"title": "Parameter", "type": "string"},
            },
            "required": ["detail", "type", "in"],
        },
    },
    shape=_problem,
)
