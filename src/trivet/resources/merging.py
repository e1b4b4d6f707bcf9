"""The body of a PATCH: the fields that change, as JSON or as a merge patch (RFC 7396).

The content type says which. In JSON a value takes the place of what was there; in a merge patch
objects are merged with what was there, to any depth, and `null` takes a member out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, TypeAdapter, ValidationError
from starlette.requests import Request

from trivet.binding.bodies import BodyReader
from trivet.binding.params import Body
from trivet.errors import HTTPException, RequestValidationError
from trivet.schema.field import Field, errors_at

__all__ = ["JSON", "MERGE_PATCH", "Changes", "Patch", "merged", "validated"]

JSON = "application/json"
MERGE_PATCH = "application/merge-patch+json"
_ANYTHING: TypeAdapter[Any] = TypeAdapter(Any)  # it refuses what is too deep, as `json` cannot
_DEEPEST = 50  # objects in objects


class Patch:
    """What a client sent, and whether objects in it are merged with what is there."""

    def __init__(self, data: Any, *, merges: bool) -> None:
        self.data = data
        self.merges = merges


class Changes(BodyReader):
    """The dependency that reads the body of a PATCH; 415 for another content type."""

    def __init__(self, change: type[BaseModel], merge: type[BaseModel]) -> None:
        self.bodies = {
            JSON: Field("body", Body(annotation=change)),
            MERGE_PATCH: Field("body", Body(annotation=merge)),
        }

    async def __call__(self, request: Request) -> Patch:
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind not in self.bodies:
            raise HTTPException(
                415, f"Send {JSON} or {MERGE_PATCH}", {"Accept-Patch": ", ".join(self.bodies)}
            )
        body = await request.body()
        try:
            data = _ANYTHING.validate_json(body)
        except ValidationError as error:
            found = {"type": "json_invalid", "loc": ("body", 0), "msg": "JSON decode error"}
            why = error.errors(include_url=False, include_input=False)[0].get("ctx", {})
            raise RequestValidationError(
                [{**found, "input": {}, "ctx": {"error": str(why.get("error", "no JSON"))}}],
                body=None,
            ) from error
        return Patch(data, merges=kind == MERGE_PATCH)


def validated(model: type[BaseModel], data: Any) -> BaseModel:
    """Validate what was sent; raises `RequestValidationError`."""
    try:
        # As JSON: texts become moments and numbers as they do in any other body.
        return model.model_validate(data)
    except ValidationError as error:
        raise RequestValidationError(errors_at(error, ("body",)), body=data) from error


def merged(there: Any, patch: Any, depth: int = 0) -> Any:
    """Give what is there with a merge patch upon it (RFC 7396, 2)."""
    if not isinstance(patch, Mapping):
        return patch
    if depth > _DEEPEST:
        raise HTTPException(413, "This patch is too deep")
    found = dict(there) if isinstance(there, Mapping) else {}
    for name, value in patch.items():
        if value is None:
            found.pop(name, None)
        else:
            found[name] = merged(found.get(name), value, depth + 1)
    return found
