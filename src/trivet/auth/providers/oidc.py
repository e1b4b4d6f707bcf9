"""A provider of OpenID Connect, found by what it publishes."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from typing import Any

from joserfc.jwk import Key, OctKey
from pydantic import SecretStr

from trivet.auth.providers.code_flow import Client, Tokens, authorization_address, redeem
from trivet.auth.providers.fetching import Fetcher, is_safe_address
from trivet.auth.providers.id_token import ALGORITHMS, Expected, checked_claims, read_head
from trivet.auth.providers.provider import Person, Returned, Trip, checked_text, wrong_provider
from trivet.auth.providers.published import Published
from trivet.auth.providers.refused import ProviderUntrue

__all__ = ["OidcProvider"]

_SHORTEST_SHARED = 32  # bytes of a secret that signs (RFC 7518, 3.2)
_OURS = frozenset(
    {
        "client_id", "code_challenge", "code_challenge_method", "nonce", "redirect_uri",
        "response_mode", "response_type", "scope", "state",
    }
)  # fmt: skip


@dataclass(frozen=True)
class OidcProvider:
    """A provider of OpenID Connect: ``OidcProvider("acme", issuer="https://id.acme.org", …)``.

    `issuer` is written exactly as the provider writes it. `algorithms` are those that its identity
    tokens may be signed by. `more` goes into the address to which people are sent, such as
    ``{"prompt": "select_account"}``. Where the provider says one of `strong_amr` or `strong_acr`,
    no second factor is asked for here. Raises `SetupError`.
    """

    name: str
    _: KW_ONLY
    issuer: str
    client_id: str
    client_secret: str | SecretStr | None = field(default=None, repr=False)
    title: str = ""
    scopes: Sequence[str] = ("openid", "profile", "email")
    algorithms: Sequence[str] = ("RS256", "PS256", "ES256")
    more: Mapping[str, str] = field(default_factory=dict)
    strong_amr: Sequence[str] = ()
    strong_acr: Sequence[str] = ()
    _client: Client = field(init=False, repr=False, compare=False)
    _published: Published = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "title", self.title or self.name.capitalize())
        checked_text(self.name, self.title, self.client_id)
        if not is_safe_address(self.issuer) or "?" in self.issuer or len(self.issuer) > 255:
            raise wrong_provider("issuer", self.issuer, "its address: 'https://id.acme.org'")
        if "openid" not in self.scopes or isinstance(self.scopes, str):
            raise wrong_provider("scopes", self.scopes, "['openid', …]")
        if _OURS & set(self.more):
            raise wrong_provider("more", dict(self.more), f"none of {', '.join(sorted(_OURS))}")
        secret = self.client_secret
        secret = SecretStr(secret) if isinstance(secret, str) else secret
        self._check_algorithms(secret)
        object.__setattr__(self, "client_secret", secret)
        object.__setattr__(self, "_client", Client(self.client_id, secret))
        object.__setattr__(self, "_published", Published(self.issuer))

    def _check_algorithms(self, secret: SecretStr | None) -> None:
        named = set(self.algorithms)
        if isinstance(self.algorithms, str) or not named or not named <= ALGORITHMS.keys():
            expected = f"some of {', '.join(ALGORITHMS)}"
            raise wrong_provider("algorithms", self.algorithms, expected)
        if "HS256" not in named:
            return
        if len(named) > 1:  # what verifies by the one kind could be made with the other's key
            raise wrong_provider("algorithms", self.algorithms, "'HS256' alone, or without it")
        if secret is None or len(secret.get_secret_value().encode()) < _SHORTEST_SHARED:
            expected = f"'RS256', or give a secret of {_SHORTEST_SHARED} bytes or more"
            raise wrong_provider("algorithms", self.algorithms, expected)

    async def address(self, fetcher: Fetcher, trip: Trip) -> str:
        """Give where a browser is sent; raises `ProviderFault`."""
        metadata = await self._published.metadata(fetcher)
        more = {**self.more, "nonce": trip.nonce, "response_mode": "query"}
        endpoint = metadata.get("authorization_endpoint")
        return authorization_address(endpoint, self._client, tuple(self.scopes), trip, **more)

    async def person(self, fetcher: Fetcher, trip: Trip, returned: Returned) -> Person:
        """Give who came back; raises `ProviderFault` for all that does not prove it."""
        metadata = await self._published.metadata(fetcher)
        says_so = metadata.get("authorization_response_iss_parameter_supported") is True
        returned.must_be_from(self.issuer, says_so=says_so)
        code = returned.must_have_code()
        tokens = await redeem(
            fetcher,
            metadata.get("token_endpoint"),
            self._client,
            code,
            trip,
            secret_in_form=not _takes_header(metadata),
        )
        claims = await self._claims(fetcher, trip, tokens)
        return Person(
            issuer=self.issuer,
            subject=claims["sub"],
            email=_verified_email(await self._profile(fetcher, metadata, tokens, claims)),
            name=_name(claims),
            is_strong=self._is_strong(claims),
        )

    async def _claims(self, fetcher: Fetcher, trip: Trip, tokens: Tokens) -> dict[str, Any]:
        if tokens.identity is None:
            raise ProviderUntrue("there is no identity token")
        head = read_head(tokens.identity, tuple(self.algorithms))
        key: Key
        if head.algorithm == "HS256":
            assert self._client.secret is not None, "looked at when the provider was made"
            key = OctKey.import_key(self._client.secret.get_secret_value())
        else:
            key = await self._published.key(fetcher, head)
        expected = Expected(self.issuer, self.client_id, trip.nonce, tokens.access, now=time.time())
        return checked_claims(tokens.identity, head, key, expected)

    async def _profile(
        self,
        fetcher: Fetcher,
        metadata: Mapping[str, Any],
        tokens: Tokens,
        claims: Mapping[str, Any],
    ) -> Mapping[str, Any]:
        """Give the claims that have the address: some providers tell it by another answer."""
        endpoint = metadata.get("userinfo_endpoint")
        if "email" not in self.scopes or "email" in claims or not isinstance(endpoint, str):
            return claims
        found = await fetcher.get(endpoint, token=tokens.access)
        if not isinstance(found, dict) or found.get("sub") != claims["sub"]:
            raise ProviderUntrue("it told of somebody else than the identity token")
        return found

    def _is_strong(self, claims: Mapping[str, Any]) -> bool:
        methods = claims.get("amr")
        used = methods if isinstance(methods, list) else []
        return any(one in used for one in self.strong_amr) or claims.get("acr") in self.strong_acr


def _takes_header(metadata: Mapping[str, Any]) -> bool:
    ways = metadata.get("token_endpoint_auth_methods_supported")
    # OpenID Connect Discovery, 3: without a word it is the header.
    return not isinstance(ways, list) or "client_secret_basic" in ways


def _verified_email(claims: Mapping[str, Any]) -> str | None:
    email = claims.get("email")
    told = claims.get("email_verified")
    is_verified = told is True or told == "true"  # some write it as text
    return email if is_verified and isinstance(email, str) else None


def _name(claims: Mapping[str, Any]) -> str:
    name = claims.get("name")
    return name if isinstance(name, str) else ""
