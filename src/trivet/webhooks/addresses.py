"""Which addresses are public: all others are refused as destinations of webhooks.

The registries of special addresses (RFC 6890, kept by IANA) are written out here instead of asking
`ipaddress`, whose answers changed between versions of Python. Of IPv6, only 2000::/3 is given to
anybody; ways to write an IPv4 address as one of IPv6 are refused whatever they hold.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

__all__ = ["Address", "Network", "is_public", "read_address", "read_networks"]

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_GIVEN_TO_SOMEBODY = IPv6Network("2000::/3")
_SPECIAL: tuple[Network, ...] = tuple(
    ip_network(text)
    for text in (
        "0.0.0.0/8",  # this host
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # behind a carrier's NAT; 100.100.100.200 is a cloud's metadata
        "127.0.0.0/8",  # loopback
        "168.63.129.16/32",  # what Azure's machines ask about themselves
        "169.254.0.0/16",  # link-local; 169.254.169.254 is most clouds' metadata
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocols; 192.0.0.192 is a cloud's metadata
        "192.0.2.0/24",  # documentation
        "192.31.196.0/24",  # AS112
        "192.52.193.0/24",  # AMT
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",  # private
        "192.175.48.0/24",  # AS112
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
        "2001::/23",  # protocols: Teredo, ORCHID
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4, which holds an IPv4 address
        "2620:4f:8000::/48",  # AS112
        "3fff::/20",  # documentation
    )
)


def is_public(address: Address) -> bool:
    """Tell whether an address is one of the public Internet's."""
    # Outside are ::1, ::ffff:…, 64:ff9b::…, fc00::…, fe80::…, ff00::… and all that is nobody's.
    if isinstance(address, IPv6Address) and address not in _GIVEN_TO_SOMEBODY:
        return False
    return not any(address in network for network in _SPECIAL)


def read_address(text: str) -> Address | None:
    """Give the address that a host is written as, or None for a name."""
    try:
        return ip_address(text)
    except ValueError:
        return None


def read_networks(texts: object) -> tuple[Network, ...]:
    """Give networks such as ``"10.0.0.0/8"``; raises `ValueError`."""
    if isinstance(texts, str) or not hasattr(texts, "__iter__"):
        raise ValueError(f"{texts!r} is no list of networks")
    return tuple(ip_network(text) for text in texts)
