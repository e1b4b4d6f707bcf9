"""The cookie that holds a token: which one is believed, and how it is written.

Over HTTPS it is `__Host-…` alone, which no other host can set and no plain HTTP: a cookie without
the prefix is never looked at there. Over plain HTTP, in development, it has no prefix. Two values
under the one name are somebody's trick, and neither is believed. Headers are taken apart as bytes,
so that no exotic space makes another cookie's name look like ours.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from trivet.errors import SetupError
from trivet.http.cookies import SameSite, delete_cookie, set_cookie
from trivet.http.exchange import Scope

__all__ = ["Cookies"]

_PREFIX = "__Host-"
_LONGEST = 4096


@dataclass(frozen=True, slots=True)
class Cookies:
    """How the cookie is called and sent; `secure` None goes by each request's scheme."""

    name: str
    same_site: SameSite
    secure: bool | None
    _plain: bytes = field(init=False)
    _host: bytes = field(init=False)

    def __post_init__(self) -> None:
        name = self.name.removeprefix(_PREFIX)
        put = object.__setattr__
        put(self, "name", name)
        if self.same_site == "none" and self.secure is None:
            put(self, "secure", True)
        try:
            self._written("x", is_secure=self.secure is not False)
        except ValueError as error:
            raise SetupError(
                f"Sessions: {error}",
                code="sessions.option",
                mend='Sessions(cookie="session", same_site="lax")',
            ) from error
        put(self, "_plain", name.encode())
        put(self, "_host", _PREFIX.encode() + name.encode())

    def read(self, scope: Scope) -> str | None:
        """Give the value that is believed; None where there is none, or several."""
        wanted = self._host if self._is_secure(scope) else self._plain
        found: set[bytes] = set()
        for header, line in scope["headers"]:
            if header == b"cookie" and wanted in line:
                for part in line.split(b";"):
                    name, equals, value = part.strip(b" \t").partition(b"=")
                    if equals and name == wanted:
                        found.add(value)
        if len(found) != 1:
            return None
        value = found.pop()
        return value.decode() if value.isascii() and 0 < len(value) <= _LONGEST else None

    def written(self, scope: Scope, token: str, max_age: int | None) -> bytes:
        """Give the Set-Cookie of a token; `max_age` in seconds, None ends with the browser."""
        return self._written(token, is_secure=self._is_secure(scope), max_age=max_age)

    def deleted(self, scope: Scope) -> bytes:
        """Give the Set-Cookie that lets the browser forget it."""
        is_secure = self._is_secure(scope)
        return delete_cookie(
            self._name(is_secure), secure=is_secure, http_only=True, same_site=self.same_site
        )

    def _written(self, value: str, *, is_secure: bool, max_age: int | None = None) -> bytes:
        return set_cookie(
            self._name(is_secure),
            value,
            max_age=max_age,
            secure=is_secure,
            http_only=True,
            same_site=self.same_site,
        )

    def _name(self, is_secure: bool) -> str:
        return _PREFIX + self.name if is_secure else self.name

    def _is_secure(self, scope: Scope) -> bool:
        return scope["scheme"] in ("https", "wss") if self.secure is None else self.secure
