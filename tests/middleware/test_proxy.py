from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.middleware.exchanges import Headers, MemoryExchange
from trivet.errors import SetupError
from trivet.middleware.proxy import ProxyHeaders

PEER = ("10.0.0.1", 5000)


def seen(
    hook: ProxyHeaders, headers: Headers, client: tuple[str, int] | None = PEER
) -> tuple[Any, str, str | None]:
    """The client, the scheme and the host that a handler sees."""
    exchange = MemoryExchange(headers=[("Host", "inner.test"), *headers], client=client)
    assert hook.before(exchange) is None
    request = exchange.starlette()
    assert list(exchange.headers) == exchange.scope["headers"]
    return exchange.scope["client"], exchange.scope["scheme"], request.headers["host"]


def test_address_and_scheme_come_from_a_trusted_proxy() -> None:
    hook = ProxyHeaders(trusted=["10.0.0.0/8"])

    found = seen(hook, [("X-Forwarded-For", "198.51.100.4"), ("X-Forwarded-Proto", "https")])

    assert found == (("198.51.100.4", 0), "https", "inner.test")


def test_nothing_is_believed_from_anybody_else() -> None:
    hook = ProxyHeaders(trusted=["10.0.0.2"], host=True)

    found = seen(
        hook,
        [
            ("X-Forwarded-For", "198.51.100.4"),
            ("X-Forwarded-Proto", "https"),
            ("X-Forwarded-Host", "evil.test"),
        ],
    )

    assert found == (PEER, "http", "inner.test")


@pytest.mark.parametrize("trusted", [["10.0.0.1"], ["*"]])
def test_what_a_client_wrote_before_its_proxy_is_not_believed(trusted: list[str]) -> None:
    found = seen(ProxyHeaders(trusted=trusted), [("X-Forwarded-For", "1.1.1.1, 198.51.100.4")])

    assert found[0] == ("198.51.100.4", 0)


def test_several_proxies_in_a_row_are_walked_back() -> None:
    hook = ProxyHeaders(trusted=["10.0.0.0/8", "203.0.113.9"])
    headers = [
        ("X-Forwarded-For", "1.1.1.1, 198.51.100.4:1234"),
        ("X-Forwarded-For", "203.0.113.9, 10.0.0.7"),
        ("X-Forwarded-Proto", "http, https, http, http"),
    ]

    assert seen(hook, headers)[:2] == (("198.51.100.4", 1234), "https")


def test_where_everybody_is_a_proxy_the_first_is_the_client() -> None:
    hook = ProxyHeaders(trusted=["10.0.0.0/8"])

    assert seen(hook, [("X-Forwarded-For", "10.1.1.1, 10.2.2.2")])[0] == ("10.1.1.1", 0)


def test_an_unreadable_address_ends_the_walk_at_the_last_that_was_read() -> None:
    hook = ProxyHeaders(trusted=["10.0.0.0/8"])

    assert seen(hook, [("X-Forwarded-For", "1.1.1.1, unknown, 10.2.2.2")])[0] == ("10.2.2.2", 0)
    assert seen(hook, [("X-Forwarded-For", "1.1.1.1, unknown")])[0] == PEER


def test_the_scheme_alone_is_taken_too() -> None:
    hook = ProxyHeaders(trusted=["10.0.0.1"])

    assert seen(hook, [("X-Forwarded-Proto", "HTTPS")]) == (PEER, "https", "inner.test")
    assert seen(hook, [("X-Forwarded-Proto", "gopher")])[1] == "http"


def test_the_host_is_taken_only_where_asked_for() -> None:
    headers = [("X-Forwarded-Host", "outer.test:8443")]

    assert seen(ProxyHeaders(trusted=["10.0.0.1"]), headers)[2] == "inner.test"
    assert seen(ProxyHeaders(trusted=["10.0.0.1"], host=True), headers)[2] == "outer.test:8443"


@pytest.mark.parametrize("host", ["evil.test/path", "a b", "a@b", "", "a:b", "a:123456"])
def test_a_host_that_is_none_is_not_taken(host: str) -> None:
    hook = ProxyHeaders(trusted=["10.0.0.1"], host=True)

    assert seen(hook, [("X-Forwarded-Host", host)])[2] == "inner.test"


def test_the_standard_header_is_read_in_place_of_the_others() -> None:
    hook = ProxyHeaders(trusted=["10.0.0.0/8"], standard=True, host=True)
    headers = [
        ("X-Forwarded-For", "1.1.1.1"),
        ("Forwarded", 'for=2.2.2.2, For="[2001:db8::1]:4711";proto=HTTPS;host="outer.test"'),
        ("Forwarded", "for=10.9.9.9;by=10.0.0.1"),
    ]

    assert seen(hook, headers) == (("2001:db8::1", 4711), "https", "outer.test")


def test_without_the_setting_the_standard_header_is_not_read() -> None:
    assert seen(ProxyHeaders(trusted=["10.0.0.1"]), [("Forwarded", "for=1.1.1.1")])[0] == PEER


@pytest.mark.parametrize("value", ["for", "for=1.1.1.1 proto=https", 'for="1.1.1.1', "=", ";", ","])
def test_a_standard_header_that_cannot_be_read_changes_nothing(value: str) -> None:
    hook = ProxyHeaders(trusted=["10.0.0.1"], standard=True)

    assert seen(hook, [("Forwarded", value)])[:2] == (PEER, "http")


@given(value=st.text('for=;,"\\1.: unkow[]', max_size=40), standard=st.booleans())
def test_no_header_makes_it_fail(value: str, standard: bool) -> None:
    hook = ProxyHeaders(trusted=["*"], standard=standard, host=True)
    name = "Forwarded" if standard else "X-Forwarded-For"

    host, port = seen(hook, [(name, value)])[0]

    assert isinstance(host, str)
    assert 0 <= port <= 65535


@pytest.mark.parametrize("client", [None, ("", 0)])
def test_a_peer_on_a_unix_socket_is_trusted_by_name(client: tuple[str, int] | None) -> None:
    headers = [("X-Forwarded-For", "198.51.100.4")]

    assert seen(ProxyHeaders(), headers, client)[0] == ("198.51.100.4", 0)
    assert seen(ProxyHeaders(trusted=["127.0.0.1"]), headers, client)[0] == client


def test_a_link_local_peer_is_known_without_its_interface() -> None:
    hook = ProxyHeaders(trusted=["fe80::/10"])

    found = seen(hook, [("X-Forwarded-For", "2001:DB8:0::1")], ("fe80::1%eth0", 1))

    assert found[0] == ("2001:db8::1", 0)


def test_more_peers_than_are_remembered_are_still_told_apart() -> None:
    hook = ProxyHeaders(trusted=["10.0.0.0/8"])

    for number in range(2500):
        client = f"203.0.{number // 250}.{number % 250}"
        assert seen(hook, [("X-Forwarded-For", client)])[0] == (client, 0)


@pytest.mark.parametrize("client", ["::ffff:10.0.0.1", "10.0.0.1"])
def test_an_ipv4_peer_of_an_ipv6_socket_is_known(client: str) -> None:
    hook = ProxyHeaders(trusted=["10.0.0.1"])

    found = seen(hook, [("X-Forwarded-For", "198.51.100.4")], (client, 1))

    assert found[0] == ("198.51.100.4", 0)


def test_a_websocket_keeps_a_websockets_scheme() -> None:
    scope = MemoryExchange(headers=[("X-Forwarded-Proto", "https")], client=PEER).scope
    scope["type"] = "websocket"

    ProxyHeaders(trusted=["10.0.0.1"]).connect(scope)

    assert scope["scheme"] == "wss"


@pytest.mark.parametrize(
    ("trusted", "mend"),
    [
        ("10.0.0.1", r"trusted=\['10.0.0.1'\]"),
        (["proxy.internal"], "a network such as"),
        (["10.0.0.1/8"], "host bits"),
    ],
)
def test_what_is_no_address_is_refused(trusted: Any, mend: str) -> None:
    with pytest.raises(SetupError, match=mend):
        ProxyHeaders(trusted=trusted)
