"""HTTP/1.1 over real sockets: connections, bodies, answers."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
import websockets

from tests.adapters.serving import (
    TEXT,
    EchoApp,
    Ready,
    Running,
    RunningServer,
    read_all,
    read_answer,
    request,
    running,
    wait_until,
)
from trivet.http.exchange import Answer, Exchange, Head


@pytest.fixture(scope="module")
def server() -> Iterator[RunningServer]:
    with running() as found:
        yield found


def test_a_connection_serves_many_requests(server: RunningServer) -> None:
    with server.connect() as sock:
        for _ in range(3):
            sock.sendall(request("/ready"))

            status, headers, body = read_answer(sock)

            assert (status, body) == (200, b'{"ready":true}')
            assert "connection" not in headers
            assert re.fullmatch(r"\w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT", headers["date"])


def test_pipelined_requests_are_answered_in_their_order(server: RunningServer) -> None:
    paths = ["/late", "/ready", "/count", "/stream", "/late", "/x"]
    data = b"".join(request(path) for path in paths)

    with server.connect() as sock:
        sock.sendall(data + request("/x", "Connection: close"))
        answers = read_all(sock)

    found = re.findall(rb"late|ready|\n0HTTP|one,|/x", answers)
    assert found == [
        b"late",
        b"late",
        b"ready",
        b"\n0HTTP",
        b"one,",
        b"late",
        b"late",
        b"/x",
        b"/x",
    ]


def test_a_thousand_pipelined_requests_are_all_answered(server: RunningServer) -> None:
    data = b"".join(request(f"/n{n}") for n in range(1000))

    answers = server.ask(data + request("/late", "Connection: close"))

    found = [int(n) for n in re.findall(rb'"/n(\d+)"', answers)]
    assert found == list(range(1000))
    assert answers.endswith(b"late")


def test_connection_close_is_obeyed_and_told(server: RunningServer) -> None:
    answer = server.ask(request("/ready", "Connection: close"))

    assert b"\r\nconnection: close\r\n" in answer


def test_http_1_0_closes_unless_it_asks_to_be_kept(server: RunningServer) -> None:
    answer = server.ask(b"GET /ready HTTP/1.0\r\n\r\n")

    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"\r\nconnection: close\r\n" in answer

    with server.connect() as sock:
        for _ in range(2):
            sock.sendall(b"GET /ready HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            assert read_answer(sock)[1]["connection"] == "keep-alive"


def test_http_1_0_gets_a_stream_that_ends_with_the_connection(server: RunningServer) -> None:
    answer = server.ask(b"GET /stream HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")

    assert b"transfer-encoding" not in answer
    assert answer.endswith(b"\r\n\r\none,two,three")


def test_a_stream_is_chunked(server: RunningServer) -> None:
    with server.connect() as sock:
        sock.sendall(request("/stream"))
        status, headers, body = read_answer(sock)

        assert (status, body) == (200, b"one,two,three")
        assert headers["x-stream"] == "1"
        sock.sendall(request("/ready"))
        assert read_answer(sock)[0] == 200


@pytest.mark.parametrize("path", ["/ready", "/late", "/stream", "/large"])
def test_head_has_the_headers_and_no_body(server: RunningServer, path: str) -> None:
    with server.connect() as sock:
        sock.sendall(request(path))
        _, of_get, body = read_answer(sock)
        sock.sendall(request(path, method="HEAD"))
        status, of_head, _ = read_answer(sock, "HEAD")
        sock.sendall(request("/ready"))
        after = read_answer(sock)

    assert status == 200
    assert body
    assert of_head.get("content-length") == of_get.get("content-length")
    assert after[2] == b'{"ready":true}'


@pytest.mark.parametrize(("path", "status"), [("/empty", 204), ("/same", 304)])
def test_a_status_without_a_body_has_no_length(
    server: RunningServer, path: str, status: int
) -> None:
    with server.connect() as sock:
        sock.sendall(request(path) + request("/ready"))
        found, headers, _ = read_first(sock)

        assert found == status
        assert "content-length" not in headers


def read_first(sock: Any) -> tuple[int, dict[str, str], bytes]:
    """Read two pipelined answers of which the first has no body; give the first."""
    data = b""
    while not data.endswith(b'{"ready":true}'):
        data += sock.recv(65536)
    head, _, rest = data.partition(b"\r\n\r\n")
    assert rest.startswith(b"HTTP/1.1 200")
    lines = head.decode().split("\r\n")
    return int(lines[0].split()[1]), dict(x.split(": ", 1) for x in lines[1:]), b""


def test_a_large_answer_arrives_whole(server: RunningServer) -> None:
    with server.connect() as sock:
        sock.sendall(request("/large"))

        assert read_answer(sock)[2] == b"x" * 1_000_000


def test_a_body_arrives_whole_by_length_and_by_chunks(server: RunningServer) -> None:
    body = bytes(range(65, 91)) * 1000
    chunks = b"".join(
        b"%x\r\n%b\r\n" % (len(c), c) for c in (body[:7], body[7:20_000], body[20_000:])
    )

    with server.connect() as sock:
        for path in ("/x", "/count"):
            sock.sendall(request(path, method="POST", body=body))
            by_length = read_answer(sock)[2]
            sock.sendall(
                request(
                    path, "Transfer-Encoding: chunked", method="POST", body=chunks + b"0\r\n\r\n"
                )
            )
            by_chunks = read_answer(sock)[2]

            assert by_length == by_chunks
            assert body in by_length or by_length == b"26000"


def test_trailers_are_dropped(server: RunningServer) -> None:
    body = b"1\r\na\r\n0\r\nX-Mark: trailer\r\n\r\n"

    answer = server.ask(
        request("/x", "Transfer-Encoding: chunked", "Connection: close", method="POST", body=body)
    )

    assert b'"x": []' in answer


def test_a_body_that_is_announced_too_large_is_refused_before_it_is_sent(
    server: RunningServer,
) -> None:
    answer = server.ask(
        request("/small", "Content-Length: 11", "Expect: 100-continue", method="POST")
    )

    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"\r\nconnection: close\r\n" in answer


def test_a_chunked_body_is_refused_where_it_becomes_too_large(server: RunningServer) -> None:
    answer = server.ask(
        request("/small", "Transfer-Encoding: chunked", method="POST", body=b"a\r\n0123456789\r\n"),
        b"1\r\n",
    )

    assert answer.startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize("path", ["/x", "/count"])
def test_expect_100_continue_is_answered_before_the_body(server: RunningServer, path: str) -> None:
    with server.connect() as sock:
        sock.sendall(request(path, "Content-Length: 5", "Expect: 100-continue", method="POST"))
        assert sock.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
        sock.sendall(b"hello")

        assert read_answer(sock)[0] == 200


def test_an_answer_without_reading_ends_a_request_that_waits_to_send(server: RunningServer) -> None:
    answer = server.ask(
        request("/refuse", "Content-Length: 5", "Expect: 100-continue", method="POST")
    )

    assert answer.startswith(b"HTTP/1.1 404 ")
    assert b"100 Continue" not in answer


def test_the_rest_of_a_small_body_is_skipped_and_the_connection_kept(server: RunningServer) -> None:
    with server.connect() as sock:
        sock.sendall(request("/refuse", "Content-Length: 5", method="POST"))
        assert read_answer(sock)[0] == 404
        sock.sendall(b"hello" + request("/ready"))

        assert read_answer(sock)[2] == b'{"ready":true}'


def test_the_rest_of_a_large_body_ends_the_connection(server: RunningServer) -> None:
    with server.connect() as sock:
        sock.sendall(request("/refuse", "Content-Length: 9000000", method="POST"))
        status, headers, _ = read_answer(sock)

        assert (status, headers["connection"]) == (404, "close")
        assert sock.recv(1000) == b""


@pytest.mark.parametrize("path", ["/broken", "/raise", "/silent", "/split"])
def test_an_application_that_fails_gets_500_and_the_log_tells_why(
    server: RunningServer, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR, "trivet.server"):
        answer = server.ask(request(path))

    assert answer.startswith(b"HTTP/1.1 500 ")
    assert answer.endswith(b'{"detail":"Internal Server Error"}')
    assert b"x-c" not in answer
    assert any(record.exc_info for record in caplog.records)


def _sending(*messages: dict[str, Any]) -> Running:
    async def work(exchange: Exchange) -> None:
        for message in messages:
            await exchange.send(message)

    return Running(work)


START = {"type": "http.response.start", "status": 200, "headers": []}
BODY = {"type": "http.response.body", "body": b"abc"}
MORE = {**BODY, "more_body": True}
LENGTH_2 = {**START, "headers": [(b"content-length", b"2")]}
LENGTH_9 = {**START, "headers": [(b"content-length", b"9")]}
MISBEHAVING = {
    "body-first": ((BODY,), 500),
    "two-starts": ((START, START), 500),
    "unknown-message": (({"type": "other"},), 500),
    "start-alone": ((START,), 500),
    "status-0": (({**START, "status": 0},), 500),
    "line-break": (({**START, "headers": [(b"a", b"b\r\nc: d")]}, BODY), 500),
    "bad-length": (({**START, "headers": [(b"content-length", b"x")]}, BODY), 500),
    "too-long": ((LENGTH_2, BODY), 200),
    "too-short": ((LENGTH_9, BODY), 200),
    "no-end": ((START, MORE), 200),
}


@pytest.mark.parametrize("name", MISBEHAVING)
def test_an_application_that_misbehaves_never_yields_an_answer_that_looks_whole(name: str) -> None:
    messages, status = MISBEHAVING[name]

    with running(EchoApp({"/bad": _sending(*messages)})) as server:
        answer = server.ask(request("/bad"))

    assert answer.startswith(b"HTTP/1.1 %d " % status)
    if status == 200:
        head, _, body = answer.partition(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", head)
        assert not body.endswith(b"0\r\n\r\n")
        assert length is None or len(body) != int(length[1])


def test_a_date_of_the_application_is_the_only_one() -> None:
    own = {**START, "headers": [(b"Date", b"today"), (b"Server", b"mine")]}

    with running(EchoApp({"/own": _sending(own, BODY)})) as server:
        answer = server.ask(request("/own", "Connection: close"))

    assert answer.count(b"date: ") == 1
    assert answer.count(b"server: ") == 1


def test_early_hints_come_before_the_answer() -> None:
    hint = {"type": "http.response.early_hint", "links": [b"</a.css>; rel=preload"]}

    with running(EchoApp({"/hint": _sending(hint, START, BODY)})) as server:
        answer = server.ask(request("/hint", "Connection: close"))

    assert answer.startswith(
        b"HTTP/1.1 103 Early Hints\r\nlink: </a.css>; rel=preload\r\n\r\nHTTP/1.1 200 OK\r\n"
    )


def test_reading_stops_while_the_application_does_not_take_the_body() -> None:
    opened = asyncio.Event()
    seen: list[Any] = []

    async def slow(exchange: Exchange) -> None:
        seen.append((exchange, asyncio.get_running_loop()))
        await opened.wait()
        size = 0
        while True:
            message = await exchange.receive()
            size += len(message["body"])
            if not message["more_body"]:
                break
        await exchange.reply(Answer(TEXT, b"%d" % size))

    body = b"x" * 20_000_000
    with running(EchoApp({"/slow": Running(slow)})) as server, server.connect() as sock:
        sock.setblocking(False)
        data = memoryview(request("/slow", method="POST", body=body))
        sent = 0

        def is_stuck() -> bool:
            nonlocal sent
            try:
                sent += sock.send(data[sent:])
            except BlockingIOError:
                return bool(seen) and seen[0][0].wire._read_paused
            return False

        wait_until(is_stuck)
        assert sent < len(body)
        assert seen[0][0].half.inlet.size < 2_000_000

        seen[0][1].call_soon_threadsafe(opened.set)
        sock.settimeout(20)
        sock.sendall(data[sent:])
        assert read_answer(sock)[2] == b"20000000"


def test_writing_waits_for_a_client_that_does_not_read() -> None:
    sent = 0

    async def flood(exchange: Exchange) -> None:
        nonlocal sent
        await exchange.send(START)
        for _ in range(200):
            await exchange.send({**MORE, "body": b"x" * 100_000})
            sent += 1
        await exchange.send({"type": "http.response.body"})

    with running(EchoApp({"/flood": Running(flood)})) as server, server.connect() as sock:
        sock.sendall(request("/flood", "Connection: close"))
        seen = -1

        def is_waiting() -> bool:
            nonlocal seen
            before, seen = seen, sent
            return 0 < before == seen

        wait_until(is_waiting)
        assert sent < 200
        answer = read_all(sock)

    assert answer.count(b"x") == 200 * 100_000
    assert answer.endswith(b"0\r\n\r\n")


def test_pipelined_answers_wait_for_a_client_that_does_not_read() -> None:
    served = 0

    def large(exchange: Exchange) -> Answer:
        nonlocal served
        served += 1
        return Answer(TEXT, b"x" * 100_000)

    with running(EchoApp({"/large": Ready(large)})) as server, server.connect() as sock:
        sock.sendall(request("/large") * 300 + request("/ready", "Connection: close"))
        seen = -1

        def is_waiting() -> bool:
            nonlocal seen
            before, seen = seen, served
            return 0 < before == seen

        wait_until(is_waiting)
        assert served < 300
        answers = read_all(sock)

    assert answers.count(b"HTTP/1.1 200 OK") == 301
    assert answers.endswith(b'{"ready":true}')


def test_every_request_begins_in_a_fresh_context(server: RunningServer) -> None:
    import contextvars

    mark: contextvars.ContextVar[int] = contextvars.ContextVar("mark", default=0)

    def begin(exchange: Exchange) -> Answer:
        before = mark.get()
        mark.set(1)
        return Answer(TEXT, b"%d" % before)

    async def work(exchange: Exchange) -> None:
        await exchange.reply(begin(exchange))

    more = {"/now": Ready(begin), "/task": Running(work)}
    with running(EchoApp(more)) as own, own.connect() as sock:
        for path in ("/now", "/task") * 3:
            sock.sendall(request(path))
            assert read_answer(sock)[2] == b"0"


def test_a_websocket_is_handed_over(server: RunningServer) -> None:
    async def talk() -> str | bytes:
        async with websockets.connect(f"ws://127.0.0.1:{server.port}/ws") as socket:
            await socket.send("hello")
            return await socket.recv()

    assert asyncio.run(talk()) == "hello"


def test_a_websocket_request_with_a_body_is_refused(server: RunningServer) -> None:
    answer = server.ask(
        request(
            "/ws", "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", body=b"abc",
        )
    )  # fmt: skip

    assert answer.startswith(b"HTTP/1.1 400 ")


def test_a_foreign_asgi_application_is_served(server: RunningServer) -> None:
    async def foreign(scope: Any, receive: Any, send: Any) -> None:
        message = await receive()
        told = b"%b %b" % (scope["path"].encode(), message["body"])
        await send({**START, "headers": [(b"content-type", b"text/plain")]})
        await send({**BODY, "body": told})

    with running(foreign, root_path="/prefix") as own, own.connect() as sock:
        sock.sendall(request("/a%20b", method="POST", body=b"hello"))

        assert read_answer(sock)[2] == b"/prefix/a b hello"


def test_the_concurrency_limit_answers_503_and_says_when_to_return() -> None:
    with (
        running(limit_concurrency=1) as server,
        closing(server.connect()) as first,
        closing(server.connect()) as second,
    ):
        first.sendall(request("/ready"))
        wait_until(lambda: len(server.connections) == 2)
        second.sendall(request("/ready"))
        answer = read_all(second)

    assert answer.startswith(b"HTTP/1.1 503 ")
    assert b"\r\nretry-after: 1\r\n" in answer


def test_maximum_requests_end_the_server() -> None:
    with running(limit_max_requests=3) as server:
        for _ in range(3):
            server.ask(request("/ready", "Connection: close"))
        wait_until(lambda: server.server.server_state.total_requests >= 3)
        assert server.state.total_requests == 3


def test_head_objects_are_shared_by_answers() -> None:
    """The protocol adds to an answer's head without changing it."""
    head = Head(200, ((b"x-a", b"b"),))
    before = head.block

    with running(EchoApp({"/h": Ready(lambda e: Answer(head, b"a"))})) as server:
        server.ask(request("/h", "Connection: close"))

    assert head.block == before
