"""Who is at the other end: its address, or what a trusted proxy says of it.

What anybody else says is ignored.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence

__all__ = ["TrustedPeers", "address_of", "own_address_of"]

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def _without_port(text: str) -> tuple[str, int]:
    """Split `1.2.3.4:5`, `[::1]:5` and bare addresses into (address, port or 0)."""
    host, port = text.strip(), ""
    if host.startswith("["):
        host, _, rest = host[1:].partition("]")
        port = rest[1:]
    elif host.count(":") == 1:
        host, _, port = host.partition(":")
    return host, int(port) if port.isdigit() and len(port) <= 5 else 0


class TrustedPeers:
    """The proxies whose forwarding headers are believed.

    Given as addresses, networks (`10.0.0.0/8`), socket names, or `*` for everybody; one string may
    hold several, with commas. An empty set believes nobody.
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
            return host is not None and host in self._names
        try:
            address = ipaddress.ip_address(host)
        except ValueError:
            return host in self._names
        if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        return address in self._addresses or any(address in net for net in self._networks)

    def seen_through(
        self,
        headers: Sequence[tuple[bytes, bytes]],
        client: tuple[str, int] | None,
        scheme: str,
    ) -> tuple[tuple[str, int] | None, str]:
        """Give (client, scheme) as the trusted proxy `client` reports them.

        The client is the last address of X-Forwarded-For that is not itself a trusted proxy.
        """
        chain: list[str] = []
        protocol = ""
        for name, value in headers:
            if name == b"x-forwarded-for":
                chain += value.decode("latin-1").split(",")
            elif name == b"x-forwarded-proto":
                protocol = value.decode("latin-1").strip().lower()
        if protocol in ("http", "https"):
            scheme = protocol
        elif protocol in ("ws", "wss"):
            scheme = "https" if protocol == "wss" else "http"
        hops = [_without_port(hop) for hop in chain if hop.strip()]
        for host, port in reversed(hops):
            if not self.trust(host):
                return (host, port), scheme
        return (hops[0] if hops else client), scheme


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
