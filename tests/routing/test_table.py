"""The match table finds what a walk through the routes in declared order finds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import event, given
from hypothesis import strategies as st
from starlette.convertors import CONVERTOR_TYPES, Convertor
from starlette.responses import PlainTextResponse
from starlette.routing import BaseRoute, Match, NoMatchFound, compile_path

from trivet import App
from trivet.http.exchange import Target
from trivet.routing.table import Entry, MatchTable
from trivet.testing import TestClient


@dataclass(eq=False)
class Goal:
    """A target that only stands for its route."""

    order: int
    reads_body: bool = False
    max_body: int | None = None


@dataclass
class Declared:
    """One declared route: a pattern, and its methods or None for any."""

    pattern: str
    methods: frozenset[str] | None


def _entries(routes: list[Declared]) -> list[Entry]:
    goals: list[Any] = [Goal(order) for order in range(len(routes))]
    return [
        Entry(order, one.pattern, compile_path(one.pattern)[0], one.methods, goals[order])
        for order, one in enumerate(routes)
    ]


def _walk(
    routes: list[Declared], path: str, method: str
) -> tuple[int | None, tuple[str, ...], frozenset[str] | None]:
    """Ask one route after the other."""
    allowed: frozenset[str] = frozenset()
    for order, one in enumerate(routes):
        match = compile_path(one.pattern)[0].match(path)
        if match is None:
            continue
        if one.methods is None or method in one.methods:
            names = compile_path(one.pattern)[2]
            return order, tuple(match.group(name) for name in names), None
        allowed |= one.methods
    return None, (), allowed or None


_SEGMENTS = ["a", "b", "a.b", "5", "1.5", "", "-", "é", "a b", "%41", "+", "~", "{", "(", "a\nb"]
_PARTS = st.sampled_from(
    [
        *["a", "b", "a.b", "5", "{x}", "{x}", "{x:int}", "{x:float}", "{x:path}"],
        *["{x:str}", "é", "a-{x}", "{x}.b", "{x}-{y:int}"],
        *["{x:float}x{y}", "x{y:path}z", "(", "a b", "+", ""],
    ]
)


def _numbered(parts: list[str]) -> str:
    """Give every parameter of a pattern a name of its own."""
    text = "/" + "/".join(parts)
    for letter in ("x", "y"):
        pieces = text.split("{" + letter)
        text = pieces[0] + "".join(
            "{" + letter + str(number) + piece for number, piece in enumerate(pieces[1:])
        )
    return text


_METHODS = st.sampled_from(["GET", "POST", "HEAD", "PUT"])
_ROUTES = st.lists(
    st.builds(
        Declared,
        st.lists(_PARTS, min_size=1, max_size=3).map(_numbered),
        st.none() | st.frozensets(_METHODS, min_size=1, max_size=2),
    ),
    max_size=8,
)
_PATHS = st.lists(
    st.sampled_from([*_SEGMENTS, "a-5", "x.b", "a-7", "1.5xa", "xz"]), max_size=4
).map(lambda segments: "/" + "/".join(segments)) | st.text(max_size=6)


@given(_ROUTES, st.lists(_PATHS, min_size=1, max_size=8), _METHODS)
def test_table_agrees_with_a_walk_in_declared_order(
    routes: list[Declared], paths: list[str], method: str
) -> None:
    table = MatchTable(_entries(routes))

    for path in paths:
        found = table.search(path, method)
        order, params, allowed = _walk(routes, path, method)

        event("found" if order is not None else "refused" if allowed else "unknown")
        target: Any = found.target
        assert (target and target.order) == order
        assert found.params == params
        assert found.allowed == allowed
        assert table.knows(path) == any(compile_path(o.pattern)[0].match(path) for o in routes)
        settled: Any = table.fixed.get(path, {}).get(method)
        assert settled is None or settled.order == order


@given(_ROUTES, _PATHS)
def test_head_is_answered_by_the_first_route_for_get(routes: list[Declared], path: str) -> None:
    found: Any = MatchTable(_entries(routes)).search(path, "HEAD", get_for_head=True).target

    fitting = [
        order for order, one in enumerate(routes) if compile_path(one.pattern)[0].match(path)
    ]
    expected = None
    for order in fitting:
        methods = routes[order].methods
        if methods is None or "HEAD" in methods:
            # A route for HEAD itself is better than one for GET; one that takes anything is not.
            expected = order if methods is not None or expected is None else expected
            break
        if "GET" in methods and expected is None:
            expected = order
    assert (found and found.order) == expected


def test_patterns_with_groups_of_their_own_give_each_parameter_its_text() -> None:
    table = MatchTable(_entries([Declared("/{x:float}/{y}/{z:uuid}", None)]))

    found = table.search("/1.5/b/12345678-1234-5678-1234-567812345678", "GET")

    assert found.params == ("1.5", "b", "12345678-1234-5678-1234-567812345678")


def test_a_converter_of_somebody_else_may_take_slashes(monkeypatch: pytest.MonkeyPatch) -> None:
    class Pair(Convertor[str]):
        regex = "[a-z]+/[a-z]+"

        def convert(self, value: str) -> str:
            return value

        def to_string(self, value: str) -> str:
            return value

    monkeypatch.setitem(CONVERTOR_TYPES, "pair", Pair())
    table = MatchTable(_entries([Declared("/{x:pair}/end", None)]))

    assert table.search("/a/b/end", "GET").params == ("a/b",)


# -- as an application answers -------------------------------------------------------------------


async def _echo(scope: Any, receive: Any, send: Any) -> None:
    await PlainTextResponse(f"mounted:{scope['path']}")(scope, receive, send)


def _app() -> App:
    app = App(openapi_url=None)

    @app.get("/things/{name}")
    async def one(name: str) -> str:
        return f"one:{name}"

    @app.get("/things/fixed")
    async def hidden() -> str:
        return "hidden"

    @app.get("/early")
    async def early() -> str:
        return "early"

    @app.put("/earl{rest}")
    async def put(rest: str) -> str:
        return f"put:{rest}"

    @app.post("/early")
    async def post() -> str:
        return "post"

    @app.get("/slash/")
    async def slash() -> str:
        return "slash"

    @app.get("/files/{rest:path}")
    async def files(rest: str) -> str:
        return f"files:{rest}"

    app.mount("/inside", _echo)
    return app


@pytest.mark.parametrize(
    ("path", "status", "text"),
    [
        ("/things/fixed", 200, '"one:fixed"'),
        ("/things/a%20b", 200, '"one:a b"'),
        ("/things/%C3%A9", 200, '"one:é"'),
        ("/things/a%2Fb", 404, '{"detail":"Not Found"}'),
        ("/things/%FF", 200, '"one:�"'),
        ("/things/", 404, '{"detail":"Not Found"}'),
        ("/files/", 200, '"files:"'),
        ("/files/a/../b", 200, '"files:b"'),
        ("/files//a", 200, '"files:/a"'),
        ("/files/a%2Fb", 200, '"files:a/b"'),
        ("/inside/a/b", 200, "mounted:/inside/a/b"),
        ("/slash/", 200, '"slash"'),
        ("/EARLY", 404, '{"detail":"Not Found"}'),
    ],
)
def test_declared_order_and_odd_paths(path: str, status: int, text: str) -> None:
    answer = TestClient(_app()).get(path)

    assert (answer.status_code, answer.text) == (status, text)


def test_allow_names_every_method_that_the_path_knows() -> None:
    answer = TestClient(_app()).delete("/early")

    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, HEAD, POST, PUT"


@pytest.mark.parametrize(("path", "goal"), [("/slash", "/slash/"), ("/early/", "/early")])
def test_the_other_slash_is_a_redirect_that_keeps_the_query(path: str, goal: str) -> None:
    answer = TestClient(_app()).get(path + "?q=1", follow_redirects=False)

    assert answer.status_code == 307
    assert answer.headers["location"] == f"http://testserver{goal}?q=1"


def test_without_redirect_slashes_the_other_slash_is_not_found() -> None:
    app = App(redirect_slashes=False)
    app.get("/a/")(_nothing)

    assert TestClient(app).get("/a").status_code == 404


async def _nothing() -> None:
    return None


def test_head_goes_to_the_route_for_get_and_not_to_a_mount_behind_it() -> None:
    app = App()
    app.get("/a")(_nothing)
    app.mount("/", PlainTextResponse("mounted"))

    answer = TestClient(app).head("/a")

    assert answer.headers["content-type"] == "application/json"
    assert answer.content == b""


def test_hosts_are_asked_in_declared_order() -> None:
    app = App(openapi_url=None)
    app.get("/")(_nothing)
    app.host("api.example.org", PlainTextResponse("by host"))
    app.host("{name}.example.org", PlainTextResponse("by pattern"))

    client = TestClient(app)

    assert client.get("/", headers={"host": "api.example.org"}).text == "null"
    assert client.get("/x", headers={"host": "api.example.org"}).text == "by host"
    assert client.get("/x", headers={"host": "b.example.org"}).text == "by pattern"
    assert client.get("/x", headers={"host": "example.com"}).status_code == 404


def test_a_route_of_somebody_elses_kind_is_asked_itself() -> None:
    class Own(BaseRoute):
        def matches(self, scope: Any) -> tuple[Match, Any]:
            return (Match.FULL if scope["path"] == "/own" else Match.NONE), {}

        async def handle(self, scope: Any, receive: Any, send: Any) -> None:
            await PlainTextResponse("own")(scope, receive, send)

        def url_path_for(self, name: str, /, **path_params: Any) -> Any:
            raise NoMatchFound(name, path_params)

    app = App(openapi_url=None, routes=[Own()])
    app.get("/other")(_nothing)
    client = TestClient(app)

    assert client.get("/own").text == "own"
    assert client.get("/other").status_code == 200
    assert client.get("/none").status_code == 404


def test_a_number_without_end_is_not_found_where_a_converter_wants_a_number() -> None:
    app = App(openapi_url=None)

    @app.get("/{number:int}")
    async def show(number: int) -> int:
        return number

    @app.exception_handler(404)
    async def not_found(request: Any, error: Any) -> PlainTextResponse:
        return PlainTextResponse("mine", 404)

    answer = TestClient(app).get("/" + "1" * 5000)

    assert (answer.status_code, answer.text) == (404, "mine")


def test_a_target_is_found_for_every_request() -> None:
    app = _app()

    class Asked:
        method = "GET"
        path = "/nowhere"
        query = b""
        headers = ()
        target: Target
        params: tuple[str, ...] = ()

    assert app.find(Asked()) is not None  # type: ignore[arg-type]
