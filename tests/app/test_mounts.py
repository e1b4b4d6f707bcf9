"""Other people's applications under a prefix: Flask and Django by WSGI, and life spans of ASGI."""

from __future__ import annotations

import io
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import flask
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from tests.app.django_site import project
from trivet.adapters.wsgi import WSGI, environ_of
from trivet.app.application import App
from trivet.testing import LiveServer

django = pytest.importorskip("django")


# -- Flask ---------------------------------------------------------------------------------------


@pytest.fixture
def flask_app(tmp_path: Path) -> flask.Flask:
    static = tmp_path / "static"
    static.mkdir()
    (static / "hello.css").write_text("body { color: red }")
    app = flask.Flask("old", static_folder=str(static), root_path=str(tmp_path))
    app.secret_key = "a secret of the old application"

    @app.get("/links/<name>")
    def links(name: str) -> dict[str, str]:
        return {
            "self": flask.url_for("links", name=name),
            "static": flask.url_for("static", filename="hello.css"),
            "whole": flask.url_for("links", name=name, _external=True),
            "script": flask.request.script_root,
        }

    @app.get("/count")
    def count() -> str:
        flask.session["count"] = flask.session.get("count", 0) + 1
        return str(flask.session["count"])

    @app.post("/upload")
    def upload() -> dict[str, Any]:
        file = flask.request.files["file"]
        return {"name": file.filename, "size": len(file.read()), "form": dict(flask.request.form)}

    @app.post("/raw")
    def raw() -> str:
        return str(len(flask.request.get_data()))

    @app.get("/stream")
    def stream() -> Any:
        return (f"{n}\n" for n in range(3))

    @app.get("/away")
    def away() -> Any:
        return flask.redirect(flask.url_for("count"))

    @app.get("/broken")
    def broken() -> str:
        raise ValueError("in Flask")

    return app


@pytest.fixture
def client(flask_app: flask.Flask) -> TestClient:
    app = App()

    @app.get("/new")
    async def new() -> str:
        return "new"

    app.mount("/old", WSGI(flask_app))
    return TestClient(app)


def test_flask_routes_and_makes_links_under_the_prefix(client: TestClient) -> None:
    assert client.get("/old/links/a%C3%A9").json() == {
        "self": "/old/links/a%C3%A9",
        "static": "/old/static/hello.css",
        "whole": "http://testserver/old/links/a%C3%A9",
        "script": "/old",
    }
    assert client.get("/new").json() == "new"
    assert client.get("/old/nothing").status_code == 404


def test_flask_serves_its_static_files_and_redirects(client: TestClient) -> None:
    found = client.get("/old/static/hello.css")

    assert (found.text, found.headers["content-type"]) == (
        "body { color: red }",
        "text/css; charset=utf-8",
    )
    assert client.get("/old/away", follow_redirects=False).headers["location"] == "/old/count"


def test_flask_keeps_its_sessions(client: TestClient) -> None:
    assert [client.get("/old/count").text for _ in range(3)] == ["1", "2", "3"]


def test_flask_reads_forms_files_and_bodies_of_unknown_length(client: TestClient) -> None:
    answer = client.post("/old/upload", files={"file": ("a.txt", b"x" * 300_000)}, data={"a": "1"})

    assert answer.json() == {"name": "a.txt", "size": 300_000, "form": {"a": "1"}}
    assert client.post("/old/raw", content=iter([b"abc", b"de"])).text == "5"


def test_flask_streams(client: TestClient) -> None:
    assert client.get("/old/stream").text == "0\n1\n2\n"


def test_errors_of_flask_are_its_own_answers(client: TestClient) -> None:
    assert client.get("/old/broken").status_code == 500


# -- Django --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def django_client() -> TestClient:
    app = App()
    app.mount("/legacy", WSGI(project()))
    return TestClient(app)


def test_django_routes_and_makes_links_under_the_prefix(django_client: TestClient) -> None:
    assert django_client.get("/legacy/pets/3/").json() == {
        "number": 3,
        "link": "/legacy/pets/3/",
        "static": "/legacy/static/hello.css",
        "whole": "http://testserver/legacy/pets/3/",
    }
    moved = django_client.get("/legacy/pets/3", follow_redirects=False)
    assert moved.headers["location"] == "/legacy/pets/3/"


def test_django_keeps_sessions_and_checks_its_tokens(django_client: TestClient) -> None:
    assert [django_client.get("/legacy/count/").text for _ in range(2)] == ["1", "2"]
    assert django_client.post("/legacy/form/", data={"name": "x"}).status_code == 403
    token = django_client.get("/legacy/token/").text
    posted = django_client.post(
        "/legacy/form/", data={"name": "Ann"}, headers={"x-csrftoken": token}
    )
    assert posted.text == "hello Ann"


def test_django_serves_its_static_files(django_client: TestClient) -> None:
    found = django_client.get("/legacy/static/hello.css")

    assert (found.status_code, found.content) == (200, b"body { color: blue }")


# -- WSGI itself ---------------------------------------------------------------------------------


def _scope(**changes: Any) -> dict[str, Any]:
    return {
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "scheme": "https",
        "path": "/old/x",
        "root_path": "/old",
        "query_string": b"a=%20",
        "headers": [],
        "server": ("example.org", 443),
        "client": ("10.0.0.1", 5000),
        **changes,
    }


def test_the_environment_is_what_pep_3333_wants() -> None:
    headers = [
        (b"host", b"example.org"),
        (b"content-type", b"text/plain"),
        (b"content-length", b"3"),
        (b"cookie", b"a=1"),
        (b"cookie", b"b=2"),
        (b"x-twice", b"1"),
        (b"x-twice", b"2"),
        (b"x_twice", b"3"),
    ]
    environ = environ_of(_scope(headers=headers, path="/old/é"), io.BytesIO())

    assert environ["SCRIPT_NAME"] == "/old"
    assert environ["PATH_INFO"] == "/Ã©"
    assert environ["QUERY_STRING"] == "a=%20"
    assert environ["HTTP_HOST"] == "example.org"
    assert environ["CONTENT_TYPE"] == "text/plain"
    assert environ["CONTENT_LENGTH"] == "3"
    assert environ["HTTP_COOKIE"] == "a=1; b=2"
    assert environ["HTTP_X_TWICE"] == "1,2"
    assert environ["wsgi.url_scheme"] == "https"
    assert environ["REMOTE_ADDR"] == "10.0.0.1"
    assert environ["SERVER_PORT"] == "443"


@pytest.mark.parametrize(
    ("path", "root", "outer", "script", "info"),
    [
        ("/old/x", "/old", "", "/old", "/x"),
        ("/older/x", "/old", "", "/old", "/older/x"),
        ("/old", "/old", "", "/old", ""),
        ("/api/old/x", "/api/old", "/api", "/api/old", "/x"),
        ("/old/x", "/api/old", "/api", "/api/old", "/x"),
        ("/x", "", "", "", "/x"),
    ],
)
def test_the_path_is_split_at_the_mount(
    path: str, root: str, outer: str, script: str, info: str
) -> None:
    environ = environ_of(_scope(path=path, root_path=root, app_root_path=outer), io.BytesIO())

    assert (environ["SCRIPT_NAME"], environ["PATH_INFO"]) == (script, info)


def test_applications_are_validated_by_the_standard_librarys_checker() -> None:
    from wsgiref.validate import validator

    def simple(environ: dict[str, Any], start: Any) -> list[bytes]:
        body = environ["wsgi.input"].read(3)
        start("200 OK", [("Content-Type", "text/plain")])
        return [body, b"!"]

    app = App()
    app.mount("/w", WSGI(validator(simple)))

    assert TestClient(app).post("/w/", content=b"abc").text == "abc!"


@pytest.mark.parametrize(
    ("method", "status", "given", "parts", "length"),
    [
        ("GET", "200 OK", [], [b"abc"], "3"),
        ("GET", "200 OK", [], (b"",), "0"),
        ("GET", "200 OK", [("Content-Length", "3")], [b"abc"], "3"),
        ("GET", "204 No Content", [], [b""], None),
        ("GET", "200 OK", [], [b"abc", b"def"], None),
        ("HEAD", "200 OK", [], [b""], None),
    ],
)
def test_an_answer_of_one_part_gets_its_length(
    method: str, status: str, given: list[tuple[str, str]], parts: Any, length: str | None
) -> None:
    def simple(environ: dict[str, Any], start: Any) -> Any:
        start(status, given)
        return parts

    app = App()
    app.mount("/w", WSGI(simple))
    answer = TestClient(app).request(method, "/w/")

    assert answer.headers.get("content-length") == length
    assert answer.content == b"".join(parts)


def test_what_was_written_before_the_one_part_keeps_it_from_having_a_length() -> None:
    def writing(environ: dict[str, Any], start: Any) -> list[bytes]:
        start("200 OK", [])(b"abc")
        return [b"def"]

    app = App()
    app.mount("/w", WSGI(writing))
    answer = TestClient(app).get("/w/")

    assert answer.text == "abcdef"
    assert "content-length" not in answer.headers


def test_the_head_may_change_until_the_first_byte_and_not_after_it() -> None:
    def late(environ: dict[str, Any], start: Any) -> Iterator[bytes]:
        start("200 OK", [("x-a", "1")])
        yield b""
        try:
            raise ValueError("late")
        except ValueError:
            start("503 Sorry", [("x-a", "2")], sys.exc_info())
        yield b"sorry"
        if environ["QUERY_STRING"] == "again":
            try:
                raise KeyError("later")
            except KeyError:
                start("500 No", [], sys.exc_info())

    app = App()
    app.mount("/w", WSGI(late))
    answer = TestClient(app).get("/w/")

    assert (answer.status_code, answer.text, answer.headers["x-a"]) == (503, "sorry", "2")
    with pytest.raises(KeyError, match="later"):
        TestClient(app).get("/w/?again")


@pytest.mark.parametrize("kind", ["never", "twice"])
def test_applications_that_break_the_rules_are_told(kind: str) -> None:
    def wrong(environ: dict[str, Any], start: Any) -> list[bytes]:
        for _ in range(2 if kind == "twice" else 0):
            start("200 OK", [])
        return [b"x"]

    app = App()
    app.mount("/w", WSGI(wrong))

    with pytest.raises(RuntimeError, match="start_response"):
        TestClient(app).get("/w/")


def test_what_an_application_opened_is_closed_also_when_it_fails() -> None:
    closed: list[str] = []

    class Parts:
        def __iter__(self) -> Iterator[bytes]:
            yield b"x"
            raise ValueError("broken")

        def close(self) -> None:
            closed.append("closed")

    def app_(environ: dict[str, Any], start: Any) -> Parts:
        start("200 OK", [])
        return Parts()

    app = App()
    app.mount("/w", WSGI(app_))
    with pytest.raises(ValueError, match="broken"):
        TestClient(app).get("/w/")

    assert closed == ["closed"]


async def test_a_body_that_is_cut_short_raises_in_the_application() -> None:
    seen: list[Any] = []

    def reads(environ: dict[str, Any], start: Any) -> list[bytes]:
        try:
            seen.append(environ["wsgi.input"].read())
        except ConnectionError as error:
            seen.append(type(error).__name__)
            raise
        return []

    messages = [
        {"type": "http.request", "body": b"half", "more_body": True},
        {"type": "http.disconnect"},
    ]

    async def receive() -> Any:
        return messages.pop(0)

    async def send(message: Any) -> None:
        seen.append(message)

    await WSGI(reads)(_scope(headers=[(b"content-length", b"8")]), receive, send)
    assert seen == ["ClientLeft"]


async def test_an_endless_answer_ends_when_the_client_leaves() -> None:
    ended = threading.Event()
    sent = 0
    gone = anyio.Event()
    first = True

    def endless(environ: dict[str, Any], start: Any) -> Iterator[bytes]:
        start("200 OK", [])
        try:
            while True:
                yield b"x"
        finally:
            ended.set()

    async def receive() -> Any:
        nonlocal first
        if first:
            first = False
            return {"type": "http.request", "body": b""}
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        nonlocal sent
        sent += 1
        if sent == 20:
            gone.set()
        await anyio.lowlevel.checkpoint()

    with anyio.fail_after(10):
        await WSGI(endless)(_scope(), receive, send)
    assert ended.is_set()


def test_websockets_are_refused(client: TestClient) -> None:
    with pytest.raises(WebSocketDisconnect), client.websocket_connect("/old/ws"):
        pass


def test_a_flask_application_answers_on_a_real_socket(flask_app: flask.Flask) -> None:
    import httpx2

    app = App()
    app.mount("/old", WSGI(flask_app))
    with LiveServer(app) as server, httpx2.Client(base_url=server.url) as http:
        assert http.get("/old/stream").text == "0\n1\n2\n"
        assert http.post("/old/raw", content=b"x" * 200_000).text == "200000"
        assert http.post("/old/raw", content=iter([b"ab", b"c"])).text == "3"
        links = http.get("/old/links/a").json()
        assert http.get(links["whole"]).status_code == 200


# -- life spans ----------------------------------------------------------------------------------


def _spanned(log: list[str], name: str) -> Any:
    @asynccontextmanager
    async def lifespan(app: Any) -> AsyncIterator[dict[str, str]]:
        log.append(f"{name} up")
        yield {name: name}
        log.append(f"{name} down")

    return lifespan


def test_mounted_applications_start_after_ours_and_stop_before_it() -> None:
    log: list[str] = []
    inner = App(lifespan=_spanned(log, "inner"))
    other = Starlette(lifespan=_spanned(log, "other"))
    middle = App(lifespan=_spanned(log, "middle"))
    app = App(lifespan=_spanned(log, "app"))
    middle.mount("/inner", inner)
    app.mount("/middle", middle)
    app.mount("/other", other)

    with TestClient(app):
        assert log == ["app up", "middle up", "inner up", "other up"]
    assert log[4:] == ["other down", "inner down", "middle down", "app down"]


def test_the_state_of_a_mounted_life_span_is_in_its_requests() -> None:
    async def show(request: Request) -> PlainTextResponse:
        return PlainTextResponse(f"{request.state.inner} {request.state.app}")

    inner = Starlette(routes=[Route("/", show)], lifespan=_spanned([], "inner"))
    app = App(lifespan=_spanned([], "app"))
    app.mount("/inner", inner)

    with TestClient(app) as client:
        assert client.get("/inner/").text == "inner app"


class Speaker:
    """A hand-written ASGI application that speaks lifespan."""

    def __init__(self, log: list[str], *, fails: bool = False) -> None:
        self.log = log
        self.fails = fails

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            assert (await receive())["type"] == "lifespan.startup"
            if self.fails:
                await send({"type": "lifespan.startup.failed", "message": "no disk"})
                return
            scope["state"]["speaker"] = "spoken"
            self.log.append("up")
            await send({"type": "lifespan.startup.complete"})
            assert (await receive())["type"] == "lifespan.shutdown"
            self.log.append("down")
            await send({"type": "lifespan.shutdown.complete"})
            return
        text = scope["state"]["speaker"].encode()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": text})


def test_any_asgi_application_that_speaks_lifespan_is_started_and_stopped() -> None:
    log: list[str] = []
    app = App()
    app.mount("/a", Speaker(log))

    with TestClient(app) as client:
        assert log == ["up"]
        assert client.get("/a/").text == "spoken"
    assert log == ["up", "down"]


def test_an_application_that_is_mounted_twice_starts_once() -> None:
    log: list[str] = []
    one = Speaker(log)
    app = App()
    app.mount("/a", one)
    app.mount("/b", one)

    with TestClient(app):
        pass
    assert log == ["up", "down"]


def test_a_mounted_application_that_cannot_start_stops_ours_from_starting() -> None:
    app = App()
    app.mount("/a", Speaker([], fails=True))

    with pytest.raises(RuntimeError, match="no disk"), TestClient(app):
        pass


def test_a_lifespan_that_fails_while_others_are_up_is_told_as_it_is() -> None:
    log: list[str] = []
    app = App()
    app.mount("/a", Speaker(log))
    app.mount("/b", Speaker(log, fails=True))

    with pytest.raises(RuntimeError, match="no disk"), TestClient(app):
        pass
    assert log == ["up", "down"]


def test_a_mounted_application_that_ends_early_holds_nobody_up() -> None:
    async def brief(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "lifespan.startup.complete"})

    app = App()
    app.mount("/a", brief)

    with TestClient(app):
        pass


def test_applications_that_know_no_lifespan_are_mounted_all_the_same() -> None:
    async def silent(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "http"
        await PlainTextResponse("served")(scope, receive, send)

    async def returns(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            await PlainTextResponse("served too")(scope, receive, send)

    app = App()
    app.mount("/a", silent)
    app.mount("/b", returns)

    with TestClient(app) as client:
        assert client.get("/a/").text == "served"
        assert client.get("/b/").text == "served too"


def test_applications_inside_starlettes_mounts_are_started_too() -> None:
    log: list[str] = []
    app = App(routes=[Mount("/x", routes=[Mount("/y", app=Speaker(log))])])

    with TestClient(app) as client:
        assert client.get("/x/y/").text == "spoken"
    assert log == ["up", "down"]


def test_litestar_starts_when_it_is_mounted() -> None:
    litestar = pytest.importorskip("litestar")
    log: list[str] = []

    @litestar.get("/", sync_to_thread=False)
    def hello() -> str:
        return "from litestar"

    other = litestar.Litestar(
        [hello], on_startup=[lambda: log.append("up")], on_shutdown=[lambda: log.append("down")]
    )
    app = App()
    app.mount("/star", other)

    with TestClient(app) as client:
        assert client.get("/star/").text == "from litestar"
    assert log == ["up", "down"]
