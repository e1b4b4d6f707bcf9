"""Where in the user's own code something happens: the innermost line that is not a library's."""

from __future__ import annotations

import os
import sys
import sysconfig
from collections.abc import Iterator
from types import FrameType
from typing import Any

__all__ = ["place"]

_HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_LIBRARIES = tuple(
    {
        os.path.join(os.path.realpath(sysconfig.get_path(name)), "")
        for name in ("stdlib", "platstdlib", "purelib", "platlib")
    }
    | {os.path.join(_HERE, "")}
)
NOWHERE = "no line of the application"


def place() -> str:
    """Give file, line and function of the innermost line that is neither a library's nor Trivet's.

    Costs tens of microseconds: for what is reported, not for what is counted.
    """
    for frame in _frames():
        file = frame.f_code.co_filename
        if not file.startswith("<") and not os.path.realpath(file).startswith(_LIBRARIES):
            shown = os.path.relpath(file) if file.startswith(os.getcwd() + os.sep) else file
            return f"{shown}:{frame.f_lineno} in {frame.f_code.co_name}"
    return NOWHERE


def _frames() -> Iterator[FrameType]:
    """Give the frames from here outwards, past the ends of SQLAlchemy's greenlets."""
    frame: FrameType | None = sys._getframe(1)
    # Whoever has none of them has nothing that runs in one.
    greenlet: Any = sys.modules.get("greenlet")
    here: Any = None if greenlet is None else greenlet.getcurrent()
    while True:
        while frame is not None:
            yield frame
            frame = frame.f_back
        here = None if here is None else here.parent
        if here is None:
            return
        frame = here.gr_frame
