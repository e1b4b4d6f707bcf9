from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import httpx2
import pytest

from trivet import App, Body, File, Form, Request, Router, UploadFile
from trivet.testing import TestClient


def application(**options: Any) -> App:
    app = App(**options)

    @app.post("/json")
    async def json(data: Annotated[Any, Body()]) -> int:
        return len(data)

    @app.post("/stream")
    async def stream(request: Request) -> int:
        return sum([len(chunk) async for chunk in request.stream()])

    @app.post("/upload")
    async def upload(file: Annotated[UploadFile, File()]) -> int | None:
        return file.size

    @app.post("/form")
    async def form(text: Annotated[str, Form()]) -> int:
        return len(text)

    return app


def pieces(count: int) -> Iterator[bytes]:
    yield from [b"x" * 100] * count


def too_large(client: TestClient) -> dict[str, httpx2.Response]:
    return {
        "json": client.post("/json", json="x" * 1000),
        "stream": client.post("/stream", content=pieces(10)),
        "upload": client.post("/upload", files={"file": ("a.txt", b"x" * 1000)}),
        "form": client.post("/form", data={"text": "x" * 1000}),
    }


@pytest.mark.parametrize("kind", ["json", "stream", "upload", "form"])
def test_a_body_over_the_limit_is_answered_with_413(kind: str) -> None:
    response = too_large(TestClient(application(max_body_size=500)))[kind]

    assert response.status_code == 413
    assert "larger than 500 bytes" in response.json()["detail"]


@pytest.mark.parametrize("kind", ["json", "stream", "upload", "form"])
def test_a_body_within_the_limit_is_taken(kind: str) -> None:
    response = too_large(TestClient(application(max_body_size=2000)))[kind]

    assert response.status_code == 200
    assert response.json() == 1000


def test_a_limit_is_there_where_nobody_sets_one() -> None:
    client = TestClient(application())

    assert client.post("/stream", content=b"x" * (16 * 1024 * 1024)).json() == 16 * 1024 * 1024
    assert client.post("/stream", content=b"x" * (16 * 1024 * 1024 + 1)).status_code == 413


def test_none_takes_the_limit_away() -> None:
    client = TestClient(application(max_body_size=None))

    assert client.post("/stream", content=b"x" * (16 * 1024 * 1024 + 1)).status_code == 200


def test_a_route_may_allow_more_than_its_router_and_app() -> None:
    app = App(max_body_size=100)
    router = Router(max_body_size=200)

    async def size(request: Request) -> int:
        return len(await request.body())

    router.post("/router")(size)
    router.post("/route", max_body_size=300)(size)
    app.include_router(router)
    app.post("/app")(size)
    client = TestClient(app)

    for path, most in (("/app", 100), ("/router", 200), ("/route", 300)):
        assert client.post(path, content=b"x" * most).json() == most
        assert client.post(path, content=b"x" * (most + 1)).status_code == 413
