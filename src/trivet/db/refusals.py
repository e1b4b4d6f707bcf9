"""What a client is told when something is wrong with data: never a statement, never a value.

An application's own handlers stand before these. For everything that comes from SQLAlchemy there
is one, at its most general class, so that a handler for any class of it takes its place.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.requests import Request
from starlette.responses import Response

from trivet.db.errors import (
    BadCursor,
    CheckViolation,
    DatabaseAway,
    DatabaseBusy,
    DatabaseFull,
    ForeignKeyViolation,
    LostRace,
    NotFound,
    RowLocked,
    StaleError,
    UnfitValue,
    UniqueViolation,
    Violation,
)
from trivet.openapi.error_shape import FASTAPI, ErrorShape

__all__ = ["Refusals"]

logger = logging.getLogger("trivet.db")

_CHANGED = "Somebody else changed this meanwhile; read it again, and decide anew."
_BUSY = "The database has more to do than it can; try again in a moment."
_AWAY = "The database cannot be reached at the moment; try again in a moment."
_IN_DOUBT = (
    "The database was lost while this was being stored, and nobody knows whether it was;"
    " look before you send it again."
)
_FULL = "The database has no room left to store this; nothing of it was stored."
_UNFIT = "A value here is too large, too long, or no text."
_PAUSE = 1.0  # seconds between two lines of the log that say the same
_SOON = {"retry-after": "1"}


class Refusals:
    """The handlers that one database brings along, and what they have told the log."""

    def __init__(self) -> None:
        self._told: dict[type[Exception], float] = {}

    def handlers(self) -> dict[Any, Callable[..., Any]]:
        """Give the handlers by the classes of errors."""
        return {
            NotFound: _not_found,
            StaleError: _conflict,
            RowLocked: _conflict,
            BadCursor: _bad_cursor,
            DatabaseBusy: self._busy,
            PoolTimeout: self._busy,
            SQLAlchemyError: self._failed,
        }

    async def _busy(self, request: Request, error: Exception) -> Response:
        self._tell(logging.WARNING, error)
        return _answer(request, 503, _BUSY, _SOON)

    async def _failed(self, request: Request, error: SQLAlchemyError) -> Response:
        if isinstance(error, DatabaseAway):
            self._tell(logging.ERROR, error)
            return _answer(request, 503, _IN_DOUBT if error.is_in_doubt else _AWAY, _SOON)
        if isinstance(error, DatabaseFull):
            self._tell(logging.ERROR, error)
            return _answer(request, 507, _FULL)
        if isinstance(error, LostRace):
            return _answer(request, 409, _CHANGED)
        if isinstance(error, UnfitValue):
            # Which value it was, no driver says; the shape is that of any value that does not fit.
            return _listed_answer(request, 422, [{"type": "unfit", "loc": [], "msg": _UNFIT}])
        if isinstance(error, Violation):
            return _violated(request, error)
        raise error

    def _tell(self, level: int, error: Exception) -> None:
        """Write a line, of each kind at most one a second: a thousand would say no more."""
        now = time.monotonic()
        if now - self._told.get(type(error), -_PAUSE) >= _PAUSE:
            self._told[type(error)] = now
            logger.log(level, "%s", error)


async def _not_found(request: Request, error: NotFound) -> Response:
    return _answer(request, 404, "Not Found")


async def _conflict(request: Request, error: Exception) -> Response:
    return _answer(request, 409, _CHANGED)


async def _bad_cursor(request: Request, error: BadCursor) -> Response:
    return _answer(request, 400, "This cursor is not one that was given here.")


def _violated(request: Request, error: Violation) -> Response:
    status, kind, message = 422, "check", "This is not allowed here"
    if isinstance(error, UniqueViolation):
        status, kind, message = 409, "unique", "This is taken already"
        if len(error.fields) > 1:
            message = f"This combination of {_listed(error.fields)} is taken already"
    elif isinstance(error, ForeignKeyViolation):
        kind, message = "foreign_key", "What is named here does not exist"
        if error.is_still_named:
            status, message = 409, "Something else still refers to this"
    elif isinstance(error, CheckViolation) and error.rule:
        message = f"This breaks the rule {error.rule!r}"
    # A row that is still named is no fault of a field.
    named = isinstance(error, ForeignKeyViolation) and error.is_still_named
    fields = () if named else error.fields
    places = [["body", field] for field in fields] or [["body"]]
    errors = [{"type": kind, "loc": place, "msg": message} for place in places]
    return _listed_answer(request, status, errors)


def _listed_answer(request: Request, status: int, errors: list[Any]) -> Response:
    shape = _shape(request)
    return Response(shape.to_json(status, errors=errors), status, media_type=shape.media_type)


def _listed(names: tuple[str, ...]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}"


def _answer(
    request: Request, status: int, detail: str, headers: dict[str, str] | None = None
) -> Response:
    shape = _shape(request)
    return Response(shape.to_json(status, detail), status, headers, shape.media_type)


def _shape(request: Request) -> ErrorShape:
    """Give the shape of the application's errors."""
    shape = getattr(request.scope.get("app"), "error_shape", FASTAPI)
    return shape if isinstance(shape, ErrorShape) else FASTAPI
