"""Where in the user's own code something happens: the innermost line that is not a library's."""

from __future__ import annotations

import os
import sys
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from types import FrameType
from typing import Any

from trivet.app.debug_frames import short_path

__all__ = ["Place", "frames_of", "is_users", "place_now", "place_of"]

_TRIVET = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_LIBRARIES = tuple(
    {
        os.path.join(os.path.realpath(sysconfig.get_path(name)), "")
        for name in ("stdlib", "platstdlib", "purelib", "platlib")
    }
    | {os.path.join(_TRIVET, "")}
)
_DEEPEST = 1000  # frames that are looked at; a recursion has more


@dataclass(frozen=True, slots=True)
class Place:
    """A line of code."""

    file: str
    line: int
    function: str
    within: str = ""
    """What it was in there, where that is not the line itself: the library's function it called."""

    @property
    def text(self) -> str:
        """The file as seen from the current folder, and the line."""
        return f"{short_path(self.file)}:{self.line}"

    def __str__(self) -> str:
        called = f", in {self.within}" if self.within else ""
        return f"{self.text} in {self.function}{called}"


def place_now() -> Place | None:
    """Give the place from which the caller was called, directly or not; None for no user's line.

    Costs tens of microseconds: for what is reported, not for what is counted.
    """
    return place_of(sys._getframe(1))


def place_of(frame: FrameType) -> Place | None:
    """Give the innermost place of the user's code on the stack of a frame of this thread."""
    for one in frames_of(frame):
        if is_users(one.f_code.co_filename):
            return Place(one.f_code.co_filename, one.f_lineno, one.f_code.co_name)
    return None


def frames_of(frame: FrameType | None) -> Iterator[FrameType]:
    """Give a frame and those outwards of it, past the ends of SQLAlchemy's greenlets.

    Those are looked for in the present thread; the frames of another one have none.
    """
    # Whoever has no such library has nothing that runs in one.
    library: Any = sys.modules.get("greenlet")
    here: Any = None if library is None else library.getcurrent()
    for _ in range(_DEEPEST):
        if frame is None:
            here = None if here is None else here.parent
            frame = None if here is None else here.gr_frame
            if frame is None:
                return
        yield frame
        frame = frame.f_back


@lru_cache(maxsize=4096)
def is_users(file: str) -> bool:
    """Tell whether a file is neither a library's nor Trivet's, and no generated code."""
    return not file.startswith("<") and not os.path.realpath(file).startswith(_LIBRARIES)
