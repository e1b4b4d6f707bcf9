"""Clients that leave, and servers that stop: nothing leaks, nothing is lost."""

from __future__ import annotations

import asyncio
import gc
import threading
from typing import Any

import pytest
from starlette.requests import ClientDisconnect, Request

from tests.adapters.serving import (
    TEXT,
    EchoApp,
    Running,
    read_all,
    read_answer,
    request,
    running,
    wait_until,
)
from trivet.adapters.limits import Limits
from trivet.http.exchange import Answer, Exchange


class Watched:
    """A target that waits for ever, and tells how it ended."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.ended = threading.Event()
        self.error: type[BaseException] | None = None

    async def __call__(self, exchange: Exchange) -> None:
        self.begun.set()
        try:
            await self.wait(exchange)
        except BaseException as error:
            self.error = type(error)
            raise
        finally:
            self.ended.set()

    async def wait(self, exchange: Exchange) -> None:
        await asyncio.get_running_loop().create_future()


class Reading(Watched):
    async def wait(self, exchange: Exchange) -> None:
        await Request(exchange.scope, exchange.receive).body()


class Streaming(Watched):
    async def wait(self, exchange: Exchange) -> None:
        await exchange.send({"type": "http.response.start", "status": 200})
        while True:
            await exchange.send(
                {"type": "http.response.body", "body": b"x" * 1000, "more_body": True}
            )
            await asyncio.sleep(0)


@pytest.mark.parametrize("kind", [Watched, Streaming])
def test_a_client_that_leaves_cancels_the_work(kind: type[Watched]) -> None:
    work = kind()

    with running(EchoApp({"/work": Running(work)})) as server:
        with server.connect() as sock:
            sock.sendall(request("/work"))
            assert work.begun.wait(20)
        assert work.ended.wait(20)

        wait_until(lambda: not server.state.tasks)
        wait_until(lambda: not server.connections)

    assert work.error is not None
    assert issubclass(work.error, (asyncio.CancelledError, OSError))


@pytest.mark.parametrize("framing", ["Content-Length: 100", "Transfer-Encoding: chunked"])
def test_a_body_cut_short_raises_in_its_reader(framing: str) -> None:
    work = Reading()

    with running(EchoApp({"/read": Running(work)})) as server:
        with server.connect() as sock:
            sock.sendall(request("/read", framing, method="POST") + b"5\r\nhello\r\n")
            assert work.begun.wait(20)
        assert work.ended.wait(20)

    assert work.error is ClientDisconnect


@pytest.mark.parametrize("framing", ["Content-Length: 100", "Transfer-Encoding: chunked"])
def test_a_body_cut_short_never_reaches_a_target_that_takes_it_whole(framing: str) -> None:
    work = Watched()

    with running(EchoApp({"/whole": Running(work, reads_body=True)})) as server:
        with server.connect() as sock:
            sock.sendall(request("/whole", framing, method="POST") + b"5\r\nhello\r\n")
            wait_until(lambda: server.connections)
        wait_until(lambda: not server.connections)

    assert not work.begun.is_set()


def test_work_after_the_answer_goes_on_when_the_client_leaves() -> None:
    done = threading.Event()
    go_on: list[Any] = []

    async def work(exchange: Exchange) -> None:
        gate = asyncio.get_running_loop().create_future()
        go_on.append((asyncio.get_running_loop(), gate))
        await exchange.reply(Answer(TEXT, b"ok"))
        await gate
        done.set()

    with running(EchoApp({"/after": Running(work)})) as server:
        server.ask(request("/after", "Connection: close"))
        wait_until(lambda: not server.connections)
        loop, gate = go_on[0]
        loop.call_soon_threadsafe(gate.set_result, None)
        assert done.wait(20)


def test_many_clients_that_leave_leave_nothing_behind() -> None:
    work = Watched()

    with running(EchoApp({"/work": Running(work)})) as server:
        for _ in range(200):
            with server.connect() as sock:
                sock.sendall(request("/work"))
        wait_until(lambda: not server.connections and not server.state.tasks)
        # The server's thread may still be unwinding the last of them.
        wait_until(lambda: not _exchanges())


def _exchanges() -> list[object]:
    gc.collect()
    return [found for found in gc.get_objects() if type(found).__name__ == "SocketExchange"]


def test_a_graceful_stop_finishes_what_is_in_flight() -> None:
    gates: list[Any] = []

    async def work(exchange: Exchange) -> None:
        loop = asyncio.get_running_loop()
        gate = loop.create_future()
        gates.append((loop, gate))
        await gate
        await exchange.reply(Answer(TEXT, b"finished"))

    with running(EchoApp({"/work": Running(work)})) as server, server.connect() as sock:
        sock.sendall(request("/work"))
        wait_until(lambda: gates)
        server.stop()
        connection = next(iter(server.connections))
        wait_until(lambda: connection._stopping)
        loop, gate = gates[0]
        loop.call_soon_threadsafe(gate.set_result, None)
        answer = read_all(sock)

    assert b"\r\nconnection: close\r\n" in answer
    assert answer.endswith(b"finished")


def test_a_request_on_an_idle_connection_at_the_stop_is_still_answered() -> None:
    limits = Limits(drain=10)
    with running(limits=limits) as server, server.connect() as sock:
        sock.sendall(request("/ready"))
        read_answer(sock)
        connection = next(iter(server.connections))
        server.stop()
        wait_until(lambda: connection._stopping)
        sock.sendall(request("/ready"))

        status, headers, _ = read_answer(sock)

    assert (status, headers["connection"]) == (200, "close")
