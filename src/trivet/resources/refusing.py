"""What a client is told of one value that cannot be taken: as of any that does not validate."""

from __future__ import annotations

from typing import Any

from trivet.errors import RequestValidationError

__all__ = ["refused"]


def refused(kind: str, place: tuple[int | str, ...], message: str) -> RequestValidationError:
    """Give the error (422) of a value at a place, such as ``("body", "title")``."""
    found: dict[str, Any] = {"type": kind, "loc": place, "msg": message, "input": None}
    return RequestValidationError([found])
