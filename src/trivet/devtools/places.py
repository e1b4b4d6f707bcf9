"""Where in the user's code something happens: the nearest frame that is neither ours nor a library's."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import lru_cache
from types import FrameType

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
    for _ in range(_DEEPEST):
        if frame is None:
            return None
        code = frame.f_code
        if _is_users(code.co_filename):
            name = getattr(code, "co_qualname", code.co_name)
            return Place(code.co_filename, frame.f_lineno, str(name))
        frame = frame.f_back
    return None


@lru_cache(maxsize=4096)
def _is_users(file: str) -> bool:
    return kind_of(file) == "yours"
