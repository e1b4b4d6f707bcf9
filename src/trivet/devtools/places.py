"""Where in the user's code something happens: the nearest frame that is no library's."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import lru_cache
from types import FrameType
from typing import Any

from trivet.app.debug_frames import kind_of, short_path

__all__ = ["Place", "place_now", "place_of_frame"]

_DEEPEST = 400  # frames that are looked at; a recursion has thousands


@dataclass(frozen=True, slots=True)
class Place:
    """A line of code."""

    file: str
    line: int
    function: str

    @property
    def text(self) -> str:
        """Give the file as seen from the current folder, and the line."""
        return f"{short_path(self.file)}:{self.line}"


def place_now() -> Place | None:
    """Give the place from which the caller was called, directly or not, or None."""
    return place_of_frame(sys._getframe(1))


def place_of_frame(frame: FrameType | None) -> Place | None:
    """Give the innermost place of the user's code on the stack of a frame, or None."""
    greenlet = None
    for _ in range(_DEEPEST):
        if frame is None:
            # SQLAlchemy runs its sessions on stacks of their own, which begin at another's.
            greenlet = _parent(greenlet)
            frame = getattr(greenlet, "gr_frame", None)
        if frame is None:
            return None
        code = frame.f_code
        if _is_users(code.co_filename):
            name = getattr(code, "co_qualname", code.co_name)
            return Place(code.co_filename, frame.f_lineno, str(name))
        frame = frame.f_back
    return None


def _parent(greenlet: Any) -> Any:  # Any: of a library that is there where SQLAlchemy is used
    """Give what the present greenlet, or that one, was begun by; None without any."""
    if greenlet is not None:
        return greenlet.parent
    library = sys.modules.get("greenlet")
    return None if library is None else library.getcurrent().parent


@lru_cache(maxsize=4096)
def _is_users(file: str) -> bool:
    return kind_of(file) == "yours"
