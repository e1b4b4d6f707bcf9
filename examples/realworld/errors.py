"""What a refusal looks like: `{"errors": {"title": ["can't be blank"]}}`, whatever the reason."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic_core import PydanticCustomError

from trivet import App, HTTPException, JSONResponse, Request
from trivet.auth import NotSignedIn, SignInFailed
from trivet.openapi.error_shape import ErrorShape

MESSAGES = {"missing": "can't be blank", "unique": "has already been taken"}


def filled(text: str) -> str:
    """Refuse a text of nothing but spaces."""
    if not text.strip():
        raise PydanticCustomError("blank", "can't be blank")
    return text


def missing(what: str) -> HTTPException:
    return HTTPException(404, {what: ["not found"]})


def forbidden(what: str) -> HTTPException:
    return HTTPException(403, {what: ["forbidden"]})


def shape(status: int, detail: Any, errors: Sequence[Mapping[str, Any]] | None) -> dict[str, Any]:
    if isinstance(detail, Mapping):
        return {"errors": detail}
    found: dict[str, list[str]] = {}
    for error in errors or (detail if isinstance(detail, list) else [{"msg": detail}]):
        names = [part for part in error.get("loc", ()) if isinstance(part, str)]
        message = MESSAGES.get(error.get("type", ""), error["msg"]).removeprefix("Value error, ")
        found.setdefault(names[-1] if names else "body", []).append(message)
    return {"errors": found}


def listing(inside: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": {"errors": {"type": "object", **inside}}}


CONDUIT = ErrorShape(
    media_type="application/json",
    validation="Errors",
    schemas={
        "Errors": listing({"additionalProperties": {"type": "array", "items": {"type": "string"}}})
    },
    shape=shape,
)


def handle_errors(app: App) -> None:
    """Say what is wrong with who asks in the contract's words."""

    @app.exception_handler(NotSignedIn)
    async def nobody(request: Request, error: NotSignedIn) -> JSONResponse:
        return JSONResponse({"errors": {"token": ["is missing"]}}, 401, error.headers)

    @app.exception_handler(SignInFailed)
    async def stranger(request: Request, error: SignInFailed) -> JSONResponse:
        return JSONResponse({"errors": {"credentials": ["invalid"]}}, 401)
