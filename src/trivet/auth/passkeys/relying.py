"""For which site passkeys are: its id, its name, and the origins whose pages may ask for them.

Said by the application, never by a request; while it is being developed, by the request.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection

from trivet.errors import SetupError

__all__ = ["Relying", "RelyingParty"]

_ANDROID = "android:apk-key-hash:"  # the origin of an application of Android's
_CODE = "auth.passkeys-site"


@dataclass(frozen=True, slots=True)
class RelyingParty:
    """A site, as browsers and devices know it."""

    id: str
    """A host, or a domain above it."""
    name: str
    origins: tuple[str, ...]


class Relying:
    """The site of an application; raises `SetupError` for what no browser would take."""

    def __init__(
        self, site: str | None, rp_id: str | None, origins: Sequence[str], name: str = ""
    ) -> None:
        self.name = name
        self.is_debug = False
        self._origins = tuple(origins) or (() if site is None else (site,))
        hosts = [urlsplit(one).hostname or "" for one in self._origins if not _is_android(one)]
        self._id = rp_id or (hosts[0] if hosts else None)
        for origin in self._origins:
            if not _is_android(origin):
                _check(origin, self._id or "")

    @property
    def is_known(self) -> bool:
        """False where it is left to the request."""
        return self._id is not None and bool(self._origins)

    def check(self) -> None:
        """Raise `SetupError` where nobody said which site it is, and it is not being developed."""
        if not self.is_known and not self.is_debug:
            raise SetupError(
                "passkeys are made for one site, and nobody said which",
                code=_CODE,
                mend='Auth(db, options=AuthOptions(site="https://shop.example.org"))',
            )

    def of(self, connection: HTTPConnection) -> RelyingParty:
        """Give the site that a request is for; raises as `check` does."""
        self.check()
        if self._id is not None and self._origins:
            return RelyingParty(self._id, self.name or self._id, self._origins)
        url = connection.url
        host = url.hostname or "localhost"
        return RelyingParty(host, self.name or host, (f"{url.scheme}://{url.netloc}",))


def _is_android(origin: str) -> bool:
    return origin.startswith(_ANDROID)


def _check(origin: str, rp_id: str) -> None:
    parts = urlsplit(origin)
    host = parts.hostname or ""
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and host == "localhost")
    if not is_safe or origin != f"{parts.scheme}://{parts.netloc}":
        raise SetupError(
            f"passkeys cannot be asked for by pages of {origin!r}: browsers have them for https"
            " alone, and for http://localhost",
            code=_CODE,
            mend='Passkeys(auth, origins=["https://shop.example.org"])',
        )
    if host != rp_id and not host.endswith(f".{rp_id}"):
        raise SetupError(
            f"passkeys of {rp_id!r} cannot be used at {origin!r}: rp_id is the host of the pages,"
            " or a domain above it",
            code=_CODE,
            mend=f"Passkeys(auth, rp_id={host!r})",
        )
