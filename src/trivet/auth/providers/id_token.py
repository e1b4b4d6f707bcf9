"""Whether an identity token proves who somebody is (OpenID Connect Core, 3.1.3.7).

Values in, values out: keys are given. The algorithm is one that the code names for the provider,
and never what the token says of itself; a key in the token, or an address of one, is not looked at.
"""

from __future__ import annotations

import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, TypeGuard

from trivet.auth.providers.refused import ProviderUntrue
from trivet.errors import MissingExtraError

try:
    from joserfc import jws
    from joserfc.errors import JoseError
    from joserfc.jwk import Key
    from joserfc.jws import JWSRegistry
except ImportError as error:
    raise MissingExtraError("joserfc", "sign-in", what="sign-in by providers") from error

__all__ = ["ALGORITHMS", "Expected", "TokenHead", "checked_claims", "read_head"]

ALGORITHMS: Mapping[str, str] = {
    "RS256": "RSA",
    "PS256": "RSA",
    "ES256": "EC",
    "HS256": "oct",
}
"""What may be named, and the kind of key that belongs to it; all of them hash by SHA-256."""

_MOST_OF_SUBJECT = 255  # OpenID Connect Core, 2
_MOST_OF_HEAD = 4096
_MOST_OF_KEY_ID = 500
_FURTHEST = 1e12  # seconds


@dataclass(frozen=True, slots=True)
class Expected:
    """What the claims have to say."""

    issuer: str
    client_id: str
    nonce: str
    access_token: str
    now: float
    leeway: float = 60.0
    """Seconds by which clocks may differ."""


@dataclass(frozen=True, slots=True)
class TokenHead:
    """Which of the provider's keys a token says that it was signed with."""

    algorithm: str
    key_id: str | None


def read_head(token: str, algorithms: tuple[str, ...]) -> TokenHead:
    """Give by which key a token is to be looked at; raises `ProviderUntrue`.

    Nothing in it is true yet: it only says which of the keys that are known to try.
    """
    if token.count(".") != 2:
        raise ProviderUntrue("the identity token has not three parts")
    text = token.partition(".")[0]
    try:
        head = json.loads(urlsafe_b64decode(text[:_MOST_OF_HEAD] + "=" * (-len(text) % 4)))
    except (ValueError, RecursionError) as error:
        raise ProviderUntrue("the identity token cannot be read") from error
    if not isinstance(head, dict):
        raise ProviderUntrue("the identity token has no head")
    algorithm, key_id = head.get("alg"), head.get("kid")
    if not isinstance(algorithm, str) or algorithm not in algorithms:
        raise ProviderUntrue(f"the identity token is not signed by {' or '.join(algorithms)}")
    if "crit" in head or "b64" in head or "enc" in head:
        raise ProviderUntrue("the identity token wants to be read in another way")
    if key_id is not None and (not isinstance(key_id, str) or len(key_id) > _MOST_OF_KEY_ID):
        raise ProviderUntrue("the identity token's key id is none")
    return TokenHead(algorithm, key_id)


def checked_claims(token: str, head: TokenHead, key: Key, expected: Expected) -> dict[str, Any]:
    """Give what a token says, if it is signed by the key and says it of us, to us and now.

    Raises `ProviderUntrue`.
    """
    if key.key_type != ALGORITHMS[head.algorithm]:
        raise ProviderUntrue("the key is of another kind than the algorithm")
    registry = JWSRegistry(algorithms=[head.algorithm], strict_check_header=False)
    registry.max_header_length = _MOST_OF_HEAD
    try:
        signed = jws.deserialize_compact(token, key, registry=registry)
        claims = json.loads(signed.payload or b"")
    # Whoever made the token chose what the library stumbles over.
    except (JoseError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise ProviderUntrue("the identity token is not signed by the provider") from error
    if not isinstance(claims, dict):
        raise ProviderUntrue("the identity token has no claims")
    _check_parties(claims, expected)
    _check_times(claims, expected)
    nonce, subject = claims.get("nonce"), claims.get("sub")
    if not isinstance(nonce, str) or not _is_same(nonce, expected.nonce):
        raise ProviderUntrue("the identity token was made for another sign-in")
    if not _is_subject(subject):
        raise ProviderUntrue("the identity token does not say of whom it is")
    proof = claims.get("at_hash")
    if proof is not None:
        half = sha256(expected.access_token.encode()).digest()[:16]
        right = urlsafe_b64encode(half).rstrip(b"=").decode()
        if not isinstance(proof, str) or not _is_same(proof, right):
            raise ProviderUntrue("the access token does not belong to the identity token")
    return claims


def _is_subject(given: object) -> bool:
    return isinstance(given, str) and 0 < len(given) <= _MOST_OF_SUBJECT and given.isprintable()


def _check_parties(claims: Mapping[str, Any], expected: Expected) -> None:
    if claims.get("iss") != expected.issuer:
        raise ProviderUntrue("the identity token is another issuer's")
    audience, party = claims.get("aud"), claims.get("azp")
    whole = [audience] if isinstance(audience, str) else audience
    if not isinstance(whole, list) or expected.client_id not in whole:
        raise ProviderUntrue("the identity token is for somebody else")
    if party is None and len(whole) > 1:
        raise ProviderUntrue("the identity token is for several, and does not say who asked")
    if party is not None and party != expected.client_id:
        raise ProviderUntrue("somebody else has asked for the identity token")


def _check_times(claims: Mapping[str, Any], expected: Expected) -> None:
    ends, made, begins = claims.get("exp"), claims.get("iat"), claims.get("nbf", 0)
    if not _is_moment(ends) or not _is_moment(made) or not _is_moment(begins):
        raise ProviderUntrue("the identity token does not say when it counts")
    if ends <= expected.now - expected.leeway:
        raise ProviderUntrue("the identity token counts no more")
    if made > expected.now + expected.leeway or begins > expected.now + expected.leeway:
        raise ProviderUntrue("the identity token does not count yet")


def _is_moment(given: object) -> TypeGuard[float]:
    if not isinstance(given, int | float) or isinstance(given, bool):
        return False
    return (
        -_FURTHEST < given < _FURTHEST
    )  # neither infinite nor none at all, both of which JSON has


def _is_same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode("utf-8", "replace"), other.encode())
