"""What a trusted proxy says of its client is read from the right, as far as proxies are named."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trivet.adapters.proxies import TrustedPeers

PEER = ("10.0.0.1", 5000)


def seen(
    trusted: str, *pairs: tuple[str, str], client: tuple[str, int] | None = PEER
) -> tuple[tuple[str, int] | None, str]:
    headers = [(name.encode(), value.encode("latin-1")) for name, value in pairs]
    return TrustedPeers(trusted).seen_through(headers, client, "http")


@pytest.mark.parametrize("trusted", ["10.0.0.1", "unix", "*"])
@pytest.mark.parametrize("client", [PEER, None])
def test_what_a_client_wrote_before_its_proxy_is_not_believed(
    trusted: str, client: tuple[str, int] | None
) -> None:
    found, _ = seen(trusted, ("x-forwarded-for", "1.1.1.1, 198.51.100.4"), client=client)

    assert found == ("198.51.100.4", 0)


def test_named_proxies_in_a_row_are_walked_back() -> None:
    found = seen(
        "10.0.0.0/8,203.0.113.9",
        ("x-forwarded-for", "1.1.1.1, 198.51.100.4:1234"),
        ("x-forwarded-for", "203.0.113.9, 10.0.0.7"),
        ("x-forwarded-proto", "http, https, http, http"),
    )

    assert found == (("198.51.100.4", 1234), "https")


def test_where_all_are_named_proxies_the_first_is_the_client() -> None:
    found, _ = seen("10.0.0.0/8", ("x-forwarded-for", "10.1.1.1, [::ffff:10.2.2.2]:5"))

    assert found == ("10.1.1.1", 0)


@pytest.mark.parametrize(
    ("chain", "client"),
    [
        ("1.1.1.1, unknown, 10.2.2.2", ("10.2.2.2", 0)),
        ("1.1.1.1, unknown", PEER),
        ('1.1.1.1, 6"}', PEER),
        ("1.1.1.1,", PEER),
        ("", PEER),
    ],
)
def test_an_address_that_cannot_be_read_ends_the_walk(chain: str, client: tuple[str, int]) -> None:
    assert seen("10.0.0.0/8", ("x-forwarded-for", chain))[0] == client


@pytest.mark.parametrize(
    ("value", "scheme"),
    [
        ("HTTPS", "https"),
        ("wss", "https"),
        ("ws", "http"),
        ("gopher", "http"),
        ("a,https", "https"),
    ],
)
def test_the_scheme_is_that_of_the_nearest_proxy(value: str, scheme: str) -> None:
    assert seen("*", ("x-forwarded-proto", value)) == (PEER, scheme)


@pytest.mark.parametrize(
    ("trusted", "host", "is_trusted"),
    [
        ("unix", "", True),
        ("127.0.0.1", "", False),
        ("*", "", True),
        ("10.0.0.0/8", "::ffff:10.1.2.3", True),
        ("10.0.0.0/8", "11.1.2.3", False),
        ("*", "11.1.2.3", True),
        ("", "127.0.0.1", False),
        ("unix", None, False),
    ],
)
def test_peers_are_trusted_by_address_network_or_kind(
    trusted: str, host: str | None, is_trusted: bool
) -> None:
    assert TrustedPeers(trusted).trust(host) is is_trusted


@given(
    forged=st.lists(st.ip_addresses().map(str), max_size=4),
    client=st.ip_addresses(v=4).map(str).filter(lambda text: not text.startswith("10.")),
    proxies=st.integers(0, 3),
)
def test_no_client_can_write_its_own_address(forged: list[str], client: str, proxies: int) -> None:
    chain = [*forged, client, *["10.0.0.9"] * proxies]

    found, _ = seen("10.0.0.0/8", ("x-forwarded-for", ", ".join(chain)))

    assert found == (client, 0)
