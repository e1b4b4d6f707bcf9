"""What becomes of exceptions: handlers by status and class, and what comes last or too late."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from trivet import App, HTTPException, Request
from trivet.dropin.fastapi import FastAPI
from trivet.errors import RequestValidationError
from trivet.http.exchange import Answer, Exchange
from trivet.middleware.hook import Hook
from trivet.openapi.error_shape import PROBLEM_DETAILS
from trivet.testing import TestClient


class OwnError(Exception):
    pass


class NarrowError(OwnError):
    pass


def raising(error: BaseException, **options: Any) -> tuple[App, TestClient]:
    """Make an application whose only route raises `error`."""
    app = App(**options)

    @app.get("/")
    async def handler(number: int = 0) -> None:
        raise error

    return app, TestClient(app, raise_server_exceptions=False)


def saying(text: str, status: int = 400) -> Any:
    async def answer(request: Request, error: Exception) -> Response:
        return PlainTextResponse(f"{text}:{type(error).__name__}", status)

    return answer


def test_an_http_exception_is_its_status_detail_and_headers() -> None:
    _, client = raising(HTTPException(418, {"a": [1]}, {"X-Own": "1"}))

    answer = client.get("/")

    assert (answer.status_code, answer.json()) == (418, {"detail": {"a": [1]}})
    assert answer.headers["x-own"] == "1"


@pytest.mark.parametrize("status", [204, 304])
def test_a_status_without_a_body_has_none(status: int) -> None:
    _, client = raising(HTTPException(status))

    answer = client.get("/")

    assert (answer.status_code, answer.content) == (status, b"")
    assert "content-type" not in answer.headers


def test_the_nearest_class_is_asked() -> None:
    app, client = raising(NarrowError())
    app.add_exception_handler(OwnError, saying("wide"))
    assert client.get("/").text == "wide:NarrowError"

    app.add_exception_handler(NarrowError, saying("narrow"))
    assert client.get("/").text == "narrow:NarrowError"


def test_a_status_comes_before_a_class() -> None:
    app, client = raising(HTTPException(418))
    app.add_exception_handler(StarletteHTTPException, saying("class"))
    assert client.get("/").text == "class:HTTPException"

    app.add_exception_handler(418, saying("status"))
    assert client.get("/").text == "status:HTTPException"


def test_unknown_paths_and_methods_are_exceptions_too() -> None:
    app, client = raising(OwnError())
    app.add_exception_handler(404, saying("none", 404))
    app.add_exception_handler(405, saying("method", 405))

    assert client.get("/x").text == "none:HTTPException"
    assert client.post("/").text == "method:HTTPException"


def test_values_that_do_not_fit_may_be_answered_by_the_application() -> None:
    app, client = raising(OwnError())
    app.add_exception_handler(RequestValidationError, saying("invalid"))

    assert client.get("/?number=x").text == "invalid:RequestValidationError"


def test_sync_handlers_run_and_may_return_nothing_but_a_response() -> None:
    app, client = raising(OwnError())

    @app.exception_handler(OwnError)
    def answer(request: Request, error: OwnError) -> Response:
        return PlainTextResponse(str(request.url.path), 409)

    assert (client.get("/").status_code, client.get("/").text) == (409, "/")


@pytest.mark.parametrize("key", [500, Exception])
def test_what_nobody_handles_goes_to_the_last_handler_and_to_the_log(key: Any) -> None:
    app, client = raising(OwnError())
    app.add_exception_handler(key, saying("last", 500))

    assert client.get("/").text == "last:OwnError"
    with pytest.raises(OwnError):
        TestClient(app).get("/")


def test_without_a_last_handler_nothing_of_the_error_is_shown() -> None:
    _, client = raising(OwnError("secret"))

    answer = client.get("/")

    assert (answer.status_code, answer.json()) == (500, {"detail": "Internal Server Error"})


def test_what_nobody_handles_has_the_shape_of_all_errors() -> None:
    _, client = raising(OwnError("secret"), error_shape=PROBLEM_DETAILS)

    answer = client.get("/")

    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() == {
        "type": "about:blank",
        "title": "Internal Server Error",
        "status": 500,
        "detail": "Internal Server Error",
    }


def test_what_nobody_handles_has_the_same_shape_inside_asgi_middleware() -> None:
    app, client = raising(OwnError("secret"), error_shape=PROBLEM_DETAILS)

    @app.middleware("http")
    async def through(request: Request, call_next: Any) -> Any:
        return await call_next(request)

    assert client.get("/").headers["content-type"] == "application/problem+json"


def test_programs_for_fastapi_get_its_plain_text() -> None:
    app = FastAPI()

    @app.get("/")
    async def handler() -> None:
        raise OwnError("secret")

    answer = TestClient(app, raise_server_exceptions=False).get("/")

    assert (answer.status_code, answer.text) == (500, "Internal Server Error")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"


def test_a_group_of_exceptions_is_an_error_of_its_own() -> None:
    app, client = raising(ExceptionGroup("several", [HTTPException(404)]))
    assert client.get("/").status_code == 500

    app.add_exception_handler(ExceptionGroup, saying("group"))
    assert client.get("/").text == "group:ExceptionGroup"


@pytest.mark.parametrize("through_middleware", [False, True])
def test_an_error_in_a_handler_goes_to_the_last_handler(through_middleware: bool) -> None:
    app, client = raising(OwnError())
    app.add_exception_handler(Exception, saying("last", 500))

    @app.exception_handler(OwnError)
    async def broken(request: Request, error: OwnError) -> Response:
        raise KeyError

    if through_middleware:

        @app.middleware("http")
        async def passing(request: Request, call_next: Any) -> Any:
            return await call_next(request)

    assert client.get("/").text == "last:KeyError"


def test_an_error_after_the_answer_began_is_raised_and_not_answered() -> None:
    app = App()
    handled: list[Exception] = []

    @app.exception_handler(OwnError)
    async def note(request: Request, error: OwnError) -> Response:
        handled.append(error)
        return PlainTextResponse("late")

    @app.get("/")
    async def handler() -> Response:
        async def chunks() -> AsyncIterator[bytes]:
            yield b"x"
            raise OwnError

        return StreamingResponse(chunks())

    with pytest.raises(RuntimeError, match="response already started"):
        TestClient(app).get("/")
    assert handled == []


def test_an_error_of_a_background_task_leaves_the_answer_as_it_was() -> None:
    app = App()

    async def broken() -> None:
        raise OwnError

    @app.get("/")
    async def handler() -> Response:
        from starlette.background import BackgroundTask

        return PlainTextResponse("sent", background=BackgroundTask(broken))

    assert TestClient(app, raise_server_exceptions=False).get("/").text == "sent"
    with pytest.raises(OwnError):
        TestClient(app).get("/")


class RefusingHook(Hook):
    def before(self, exchange: Exchange) -> Answer | None:
        raise HTTPException(403, "from a hook")


class MarkingHook(Hook):
    def after(self, exchange: Exchange, answer: Answer) -> Answer:
        return Answer(answer.head, answer.body, [*(answer.extra or []), (b"x-mark", b"1")])


@pytest.mark.parametrize("path", ["/", "/none", "/mounted/x", "/slash"])
def test_what_a_hook_raises_is_answered_and_seen_by_the_others(path: str) -> None:
    app, client = raising(OwnError(), hooks=[MarkingHook(), RefusingHook()])
    app.mount("/mounted", PlainTextResponse("x"))
    app.get("/slash/")(lambda: None)

    answer = client.get(path, follow_redirects=False)

    assert (answer.status_code, answer.json()) == (403, {"detail": "from a hook"})
    assert answer.headers["x-mark"] == "1"


@pytest.mark.parametrize("status", [404, 405, 422, 307])
def test_hooks_see_every_refusal(status: int) -> None:
    app, client = raising(OwnError(), hooks=[MarkingHook()])

    @app.get("/slash/")
    async def slash() -> None: ...

    path = {404: "/none", 405: "/", 422: "/?number=x", 307: "/slash"}[status]
    method = "POST" if status == 405 else "GET"

    answer = client.request(method, path, follow_redirects=False)

    assert answer.status_code == status
    assert answer.headers["x-mark"] == "1"
