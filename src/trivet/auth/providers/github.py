"""GitHub, which has OAuth 2 and no identity tokens: who somebody is, its API tells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from typing import Any

from pydantic import SecretStr

from trivet.auth.providers.code_flow import Client, Tokens, authorization_address, redeem
from trivet.auth.providers.fetching import Fetcher, is_safe_address
from trivet.auth.providers.provider import Person, Returned, Trip, checked_text, wrong_provider
from trivet.auth.providers.refused import ProviderUntrue

__all__ = ["GitHub"]


@dataclass(frozen=True)
class GitHub:
    """GitHub: ``GitHub(client_id=…, client_secret=…)``, as an OAuth app there is registered.

    For a server of one's own, `site` and `api` are its addresses. Raises `SetupError`.
    """

    name: str = "github"
    _: KW_ONLY
    client_id: str
    client_secret: str | SecretStr = field(repr=False)
    title: str = "GitHub"
    scopes: Sequence[str] = ("read:user", "user:email")
    site: str = "https://github.com"
    api: str = "https://api.github.com"
    _client: Client = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        checked_text(self.name, self.title, self.client_id)
        for argument, given in (("site", self.site), ("api", self.api)):
            if not is_safe_address(given) or given.endswith("/") or "?" in given:
                raise wrong_provider(argument, given, "an address such as 'https://github.com'")
        secret = self.client_secret
        secret = SecretStr(secret) if isinstance(secret, str) else secret
        object.__setattr__(self, "client_secret", secret)
        object.__setattr__(self, "_client", Client(self.client_id, secret))

    @property
    def issuer(self) -> str:
        """What its accounts are kept under."""
        return self.site

    async def address(self, fetcher: Fetcher, trip: Trip) -> str:
        """Give where a browser is sent; raises `ProviderFault`."""
        endpoint = f"{self.site}/login/oauth/authorize"
        return authorization_address(endpoint, self._client, tuple(self.scopes), trip)

    async def person(self, fetcher: Fetcher, trip: Trip, returned: Returned) -> Person:
        """Give who came back; raises `ProviderFault` for all that does not prove it.

        The code was given for our client and this trip's verifier, and nothing but it leads to the
        token that the API is asked with: what stands for an identity token's audience and nonce.
        """
        endpoint = f"{self.site}/login/oauth/access_token"
        code = returned.must_have_code()
        tokens = await redeem(fetcher, endpoint, self._client, code, trip, secret_in_form=True)
        user = await fetcher.get(f"{self.api}/user", token=tokens.access)
        number = user.get("id") if isinstance(user, dict) else None
        if not isinstance(number, int) or isinstance(number, bool):
            raise ProviderUntrue("it does not say who that is")
        # Never the log-in, which may be given up and taken by somebody else.
        name = user.get("name") or user.get("login")
        return Person(
            issuer=self.issuer,
            subject=str(number),
            email=await self._email(fetcher, tokens),
            name=name if isinstance(name, str) else "",
        )

    async def _email(self, fetcher: Fetcher, tokens: Tokens) -> str | None:
        if "user:email" not in self.scopes:
            return None
        found = await fetcher.get(f"{self.api}/user/emails", token=tokens.access)
        for one in found if isinstance(found, list) else []:
            if isinstance(one, Mapping) and one.get("primary") is True:
                return _verified(one)
        return None


def _verified(one: Mapping[str, Any]) -> str | None:
    email = one.get("email")
    return email if one.get("verified") is True and isinstance(email, str) else None
