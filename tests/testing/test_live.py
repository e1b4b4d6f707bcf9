"""A live server answers real clients, and is gone when its block ends."""

from __future__ import annotations

import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import pytest
from websockets.sync.client import connect

from trivet import App, WebSocket
from trivet.testing import LiveProcess, LiveServer, ServerDied


def is_served(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def test_server_serves_http_and_websockets_while_its_block_runs() -> None:
    events: list[str] = []

    @asynccontextmanager
    async def lifespan(app: App) -> AsyncIterator[None]:
        events.append("start")
        yield
        events.append("stop")

    app = App(lifespan=lifespan)

    @app.get("/hello")
    async def hello() -> str:
        return "hello"

    @app.websocket("/echo")
    async def echo(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.send_text(await websocket.receive_text())
        await websocket.close()

    with LiveServer(app) as server:
        answer = httpx2.get(f"{server.url}/hello")
        with connect(f"{server.ws_url}/echo") as client:
            client.send("hi")
            echoed = client.recv()

    assert (answer.json(), echoed) == ("hello", "hi")
    assert events == ["start", "stop"]
    assert not is_served(server.port)


def test_two_servers_run_side_by_side() -> None:
    with (
        LiveServer(App(openapi_url="/a.json")) as one,
        LiveServer(App(openapi_url="/b.json")) as two,
    ):
        statuses = [
            httpx2.get(server.url + path).status_code
            for server in (one, two)
            for path in ("/a.json", "/b.json")
        ]

    assert statuses == [200, 404, 404, 200]


def test_error_in_the_block_comes_through_and_the_server_stops() -> None:
    with pytest.raises(ZeroDivisionError), LiveServer(App()) as server:
        _ = 1 / 0

    assert not is_served(server.port)


def test_application_that_does_not_start_is_an_error() -> None:
    @asynccontextmanager
    async def lifespan(app: App) -> AsyncIterator[None]:
        raise LookupError("no database")
        yield

    with pytest.raises(ServerDied):
        LiveServer(App(lifespan=lifespan)).__enter__()


def test_process_serves_a_file_as_a_service_would(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(
        "import os\nfrom trivet import App\napp = App()\n"
        '@app.get("/who")\nasync def who() -> list: return [os.environ["WHO"], os.getpid()]\n'
    )

    with LiveProcess(
        ["main.py"], folder=tmp_path, environment={"WHO": "ann"}, patience=60
    ) as server:
        answer = httpx2.get(f"{server.url}/who")
        assert server.process is not None

    assert answer.json() == ["ann", server.process.pid]
    # A signal that was obeyed is raised again at the end, so that the caller sees it.
    assert server.process.returncode == -signal.SIGTERM
    assert "Application shutdown complete" in server.log
    assert not is_served(server.port)


def test_process_that_cannot_load_its_application_says_why(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text("import nowhere_to_be_found\n")

    with pytest.raises(ServerDied, match=r"main\.py did not import"):
        LiveProcess(["main.py"], folder=tmp_path).__enter__()
