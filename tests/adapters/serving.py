"""A small application with every kind of target, and servers that run it on a free port."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvicorn

from trivet.adapters.asgi import handle
from trivet.adapters.limits import Limits
from trivet.adapters.setting import HttpSetting
from trivet.http.exchange import Answer, Exchange, Head, Target

JSON = Head(200, ((b"content-type", b"application/json"),))
TEXT = Head(200, ((b"content-type", b"text/plain; charset=utf-8"),))
MISSING = Head(404, ((b"content-type", b"application/json"),))


class Ready:
    """A target that reads the body whole and answers at once."""

    reads_body = True
    needs_body = True

    def __init__(
        self, answer: Callable[[Exchange], Answer], max_body: int | None = 100_000
    ) -> None:
        self.answer = answer
        self.max_body = max_body

    def enter(self, scope: Any, params: tuple[str, ...]) -> None: ...

    def begin(self, exchange: Exchange) -> Answer:
        return self.answer(exchange)


class Running:
    """A target whose work is a coroutine; it reads the body itself unless told otherwise."""

    needs_body = True

    def __init__(
        self,
        work: Callable[[Exchange], Coroutine[Any, Any, None]],
        *,
        reads_body: bool = False,
        max_body: int | None = None,
    ) -> None:
        self.work = work
        self.reads_body = reads_body
        self.max_body = max_body

    def enter(self, scope: Any, params: tuple[str, ...]) -> None: ...

    def begin(self, exchange: Exchange) -> Coroutine[Any, Any, None]:
        return self.work(exchange)


def echo(exchange: Exchange) -> Answer:
    told = {
        "method": exchange.method,
        "path": exchange.path,
        "query": exchange.query.decode("latin-1"),
        "body": exchange.body.decode("latin-1"),
        "x": [v.decode("latin-1") for n, v in exchange.headers if n == b"x-mark"],
    }
    return Answer(JSON, json.dumps(told).encode())


def broken(exchange: Exchange) -> Answer:
    raise RuntimeError("broken on purpose")


async def late(exchange: Exchange) -> None:
    await asyncio.sleep(0)
    await exchange.reply(Answer(TEXT, b"late", [(b"x-late", b"1")]))


async def count(exchange: Exchange) -> None:
    """Read the body as it comes, and tell its size."""
    size = 0
    while True:
        message = await exchange.receive()
        if message["type"] == "http.disconnect":
            return
        size += len(message["body"])
        if not message["more_body"]:
            break
    await exchange.reply(Answer(TEXT, b"%d" % size))


async def stream(exchange: Exchange) -> None:
    """Send three pieces without a length."""
    await exchange.send(
        {"type": "http.response.start", "status": 200, "headers": [(b"x-stream", b"1")]}
    )
    for piece in (b"one,", b"two,", b"three"):
        await exchange.send({"type": "http.response.body", "body": piece, "more_body": True})
        await asyncio.sleep(0)
    await exchange.send({"type": "http.response.body"})


async def refuse_early(exchange: Exchange) -> None:
    await exchange.reply(Answer(MISSING, b'{"detail":"no"}'))


async def raise_late(exchange: Exchange) -> None:
    await asyncio.sleep(0)
    raise RuntimeError("broken on purpose")


async def silent(exchange: Exchange) -> None:
    """End without an answer."""


async def wait(exchange: Exchange) -> None:
    """Wait for ever, and note in files how it went, for servers in processes of their own."""
    folder = Path(exchange.query.decode())
    (folder / "begun").touch()
    try:
        await asyncio.get_running_loop().create_future()
    except asyncio.CancelledError:
        (folder / "cancelled").touch()
        raise


async def wait_for_disconnect(exchange: Exchange) -> None:
    """Read all that comes, the disconnect too, and note it."""
    folder = Path(exchange.query.decode())
    kinds = []
    while not kinds or kinds[-1] != "http.disconnect":
        (folder / "begun").touch()
        kinds.append((await exchange.receive())["type"])
    (folder / "cancelled").write_text(" ".join(kinds))


async def answer_and_work(exchange: Exchange) -> None:
    """Answer, and go on for longer than the client stays."""
    folder = Path(exchange.query.decode())
    await exchange.reply(Answer(TEXT, b"ok"))
    (folder / "begun").touch()
    await asyncio.sleep(0.3)
    (folder / "cancelled").write_text("done")


async def read_late(exchange: Exchange) -> None:
    """Begin to read the body when any watch has long begun."""
    await asyncio.sleep(0.2)
    await count(exchange)


class EchoDispatch:
    """The routes of the tests."""

    is_native = True

    def __init__(self, more: dict[str, Target] | None = None) -> None:
        self.routes: dict[str, Target] = {
            "/broken": Ready(broken),
            "/small": Ready(echo, max_body=10),
            "/ready": Ready(lambda exchange: Answer(JSON, b'{"ready":true}')),
            "/empty": Ready(lambda exchange: Answer(Head(204))),
            "/same": Ready(lambda exchange: Answer(Head(304, ((b"etag", b'"1"'),)))),
            "/split": Ready(lambda exchange: Answer(JSON, b"{}", [(b"x-a", b"b\r\nx-c: d")])),
            "/large": Ready(lambda exchange: Answer(TEXT, b"x" * 1_000_000)),
            "/late": Running(late, reads_body=True, max_body=100_000),
            "/count": Running(count),
            "/stream": Running(stream),
            "/refuse": Running(refuse_early),
            "/raise": Running(raise_late),
            "/silent": Running(silent),
            "/wait": Running(wait),
            "/wait-whole": Running(wait, reads_body=True),
            "/disconnect": Running(wait_for_disconnect),
            "/after": Running(answer_and_work),
            "/read-late": Running(read_late),
            **(more or {}),
        }
        self.rest = Ready(echo)

    def find(self, exchange: Exchange) -> Target:
        exchange.target = target = self.routes.get(exchange.path, self.rest)
        return target

    @property
    def asgi(self) -> Any:
        return self._serve

    async def _serve(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            await handle(self, scope, receive, send)
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.accept"})
            while (message := await receive())["type"] == "websocket.receive":
                await send({"type": "websocket.send", "text": message["text"]})
        else:
            while (await receive())["type"] != "lifespan.shutdown":
                await send({"type": "lifespan.startup.complete"})
            await send({"type": "lifespan.shutdown.complete"})


class EchoApp:
    """The same as an application object, as a server is given it."""

    def __init__(self, more: dict[str, Target] | None = None) -> None:
        self._dispatch = EchoDispatch(more)

    def dispatch(self) -> EchoDispatch:
        return self._dispatch

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self._dispatch.asgi(scope, receive, send)


app = EchoApp()


class RunningServer:
    """A server in a thread of this process."""

    def __init__(self, server: uvicorn.Server, port: int) -> None:
        self.server = server
        self.port = port

    @property
    def state(self) -> Any:
        return self.server.server_state

    @property
    def connections(self) -> set[Any]:
        """The open connections of our protocol."""
        service = getattr(self.state, "trivet_service", None)
        return service.connections if service is not None else set()

    def stop(self) -> None:
        self.server.should_exit = True

    def connect(self, timeout: float = 20.0) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=timeout)

    def ask(self, *pieces: bytes) -> bytes:
        """Send bytes on a connection of their own, and give all that comes until its end."""
        with self.connect() as sock:
            for piece in pieces:
                sock.sendall(piece)
            return read_all(sock)


@contextmanager
def running(
    application: Any = None,
    *,
    limits: Limits | None = None,
    http: Any = None,
    **options: Any,
) -> Iterator[RunningServer]:
    """Run an application on a free port, by our protocol unless told otherwise."""
    listener = socket.create_server(("127.0.0.1", 0))
    options.setdefault("lifespan", "off")
    config = uvicorn.Config(
        application or app,
        http=http or HttpSetting(limits or Limits(sweep=0.05), options.pop("access", None)),
        log_config=None,
        access_log=False,
        **options,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    wait_until(lambda: server.started or not thread.is_alive())
    try:
        yield RunningServer(server, listener.getsockname()[1])
    finally:
        server.should_exit = True
        thread.join(20)
        listener.close()
        assert not thread.is_alive(), "the server did not stop"


def wait_until(is_so: Callable[[], object], most: float = 20.0) -> None:
    """Wait until something is so; fails after `most` seconds."""
    ready = threading.Event()
    for _ in range(int(most / 0.01)):
        if is_so():
            return
        ready.wait(0.01)
    raise AssertionError("it did not come to be so")


def read_all(sock: socket.socket) -> bytes:
    """Give what comes until the other side ends."""
    found = []
    while True:
        try:
            data = sock.recv(1 << 20)
        except ConnectionResetError:
            data = b""
        if not data:
            return b"".join(found)
        found.append(data)


def read_answer(sock: socket.socket, method: str = "GET") -> tuple[int, dict[str, str], bytes]:
    """Read one answer with a length, or chunked, and leave the connection open."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += _more(sock)
    head, _, body = data.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    status = int(lines[0].split(" ")[1])
    headers = {
        name.lower(): value.strip() for name, _, value in (x.partition(":") for x in lines[1:])
    }
    if status < 200 or status in (204, 304) or method == "HEAD":
        assert not body, body
        return status, headers, body
    if headers.get("transfer-encoding") == "chunked":
        while not body.endswith(b"0\r\n\r\n"):
            body += _more(sock)
        return status, headers, unchunk(body)
    while len(body) < int(headers["content-length"]):
        body += _more(sock)
    return status, headers, body


def _more(sock: socket.socket) -> bytes:
    data = sock.recv(65536)
    assert data, "the connection ended within an answer"
    return data


def unchunk(data: bytes) -> bytes:
    """Decode a chunked body without trailers."""
    found = b""
    while True:
        size, _, data = data.partition(b"\r\n")
        length = int(size, 16)
        if not length:
            assert data == b"\r\n"
            return found
        found += data[:length]
        assert data[length : length + 2] == b"\r\n"
        data = data[length + 2 :]


def request(
    path: str = "/", *headers: str, method: str = "GET", body: bytes = b"", host: str = "test"
) -> bytes:
    """Write a request; a body gets its length unless a header says how it is framed."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", *headers]
    if body and not any(h.lower().startswith(("transfer-", "content-length")) for h in headers):
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body
