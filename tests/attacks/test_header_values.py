"""Header injection: no value of the framework's own headers begins another line.

What handlers set themselves is in tests/app/test_header_injection.py; these are the values that the
framework writes into headers for them.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from trivet import App, Depends, HTTPException, Response
from trivet.http.responses import FileResponse, RedirectResponse, StreamingResponse
from trivet.security import APIKeyHeader, HTTPBasic
from trivet.testing import TestClient

_EVIL = [
    "a\r\nx-evil: 1", "a\nx-evil: 1", "a\rx-evil: 1", "a\r\n\r\n<script>", "a\x00b",
    "a\x0bx-evil: 1", "a\u2028x-evil: 1", "a\x85x-evil: 1",
    "\u560a\u560dx-evil: 1", 'a"; x-evil="1',
    "a\r\n x-evil: 1",
]  # fmt: skip


def _file(value: str) -> Any:
    return FileResponse(Path(__file__), filename=value)


def _redirect(value: str) -> Any:
    return RedirectResponse(value)


def _cookie_value(value: str) -> Any:
    answer = Response("x")
    answer.set_cookie("name", value)
    return answer


def _cookie_name(value: str) -> Any:
    answer = Response("x")
    answer.set_cookie(value, "x")
    return answer


def _cookie_domain(value: str) -> Any:
    answer = Response("x")
    answer.set_cookie("name", "x", domain=value)
    return answer


def _cookie_path(value: str) -> Any:
    answer = Response("x")
    answer.set_cookie("name", "x", path=value)
    return answer


def _media_type(value: str) -> Any:
    return Response("x", media_type=value)


def _streamed(value: str) -> Any:
    async def parts() -> Any:
        yield b"x"

    return StreamingResponse(parts(), headers={"x-own": value})


def _refusal(value: str) -> Any:
    raise HTTPException(401, value, {"WWW-Authenticate": f'Basic realm="{value}"'})


_MAKERS: list[Callable[[str], Any]] = [
    _file, _redirect, _cookie_value, _cookie_name, _cookie_domain, _cookie_path, _media_type,
    _streamed, _refusal,
]  # fmt: skip


@pytest.mark.parametrize("make", _MAKERS, ids=lambda one: one.__name__)
@pytest.mark.parametrize("value", _EVIL, ids=ascii)
def test_no_value_begins_a_header(make: Callable[[str], Any], value: str) -> None:
    app = App()
    sent: list[tuple[bytes, bytes]] = []

    @app.get("/")
    async def handler() -> Any:
        return make(value)

    async def watched(scope: Any, receive: Any, send: Any) -> None:
        async def noted(message: Any) -> None:
            sent.extend(message.get("headers", ()))
            await send(message)

        await app(scope, receive, noted)

    client = TestClient(watched, raise_server_exceptions=False, follow_redirects=False)
    client.get("/")

    names = [name for name, _ in sent]
    assert b"x-evil" not in names
    for name, written in sent:
        assert not any(sign in written for sign in (b"\r", b"\n", b"\x00")), (name, written)


@pytest.mark.parametrize("value", _EVIL, ids=ascii)
def test_no_realm_and_no_name_of_a_scheme_begins_a_header(value: str) -> None:
    app = App()
    try:
        scheme, key = HTTPBasic(realm=value), APIKeyHeader(name=value)
    except Exception:
        return  # refused when it is written down is the best answer

    @app.get("/basic", dependencies=[Depends(scheme)])
    async def basic() -> None: ...

    @app.get("/key", dependencies=[Depends(key)])
    async def by_key() -> None: ...

    client = TestClient(app, raise_server_exceptions=False)
    for path in ("/basic", "/key"):
        for name, written in client.get(path).headers.raw:
            assert name != b"x-evil"
            assert b"\r" not in written
            assert b"\n" not in written
