"""One webhook over the wire, to real servers: where it goes, and what is read of the answer."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st

from tests.webhooks.running import HERE, receiving, status
from trivet.webhooks import Destinations
from trivet.webhooks.addresses import Address, read_address
from trivet.webhooks.posting import Poster, _retry_after


def poster(
    destinations: Destinations = HERE, *, timeout: float = 10.0, tls: ssl.SSLContext | None = None
) -> Poster:
    return Poster(destinations, timeout=timeout, most_answer=100, tls=tls)


def names(**found: list[str]) -> Destinations:
    """Give destinations on this machine under names; each look-up takes the next address."""

    async def look_up(host: str, port: int) -> Sequence[Address]:
        texts = found[host.replace(".", "_")]
        text = texts.pop(0) if len(texts) > 1 else texts[0]
        return [one for part in text.split() if (one := read_address(part))]

    return Destinations(ports=None, allow_http=True, allowed=["127.0.0.1/32"], look_up=look_up)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def server_tls(authority: trustme.CA, *hosts: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*hosts).configure_cert(context)
    return context


@pytest.fixture(scope="module")
def client_tls(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


async def test_a_body_and_headers_arrive_as_they_were_given() -> None:
    async with receiving(status(200, body=b"thanks")) as receiver:
        reply = await poster().post(receiver.url + "?a=1", b'{"a":1}', {"webhook-id": "msg_1"})

    assert (reply.status, reply.answer, reply.error, reply.is_good) == (200, b"thanks", None, True)
    (got,) = receiver.got
    assert (got.target, got.body) == ("/hook?a=1", b'{"a":1}')
    assert got.headers["webhook-id"] == "msg_1"
    assert got.headers["content-type"] == "application/json"
    assert got.headers["host"] == f"127.0.0.1:{receiver.port}"


async def test_the_name_is_asked_for_at_the_address_that_was_checked(
    authority: trustme.CA, client_tls: ssl.SSLContext
) -> None:
    asked: list[str | None] = []
    tls = server_tls(authority, "hooks.example")
    tls.sni_callback = lambda _, name, __: asked.append(name)
    destinations = names(hooks_example=["127.0.0.1"])

    async with receiving(tls=tls) as receiver:
        url = f"https://hooks.example:{receiver.port}/"
        reply = await poster(destinations, tls=client_tls).post(url, b"{}", {})

    assert reply.is_good, reply
    assert asked == ["hooks.example"]
    assert receiver.got[0].headers["host"] == f"hooks.example:{receiver.port}"


async def test_a_certificate_of_another_name_is_refused(
    authority: trustme.CA, client_tls: ssl.SSLContext
) -> None:
    destinations = names(hooks_example=["127.0.0.1"])

    async with receiving(tls=server_tls(authority, "other.example")) as receiver:
        url = f"https://hooks.example:{receiver.port}/"
        reply = await poster(destinations, tls=client_tls).post(url, b"{}", {})

    assert reply.status is None
    assert "hooks.example" in str(reply.error)
    assert receiver.got == []


async def test_a_certificate_that_nobody_vouches_for_is_refused(authority: trustme.CA) -> None:
    destinations = names(hooks_example=["127.0.0.1"])

    async with receiving(tls=server_tls(authority, "hooks.example")) as receiver:
        reply = await poster(destinations).post(
            f"https://hooks.example:{receiver.port}/", b"{}", {}
        )

    assert reply.status is None
    assert "certificate verify failed" in str(reply.error).lower()


async def test_a_certificate_for_an_address_is_good_for_it(
    authority: trustme.CA, client_tls: ssl.SSLContext
) -> None:
    async with receiving(tls=server_tls(authority, "127.0.0.1")) as receiver:
        url = f"https://127.0.0.1:{receiver.port}/"
        reply = await poster(tls=client_tls).post(url, b"{}", {})

    assert reply.is_good, reply


async def test_an_address_of_ipv6_is_connected_to_as_it_is_written() -> None:
    async with receiving(host="::1") as receiver:
        reply = await poster().post(f"http://[::1]:{receiver.port}/", b"{}", {})

    assert reply.is_good, reply
    assert receiver.got[0].headers["host"] == f"[::1]:{receiver.port}"


async def test_a_name_that_leads_elsewhere_the_second_time_is_asked_for_once() -> None:
    destinations = names(hooks_example=["127.0.0.1", "127.0.0.2"])

    async with receiving() as receiver:
        url = f"http://hooks.example:{receiver.port}/"
        first = await poster(destinations).post(url, b"{}", {})
        second = await poster(destinations).post(url, b"{}", {})

    assert first.is_good
    assert receiver.got[0].peer[0] == "127.0.0.1"
    assert second.status is None
    assert "not public" in str(second.error)
    assert len(receiver.got) == 1


async def test_an_address_that_does_not_answer_is_passed_over() -> None:
    destinations = names(hooks_example=["127.0.0.2 127.0.0.1"])
    destinations = Destinations(
        ports=None, allow_http=True, allowed=["127.0.0.0/8"], look_up=destinations.look_up
    )

    async with receiving() as receiver:
        reply = await poster(destinations).post(f"http://hooks.example:{receiver.port}/", b"{}", {})

    assert reply.is_good, reply


async def test_an_address_that_is_refused_is_not_connected_to() -> None:
    async with receiving() as receiver:
        reply = await poster(Destinations(allow_http=True, ports=None)).post(
            receiver.url, b"{}", {}
        )

    assert reply.status is None
    assert "not public" in str(reply.error)
    assert receiver.got == []


async def test_a_redirect_is_not_followed() -> None:
    async with receiving() as inside, receiving() as receiver:
        receiver.answers = [status(302, f"Location: {inside.url}")]
        reply = await poster().post(receiver.url, b"{}", {})

    assert (reply.status, reply.is_good, reply.error) == (302, False, "redirects are not followed")
    assert inside.got == []


async def test_a_proxy_of_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    async with receiving() as proxy, receiving() as receiver:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        reply = await poster().post(receiver.url, b"{}", {})

    assert reply.is_good
    assert proxy.got == []


async def test_an_answer_is_read_no_further_than_it_is_kept() -> None:
    endless = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n" + b"a" * 100_000

    async with receiving(endless) as receiver:
        reply = await poster().post(receiver.url, b"{}", {})

    assert (reply.status, reply.answer) == (200, b"a" * 100)


async def test_a_packed_answer_is_not_unpacked() -> None:
    packed = status(200, "Content-Encoding: gzip", body=b"\x1f\x8b and so on")

    async with receiving(packed) as receiver:
        reply = await poster().post(receiver.url, b"{}", {})

    assert reply.answer == b"\x1f\x8b and so on"


async def test_who_does_not_answer_in_time_has_failed() -> None:
    async with receiving(stalls=True) as receiver:
        reply = await poster(timeout=0.2).post(receiver.url, b"{}", {})

    assert (reply.status, reply.error) == (None, "there was no answer within 0.2 seconds")


@pytest.mark.parametrize("answer", [b"", b"nonsense\r\n\r\n", b"HTTP/1.1 200 OK\r\nBroken\r\n\r\n"])
async def test_what_is_no_answer_is_an_error_and_raises_nothing(answer: bytes) -> None:
    async with receiving(answer) as receiver:
        reply = await poster().post(receiver.url, b"{}", {})

    assert reply.status is None
    assert reply.error


async def test_an_answer_that_breaks_off_counts_by_its_status() -> None:
    async with receiving(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhalf") as receiver:
        reply = await poster().post(receiver.url, b"{}", {})

    assert (reply.status, reply.answer) == (200, b"half")


async def test_a_server_that_is_away_is_an_error() -> None:
    async with receiving() as receiver:
        pass

    reply = await poster().post(receiver.url, b"{}", {})

    assert reply.status is None
    assert "ConnectError" in str(reply.error)


async def test_a_name_that_nobody_has_is_an_error() -> None:
    reply = await poster(Destinations()).post("https://nobody.invalid/", b"{}", {})

    assert reply.status is None
    assert "no address" in str(reply.error)


async def test_how_long_the_receiver_wants_to_be_left_alone_is_read() -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    answers = [status(503, f"Retry-After: {text}") for text in ("120", later, "soon")]

    async with receiving(*answers) as receiver:
        asked = [(await poster().post(receiver.url, b"", {})).retry_after for _ in answers]

    assert asked[0] == 120.0
    assert asked[1] is not None
    assert 3000 < asked[1] <= 3600
    assert asked[2] is None


@given(st.text(max_size=40) | st.integers().map(str))
def test_whatever_retry_after_holds_is_read_or_passed_over(text: str) -> None:
    found = _retry_after(text)

    assert found is None or found >= 0.0
