"""What a WebSocket's opening request looks like once it has passed the socket."""

from __future__ import annotations

import json

from starlette.websockets import WebSocket
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from trivet import App
from trivet.middleware.hosts import AllowedHosts
from trivet.testing import LiveServer


def test_names_of_headers_are_in_lower_case_and_values_as_they_came() -> None:
    app = App()

    @app.websocket("/socket")
    async def socket(socket: WebSocket) -> None:
        await socket.accept()
        raw = [name.decode() for name, _ in socket.scope["headers"]]
        await socket.send_json([raw, socket.headers["host"], socket.headers["x-case"]])

    with (
        LiveServer(app) as server,
        connect(f"{server.ws_url}/socket", additional_headers={"X-Case": "Kept: It"}) as client,
    ):
        names, host, value = json.loads(client.recv())

    assert names == [name.lower() for name in names]
    assert host == f"{server.host}:{server.port}"
    assert value == "Kept: It"


def test_hosts_are_looked_at_for_websockets_too() -> None:
    app = App()
    app.add_hook(AllowedHosts(allowed_hosts=["example.com"]))

    @app.websocket("/socket")
    async def socket(socket: WebSocket) -> None:
        await socket.accept()

    with LiveServer(app) as server:
        try:
            connect(f"{server.ws_url}/socket").close()
        except InvalidStatus as error:
            status = error.response.status_code

    assert status == 400
