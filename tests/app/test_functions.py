"""Functions before, after and at the end of requests, and handlers on routers."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.testclient import TestClient

from trivet.app.application import App
from trivet.binding.markers import Depends
from trivet.binding.params import Depends as DependsType  # noqa: F401  # resolvable annotations
from trivet.errors import DeclarationError, HTTPException
from trivet.middleware.headers import SecureHeaders
from trivet.middleware.sessions import Sessions
from trivet.routing.functions import StreamedResponse, Surrounded
from trivet.routing.router import Router

from starlette.background import BackgroundTasks  # isort: skip
from starlette.websockets import WebSocket  # isort: skip


def test_functions_run_from_the_outside_in_and_back() -> None:
    log: list[str] = []
    app = App()
    outer, inner = Router(prefix="/outer"), Router(prefix="/inner")

    for name, place in (("app", app), ("outer", outer), ("inner", inner)):

        @place.before_request
        def first(name: str = name) -> None:
            log.append(f"{name} before")

        @place.after_request
        async def then(response: Response, name: str = name) -> None:
            log.append(f"{name} after")

        @place.teardown_request
        def last(error: BaseException | None, name: str = name) -> None:
            log.append(f"{name} end")

    @inner.get("/")
    async def handler() -> str:
        log.append("handler")
        return "x"

    outer.include_router(inner)
    app.include_router(outer)

    assert TestClient(app).get("/outer/inner/").json() == "x"
    assert log == [
        *("app before", "outer before", "inner before", "handler"),
        *("inner after", "outer after", "app after"),
        *("inner end", "outer end", "app end"),
    ]


def test_later_declared_functions_run_nearer_to_the_route() -> None:
    log: list[int] = []
    app = App()
    for number in (1, 2):
        app.before_request(lambda number=number: log.append(number))
        app.after_request(lambda response, number=number: log.append(number))

    TestClient(app).get("/nothing")

    assert log == [1, 2, 2, 1]


def test_a_response_from_before_takes_the_place_of_the_route() -> None:
    app = App()
    called: list[str] = []

    @app.before_request
    async def closed(request: Request) -> Response | None:
        if request.url.path == "/":
            return PlainTextResponse("closed", 503)
        return None

    @app.after_request
    def mark(response: Response) -> None:
        response.headers["x-seen"] = "yes"

    @app.get("/{rest:path}")
    async def handler(rest: str) -> str:
        called.append(rest)
        return rest

    client = TestClient(app)
    refused, served = client.get("/"), client.get("/open")

    assert (refused.status_code, refused.text, refused.headers["x-seen"]) == (503, "closed", "yes")
    assert served.json() == "open"
    assert called == ["open"]


def test_after_request_may_change_a_response_or_give_another() -> None:
    app = App()

    @app.after_request
    def change(request: Request, response: Response) -> Response | None:
        if request.url.path == "/other":
            return JSONResponse({"instead": response.body.decode()}, 202)
        response.status_code = 201
        response.set_cookie("seen", "1")
        response.body = b'"longer than it was"'
        return None

    @app.get("/{name}")
    async def handler(name: str) -> str:
        return name

    client = TestClient(app)
    changed, other = client.get("/x"), client.get("/other")

    assert (changed.status_code, changed.json()) == (201, "longer than it was")
    assert changed.headers["content-length"] == "20"
    assert changed.cookies["seen"] == "1"
    assert (other.status_code, other.json()) == (202, {"instead": '"other"'})


def test_after_request_sees_the_answers_to_errors_and_refusals() -> None:
    app = App()
    seen: list[int] = []
    app.after_request(lambda response: seen.append(response.status_code))

    @app.get("/missing")
    def missing() -> None:
        raise HTTPException(404, "nothing")

    @app.get("/number/{value}")
    async def number(value: int) -> int:
        return value

    @app.get("/broken")
    async def broken() -> None:
        raise ValueError("broken")

    client = TestClient(app, raise_server_exceptions=False)
    for path in ("/missing", "/number/x", "/nowhere", "/broken", "/number/1/"):
        client.get(path, follow_redirects=False)
    client.post("/missing")

    assert seen == [404, 422, 404, 500, 307, 405]


def test_a_routers_functions_leave_other_routes_as_they_are() -> None:
    app, router = App(), Router(prefix="/inside")
    seen: list[str] = []
    router.before_request(lambda request: seen.append(request.url.path))

    @router.get("/a")
    async def a() -> str:
        return "a"

    @app.get("/b")
    async def b() -> str:
        return "b"

    app.include_router(router)
    client = TestClient(app)
    for path in ("/inside/a", "/b", "/inside/none"):
        client.get(path)

    assert seen == ["/inside/a"]
    methods = app.built().table.fixed
    assert isinstance(methods["/inside/a"]["GET"], Surrounded)
    assert not isinstance(methods["/b"]["GET"], Surrounded)


def test_functions_that_are_declared_late_are_found() -> None:
    app, router = App(), Router()
    router.add_api_route("/", lambda: "x", methods=["GET"])
    app.include_router(router)
    client = TestClient(app)
    client.get("/")

    @router.after_request
    def mark(response: Response) -> None:
        response.headers["x-late"] = "yes"

    assert client.get("/").headers["x-late"] == "yes"


def test_teardown_is_given_what_nobody_handled() -> None:
    app = App()
    ended: list[str] = []
    app.teardown_request(lambda request, error: ended.append(f"{request.url.path} {error!r}"))

    @app.exception_handler(KeyError)
    def handled(request: Request, error: KeyError) -> Response:
        return PlainTextResponse("handled", 400)

    @app.get("/handled")
    async def known() -> None:
        raise KeyError("x")

    @app.get("/broken")
    async def broken() -> None:
        raise ValueError("broken")

    client = TestClient(app, raise_server_exceptions=False)
    assert client.get("/handled").status_code == 400
    assert client.get("/broken").status_code == 500

    assert ended == ["/handled None", "/broken ValueError('broken')"]


def test_teardown_comes_after_the_answer_and_all_of_them_run() -> None:
    app = App()
    log: list[str] = []

    @app.teardown_request
    def last() -> None:
        log.append("last")

    @app.teardown_request
    async def fails() -> None:
        log.append("fails")
        raise RuntimeError("in teardown")

    def body() -> Any:
        log.append("body")
        yield b"x"

    @app.get("/")
    async def handler() -> Response:
        return StreamingResponse(body())

    with pytest.raises(RuntimeError, match="in teardown"):
        TestClient(app).get("/")
    assert log == ["body", "fails", "last"]


def test_errors_in_functions_are_answered_like_the_routes_own() -> None:
    app = App()
    runs: list[str] = []

    @app.exception_handler(LookupError)
    def handled(request: Request, error: LookupError) -> Response:
        return PlainTextResponse(f"handled {error}", 400)

    @app.before_request
    def before(request: Request) -> None:
        if request.url.path == "/before":
            raise LookupError("before")
        if request.url.path == "/denied":
            raise HTTPException(403, "denied")

    @app.after_request
    def after(request: Request, response: Response) -> None:
        runs.append(request.url.path)
        if request.url.path == "/after":
            raise LookupError("after")

    @app.get("/{rest}")
    async def handler(rest: str) -> str:
        return rest

    client = TestClient(app)
    assert client.get("/before").text == "handled before"
    assert client.get("/denied").json() == {"detail": "denied"}
    assert client.get("/after").text == "handled after"
    assert runs == ["/before", "/denied", "/after"]


def test_streams_show_their_head_and_can_be_replaced() -> None:
    app = App()
    kinds: list[type] = []

    @app.after_request
    def after(request: Request, response: Response) -> Response | None:
        kinds.append(type(response))
        response.headers["x-seen"] = "yes"
        return PlainTextResponse("instead") if request.url.path == "/replaced" else None

    @app.get("/{rest}")
    async def handler(rest: str) -> Response:
        return StreamingResponse(iter([b"a", b"b"]), media_type="text/plain")

    client = TestClient(app)
    kept, replaced = client.get("/kept"), client.get("/replaced")

    assert (kept.text, kept.headers["x-seen"]) == ("ab", "yes")
    assert replaced.text == "instead"
    assert kinds == [StreamedResponse, StreamedResponse]


def test_functions_surround_mounted_applications_and_plain_routes() -> None:
    app, inner = App(), App()

    @inner.get("/x")
    async def x() -> str:
        return "inner"

    @app.before_request
    def closed(request: Request) -> Response | None:
        return PlainTextResponse("closed") if "closed" in request.query_params else None

    @app.after_request
    def mark(response: Response) -> None:
        response.headers["x-seen"] = "yes"

    app.mount("/inner", inner)
    client = TestClient(app)

    assert client.get("/inner/x").json() == "inner"
    assert client.get("/inner/x").headers["x-seen"] == "yes"
    assert client.get("/inner/x?closed").text == "closed"
    assert client.get("/openapi.json").headers["x-seen"] == "yes"


def test_native_hooks_stand_outside_the_functions() -> None:
    app = App(hooks=[SecureHeaders(), Sessions(secrets="a secret of quite some length, of tests")])

    @app.before_request
    def count(request: Request) -> None:
        request.session["count"] = request.session.get("count", 0) + 1

    @app.after_request
    def note(request: Request, response: Response) -> None:
        response.headers["x-count"] = str(request.session["count"])
        request.session["noted"] = True

    @app.get("/")
    async def handler(request: Request) -> dict[str, Any]:
        return dict(request.session)

    client = TestClient(app)

    assert client.get("/").json() == {"count": 1}
    again = client.get("/")
    assert again.json() == {"count": 2, "noted": True}
    assert again.headers["x-count"] == "2"
    assert again.headers["x-content-type-options"] == "nosniff"
    assert client.get("/nothing").headers["x-count"] == "3"


def test_one_request_object_goes_through_all() -> None:
    app = App()
    seen: list[bytes] = []

    async def dependency(request: Request) -> str:
        request.state.steps.append("dependency")
        return "x"

    @app.before_request
    async def first(request: Request) -> None:
        request.state.steps = ["before"]
        seen.append(await request.body())

    @app.after_request
    def last(request: Request, response: Response) -> None:
        response.headers["x-steps"] = ",".join(request.state.steps)

    @app.post("/form")
    async def form(request: Request, given: str = Depends(dependency)) -> dict[str, Any]:
        request.state.steps.append("handler")
        return dict(await request.form())

    @app.post("/json")
    async def json(body: dict[str, int], given: str = Depends(dependency)) -> dict[str, int]:
        return body

    client = TestClient(app)
    answer = client.post("/form", data={"a": "1"})

    assert answer.json() == {"a": "1"}
    assert answer.headers["x-steps"] == "before,dependency,handler"
    assert client.post("/json", json={"b": 2}).json() == {"b": 2}
    assert seen == [b"a=1", b'{"b":2}']


def test_background_tasks_and_yield_dependencies_go_on_as_ever() -> None:
    app = App()
    log: list[str] = []
    app.after_request(lambda response: log.append("after"))
    app.teardown_request(lambda: log.append("end"))

    async def opened() -> Any:
        log.append("open")
        yield 1
        log.append("close")

    @app.get("/")
    async def handler(tasks: BackgroundTasks, value: int = Depends(opened)) -> int:
        tasks.add_task(log.append, "task")
        return value

    assert TestClient(app).get("/").json() == 1
    assert log == ["open", "after", "task", "close", "end"]


def test_plain_functions_that_may_block_run_on_worker_threads() -> None:
    app = App()
    threads: list[bool] = []

    @app.before_request
    def blocking() -> None:
        threads.append(threading.current_thread().name.startswith("trivet-worker"))

    app.add_api_route("/", lambda: "x")
    TestClient(app).get("/")

    assert threads == [True]


@pytest.mark.parametrize("kind", ["before_request", "after_request", "teardown_request"])
def test_functions_with_other_parameters_are_refused_where_they_are_declared(kind: str) -> None:
    def wants_more(one: int, two: int, three: int) -> None: ...

    with pytest.raises(DeclarationError) as caught:
        getattr(App(), kind)(wants_more)

    text = str(caught.value)
    assert "wants_more(one, two, three)" in text
    assert "Depends(wants_more)" in text
    assert "test_functions.py:" in text
    assert "routing.function-hook" in text


def test_a_function_that_cannot_be_called_is_refused() -> None:
    with pytest.raises(DeclarationError, match="cannot be called"):
        App().before_request(None)  # type: ignore[arg-type, type-var]


def test_functions_must_return_responses() -> None:
    app = App()
    app.before_request(lambda: {"not": "a response"})

    with pytest.raises(TypeError, match="return None, or a response"):
        TestClient(app).get("/")


def test_the_nearest_routers_handler_answers() -> None:
    app = App()
    outer, inner = Router(prefix="/outer"), Router(prefix="/inner")

    def answering(text: str) -> Any:
        return lambda request, error: PlainTextResponse(f"{text}: {error!r}", 400)

    app.add_exception_handler(404, answering("app 404"))
    app.add_exception_handler(KeyError, answering("app KeyError"))
    outer.add_exception_handler(LookupError, answering("outer LookupError"))
    inner.add_exception_handler(HTTPException, answering("inner HTTPException"))

    async def missing() -> None:
        raise HTTPException(404)

    async def key() -> None:
        raise KeyError("k")

    for place in (app, outer, inner):
        place.add_api_route("/missing", missing)
        place.add_api_route("/key", key)
    outer.include_router(inner)
    app.include_router(outer)
    client = TestClient(app)

    def text(path: str) -> str:
        return client.get(path).text.split(":")[0]

    assert text("/outer/inner/missing") == "inner HTTPException"
    assert text("/outer/inner/key") == "outer LookupError"
    assert text("/outer/missing") == "app 404"
    assert text("/outer/key") == "outer LookupError"
    assert text("/key") == "app KeyError"
    assert text("/nowhere") == "app 404"


def test_a_routers_handler_of_everything_answers_and_the_server_is_told() -> None:
    app, router = App(), Router()

    @router.exception_handler(Exception)
    async def last(request: Request, error: Exception) -> Response:
        return PlainTextResponse(f"sorry: {error}", 500)

    @router.get("/")
    def broken() -> None:
        raise ValueError("broken")

    app.include_router(router)

    assert TestClient(app, raise_server_exceptions=False).get("/").text == "sorry: broken"
    with pytest.raises(ValueError, match="broken"):
        TestClient(app).get("/")


def test_handlers_of_routers_answer_validation_and_plain_routes() -> None:
    app, router = App(), Router()

    @router.exception_handler(422)
    @router.exception_handler(ValueError)
    async def refused(request: Request, error: Exception) -> Response:
        return PlainTextResponse(f"refused {type(error).__name__}", 422)

    async def plain(request: Request) -> Response:
        raise ValueError("plain")

    router.add_route("/plain", plain)
    app.include_router(router)

    assert TestClient(app).get("/plain").text == "refused ValueError"


def test_handlers_of_routers_end_websockets() -> None:
    app, router = App(), Router()

    @router.exception_handler(KeyError)
    async def ended(socket: WebSocket, error: KeyError) -> None:
        await socket.close(4001)

    @router.websocket("/ws")
    async def socket(socket: WebSocket) -> None:
        await socket.accept()
        raise KeyError("x")

    app.include_router(router)
    with TestClient(app).websocket_connect("/ws") as opened:
        assert opened.receive()["code"] == 4001
