"""What is told of a passkey that does not count; why is in the trail, or nowhere."""

from __future__ import annotations

from trivet.errors import HTTPException

__all__ = ["CeremonyOver", "PasskeyRefused"]


class PasskeyRefused(HTTPException):
    """A passkey that is not known here, or did not sign what it was given; answered with 401."""

    def __init__(self) -> None:
        super().__init__(401, "This passkey is not known here, or could not be checked")


class CeremonyOver(HTTPException):
    """No challenge was given to this browser, or not of late, or it was used; answered with 400."""

    def __init__(self) -> None:
        super().__init__(400, "This took too long, or was done already: begin again")
