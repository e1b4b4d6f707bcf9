"""What can go wrong when somebody is to be known, as the answers that it gives."""

from __future__ import annotations

import math

from trivet.errors import HTTPException

__all__ = [
    "CodeRefused",
    "NotAllowed",
    "NotRecent",
    "NotSignedIn",
    "SignInFailed",
    "TooManyAttempts",
]


class NotSignedIn(HTTPException):
    """Nobody is known; answered with 401 and the challenges of the means that there are."""

    def __init__(self, challenges: tuple[str, ...] = ()) -> None:
        headers = {"WWW-Authenticate": ", ".join(challenges)} if challenges else None
        super().__init__(401, "Not authenticated", headers)


class CodeRefused(HTTPException):
    """A code that is wrong, too old, or was used already; answered with 401."""

    def __init__(self) -> None:
        super().__init__(401, "The code is not right, or was used already")


class NotAllowed(HTTPException):
    """Somebody is known, and may not do this; answered with 403."""

    def __init__(self, detail: str = "You may not do this") -> None:
        super().__init__(403, detail)


class NotRecent(HTTPException):
    """They have to prove again who they are; answered with 403 and a header that says so."""

    def __init__(self) -> None:
        # The word of RFC 9470, which asks for it over the same header with 401; a browser's session
        # has no challenge, and 401 would send people to the sign-in.
        super().__init__(
            403, "Confirm that it is you, and try again", {"X-Auth-Required": "recent-login"}
        )


class SignInFailed(HTTPException):
    """One answer for an unknown account, a wrong password and an account that is not active."""

    def __init__(self) -> None:
        super().__init__(401, "The log-in or the password is not right")


class TooManyAttempts(HTTPException):
    """Somebody is guessing, or it looks like it; answered with 429."""

    def __init__(self, retry_after: float) -> None:
        seconds = max(1, math.ceil(retry_after))
        super().__init__(
            429,
            f"Too many attempts: try again in {seconds} second{'' if seconds == 1 else 's'}",
            {"Retry-After": str(seconds)},
        )
