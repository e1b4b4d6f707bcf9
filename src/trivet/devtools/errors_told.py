"""An exception as text that may be kept: its own object holds frames, and those all values."""

from __future__ import annotations

from dataclasses import replace

from trivet.app.debug_frames import Raised, raised
from trivet.app.debug_hints import hint_for

__all__ = ["told_error"]

_LET_GO = Exception("only its text is kept")


def told_error(error: BaseException) -> tuple[tuple[Raised, ...], str | None]:
    """Give an exception with those that led to it, the last raised first, and what to do."""
    chain = raised(error)
    hint = None
    for one in chain:
        try:
            hint = hint_for(one.error, one.frames)
        except Exception:  # an error whose own message cannot be had
            continue
        if hint is not None:
            break
    return tuple(replace(one, error=_LET_GO) for one in chain), hint
