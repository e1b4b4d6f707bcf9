"""What a provider is here, what is sent to it, what comes back, and who that turns out to be."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Protocol

from starlette.requests import HTTPConnection

from trivet.auth.providers.fetching import Fetcher
from trivet.auth.providers.refused import ProviderDeclined, ProviderUntrue
from trivet.errors import SetupError

__all__ = ["Person", "Provider", "Returned", "Trip", "checked_text", "wrong_provider"]

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,29}")
_ERROR = re.compile(r"[a-z_]{1,50}")
_LONGEST = 4096  # characters of a code; RFC 6749 names no end
_ANSWERS = ("code", "state", "error", "iss")


@dataclass(frozen=True, slots=True)
class Person:
    """Who somebody is at a provider."""

    issuer: str
    subject: str
    """What the provider calls them for ever; with the issuer, the only thing they are known by."""
    email: str | None = None
    """An address that the provider has verified; None where there is none."""
    name: str = ""
    is_strong: bool = False
    """True where the provider says by more than one factor, and it was said that this counts."""


@dataclass(frozen=True, slots=True, repr=False)
class Trip:
    """One way to a provider and back, and its secrets."""

    state: str
    verifier: str
    """Of which the provider has the hash alone (PKCE, RFC 7636)."""
    nonce: str
    redirect_uri: str


@dataclass(frozen=True, slots=True, repr=False)
class Returned:
    """What came back over the browser, none of which is true until it is looked at."""

    state: str = ""
    code: str = ""
    error: str | None = None
    iss: str | None = None

    @classmethod
    def of(cls, connection: HTTPConnection) -> Returned:
        """Read the query of a request; what is there twice, or too long, is as if it were not."""
        given = connection.query_params
        found = {}
        for name in _ANSWERS:
            values = given.getlist(name)
            if len(values) == 1 and len(values[0]) <= _LONGEST:
                found[name] = values[0]
            elif values and name in ("error", "iss"):
                found[name] = ""  # something was said that does not count
        return cls(**found)

    def must_be_from(self, issuer: str | None, *, says_so: bool) -> None:
        """Refuse an answer of another provider than the one that was asked (RFC 9207).

        `says_so` where it has announced that it always names itself. Raises `ProviderUntrue`.
        """
        if self.iss is None:
            if says_so:
                raise ProviderUntrue("the answer does not say whose it is")
        elif issuer is not None and self.iss != issuer:
            raise ProviderUntrue("the answer is another issuer's")

    def must_have_code(self) -> str:
        """Give the code; raises `ProviderDeclined` and `ProviderUntrue`."""
        if self.error is not None:
            raise ProviderDeclined(self.error if _ERROR.fullmatch(self.error) else "")
        if not self.code:
            raise ProviderUntrue("the answer has no code")
        return self.code


class Provider(Protocol):
    """Where people have an account by which they sign in here; see `OidcProvider`, `GitHub`."""

    @property
    def name(self) -> str:
        """What paths call it: small letters, digits and dashes."""

    @property
    def title(self) -> str:
        """What people call it."""

    @property
    def issuer(self) -> str:
        """What its accounts are kept under; never changed, or nobody finds theirs again."""

    async def address(self, fetcher: Fetcher, trip: Trip) -> str:
        """Give where a browser is sent; raises `ProviderFault`."""

    async def person(self, fetcher: Fetcher, trip: Trip, returned: Returned) -> Person:
        """Give who came back; raises `ProviderFault` for all that does not prove it."""


def checked_text(name: str, title: str, client_id: str) -> None:
    """Refuse what cannot name a provider or a client; raises `SetupError`."""
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise wrong_provider("name", name, "small letters, digits and dashes, as 'acme'")
    if not title or not title.isprintable():
        raise wrong_provider("title", title, "what people call it, as 'Acme'")
    if not client_id or not client_id.isprintable():
        raise wrong_provider("client_id", client_id, "what the provider gave when you registered")


def wrong_provider(argument: str, given: object, expected: str) -> SetupError:
    """Give the error for a provider that cannot be described like this."""
    return SetupError(
        f"a provider cannot have {argument}={given!r}",
        code="auth.provider",
        mend=f"write {expected}",
    )
