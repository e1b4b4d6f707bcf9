"""Who may read what is nobody else's business: figures, and why something is not ready."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from pydantic import SecretStr
from starlette.requests import Request

from trivet.errors import HTTPException, SetupError

__all__ = ["Readers"]

_LOCAL = ("127.0.0.0/8", "::1")
# Of proxies: who is forwarded is not on this machine, whatever the connection looks like.
_FORWARDED = ("x-forwarded-for", "forwarded", "x-real-ip", "via")
_SHORTEST = 16  # letters of a token


@dataclass(frozen=True, kw_only=True)
class Readers:
    """Those who come from `addresses`, or say `token`; without either, nobody.

    Addresses and networks (``10.0.0.0/8``) are those of clients, as far as their proxies are
    trusted; a request that was forwarded is never from this machine. The token, of at least 16
    letters, comes as ``Authorization: Bearer …``. Raises `SetupError`.
    """

    addresses: Sequence[str] = _LOCAL
    token: str | SecretStr | None = None
    _networks: tuple[IPv4Network | IPv6Network, ...] = field(
        init=False, repr=False, compare=False, default=()
    )
    _secret: bytes = field(init=False, repr=False, compare=False, default=b"")

    def __post_init__(self) -> None:
        try:
            networks = tuple(ip_network(one) for one in self.addresses)
        except ValueError as error:
            raise SetupError(
                f"Readers cannot be at these addresses: {error}",
                code="observe.addresses",
                mend='Readers(addresses=["10.0.0.0/8", "192.0.2.7"])',
            ) from error
        object.__setattr__(self, "_networks", networks)
        if self.token is None:
            return
        token = SecretStr(self.token) if isinstance(self.token, str) else self.token
        if len(token.get_secret_value()) < _SHORTEST:
            raise SetupError(
                f"a token of {len(token.get_secret_value())} letters can be guessed",
                code="observe.token",
                mend="python -c 'import secrets; print(secrets.token_urlsafe())', kept in settings",
            )
        object.__setattr__(self, "token", token)  # it is not shown where this is printed
        object.__setattr__(self, "_secret", token.get_secret_value().encode())

    def may_read(self, request: Request) -> bool:
        """Tell whether who sent the request is one of them."""
        if self._secret:
            scheme, _, given = request.headers.get("authorization", "").partition(" ")
            if scheme.lower() == "bearer" and hmac.compare_digest(
                given.strip().encode(), self._secret
            ):
                return True
        if request.client is None:
            return False
        try:
            address = ip_address(request.client.host)
        except ValueError:
            return False
        if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        if address.is_loopback and any(name in request.headers for name in _FORWARDED):
            return False
        return any(address in network for network in self._networks)

    def check(self, request: Request) -> None:
        """Raise 401 where a token would help, and 403 where nothing does, for who is none."""
        if self.may_read(request):
            return
        if self._secret:
            raise HTTPException(401, "say the token", headers={"WWW-Authenticate": "Bearer"})
        raise HTTPException(403, "not shown to this address")
