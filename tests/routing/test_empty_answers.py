"""An answer that has no body says nothing of its type, unless the handler said it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from starlette.responses import JSONResponse, PlainTextResponse

from trivet import App, BackgroundTasks, Response, Router
from trivet.dropin.fastapi import APIRouter, FastAPI
from trivet.testing import TestClient


def nothing() -> None: ...


def no_type_said(): ...  # type: ignore[no-untyped-def]


def not_modified(response: Response) -> dict[str, int]:
    response.status_code = 304
    response.headers["etag"] = '"1"'
    return {}


def deferring(tasks: BackgroundTasks) -> None: ...


CASES: list[tuple[Callable[..., Any], dict[str, Any]]] = [
    (nothing, {"status_code": 204}),
    (no_type_said, {"status_code": 304}),
    (deferring, {"status_code": 204}),
    (not_modified, {}),
    (not_modified, {"response_class": JSONResponse}),
    (no_type_said, {"status_code": 204, "response_class": PlainTextResponse}),
]


@pytest.mark.parametrize(("handler", "options"), CASES)
def test_empty_answer_has_no_content_type(
    handler: Callable[..., Any], options: dict[str, Any]
) -> None:
    app, router = App(), Router()
    app.get("/direct", **options)(handler)
    router.get("/included", **options)(handler)
    app.include_router(router)

    for path in ("/direct", "/included"):
        answer = TestClient(app).get(path)

        assert answer.status_code in (204, 304)
        assert answer.content == b""
        assert "content-type" not in answer.headers


@pytest.mark.parametrize(("handler", "options"), CASES)
def test_program_for_fastapi_keeps_the_header(
    handler: Callable[..., Any], options: dict[str, Any]
) -> None:
    app, router = FastAPI(), APIRouter()
    app.get("/direct", **options)(handler)
    router.get("/included", **options)(handler)
    app.include_router(router)

    for path in ("/direct", "/included"):
        assert "content-type" in TestClient(app).get(path).headers


def test_other_headers_stay() -> None:
    app = App()
    app.get("/")(not_modified)

    assert TestClient(app).get("/").headers["etag"] == '"1"'


def test_status_that_is_set_later_brings_body_and_type_back() -> None:
    app = App()

    @app.get("/", status_code=204)
    def handler(response: Response):  # type: ignore[no-untyped-def]
        response.status_code = 200
        return {"a": 1}

    answer = TestClient(app).get("/")

    assert answer.json() == {"a": 1}
    assert answer.headers["content-type"] == "application/json"


def test_type_that_the_handler_sets_is_sent() -> None:
    app = App()

    @app.get("/", status_code=204)
    def handler(response: Response) -> None:
        response.headers["content-type"] = "text/csv"

    assert TestClient(app).get("/").headers["content-type"] == "text/csv"
