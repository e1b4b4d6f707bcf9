"""Limits and timeouts, with values so small that nothing is waited for."""

from __future__ import annotations

import pytest

from tests.adapters.serving import (
    EchoApp,
    Running,
    read_all,
    read_answer,
    request,
    running,
    wait_until,
)
from trivet.adapters.limits import Limits
from trivet.http.exchange import Exchange

_SOON = 0.02


def test_a_silent_new_connection_is_closed() -> None:
    with running(limits=Limits(first_byte=_SOON, sweep=_SOON)) as server, server.connect() as sock:
        assert read_all(sock) == b""


def test_an_idle_connection_is_closed() -> None:
    limits = Limits(keep_alive=_SOON, sweep=_SOON)
    with running(limits=limits) as server, server.connect() as sock:
        sock.sendall(request("/ready"))
        assert read_answer(sock)[0] == 200

        assert read_all(sock) == b""


def test_slow_headers_are_answered_408() -> None:
    with running(limits=Limits(head=_SOON, sweep=_SOON)) as server:
        answer = server.ask(b"GET / HTTP/1.1\r\nHost: a\r\n")

    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"\r\nconnection: close\r\n" in answer


@pytest.mark.parametrize("path", ["/x", "/count"])
@pytest.mark.parametrize("framing", ["Content-Length: 100000", "Transfer-Encoding: chunked"])
def test_a_slow_body_is_answered_408(path: str, framing: str) -> None:
    with running(limits=Limits(body_window=_SOON, sweep=_SOON)) as server:
        answer = server.ask(request(path, framing, method="POST"), b"1")

    assert answer.startswith(b"HTTP/1.1 408 ")


def test_a_body_is_not_slow_while_the_application_does_not_read() -> None:
    limits = Limits(body_window=_SOON, sweep=_SOON, read_buffer=1)

    async def wait(exchange: Exchange) -> None:
        wire = exchange.wire  # type: ignore[attr-defined]
        loop = wire.service.loop
        swept = loop.create_future()
        # Several windows pass while reading is paused.
        loop.call_later(_SOON * 10, swept.set_result, None)
        await swept
        size = 0
        while True:
            message = await exchange.receive()
            size += len(message["body"])
            if not message["more_body"]:
                break
        assert size == 10
        await exchange.send({"type": "http.response.start", "status": 204})
        await exchange.send({"type": "http.response.body"})

    app = EchoApp({"/wait": Running(wait)})
    with running(app, limits=limits) as server, server.connect() as sock:
        sock.sendall(request("/wait", "Content-Length: 10", method="POST") + b"12345")
        sock.sendall(b"67890")

        assert read_answer(sock)[0] == 204


def test_an_answer_that_takes_too_long_is_504_and_its_work_is_cancelled() -> None:
    ended = []

    async def for_ever(exchange: Exchange) -> None:
        try:
            await exchange.wire.service.loop.create_future()  # type: ignore[attr-defined]
        finally:
            ended.append(True)

    app = EchoApp({"/ever": Running(for_ever)})
    with running(app, limits=Limits(request=_SOON, sweep=_SOON)) as server:
        answer = server.ask(request("/ever"))

    assert answer.startswith(b"HTTP/1.1 504 ")
    assert ended == [True]


def test_a_client_that_takes_nothing_is_cut_off() -> None:
    with (
        running(limits=Limits(answer_stall=_SOON, sweep=_SOON)) as server,
        server.connect() as sock,
    ):
        sock.sendall(request("/large") * 50)
        wait_until(lambda: server.connections)
        wait_until(lambda: not server.connections)
        found = read_all(sock)

    assert found.count(b"x") < 50_000_000


def test_a_refused_client_that_stays_is_closed_in_the_end() -> None:
    with running(limits=Limits(linger=_SOON, sweep=_SOON)) as server, server.connect() as sock:
        sock.sendall(b"bad\r\n\r\n")
        assert read_all(sock).startswith(b"HTTP/1.1 400 ")
        wait_until(lambda: not server.connections)


def test_the_smallest_limits_still_serve() -> None:
    limits = Limits(max_headers=2, max_head=100, max_url=10)
    with running(limits=limits) as server, server.connect() as sock:
        sock.sendall(request("/ready", "A: b"))
        assert read_answer(sock)[0] == 200
        sock.sendall(request("/ready", "A: b", "C: d"))
        assert read_answer(sock)[0] == 431


def test_a_slow_rest_of_a_body_gets_no_second_answer() -> None:
    with running(limits=Limits(body_window=_SOON, sweep=_SOON)) as server:
        answer = server.ask(request("/refuse", "Content-Length: 5", method="POST"))

    assert answer.count(b"HTTP/1.1 ") == 1
    assert answer.startswith(b"HTTP/1.1 404 ")
