"""Why a route stays Flask's."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Stays"]


@dataclass(frozen=True, slots=True)
class Stays(Exception):
    """Why a route stays where it is, and what to write for it."""

    why: str
    mend: str = ""
