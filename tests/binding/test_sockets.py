"""A WebSocket's opening request has no body, and its function may not ask for one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import pytest

from trivet import (
    App,
    Body,
    Depends,
    Form,
    Query,
    Router,
    UploadFile,
    WebSocket,
    WebSocketDisconnect,
)
from trivet.dropin.fastapi import FastAPI
from trivet.errors import DeclarationError
from trivet.testing import TestClient


async def inferred(socket: WebSocket, message: dict[str, int]) -> None: ...


async def with_default(socket: WebSocket, names: list[str] = []) -> None: ...  # noqa: B006


async def marked(socket: WebSocket, number: Annotated[int, Body()]) -> None: ...


async def of_a_form(socket: WebSocket, name: Annotated[str, Form()]) -> None: ...


async def uploaded(socket: WebSocket, file: UploadFile) -> None: ...


def reading(number: Annotated[int, Body()] = 1) -> int:
    return number


async def by_dependency(socket: WebSocket, number: Annotated[int, Depends(reading)]) -> None: ...


@pytest.mark.parametrize(
    ("handler", "name"),
    [
        (inferred, "message"),
        (with_default, "names"),
        (marked, "number"),
        (of_a_form, "name"),
        (uploaded, "file"),
    ],
)
def test_parameter_of_the_body_is_refused_where_it_is_declared(
    handler: Callable[..., Any], name: str
) -> None:
    with pytest.raises(DeclarationError, match=f"{name!r} would be read from a body") as raised:
        App().websocket("/ws")(handler)

    assert raised.value.code == "binding.socket-body"
    assert raised.value.where == f"{__file__}:{handler.__code__.co_firstlineno}"
    assert raised.value.mend is not None
    assert name in raised.value.mend


def test_dependency_that_reads_a_body_is_named_with_its_own_place() -> None:
    with pytest.raises(DeclarationError, match="'number'") as raised:
        Router().websocket("/ws")(by_dependency)

    assert raised.value.where == f"{__file__}:{reading.__code__.co_firstlineno}"


def test_dependency_of_a_router_is_refused_too() -> None:
    async def handler(socket: WebSocket) -> None: ...

    with pytest.raises(DeclarationError, match="'number'"):
        Router(dependencies=[Depends(reading)]).websocket("/ws")(handler)


def test_list_in_the_query_is_what_the_mend_says() -> None:
    app = App()

    @app.websocket("/ws")
    async def handler(socket: WebSocket, names: Annotated[list[str], Query()]) -> None:
        await socket.accept()
        await socket.send_json(names)

    with TestClient(app).websocket_connect("/ws?names=a&names=b") as socket:
        assert socket.receive_json() == ["a", "b"]


async def send_names(socket: WebSocket, names: list[str] = ["none"]) -> None:  # noqa: B006
    await socket.accept()
    await socket.send_json(names)


async def send_form(socket: WebSocket, name: Annotated[str, Form()] = "none") -> None:
    await socket.accept()
    await socket.send_json([name])


@pytest.mark.parametrize("handler", [send_names, send_form])
def test_program_for_fastapi_gets_the_default(handler: Callable[..., Any]) -> None:
    app = FastAPI()
    app.websocket("/ws")(handler)

    with TestClient(app).websocket_connect("/ws") as socket:
        assert socket.receive_json() == ["none"]


def test_program_for_fastapi_refuses_the_connection_where_there_is_no_default() -> None:
    app = FastAPI()
    app.websocket("/ws")(marked)

    with pytest.raises(WebSocketDisconnect) as raised:
        TestClient(app).websocket_connect("/ws").__enter__()

    assert raised.value.code == 1008


def nothing() -> int:
    return 0


def test_what_takes_the_place_of_a_dependency_gets_its_default() -> None:
    app = App()

    @app.websocket("/ws")
    async def handler(socket: WebSocket, number: Annotated[int, Depends(nothing)]) -> None:
        await socket.accept()
        await socket.send_json(number)

    app.dependency_overrides[nothing] = reading

    with TestClient(app).websocket_connect("/ws") as socket:
        assert socket.receive_json() == 1
