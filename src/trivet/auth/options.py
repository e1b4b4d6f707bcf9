"""What an application may say about its accounts, in one record."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from trivet.auth.guessing import GuessingRates
from trivet.errors import SetupError
from trivet.middleware.csrf import Csrf

__all__ = ["AuthOptions", "LogIn"]

LogIn = Literal["email", "username", "either"]
_SITE = re.compile(r"https?://[a-z0-9.:\[\]-]+")
_SCHEME = re.compile(r"(?!basic$)[a-z][a-z0-9-]*", re.IGNORECASE)
_MINUTE, _DAY = 60.0, 86_400.0
_PATHS = {
    "confirm": "/account/confirm",
    "reset": "/account/reset/new",
    "magic": "/account/link",
    "invite": "/account/invitation",
}


@dataclass(frozen=True, kw_only=True)
class AuthOptions:
    """How accounts are kept and used; times in seconds. Raises `SetupError`."""

    log_in: LogIn = "email"
    """What people sign in by."""
    sign_up: bool = True
    """Whether anybody may make an account."""
    confirm_email: bool | None = None
    """Whether nobody signs in before the address is confirmed; None where there is mail."""
    site: str | None = None
    """Scheme and host of the links in mails, such as ``https://shop.example.org``; never what a
    request says, which anybody may write."""
    site_name: str = ""
    """What the site is called in mails and on pages; the application's title without it."""
    path: str = "/auth"
    """Where the JSON endpoints are."""
    link_paths: Mapping[str, str] = field(default_factory=dict)
    """Where links of mails go, by purpose (``confirm``, ``reset``, ``magic``, ``invite``)."""
    recent: float = 10 * _MINUTE
    """How long it counts that somebody proved who they are, for `requires_recent_login`."""
    reset_lifetime: float = 20 * _MINUTE
    confirm_lifetime: float = 3 * _DAY
    magic_lifetime: float = 15 * _MINUTE
    second_factor_lifetime: float = 10 * _MINUTE
    """How long the second factor may be shown after the first."""
    csrf: Csrf | None = field(default_factory=Csrf)
    """What judges who has sent a request of somebody who is known by a session, where the
    application has no such hook of its own."""
    rates: GuessingRates = field(default_factory=GuessingRates)
    token_scheme: str = "Bearer"
    """The word before a token in the Authorization header, where clients write another one."""

    def __post_init__(self) -> None:
        if self.log_in not in ("email", "username", "either"):
            raise _wrong("log_in", self.log_in, "'email', 'username' or 'either'")
        if self.site is not None and not _SITE.fullmatch(self.site):
            raise _wrong("site", self.site, "scheme and host alone: 'https://shop.example.org'")
        if not self.path.startswith("/") or self.path.endswith("/"):
            raise _wrong("path", self.path, "a path such as '/auth'")
        if not _SCHEME.fullmatch(self.token_scheme):
            raise _wrong("token_scheme", self.token_scheme, "one word, such as 'Token'")
        for purpose in self.link_paths:
            if purpose not in _PATHS:
                raise _wrong("link_paths", purpose, f"one of {', '.join(_PATHS)}")

    def link_path(self, purpose: str) -> str:
        """Give the path to which links for a purpose go."""
        return self.link_paths.get(purpose) or _PATHS[purpose]


def _wrong(argument: str, given: object, expected: str) -> SetupError:
    return SetupError(
        f"AuthOptions cannot use {argument}={given!r}",
        code="auth.options",
        mend=f"write {expected}",
    )
