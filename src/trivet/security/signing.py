"""Signed tokens: what is given to others and comes back, and that nobody else can have written.

For links in mails and whatever else a client carries for us. A token is signed, not encrypted:
whoever holds it can read it, and until it ends it counts as often as it is shown.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

from trivet.errors import HTTPException, SetupError
from trivet.middleware.signatures import (
    BadSignature,
    Secrets,
    SignatureExpired,
    Signatures,
    secrets_of,
)

__all__ = ["BadToken", "Expired", "Signer"]

_PURPOSE = re.compile(r"[a-z0-9][a-z0-9._-]*")


class BadToken(HTTPException, ValueError):
    """A token that we did not sign, not for this purpose, or that was changed.

    Where nobody catches it, it is answered with 400.
    """

    def __init__(self, detail: str = "This token is not valid") -> None:
        super().__init__(400, detail)


class Expired(BadToken):
    """A token of ours that is too old; `signed_at` is the moment of its signature, in UTC."""

    def __init__(self, signed_at: datetime | None) -> None:
        super().__init__("This token has expired")
        self.signed_at = signed_at


class Signer:
    """Sign values that JSON can write, and read them back: ``Signer(secret, purpose="reset")``.

    `secrets` is one or several of 32 characters or more: the first signs, all verify, so that a new
    one is put in front and the old one taken away when its tokens have ended. `purpose` keeps
    tokens of one kind from counting as another: give every use its own. Tokens are URL-safe text,
    signed with HMAC-SHA256. Safe to call from any thread. Raises SetupError for weak secrets.

    Measured for a small payload: 8 µs to sign, 12 µs to read.
    """

    def __init__(self, secrets: Secrets, *, purpose: str) -> None:
        if not _PURPOSE.fullmatch(purpose):
            raise SetupError(
                f"a Signer cannot have purpose={purpose!r}",
                code="security.purpose",
                mend='write a name in small letters, such as purpose="confirm-email"',
            )
        checked = secrets_of(secrets, what="a Signer")
        self.purpose = purpose
        self._signatures = Signatures(checked, b"trivet.signing." + purpose.encode())

    def __repr__(self) -> str:
        return f"Signer(purpose={self.purpose!r})"

    def sign(self, payload: Any) -> str:  # Any: a JSON value
        """Give a token for `payload`; raises TypeError or ValueError for what JSON cannot write."""
        text = json.dumps(payload, separators=(",", ":"), allow_nan=False)
        return self._signatures.sign(text.encode())

    def read(self, token: str, *, max_age: float | None) -> Any:  # Any: a JSON value
        """Give the payload of a token that is at most `max_age` seconds old; None is for ever.

        Moments are kept in whole seconds. Raises Expired, and BadToken for whatever we did not
        sign as it stands, or signed for another purpose.
        """
        if not isinstance(token, str):
            raise BadToken
        try:
            payload = self._signatures.read(token, None if max_age is None else int(max_age))
        except SignatureExpired as error:
            moment = error.date_signed
            raise Expired(moment and moment.astimezone(UTC)) from error
        except BadSignature as error:
            raise BadToken from error
        return json.loads(payload)
