"""The authorization code flow with PKCE (RFC 6749, 7636, 9700), as far as providers share it.

It is a few lines of our own: the clients of Authlib are bound to other HTTP libraries, and
keep the state where they like; here it is kept by `trips`, and questions are asked by `fetching`.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import TypeGuard
from urllib.parse import urlencode

from pydantic import SecretStr

from trivet.auth.providers.fetching import Fetcher, is_safe_address
from trivet.auth.providers.provider import Trip
from trivet.auth.providers.refused import ProviderAway, ProviderUntrue

__all__ = ["Client", "Tokens", "authorization_address", "redeem"]

_LONGEST_TOKEN = 16_384
_NOT_TAKEN = (400, 401, 403)  # RFC 6749, 5.2: the code, or our secret, is not right


@dataclass(frozen=True)
class Client:
    """Who we are at a provider."""

    id: str
    secret: SecretStr | None


@dataclass(frozen=True, slots=True, repr=False)
class Tokens:
    """What a code was exchanged for; used at once and kept nowhere."""

    access: str
    identity: str | None


def authorization_address(
    endpoint: object, client: Client, scopes: tuple[str, ...], trip: Trip, **more: str
) -> str:
    """Give the address to which a browser is sent; raises `ProviderAway` for an unfit endpoint."""
    if not isinstance(endpoint, str) or not is_safe_address(endpoint):
        raise ProviderAway("its authorization endpoint is no HTTPS address")
    digest = sha256(trip.verifier.encode()).digest()
    query = {
        **more,
        "response_type": "code",
        "client_id": client.id,
        "redirect_uri": trip.redirect_uri,
        "scope": " ".join(scopes),
        "state": trip.state,
        "code_challenge": urlsafe_b64encode(digest).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
    }
    return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(query)}"


async def redeem(
    fetcher: Fetcher,
    endpoint: object,
    client: Client,
    code: str,
    trip: Trip,
    *,
    secret_in_form: bool,
) -> Tokens:
    """Exchange a code for tokens; raises `ProviderAway` and `ProviderUntrue`."""
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": trip.redirect_uri,
        "code_verifier": trip.verifier,
    }
    header = None
    if client.secret is None:
        form["client_id"] = client.id
    elif secret_in_form:
        form |= {"client_id": client.id, "client_secret": client.secret.get_secret_value()}
    else:
        header = (client.id, client.secret.get_secret_value())
    if not isinstance(endpoint, str):
        raise ProviderAway("it has no token endpoint")
    try:
        answer = await fetcher.post(endpoint, form, client=header)
    except ProviderAway as away:
        if away.status in _NOT_TAKEN:
            raise ProviderUntrue(f"the code was not taken: {away}") from away
        raise
    if not isinstance(answer, Mapping):
        raise ProviderAway("its token endpoint answered with something else than an object")
    access, identity = answer.get("access_token"), answer.get("id_token")
    if not _is_token(access) or str(answer.get("token_type")).lower() != "bearer":
        # Some say with status 200 that they did not like the code.
        raise ProviderUntrue("the code was exchanged for no bearer token")
    if identity is not None and not _is_token(identity):
        raise ProviderUntrue("the identity token is none")
    return Tokens(access, identity)


def _is_token(given: object) -> TypeGuard[str]:
    return (
        isinstance(given, str)
        and 0 < len(given) <= _LONGEST_TOKEN
        and given.isascii()
        and given.isprintable()
    )
