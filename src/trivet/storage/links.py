"""Links to files that the application serves itself, signed: who has one may read one file.

What a link allows is all in its token: the file, until when, the name under which it is saved, and
whether a browser may show it. Nobody can move a token to another file.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from pydantic import SecretStr

from trivet.errors import HTTPException
from trivet.security.signing import BadToken, Signer

__all__ = ["LONGEST", "Grant", "LinkRefused", "Links"]

LONGEST = 7 * 24 * 3600.0  # seconds; what providers of buckets sign for


class LinkRefused(HTTPException):
    """A link without a token, with one of another file, a changed one, or too late: 403."""

    def __init__(self, detail: str = "This link is not valid") -> None:
        super().__init__(403, detail)


@dataclass(frozen=True, slots=True)
class Grant:
    """What a link allows: `until` in seconds since 1970, None without end."""

    filename: str | None = None
    inline: bool = True
    until: float | None = None


class Links:
    """The addresses of files below `path`; with `secrets` they are signed and end.

    Raises `SetupError` for weak secrets, as `Signer` does.
    """

    def __init__(
        self, path: str, secrets: str | SecretStr | Sequence[str | SecretStr] | None
    ) -> None:
        self.path = "/" + path.strip("/")
        self.root = ""  # where the application stands below another path
        self._signer = None if secrets is None else Signer(secrets, purpose="media")

    @property
    def are_signed(self) -> bool:
        """Whether a link needs a token."""
        return self._signer is not None

    def url(
        self, name: str, *, expires: float, filename: str | None = None, inline: bool = True
    ) -> str:
        """Give the address of a file, good for `expires` seconds where links are signed."""
        address = f"{self.root}{self.path}/{quote(name)}"
        if self._signer is None:
            return address
        until = int(time.time() + expires)
        token = self._signer.sign([name, until, filename, inline])
        return f"{address}?token={token}"

    def read(self, name: str, token: str | None) -> Grant:
        """Give what a request for `name` is allowed; raises `LinkRefused`."""
        if self._signer is None:
            return Grant()
        if not token:
            raise LinkRefused
        try:
            signed, until, filename, inline = self._signer.read(token, max_age=LONGEST)
        except BadToken as error:
            raise LinkRefused(error.detail) from error
        if signed != name:
            raise LinkRefused
        if time.time() >= until:
            raise LinkRefused("This link has expired")
        return Grant(filename, inline, until)
