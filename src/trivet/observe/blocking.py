"""Who holds the event loop: a stack is looked at from another thread, and gives one place in words.

Pure reading: nothing here waits, logs or keeps anything of the frames that it was given.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

from trivet.app.places import Place, is_users

__all__ = ["UNKNOWN", "place_in"]

_TRIVET = str(Path(__file__).parents[1]) + os.sep
# What an exchange is called in the frames that serve a request; `x` in generated functions.
_EXCHANGES = ("exchange", "x")


UNKNOWN = Place("(unknown)", 0, "unknown")
"""For what held the interpreter itself, so that no other thread could look."""


def place_in(frame: FrameType | None) -> tuple[Place, str | None]:
    """Give who is at work in a stack, whose innermost frame this is, and for what request or job.

    The innermost frame of the user's own code; where there is none, the innermost of all.
    """
    if frame is None:
        return UNKNOWN, None
    innermost = _described(frame)
    found: Place | None = None
    work: str | None = None
    for one in _outwards(frame):
        if found is None and is_users(one.f_code.co_filename):
            found = _described(one)
            if one is not frame:
                called = innermost.function
                found = Place(found.file, found.line, found.function, f"{called}()")
        work = work or _work_of(one)
        if found is not None and work is not None:
            break
    return found or innermost, work


def _outwards(frame: FrameType) -> Iterator[FrameType]:
    current: FrameType | None = frame
    while current is not None:
        yield current
        current = current.f_back


def _described(frame: FrameType) -> Place:
    code = frame.f_code
    name = getattr(code, "co_qualname", code.co_name).replace("<locals>.", "")
    return Place(code.co_filename, frame.f_lineno or code.co_firstlineno, name)


def _work_of(frame: FrameType) -> str | None:
    """Give the request or job that a frame of ours is at work for."""
    file = frame.f_code.co_filename
    if not file.startswith((_TRIVET, "<trivet ")):
        return None
    values = frame.f_locals
    for name in _EXCHANGES:
        exchange = values.get(name)
        method = getattr(exchange, "method", None)
        if method is not None:
            return f"{method} {_route_of(exchange)}"
    held = values.get("held")
    if held is not None and hasattr(held, "attempt"):
        return f"job {held.name}"
    return None


def _route_of(exchange: Any) -> str:  # Any: an exchange of whatever face
    """Give the route's pattern; the path itself may hold what does not belong into a log."""
    target = getattr(exchange, "target", None)
    while target is not None:
        route = getattr(target, "route", None)
        path = getattr(route, "path", None)
        if path is not None:
            return str(path)
        target = getattr(target, "inner", None)
    return "(no route)"
