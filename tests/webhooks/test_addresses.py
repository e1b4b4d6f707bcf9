"""Which addresses are public."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis.strategies import ip_addresses

from trivet.webhooks.addresses import is_public

REFUSED = {
    "0.0.0.0": "unspecified",
    "0.1.2.3": "this network",
    "10.0.0.1": "private",
    "100.64.0.1": "behind a carrier's NAT",
    "100.100.100.200": "metadata of Alibaba",
    "127.0.0.1": "loopback",
    "127.255.255.254": "loopback",
    "168.63.129.16": "Azure's wire server",
    "169.254.169.254": "metadata",
    "172.16.0.1": "private",
    "172.31.255.255": "private",
    "192.0.0.192": "metadata of Oracle",
    "192.168.1.1": "private",
    "198.18.0.1": "benchmarks",
    "224.0.0.1": "multicast",
    "239.255.255.255": "multicast",
    "255.255.255.255": "broadcast",
    "::": "unspecified",
    "::1": "loopback",
    "::7f00:1": "an IPv4 address, the old way",
    "::ffff:127.0.0.1": "a mapped IPv4 address",
    "::ffff:93.184.216.34": "a mapped IPv4 address, public or not",
    "64:ff9b::7f00:1": "NAT64",
    "64:ff9b:1::a00:1": "local NAT64",
    "100::1": "discard",
    "2001::1": "Teredo",
    "2001:db8::1": "documentation",
    "2002:7f00:1::": "6to4 of loopback",
    "fc00::1": "unique local",
    "fd00:ec2::254": "metadata of Amazon",
    "fe80::1": "link-local",
    "fe80::1%eth0": "link-local, with its zone",
    "fec0::1": "site-local",
    "ff02::1": "multicast",
}
ALLOWED = ["1.1.1.1", "8.8.8.8", "93.184.216.34", "172.32.0.1", "2606:4700:4700::1111", "2a00::1"]


@pytest.mark.parametrize("text", REFUSED, ids=[f"{k} {v}" for k, v in REFUSED.items()])
def test_special_addresses_are_not_public(text: str) -> None:
    assert not is_public(ip_address(text))


@pytest.mark.parametrize("text", ALLOWED)
def test_addresses_of_somebody_are_public(text: str) -> None:
    assert is_public(ip_address(text))


@given(ip_addresses(v=4) | ip_addresses(v=6))
def test_whatever_python_knows_as_special_is_not_public(address: IPv4Address | IPv6Address) -> None:
    known = (
        address.is_private, address.is_loopback, address.is_link_local, address.is_multicast,
        address.is_reserved, address.is_unspecified,
    )  # fmt: skip

    assert not (any(known) and is_public(address))


@given(ip_addresses(v=4))
def test_an_ipv4_address_written_as_one_of_ipv6_is_never_public(address: IPv4Address) -> None:
    number = int(address)
    ways = [
        number,
        (0xFFFF << 32) | number,
        int(IPv6Address("64:ff9b::")) | number,
        int(IPv6Address("2002::")) | (number << 80),
    ]

    assert not any(is_public(IPv6Address(way)) for way in ways)
