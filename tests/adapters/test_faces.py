"""One table of requests through every face: the socket, two ASGI servers, Granian twice."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import hypercorn.asyncio
import hypercorn.config
import pytest

from tests.adapters.serving import app, read_answer, request, running, wait_until

_CHUNKED = "Transfer-Encoding: chunked"

# Requests, and what of their answers is compared: the status, the type and the body.
TABLE: dict[str, tuple[str, bytes]] = {
    "get": ("GET", request("/ready")),
    "query": ("GET", request("/a%20b/%C3%A9?x=1&y=%20", "X-Mark: 1", "X-Mark: 2")),
    "head": ("HEAD", request("/ready", method="HEAD")),
    "post": ("POST", request("/x", method="POST", body=b"hello")),
    "chunked": (
        "POST",
        request("/x", _CHUNKED, method="POST", body=b"2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n"),
    ),
    "put": ("PUT", request("/x", method="PUT", body=b"a" * 50_000)),
    "delete": ("DELETE", request("/x", method="DELETE")),
    "late": ("GET", request("/late")),
    "counted": ("POST", request("/count", method="POST", body=b"x" * 80_000)),
    "read late": ("GET", request("/read-late")),
    "read late with a body": ("POST", request("/read-late", method="POST", body=b"x" * 80_000)),
    "streamed": ("GET", request("/stream")),
    "no content": ("GET", request("/empty")),
    "large": ("GET", request("/large")),
    "too large": ("POST", request("/small", method="POST", body=b"x" * 11)),
    "too large in chunks": (
        "POST",
        request("/small", _CHUNKED, method="POST", body=b"b\r\nhello world\r\n0\r\n\r\n"),
    ),
    "doubled content type": ("GET", request("/x", "Content-Type: a/b", "Content-Type: c/d")),
    "underscored twin": ("GET", request("/x", "X-User: a", "X_User: b")),
    "no host of the form": ("GET", request("/x", host="me@test")),
    "encoded NUL": ("GET", request("/a%00b")),
}  # fmt: skip


@contextmanager
def _on_hypercorn() -> Iterator[int]:
    port = _free_port()
    config = hypercorn.config.Config()
    config.bind = [f"127.0.0.1:{port}"]
    config.loglevel = "ERROR"
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()

    def run() -> None:
        serve = hypercorn.asyncio.serve(app, config, shutdown_trigger=stop.wait)  # type: ignore[arg-type]
        loop.run_until_complete(serve)
        loop.close()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    wait_until(lambda: _answers(port))
    try:
        yield port
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(20)


@contextmanager
def _on_granian(interface: str, name: str) -> Iterator[int]:
    port = _free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "granian", "--interface", interface, "--port", str(port),
         "--no-ws", "--log-level", "error", f"tests.adapters.granian_app:{name}"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)},
    )  # fmt: skip
    try:
        wait_until(lambda: process.poll() is not None or _answers(port), 50)
        yield port
    finally:
        process.terminate()
        process.wait(30)


@contextmanager
def _on_uvicorn(http: Any) -> Iterator[int]:
    with running(http=http) as server:
        yield server.port


FACES: dict[str, Callable[[], Any]] = {
    "socket": lambda: _on_uvicorn(None),
    "uvicorn-httptools": lambda: _on_uvicorn("httptools"),
    "uvicorn-h11": lambda: _on_uvicorn("h11"),
    "hypercorn": _on_hypercorn,
    "granian-asgi": lambda: _on_granian("asgi", "asgi_app"),
    "granian-rsgi": lambda: _on_granian("rsgi", "rsgi_app"),
}


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return int(sock.getsockname()[1])


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5):
            return True
    except OSError:
        return False


def _ask(port: int, method: str, data: bytes) -> tuple[int, str | None, str | None, bytes]:
    with socket.create_connection(("127.0.0.1", port), timeout=20) as sock:
        sock.sendall(data)
        status, headers, body = read_answer(sock, method)
    return status, headers.get("content-type"), headers.get("x-late"), body


@pytest.fixture(scope="module")
def expected() -> dict[str, Any]:
    with FACES["socket"]() as port:
        return {name: _ask(port, *ask) for name, ask in TABLE.items()}


@pytest.mark.parametrize("face", [name for name in FACES if name != "socket"])
def test_every_face_gives_the_same_answers(face: str, expected: dict[str, Any]) -> None:
    with FACES[face]() as port:
        found = {name: _ask(port, *ask) for name, ask in TABLE.items()}

    assert found == expected


def test_the_table_has_the_statuses_it_is_meant_to_have(expected: dict[str, Any]) -> None:
    statuses = {name: answer[0] for name, answer in expected.items()}

    assert statuses == {
        **dict.fromkeys(TABLE, 200),
        "no content": 204,
        "too large": 413,
        "too large in chunks": 413,
        "doubled content type": 400,
        "underscored twin": 400,
        "no host of the form": 400,
        "encoded NUL": 400,
    }


@pytest.mark.parametrize("face", FACES)
def test_work_ends_when_its_client_leaves(face: str, tmp_path: Path) -> None:
    """Where it waits, where its body was read, and where it listens for the disconnect itself."""
    ways = {
        "wait": request,
        "wait-whole": partial(request, method="POST", body=b"hello"),
        "disconnect": request,
        "after": request,
    }
    for name in ways:
        (tmp_path / name).mkdir()

    with FACES[face]() as port:
        for name, make in ways.items():
            with socket.create_connection(("127.0.0.1", port), timeout=20) as sock:
                sock.sendall(make(f"/{name}?{tmp_path / name}"))
                wait_until((tmp_path / name / "begun").exists)
        for name in ways:
            wait_until((tmp_path / name / "cancelled").exists)

    kinds = (tmp_path / "disconnect" / "cancelled").read_text().split()
    assert set(kinds[:-1]) == {"http.request"}
    assert kinds[-1] == "http.disconnect"
    assert (tmp_path / "after" / "cancelled").read_text() == "done"
