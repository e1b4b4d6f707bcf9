"""Telling why an application cannot be used: what, the user's own lines, and the mend."""

from __future__ import annotations

from trivet.cli.broken import AppBroke
from trivet.cli.find import CannotLoad
from trivet.errors import SetupError
from trivet.terminal import Pen

__all__ = ["EXIT_CANNOT_LOAD", "EXIT_FOUND", "EXIT_USAGE", "tell"]

EXIT_FOUND = 1
EXIT_USAGE = 2
EXIT_CANNOT_LOAD = 3

_MOST_FRAMES = 12  # of a recursion nobody needs all


def tell(error: SetupError, pen: Pen) -> None:
    """Write why an application cannot be used; returns when it is written."""
    title = "Cannot load the application" if isinstance(error, CannotLoad) else "Cannot go on"
    pen.write(f"{pen.paint(title + ':', 'bad')} {error.what}")
    if isinstance(error, AppBroke):
        _tell_frames(error, pen)
    elif error.where:
        pen.write(f"  {pen.paint('at', 'dim')} {error.where}")
    if error.mend:
        pen.write(f"{pen.paint('What to do:', 'good')} {error.mend}")
    if error.code != "setup":
        pen.write(pen.paint(f"[{error.code}]", "dim"))


def _tell_frames(error: AppBroke, pen: Pen) -> None:
    frames = error.frames
    if len(frames) > _MOST_FRAMES:
        half = _MOST_FRAMES // 2
        frames = [*frames[:half], *frames[-half:]]
    pen.write()
    for frame in frames:
        inside = "" if frame.function.startswith("<") else f", in {frame.function}"
        pen.write(f"  {pen.paint(frame.place, 'name')}{inside}")
        for line in frame.text.splitlines():
            pen.write(f"    {line}")
    pen.write()
    for cause in _chain(error.cause):
        # A setup error has its place and mend told below; here its first line is enough.
        text = cause.what if isinstance(cause, SetupError) else str(cause)
        if isinstance(cause, SyntaxError):
            text = cause.msg
        pen.write(f"{pen.paint(type(cause).__name__, 'bad')}: {text}")


def _chain(error: BaseException) -> list[BaseException]:
    """Give the error and what caused it, the first cause last."""
    found: list[BaseException] = []
    current: BaseException | None = error
    while current is not None and current not in found:
        found.append(current)
        current = current.__cause__
    return found
