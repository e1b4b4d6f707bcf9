"""Who is at the other end: its address, or what a trusted proxy says of it.

What anybody else says is ignored.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence

__all__ = ["TrustedPeers", "address_of", "own_address_of"]

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_SCHEMES = {"http": "http", "https": "https", "ws": "http", "wss": "https"}


def _read(text: str) -> tuple[str, int] | None:
    """Read `1.2.3.4:5`, `[::1]:5` or a bare address as (address, port or 0); None if it is none."""
    host, port = text.strip(), ""
    if host.startswith("["):
        host, _, rest = host[1:].partition("]")
        port = rest[1:]
    elif host.count(":") == 1:
        host, _, port = host.partition(":")
    try:
        address = _plain(ipaddress.ip_address(host))
    except ValueError:
        return None
    return str(address), int(port) if port.isdecimal() and len(port) <= 5 else 0


def _plain(address: _Address) -> _Address:
    """Give the IPv4 address that an IPv6 socket writes as ::ffff:192.0.2.1."""
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


class TrustedPeers:
    """The proxies whose forwarding headers are believed.

    Given as addresses, networks (`10.0.0.0/8`), `unix` for a peer on a UNIX socket, or `*` for any
    peer; one string may hold several, with commas. An empty set believes nobody. `*` says whose
    headers are read, not which addresses in them are proxies: those must be named.
    """

    __slots__ = ("_addresses", "_all", "_names", "_networks")

    def __init__(self, peers: str | Iterable[str]) -> None:
        items = peers.split(",") if isinstance(peers, str) else list(peers)
        self._all = False
        self._addresses: set[_Address] = set()
        self._networks: list[_Network] = []
        self._names: set[str] = set()
        for item in (item.strip() for item in items):
            if item == "*":
                self._all = True
                continue
            try:
                if "/" in item:
                    self._networks.append(ipaddress.ip_network(item))
                else:
                    self._addresses.add(ipaddress.ip_address(item))
            except ValueError:
                self._names.add(item)

    def trust(self, host: str | None) -> bool:
        """Tell whether the peer `host` is a trusted proxy."""
        if self._all:
            return True
        if not host:
            return host is not None and "unix" in self._names
        return self._is_named(host)

    def _is_named(self, host: str) -> bool:
        try:
            address = _plain(ipaddress.ip_address(host))
        except ValueError:
            return host in self._names
        return address in self._addresses or any(address in net for net in self._networks)

    def seen_through(
        self,
        headers: Sequence[tuple[bytes, bytes]],
        client: tuple[str, int] | None,
        scheme: str,
    ) -> tuple[tuple[str, int] | None, str]:
        """Give (client, scheme) as the trusted proxy `client` reports them.

        Headers are read from the right, where the nearest proxy wrote: the client is the first
        address that is not a named proxy, and what stands left of it, which the client may have
        written itself, is not looked at. An address that cannot be read ends the walk.
        """
        chain: list[str] = []
        protocols: list[str] = []
        for name, value in headers:
            if name == b"x-forwarded-for":
                chain += value.decode("latin-1").split(",")
            elif name == b"x-forwarded-proto":
                protocols += value.decode("latin-1").split(",")
        at = len(chain)
        for hop in reversed(chain):
            found = _read(hop)
            if found is None:
                break
            at -= 1
            client = found
            if not self._is_named(found[0]):
                break
        if protocols:
            # One for each hop, or that of the nearest proxy for all.
            aligned = len(protocols) == len(chain) and at < len(chain)
            scheme = _SCHEMES.get(protocols[at if aligned else -1].strip().lower(), scheme)
        return client, scheme


def address_of(name: object) -> tuple[str, int] | None:
    """Give a peer's address, or None where it has none (a UNIX socket)."""
    if isinstance(name, tuple) and len(name) >= 2:
        return (str(name[0]), int(name[1]))
    return None


def own_address_of(name: object) -> tuple[str, int | None] | None:
    """Give our own address on a socket; that of a UNIX socket is its path."""
    if isinstance(name, str):
        return (name, None)
    return address_of(name)
