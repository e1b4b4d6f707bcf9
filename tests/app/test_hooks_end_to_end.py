"""The native hooks around a real application: on routes, refusals, streams and WebSockets."""

from __future__ import annotations

import gzip
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response, StreamingResponse
from starlette.testclient import TestClient, WebSocketDenialResponse
from starlette.websockets import WebSocket

from trivet.app.application import App
from trivet.errors import HTTPException
from trivet.http.exchange import Exchange
from trivet.middleware.compress import Compress
from trivet.middleware.cors import Cors
from trivet.middleware.headers import SecureHeaders
from trivet.middleware.hook import Hook
from trivet.middleware.hosts import AllowedHosts
from trivet.middleware.proxy import ProxyHeaders
from trivet.middleware.request_id import RequestId
from trivet.middleware.sessions import Sessions

SECRET = "a secret of quite some length, of tests"
ORIGIN = "https://example.org"


def app_with(*hooks: Hook) -> App:
    """Give an application with one route of each way in which an answer is made."""
    app = App(hooks=hooks)

    @app.get("/ready")
    async def ready() -> dict[str, str]:
        return {"text": "x" * 2000}

    @app.get("/thread")
    def thread() -> dict[str, str]:
        return {"text": "x" * 2000}

    @app.get("/stream")
    async def stream() -> Response:
        return StreamingResponse(iter([b"x" * 1000] * 3), media_type="text/plain")

    @app.get("/events")
    async def events() -> Any:
        for number in range(3):
            yield {"number": number}

    @app.get("/refused")
    async def refused() -> None:
        raise HTTPException(403, "no")

    @app.get("/number/{value}")
    async def number(value: int) -> int:
        return value

    @app.get("/where")
    async def where(request: Request) -> dict[str, Any]:
        client = request.client
        return {
            "url": str(request.url),
            "client": client.host if client else None,
            "id": request.headers.get("x-request-id"),
        }

    @app.get("/broken")
    async def broken() -> None:
        raise ValueError("broken")

    @app.websocket("/ws")
    async def socket(socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_json(dict(socket.session) if "session" in socket.scope else {})
        await socket.close()

    return app


PATHS = ["/ready", "/thread", "/stream", "/events", "/refused", "/number/x", "/openapi.json"]
REFUSED = ["/nothing", "/number/1/", "/broken"]


# -- CORS ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [*PATHS, "/nothing"])
def test_cors_answers_preflights_also_where_nobody_serves(path: str) -> None:
    client = TestClient(app_with(Cors(allow_origins=[ORIGIN], allow_methods=["GET", "PUT"])))
    headers = {"origin": ORIGIN, "access-control-request-method": "PUT"}

    answer = client.options(path, headers=headers)

    assert answer.status_code in (200, 204)
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert "PUT" in answer.headers["access-control-allow-methods"]


@pytest.mark.parametrize("path", [*PATHS, *REFUSED])
def test_cors_marks_every_answer_so_that_scripts_may_read_it(path: str) -> None:
    client = TestClient(app_with(Cors(allow_origins=[ORIGIN])), raise_server_exceptions=False)

    answer = client.get(path, headers={"origin": ORIGIN}, follow_redirects=False)
    other = client.get(path, headers={"origin": "https://evil.example"}, follow_redirects=False)

    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert "access-control-allow-origin" not in other.headers


# -- secure headers ------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [*PATHS, *REFUSED])
def test_secure_headers_are_on_every_answer(path: str) -> None:
    client = TestClient(app_with(SecureHeaders()), raise_server_exceptions=False)

    answer = client.get(path, follow_redirects=False)

    assert answer.headers["x-content-type-options"] == "nosniff"
    assert client.post("/ready").status_code == 405
    assert client.post("/ready").headers["x-content-type-options"] == "nosniff"


def test_secure_headers_are_on_refusals_of_websockets() -> None:
    hooks = [RequestId(), SecureHeaders(), AllowedHosts(allowed_hosts=["testserver"])]
    client = TestClient(app_with(*hooks))

    with (
        pytest.raises(WebSocketDenialResponse) as caught,
        client.websocket_connect("/ws", headers={"host": "evil.example"}),
    ):
        pass
    assert caught.value.status_code == 400
    assert caught.value.headers["x-content-type-options"] == "nosniff"
    assert caught.value.headers["x-request-id"]
    assert caught.value.headers["content-type"]


# -- compression ---------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/ready", "/thread", "/stream"])
def test_ready_and_streamed_answers_are_compressed(path: str) -> None:
    client = TestClient(app_with(Compress()))

    with client.stream("GET", path, headers={"accept-encoding": "gzip"}) as answer:
        raw = b"".join(answer.iter_raw())

    assert answer.headers["content-encoding"] == "gzip"
    assert "accept-encoding" in answer.headers["vary"].lower()
    assert b"x" * 1000 in gzip.decompress(raw)
    assert int(answer.headers.get("content-length", len(raw))) == len(raw)


def test_answers_stay_as_they_are_for_clients_that_cannot_unpack() -> None:
    client = TestClient(app_with(Compress()))

    answer = client.get("/ready", headers={"accept-encoding": "identity"})

    assert "content-encoding" not in answer.headers
    assert answer.json() == {"text": "x" * 2000}


# -- hosts and proxies ---------------------------------------------------------------------------


@pytest.mark.parametrize("path", [*PATHS, *REFUSED])
def test_other_hosts_are_refused_before_anything_else(path: str) -> None:
    client = TestClient(app_with(AllowedHosts(allowed_hosts=["example.org"])))
    headers = {"host": "evil.example"}

    answer = client.get(path, headers=headers, follow_redirects=False)

    assert answer.status_code == 400
    assert "location" not in answer.headers


def test_other_hosts_open_no_websockets() -> None:
    client = TestClient(app_with(AllowedHosts(allowed_hosts=["testserver"])))

    with client.websocket_connect("/ws") as socket:
        assert socket.receive_json() == {}
    with (
        pytest.raises(WebSocketDenialResponse) as caught,
        client.websocket_connect("/ws", headers={"host": "evil.example"}),
    ):
        pass
    assert caught.value.status_code == 400


def test_proxies_tell_the_clients_address_and_scheme() -> None:
    headers = {"x-forwarded-for": "203.0.113.9", "x-forwarded-proto": "https"}
    trusted = TestClient(
        app_with(ProxyHeaders(trusted=["10.0.0.1"])), client=("10.0.0.1", 1000)
    ).get("/where", headers=headers)
    stranger = TestClient(
        app_with(ProxyHeaders(trusted=["10.0.0.1"])), client=("192.0.2.1", 1000)
    ).get("/where", headers=headers)

    assert trusted.json()["client"] == "203.0.113.9"
    assert trusted.json()["url"].startswith("https://")
    assert stranger.json()["client"] == "192.0.2.1"
    assert stranger.json()["url"].startswith("http://")


# -- request ids ---------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [*PATHS, *REFUSED])
def test_every_answer_names_its_request(path: str) -> None:
    client = TestClient(app_with(RequestId()), raise_server_exceptions=False)

    first, second = (client.get(path, follow_redirects=False) for _ in range(2))

    assert first.headers["x-request-id"]
    assert first.headers["x-request-id"] != second.headers["x-request-id"]


# -- sessions ------------------------------------------------------------------------------------


def session_app(**options: Any) -> App:
    app = App(hooks=[Sessions(secrets=SECRET, **options)])

    @app.get("/count")
    def count(request: Request) -> int:
        request.session["count"] = request.session.get("count", 0) + 1
        return int(request.session["count"])

    @app.post("/say")
    async def say(request: Request) -> Response:
        request.session.setdefault("flashes", []).append("saved")
        return RedirectResponse("/show", 303)

    @app.get("/show")
    async def show(request: Request) -> list[str]:
        return list(request.session.pop("flashes", []))

    @app.get("/stream")
    async def stream(request: Request) -> Response:
        request.session["streamed"] = True
        return StreamingResponse(iter([b"x"]))

    @app.get("/all")
    async def everything(request: Request) -> dict[str, Any]:
        return dict(request.session)

    @app.get("/out")
    async def out(request: Request) -> Response:
        request.session.clear()
        return PlainTextResponse("bye")

    @app.get("/untouched")
    async def untouched() -> str:
        return "x"

    @app.websocket("/ws")
    async def socket(socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_json(dict(socket.session))
        await socket.close()

    return app


def test_a_session_counts_for_each_visitor() -> None:
    app = session_app()
    ann, bob = TestClient(app), TestClient(app)

    assert [ann.get("/count").json() for _ in range(3)] == [1, 2, 3]
    assert bob.get("/count").json() == 1
    with ann.websocket_connect("/ws") as socket:
        assert socket.receive_json() == {"count": 3}


def test_a_message_for_the_next_page_is_shown_once() -> None:
    client = TestClient(session_app())

    assert client.post("/say").json() == ["saved"]
    assert client.get("/show").json() == []


def test_streams_keep_what_was_set_before_they_began() -> None:
    client = TestClient(session_app())
    client.get("/stream")

    assert client.get("/all").json() == {"streamed": True}


def test_a_cookie_that_was_changed_is_an_empty_session() -> None:
    client = TestClient(session_app())
    client.get("/count")
    value = client.cookies["session"]
    body, rest = value.split(".", 1)

    for forged in (body[:-2] + "AA." + rest, value[:-1] + "x", "x", value.upper(), ""):
        found = TestClient(session_app(), cookies={"session": forged}).get("/all")
        assert (found.status_code, found.json()) == (200, {})
    assert TestClient(session_app(), cookies={"session": value}).get("/all").json() == {"count": 1}


def test_a_session_is_signed_for_its_own_name_and_secret() -> None:
    client = TestClient(session_app())
    client.get("/count")
    value = client.cookies["session"]
    other = App(hooks=[Sessions(secrets="another secret of quite some length, too")])

    @other.get("/all")
    async def everything(request: Request) -> dict[str, Any]:
        return dict(request.session)

    assert TestClient(other, cookies={"session": value}).get("/all").json() == {}
    renamed = TestClient(session_app(cookie="other"), cookies={"other": value})
    assert renamed.get("/all").json() == {}


def test_the_cookie_is_closed_to_scripts_and_sent_only_when_needed() -> None:
    client = TestClient(session_app())

    assert "set-cookie" not in client.get("/untouched").headers
    cookie = client.get("/count").headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "set-cookie" not in client.get("/all").headers
    assert "max-age=0" in client.get("/out").headers["set-cookie"].lower()
    assert client.get("/all").json() == {}


# -- together ------------------------------------------------------------------------------------


def test_hooks_stand_around_each_other_in_declared_order() -> None:
    app = app_with(
        RequestId(),
        AllowedHosts(allowed_hosts=["testserver"]),
        SecureHeaders(),
        Cors(allow_origins=[ORIGIN]),
        Compress(),
    )
    client = TestClient(app)

    answer = client.get("/ready", headers={"origin": ORIGIN, "accept-encoding": "gzip"})
    refused = client.get("/ready", headers={"host": "evil.example"})

    assert {"x-request-id", "x-content-type-options", "content-encoding"} <= set(answer.headers)
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert answer.json() == {"text": "x" * 2000}
    assert refused.status_code == 400
    assert "x-request-id" in refused.headers
    assert "x-content-type-options" not in refused.headers


class Doorkeeper(Hook):
    """Raises in front of every route."""

    def before(self, exchange: Exchange) -> None:
        raise HTTPException(418, "not by this door")


@pytest.mark.parametrize(
    "path", ["/ready", "/thread", "/stream", "/refused", "/nowhere", "/ready/"]
)
@pytest.mark.parametrize("has_functions", [False, True])
def test_what_a_hook_raises_is_answered_wherever_it_stands(path: str, has_functions: bool) -> None:
    app = app_with(Doorkeeper())
    if has_functions:
        app.after_request(lambda response: None)

    answer = TestClient(app).get(path, follow_redirects=False)

    assert (answer.status_code, answer.json()) == (418, {"detail": "not by this door"})
