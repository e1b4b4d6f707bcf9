"""The application as ASGI: WebSockets, refusals, and what stands around everything."""

from __future__ import annotations

from typing import Annotated, Any

import pytest
from starlette.responses import PlainTextResponse
from starlette.websockets import WebSocketDisconnect

from trivet import App, Depends, HTTPException, Query, Request, WebSocket, WebSocketException
from trivet.errors import TrivetDeprecationWarning
from trivet.testing import TestClient, WebSocketDenialResponse


async def greeting(name: Annotated[str, Query()] = "nobody") -> Any:
    yield f"hello {name}"


def make() -> App:
    app = App(openapi_url=None)

    @app.websocket("/ws/{number}")
    async def serve(socket: WebSocket, number: int, text: str = Depends(greeting)) -> None:
        await socket.accept()
        await socket.send_json([number, text])
        if number == 7:
            raise WebSocketException(4007, "seven")
        if number == 8:
            raise LookupError("eight")
        await socket.close()

    return app


def test_a_socket_has_parameters_and_dependencies() -> None:
    with TestClient(make()).websocket_connect("/ws/3?name=ann") as socket:
        assert socket.receive_json() == [3, "hello ann"]


def test_values_that_do_not_fit_close_a_socket() -> None:
    with (
        pytest.raises(WebSocketDisconnect) as raised,
        TestClient(make()).websocket_connect("/ws/x"),
    ):
        pass

    assert raised.value.code == 1008


def test_a_websocket_exception_closes_with_its_code() -> None:
    with TestClient(make()).websocket_connect("/ws/7") as socket:
        socket.receive_json()
        with pytest.raises(WebSocketDisconnect) as raised:
            socket.receive_json()

    assert (raised.value.code, raised.value.reason) == (4007, "seven")


def test_an_error_that_nobody_handles_reaches_the_server() -> None:
    with pytest.raises(LookupError, match="eight"):  # noqa: PT012, SIM117  # raised on leaving
        with TestClient(make()).websocket_connect("/ws/8") as socket:
            socket.receive_json()
            socket.receive_json()


def test_a_client_that_leaves_ends_the_handler_quietly() -> None:
    seen: list[str] = []

    async def closing() -> Any:
        try:
            yield
        except WebSocketDisconnect as error:
            seen.append(f"left with {error.code}")
            raise

    app = App(openapi_url=None)

    @app.websocket("/ws", dependencies=[Depends(closing)])
    async def serve(socket: WebSocket) -> None:
        await socket.accept()
        while True:
            await socket.receive_text()

    with TestClient(app).websocket_connect("/ws") as socket:
        socket.send_text("one")

    assert seen == ["left with 1000"]


def test_a_handler_of_disconnects_is_still_asked() -> None:
    seen: list[int] = []
    app = App(openapi_url=None)

    @app.exception_handler(WebSocketDisconnect)
    async def note(socket: WebSocket, error: WebSocketDisconnect) -> None:
        seen.append(error.code)

    @app.websocket("/ws")
    async def serve(socket: WebSocket) -> None:
        await socket.accept()
        await socket.receive_text()

    with TestClient(app).websocket_connect("/ws") as socket:
        socket.close(4001)

    assert seen == [4001]


def test_a_disconnect_of_another_socket_is_an_error() -> None:
    app = App(openapi_url=None)

    @app.websocket("/ws")
    async def serve(socket: WebSocket) -> None:
        await socket.accept()
        raise WebSocketDisconnect(1006, "somebody else's")

    with pytest.raises(WebSocketDisconnect, match="somebody"):  # noqa: SIM117
        with TestClient(app).websocket_connect("/ws") as socket:
            socket.receive_text()


def test_a_socket_at_an_unknown_path_is_closed() -> None:
    with (
        pytest.raises(WebSocketDisconnect),
        TestClient(make()).websocket_connect("/none"),
    ):
        pass


def test_an_http_exception_before_accepting_denies_the_socket() -> None:
    app = App(openapi_url=None)

    @app.websocket("/")
    async def serve(socket: WebSocket) -> None:
        raise HTTPException(403, "no")

    with (
        pytest.raises(WebSocketDenialResponse) as raised,
        TestClient(app).websocket_connect("/"),
    ):
        pass

    assert raised.value.status_code == 403


def test_an_error_in_middleware_gets_the_last_answer_and_is_raised() -> None:
    app = make()

    @app.middleware("http")
    async def broken(request: Request, call_next: Any) -> Any:
        raise LookupError("in middleware")

    @app.exception_handler(Exception)
    async def last(request: Request, error: Exception) -> PlainTextResponse:
        return PlainTextResponse(f"last {error}", 500)

    quiet = TestClient(app, raise_server_exceptions=False)

    assert quiet.get("/").text == "last in middleware"
    with pytest.raises(LookupError):
        TestClient(app).get("/")


def test_the_old_name_of_the_root_path_works_and_says_the_new_one() -> None:
    with pytest.warns(TrivetDeprecationWarning, match=r'write root_path="/proxy" instead'):
        app = App(openapi_prefix="/proxy")

    @app.get("/")
    async def show(request: Request) -> str:
        return str(request.scope["root_path"])

    client = TestClient(app)
    assert client.get("/").json() == "/proxy"
    assert client.get("/openapi.json").json()["servers"] == [{"url": "/proxy"}]


def test_the_root_path_goes_before_its_old_name() -> None:
    with pytest.warns(TrivetDeprecationWarning):
        app = App(openapi_prefix="/old", root_path="/proxy")

    assert app.root_path == "/proxy"


def test_a_root_path_is_in_the_scope_of_every_request() -> None:
    app = App(root_path="/proxy", openapi_url=None)

    @app.get("/")
    async def show(request: Request) -> str:
        return str(request.scope["root_path"])

    assert TestClient(app).get("/").json() == "/proxy"
