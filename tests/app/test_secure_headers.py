"""The headers that every answer has, unless an application or a handler says otherwise."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from trivet import App, PlainTextResponse, Response, StreamingResponse
from trivet.dropin.fastapi import FastAPI
from trivet.middleware.cors import Cors
from trivet.middleware.headers import SecureHeaders, careful_headers
from trivet.static import StaticFiles
from trivet.testing import LiveServer, TestClient

CAREFUL = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "SAMEORIGIN",
    "referrer-policy": "strict-origin-when-cross-origin",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "content-security-policy": "object-src 'none'; base-uri 'none'; frame-ancestors 'self'",
}


def site(**options: object) -> App:
    app = App(**options)  # type: ignore[arg-type]

    @app.get("/at-once")
    def at_once() -> dict[str, str]:
        return {}

    @app.get("/waits")
    async def waits() -> dict[str, str]:
        return {}

    @app.get("/response")
    async def response() -> Response:
        return PlainTextResponse("x")

    @app.get("/stream")
    async def stream() -> StreamingResponse:
        async def parts() -> AsyncIterator[str]:
            yield "x"

        return StreamingResponse(parts())

    @app.get("/own")
    async def own(response: Response) -> dict[str, str]:
        response.headers["X-Frame-Options"] = "DENY"
        response.headers["Content-Security-Policy"] = "default-src 'self'"
        return {}

    @app.get("/fails")
    async def fails() -> None:
        raise ValueError

    app.mount("/files", StaticFiles(directory=Path(__file__).parent))
    return app


POLICED = ("/docs",)  # pages have a policy of their own
PATHS = (
    "/at-once", "/waits", "/response", "/stream", "/fails", "/nowhere", "/docs", "/openapi.json",
    "/files/test_secure_headers.py", "/files/nothing",
)  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
def test_every_answer_is_careful(path: str) -> None:
    client = TestClient(site(), raise_server_exceptions=False)
    for _ in range(3):  # the first, the one that makes a twin, and those behind it
        headers = client.get(path).headers
        expected = dict(CAREFUL)
        if path in POLICED:
            nonce = headers["content-security-policy"].partition("'nonce-")[2].partition("'")[0]
            expected["content-security-policy"] = (
                f"script-src 'self' 'nonce-{nonce}'; object-src 'none'; base-uri 'none';"
                " frame-ancestors 'self'; worker-src 'self' blob:"
            )
        assert {name: headers.get(name) for name in CAREFUL} == expected
        assert len(headers.get_list("x-frame-options")) == 1


STRICT = "strict-transport-security"


@pytest.mark.parametrize("path", PATHS)
def test_https_is_remembered_for_a_year(path: str) -> None:
    client = TestClient(site(), base_url="https://shop.example", raise_server_exceptions=False)
    for _ in range(3):
        assert client.get(path).headers.get_list(STRICT) == ["max-age=31536000"]


@pytest.mark.parametrize("base_url", ["http://shop.example", "https://localhost:8443"])
def test_https_is_not_remembered_in_the_clear_or_of_this_machine(base_url: str) -> None:
    client = TestClient(site(), base_url=base_url, raise_server_exceptions=False)
    for path in PATHS:
        assert STRICT not in client.get(path).headers


def test_https_is_not_remembered_from_debugging() -> None:
    client = TestClient(site(debug=True), base_url="https://shop.example")
    assert STRICT not in client.get("/at-once").headers


def test_https_and_the_policy_of_pages_are_left_out_by_one_word_each() -> None:
    careful = careful_headers(hsts=None, pages=None)
    headers = TestClient(site(secure_headers=careful), base_url="https://shop.example").get("/docs")
    assert STRICT not in headers.headers
    assert headers.headers["content-security-policy"] == CAREFUL["content-security-policy"]
    assert "nonce" not in headers.text


def test_pages_of_the_documentation_run_their_own_scripts_alone() -> None:
    client = TestClient(site())
    for path in ("/docs", "/redoc", "/docs/oauth2-redirect"):
        answer = client.get(path)
        policy = answer.headers["content-security-policy"]
        nonce = policy.partition("'nonce-")[2].partition("'")[0]
        assert f'nonce="{nonce}"' in answer.text
        assert answer.text.count("<script") == answer.text.count(f'nonce="{nonce}"') - (
            1 if path != "/docs/oauth2-redirect" else 0  # the style
        )


def test_a_socket_behind_a_trusted_proxy_tells_browsers_of_https() -> None:
    with LiveServer(site()) as server:
        for scheme, told in (("https", "max-age=31536000"), ("http", None)):
            asked = Request(
                f"{server.url}/at-once",
                headers={"Host": "shop.example", "X-Forwarded-Proto": scheme},
            )
            with urlopen(asked) as answer:
                assert answer.headers.get(STRICT) == told


def test_what_a_handler_says_itself_stays() -> None:
    client = TestClient(site())
    for _ in range(3):
        headers = client.get("/own").headers
        assert headers.get_list("x-frame-options") == ["DENY"]
        assert headers["content-security-policy"] == "default-src 'self'"
        assert headers["x-content-type-options"] == "nosniff"


def test_a_hook_of_this_kind_takes_their_place() -> None:
    client = TestClient(site(hooks=[SecureHeaders(frame_options="DENY")]))
    headers = client.get("/at-once").headers
    assert headers.get_list("x-frame-options") == ["DENY"]
    assert "content-security-policy" not in headers


def test_they_stand_around_other_hooks() -> None:
    client = TestClient(site(hooks=[Cors(allow_origins=["https://a.example"])]))
    asked = {"Origin": "https://a.example", "Access-Control-Request-Method": "GET"}
    assert client.options("/at-once", headers=asked).headers["x-frame-options"] == "SAMEORIGIN"


def test_none_leaves_them_out() -> None:
    headers = TestClient(site(secure_headers=None)).get("/at-once").headers
    assert set(headers).isdisjoint(CAREFUL)


def test_programs_of_fastapi_get_what_they_know() -> None:
    app = FastAPI()

    @app.get("/")
    async def home() -> dict[str, str]:
        return {}

    assert set(TestClient(app).get("/").headers).isdisjoint(CAREFUL)


def test_one_answer_that_is_shared_is_dressed_once() -> None:
    """An answer that is kept and given again has each header once."""
    app = App()

    @app.get("/")
    def home() -> str:
        return "x"

    client = TestClient(app)
    answers = [client.get("/") for _ in range(5)]
    assert {json.dumps(sorted(answer.headers.items())) for answer in answers} == {
        json.dumps(sorted(answers[0].headers.items()))
    }


def test_they_are_sent_by_the_socket_too() -> None:
    with LiveServer(site()) as server, urlopen(f"{server.url}/at-once") as answer:
        found = {name.lower(): value for name, value in answer.headers.items()}
    assert {name: found.get(name) for name in CAREFUL} == CAREFUL
