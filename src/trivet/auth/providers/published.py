"""What a provider of OpenID Connect publishes: where it is asked, and the keys by which it signs.

Both are kept for an hour. A key that is not among them is asked for once more, and then not again
for half a minute, whatever tokens say: nobody makes us ask a provider as often as they like. One
that does not answer is left alone for three seconds.
"""

from __future__ import annotations

import asyncio
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from time import monotonic
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, RSAKey

from trivet.auth.providers.fetching import Fetcher
from trivet.auth.providers.id_token import ALGORITHMS, TokenHead
from trivet.auth.providers.refused import ProviderAway, ProviderUntrue

__all__ = ["Published"]

_KEPT = 3600.0  # seconds
_PAUSE = 30.0
_AWAY = 3.0
_MOST_KEYS = 50
_RSA_BITS = range(2048, 8193)  # less can be broken, more takes long
_WELL_KNOWN = "/.well-known/openid-configuration"


class Published:
    """What one issuer publishes."""

    def __init__(self, issuer: str) -> None:
        self._issuer = issuer
        self._metadata: Mapping[str, Any] = {}
        self._metadata_until = 0.0
        self._away_until = 0.0
        self._keys: list[tuple[Mapping[str, Any], Key]] = []
        self._keys_until = 0.0
        self._again_at = 0.0
        self._lock = asyncio.Lock()

    async def metadata(self, fetcher: Fetcher) -> Mapping[str, Any]:
        """Give the provider's description of itself; raises `ProviderAway`."""
        async with self._lock:
            if monotonic() >= self._metadata_until:
                if monotonic() < self._away_until:
                    raise ProviderAway("it did not answer a moment ago")
                try:
                    self._metadata = await self._described(fetcher)
                except ProviderAway:
                    # Those who wait for the lock are told at once, and do not wait in turn.
                    self._away_until = monotonic() + _AWAY
                    raise
                self._metadata_until = monotonic() + _KEPT
            return self._metadata

    async def _described(self, fetcher: Fetcher) -> Mapping[str, Any]:
        found = await fetcher.get(self._issuer.removesuffix("/") + _WELL_KNOWN)
        if not isinstance(found, dict) or found.get("issuer") != self._issuer:
            raise ProviderAway("what is published there is another issuer's")
        return found

    async def key(self, fetcher: Fetcher, head: TokenHead) -> Key:
        """Give the key that a token names; raises `ProviderAway` and `ProviderUntrue`."""
        address = (await self.metadata(fetcher)).get("jwks_uri")
        if not isinstance(address, str):
            raise ProviderAway("it does not say where its keys are")
        async with self._lock:
            if monotonic() >= self._keys_until:
                await self._load(fetcher, address)
            found = self._find(head)
            if found is None and monotonic() >= self._again_at:
                self._again_at = monotonic() + _PAUSE
                await self._load(fetcher, address)
                found = self._find(head)
        if found is None:
            raise ProviderUntrue("the identity token names no key of the provider's")
        return found

    async def _load(self, fetcher: Fetcher, address: str) -> None:
        found = await fetcher.get(address)
        keys = found.get("keys") if isinstance(found, dict) else None
        if not isinstance(keys, list):
            raise ProviderAway("what it publishes are no keys")
        known = [(one, _imported(one)) for one in keys[:_MOST_KEYS] if isinstance(one, dict)]
        self._keys = [(one, key) for one, key in known if key is not None]
        self._keys_until = monotonic() + _KEPT

    def _find(self, head: TokenHead) -> Key | None:
        """Give the only key that fits; without an id, several would be a guess."""
        fitting = [key for one, key in self._keys if _fits(one, head)]
        return fitting[0] if len(fitting) == 1 else None


def _fits(described: Mapping[str, Any], head: TokenHead) -> bool:
    return (
        described.get("kty") == ALGORITHMS[head.algorithm]
        and described.get("use", "sig") == "sig"
        and described.get("alg", head.algorithm) == head.algorithm
        and (head.key_id is None or described.get("kid") == head.key_id)
    )


def _imported(described: dict[str, Any]) -> Key | None:
    """Give a public key, or None for one of a kind that is not used here, or that is none."""
    try:
        if described.get("kty") == "RSA":
            public = {name: described[name] for name in ("kty", "n", "e")}
            padded = described["n"] + "=" * (-len(described["n"]) % 4)
            bits = int.from_bytes(urlsafe_b64decode(padded), "big").bit_length()
            return RSAKey.import_key(public) if bits in _RSA_BITS else None
        if described.get("kty") == "EC" and described.get("crv") == "P-256":
            return ECKey.import_key({name: described[name] for name in ("kty", "crv", "x", "y")})
    # Others' keys stand beside the one that is wanted, and may be whatever they like.
    except (JoseError, ValueError, TypeError, KeyError):
        return None
    return None
