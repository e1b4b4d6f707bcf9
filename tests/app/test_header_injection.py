"""No value of a header can begin a header of its own, whichever way it was set."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx2
import pytest

from trivet import App, HTTPException, Response
from trivet.testing import LiveServer, TestClient

BAD = {"x-own": "1\r\nset-cookie: a=b"}


def returned() -> Any:
    return Response("x", headers=BAD)


async def returned_later() -> Any:
    await asyncio.sleep(0)
    return Response("x", headers=BAD)


def set_on_the_response(response: Response) -> int:
    response.headers.update(BAD)
    return 1


def raised() -> None:
    raise HTTPException(400, "no", BAD)


async def raised_later() -> None:
    await asyncio.sleep(0)
    raise HTTPException(400, "no", BAD)


HANDLERS = [returned, returned_later, set_on_the_response, raised, raised_later]


def make() -> App:
    app = App(openapi_url=None)
    for handler in HANDLERS:
        app.get(f"/{handler.__name__}", response_model=None)(handler)
    return app


@pytest.mark.parametrize("path", [handler.__name__ for handler in HANDLERS])
def test_header_with_a_line_break_is_a_server_error_that_names_it(path: str) -> None:
    with pytest.raises(ValueError, match="the header 'x-own'"):
        TestClient(make()).get(path)

    answer = TestClient(make(), raise_server_exceptions=False).get(path)

    assert answer.status_code == 500
    assert answer.json() == {"detail": "Internal Server Error"}
    assert "set-cookie" not in answer.headers


def test_socket_never_writes_it() -> None:
    with LiveServer(make()) as server:
        for handler in HANDLERS:
            answer = httpx2.get(f"{server.url}/{handler.__name__}")

            assert answer.status_code == 500
            assert "set-cookie" not in answer.headers
