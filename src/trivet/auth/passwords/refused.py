"""Why a password is refused, in sentences for the one who typed it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from trivet.errors import HTTPException

__all__ = ["PasswordRefused", "Reason"]


@dataclass(frozen=True)
class Reason:
    """One reason: a code for programs, such as ``too-short``, and a sentence for people."""

    code: str
    text: str


class PasswordRefused(HTTPException, ValueError):
    """A password that cannot be taken, with all `reasons` together.

    Where nobody catches it, it is answered with 422, in the shape of other input that cannot be.
    The password itself stands in none of it.
    """

    def __init__(self, reasons: Sequence[Reason]) -> None:
        self.reasons = tuple(reasons)
        detail = [
            {"type": f"password.{one.code}", "loc": ["body", "password"], "msg": one.text}
            for one in self.reasons
        ]
        super().__init__(422, detail)
