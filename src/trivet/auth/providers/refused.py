"""What can go wrong on the way over a provider: for us, with its reason; for people, in our words.

Nothing that a provider, or who made an address, has written is ever shown: they get one of these.
"""

from __future__ import annotations

from trivet.errors import HTTPException

__all__ = ["ProviderAway", "ProviderDeclined", "ProviderFault", "ProviderUntrue", "WithRefused"]


class ProviderFault(Exception):
    """A provider did not do its part; the message is for the log, and says nothing of secrets."""


class ProviderAway(ProviderFault):
    """It did not answer, or not with what its protocol says; `status` where it was another one."""

    def __init__(self, why: str, status: int | None = None) -> None:
        super().__init__(why)
        self.status = status


class ProviderUntrue(ProviderFault):
    """What came does not prove who somebody is."""


class ProviderDeclined(ProviderFault):
    """It said that there will be no sign-in; `error` is one of RFC 6749's words, or empty."""

    def __init__(self, error: str) -> None:
        super().__init__(error)
        self.error = error


class WithRefused(HTTPException):
    """Nobody was signed in or linked; shown as a page to browsers, and else as JSON.

    `reason` is one of the words that `docs/how-to/sign-in-with.md` lists.
    """

    def __init__(self, status: int, reason: str, detail: str) -> None:
        super().__init__(status, detail, {"Cache-Control": "no-store"})
        self.reason = reason
