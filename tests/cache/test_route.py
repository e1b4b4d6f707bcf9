"""Answers of routes that are kept: for whom, under which conditions, and what is said of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Annotated, Any

import httpx2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from trivet import (
    App,
    BackgroundTasks,
    Cookie,
    Depends,
    Header,
    HTTPException,
    JSONResponse,
    Query,
    Request,
    Response,
    StreamingResponse,
)
from trivet.cache import FOREVER, Cache, cached, mark_private
from trivet.errors import SetupError
from trivet.middleware.compress import Compress
from trivet.middleware.cors import Cors
from trivet.middleware.sessions import Sessions
from trivet.routing.controller import Controller
from trivet.routing.controller import get as get_method
from trivet.security import APIKeyHeader, HTTPBearer
from trivet.testing import TestClient, async_client

NOW = 1_800_000_000.0


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


class Counting:
    """An application whose one handler counts its calls; `answer` is what it gives."""

    def __init__(self, answer: Callable[..., Any] | None = None, **rules: Any) -> None:
        self.calls = 0
        self.clock = Clock()
        self.app = App()
        self.cache = self.app.use(Cache(clock=self.clock))
        handler = answer or self._counted

        @self.app.get("/{path}")
        @self.cache.route(**{"ttl": 60, "vary": [], **rules})
        async def count(request: Request, response: Response) -> Any:
            self.calls += 1
            return handler(request, response)

        self.client = TestClient(self.app)

    def _counted(self, request: Request, response: Response) -> Any:
        return {"calls": self.calls}

    def get(self, path: str = "/a", **headers: str) -> httpx2.Response:
        return self.client.get(path, headers={k.replace("_", "-"): v for k, v in headers.items()})


def test_an_answer_is_kept_and_its_age_is_told() -> None:
    shop = Counting()
    first = shop.get()
    shop.clock.now += 25.9

    second = shop.get()

    assert first.json() == second.json() == {"calls": 1}
    assert "age" not in first.headers
    assert second.headers["age"] == "25"
    assert second.headers["cache-control"] == "max-age=60"
    assert first.headers["etag"] == second.headers["etag"]
    assert second.headers["content-type"] == "application/json"


def test_an_answer_is_made_anew_after_its_time() -> None:
    shop = Counting(ttl=60)
    shop.get()
    shop.clock.now += 60

    assert shop.get().json() == {"calls": 2}


def test_head_is_answered_from_what_get_has_kept_and_keeps_nothing() -> None:
    shop = Counting()
    assert shop.client.head("/a").headers["content-length"] == "11"
    assert shop.get().json() == {"calls": 2}

    head = shop.client.head("/a")

    assert shop.calls == 2
    assert head.headers["age"] == "0"
    assert head.text == ""


@pytest.mark.parametrize("kept", [False, True])
def test_who_has_the_answer_is_told_so(kept: bool) -> None:
    shop = Counting(lambda request, response: {"fixed": True})
    etag = shop.get().headers["etag"]
    if not kept:
        shop.clock.now += 61

    found = shop.get(if_none_match=f'"other", W/{etag}')

    assert found.status_code == 304
    assert found.text == ""
    assert found.headers["etag"] == etag
    assert found.headers["cache-control"] == "max-age=60"
    assert "content-type" not in found.headers
    assert "content-length" not in found.headers
    assert shop.calls == (1 if kept else 2)


def test_dates_of_a_handlers_own_are_compared() -> None:
    def answer(request: Request, response: Response) -> Any:
        response.headers["last-modified"] = "Wed, 25 Nov 2026 10:00:00 GMT"
        return {}

    shop = Counting(answer)
    shop.get()

    same = shop.get(if_modified_since="Wed, 25 Nov 2026 10:00:00 GMT")
    older = shop.get(if_modified_since="Wed, 25 Nov 2026 09:59:59 GMT")
    both = shop.get(if_modified_since="Wed, 25 Nov 2026 10:00:00 GMT", if_none_match='"other"')

    assert [same.status_code, older.status_code, both.status_code] == [304, 200, 200]
    assert shop.get(if_unmodified_since="Wed, 25 Nov 2026 09:00:00 GMT").status_code == 412


def test_own_tags_of_a_handler_stay() -> None:
    def answer(request: Request, response: Response) -> Any:
        response.headers["etag"] = 'W/"v3"'
        return {}

    shop = Counting(answer)
    shop.get()

    assert shop.get().headers["etag"] == 'W/"v3"'
    assert shop.get(if_none_match='"v3"').status_code == 304
    assert shop.get(if_match='W/"v3"').status_code == 412


@pytest.mark.parametrize(
    "answer",
    [
        lambda request, response: response.set_cookie("id", "1"),
        lambda request, response: response.headers.append("cache-control", "private"),
        lambda request, response: response.headers.append("cache-control", "max-age=60, No-Store"),
        lambda request, response: response.headers.append("cache-control", 'no-cache="x"'),
        lambda request, response: response.headers.append("cache-control", "max-age=0"),
        lambda request, response: response.headers.append("cache-control", "max-age=abc"),
        lambda request, response: response.headers.append("vary", "*"),
        lambda request, response: response.headers.append("vary", "Accept, X-Other"),
        lambda request, response: JSONResponse({}, 201),
        lambda request, response: JSONResponse({}, 404),
        lambda request, response: StreamingResponse(iter([b"a"])),
        lambda request, response: mark_private(request.scope),
        lambda request, response: JSONResponse({}, headers={"set-cookie": "a=b"}),
    ],
)
def test_what_may_be_somebodys_own_is_not_kept(answer: Callable[..., Any]) -> None:
    shop = Counting(answer)

    for _ in range(3):
        assert "age" not in shop.get().headers

    assert shop.calls == 3


def test_errors_are_not_kept() -> None:
    def fail(request: Request, response: Response) -> Any:
        raise HTTPException(404, "no such product")

    shop = Counting(fail)

    assert [shop.get().status_code for _ in range(2)] == [404, 404]
    assert shop.calls == 2


def test_requests_with_authorization_have_nothing_to_do_with_it() -> None:
    shop = Counting()
    mine = shop.get(authorization="Bearer mine")
    shop.get()

    again = shop.get(authorization="Bearer other")

    assert mine.json() == {"calls": 1}
    assert "etag" not in mine.headers
    assert again.json() == {"calls": 3}
    assert shop.get().json() == {"calls": 2}


def test_what_an_answer_says_of_itself_shortens_its_time() -> None:
    def answer(request: Request, response: Response) -> Any:
        response.headers["cache-control"] = "max-age=30, s-maxage=10"
        return {}

    shop = Counting(answer, ttl=60)
    shop.get()
    shop.clock.now += 9
    assert shop.get().headers["cache-control"] == "max-age=30, s-maxage=10"
    shop.clock.now += 2
    shop.get()

    assert shop.calls == 2


def test_a_session_that_is_read_keeps_the_answer_out() -> None:
    app = App(hooks=[Sessions(secrets="a long secret for the tests of the cache")])
    cache = app.use(Cache())
    calls = []

    @app.get("/me")
    @cache.route(ttl=60, vary=[])
    async def me(request: Request) -> str:
        calls.append(1)
        return str(request.session.get("name", "nobody"))

    @app.get("/all")
    @cache.route(ttl=60, vary=[])
    async def everybody(request: Request) -> str:
        calls.append(1)
        return "all"

    @app.get("/login/{name}")
    async def login(name: str, request: Request) -> None:
        request.session["name"] = name

    ann, bob = TestClient(app), TestClient(app)
    assert ann.get("/me").json() == "nobody"
    ann.get("/login/ann")
    bob.get("/login/bob")

    asked = [one.get("/me").json() for one in (ann, bob, TestClient(app))]

    assert asked == ["ann", "bob", "nobody"]
    calls.clear()
    assert [one.get("/all").json() for one in (ann, bob)] == ["all", "all"]
    assert len(calls) == 1


def test_a_user_that_is_signed_in_is_not_given_what_is_kept() -> None:
    class User:
        is_authenticated = True

    class SignIn:
        def __init__(self, app: Any) -> None:
            self.app = app

        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            if any(name == b"x-user" for name, _ in scope.get("headers", ())):
                scope["user"] = User()
            await self.app(scope, receive, send)

    shop = Counting()
    shop.app.add_middleware(SignIn)
    shop.get()

    assert shop.get(x_user="1").json() == {"calls": 2}
    assert shop.get().json() == {"calls": 1}


def test_each_has_its_own_where_the_author_says_whose_it_is() -> None:
    shop = Counting(vary=None, per=lambda request: request.headers.get("authorization"))

    first = [shop.get(authorization=name).json()["calls"] for name in ("ann", "bob", "ann")]
    found = shop.get(authorization="ann")
    nobody = [shop.get().json()["calls"] for _ in range(2)]

    assert first == [1, 2, 1]
    assert found.headers["cache-control"] == "private, no-cache"
    assert nobody == [3, 4]


def test_tags_of_the_path_take_one_answer_back() -> None:
    shop = Counting(tags=["all", "path:{path}"])
    shop.get("/a")
    shop.get("/b")

    asyncio.run(shop.cache.delete_tags("path:a"))

    assert [shop.get("/a").json(), shop.get("/b").json()] == [{"calls": 3}, {"calls": 2}]
    assert shop.get("/a").headers["cache-control"] == "no-cache"
    asyncio.run(shop.cache.delete_tags("all"))
    assert [shop.get("/a").json(), shop.get("/b").json()] == [{"calls": 4}, {"calls": 5}]


def test_browsers_may_be_told_another_time() -> None:
    assert Counting(max_age=5).get().headers["cache-control"] == "max-age=5"
    assert Counting(max_age=0).get().headers["cache-control"] == "no-cache"
    assert Counting(ttl=FOREVER).get().headers["cache-control"] == "max-age=31536000"


def test_an_old_answer_stands_for_one_that_fails() -> None:
    is_broken = False

    def answer(request: Request, response: Response) -> Any:
        if is_broken:
            raise RuntimeError("the database is away")
        return {"fine": True}

    shop = Counting(answer, ttl=10, stale=100)
    shop.client = TestClient(shop.app, raise_server_exceptions=False)
    shop.get()
    is_broken = True
    shop.clock.now += 11

    assert shop.get().json() == {"fine": True}
    assert shop.calls == 2
    shop.clock.now += 100  # the memory's own clock keeps it longer, and nobody asks for that
    assert shop.get().status_code in (200, 500)


def test_background_tasks_run_for_each_request() -> None:
    app = App()
    cache = app.use(Cache())
    done: list[int] = []

    @app.get("/")
    @cache.route(ttl=60)
    async def task(tasks: BackgroundTasks) -> str:
        tasks.add_task(done.append, 1)
        return "told"

    client = TestClient(app)
    client.get("/")
    client.get("/")

    assert done == [1, 1]


def test_hooks_and_functions_of_routers_see_every_answer() -> None:
    app = App(hooks=[Cors(allow_origins=["https://a.example", "https://b.example"]), Compress()])
    cache = app.use(Cache())
    seen: list[str] = []

    @app.before_request
    def before() -> None:
        seen.append("before")

    @app.after_request
    def after(response: Response) -> None:
        response.headers["x-after"] = "yes"

    @app.get("/")
    @cache.route(ttl=60)
    async def large() -> str:
        return "long " * 1000

    client = TestClient(app)
    plain = client.get("/", headers={"accept-encoding": "identity"})
    packed = client.get("/", headers={"origin": "https://b.example", "accept-encoding": "gzip"})

    assert "access-control-allow-origin" not in plain.headers
    assert packed.headers["access-control-allow-origin"] == "https://b.example"
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.headers["etag"] == "W/" + plain.headers["etag"]
    assert packed.headers["x-after"] == "yes"
    assert seen == ["before", "before"]
    again = client.get(
        "/", headers={"if-none-match": packed.headers["etag"], "accept-encoding": "gzip"}
    )
    assert again.status_code == 304


def test_of_many_who_ask_at_once_one_is_served_by_the_handler() -> None:
    app = App()
    cache = app.use(Cache())
    calls = 0

    @app.get("/slow")
    @cache.route(ttl=60)
    async def slow() -> int:
        nonlocal calls
        calls += 1
        await asyncio.sleep(0.05)
        return calls

    @app.get("/own")
    @cache.route(ttl=60)
    async def own(response: Response) -> int:
        nonlocal calls
        calls += 1
        response.set_cookie("a", "b")
        await asyncio.sleep(0.05)
        return calls

    async def ask() -> tuple[set[Any], set[Any]]:
        async with async_client(app) as client:
            shared = await asyncio.gather(*[client.get("/slow") for _ in range(8)])
            apart = await asyncio.gather(*[client.get("/own") for _ in range(8)])
        return {one.json() for one in shared}, {one.json() for one in apart}

    shared, apart = asyncio.run(ask())

    assert shared == {1}
    assert len(apart) == 8


def test_it_works_in_any_order_with_the_verb_and_on_methods_of_controllers() -> None:
    app = App()
    cache = app.use(Cache())
    calls: list[str] = []

    @cache.route(ttl=60)
    @app.get("/outside")
    async def outside() -> None:
        calls.append("outside")

    class Shop(Controller, prefix="/shop"):
        @get_method("/")
        @cache.route(ttl=60)
        async def inside(self) -> None:
            calls.append("inside")

    app.include_router(Shop.router())
    client = TestClient(app)
    for path in ("/outside", "/shop/") * 2:
        assert client.get(path).status_code == 200

    assert calls == ["outside", "inside"]


def who(x_tenant: Annotated[str | None, Header()] = None) -> str | None:
    return x_tenant


def reading_app(*, is_cached: bool) -> App:
    """An application whose answer says all that its handler reads."""
    app = App()
    cache = app.use(Cache())

    async def read(
        path: str,
        word: Annotated[list[str] | None, Query()] = None,
        number: int = 0,
        accept_language: Annotated[str, Header()] = "en",
        theme: Annotated[str, Cookie()] = "light",
        tenant: Annotated[str | None, Depends(who)] = None,
    ) -> Any:
        return [path, word, number, accept_language, theme, tenant]

    handler = cache.route(ttl=FOREVER)(read) if is_cached else read
    app.get("/read/{path:path}")(handler)
    return app


text = st.text("ab&=%,; ", max_size=3)
headers = st.dictionaries(
    st.sampled_from(["accept-language", "x-tenant", "x-noise"]),
    st.sampled_from(["", "a", "b", "a, b"]),
)
requests = st.tuples(
    st.sampled_from(["a", "a/b", "a%2Fb", "A"]),
    st.lists(st.tuples(st.sampled_from(["word", "number", "noise"]), text), max_size=3),
    headers,
    st.dictionaries(st.sampled_from(["theme", "noise"]), st.sampled_from(["a", "b"]), max_size=2),
)
PLAIN = TestClient(reading_app(is_cached=False))


@settings(max_examples=25)  # each makes up to 32 requests, every one on a thread of its own
@given(st.lists(requests, max_size=8))
def test_nobody_is_given_what_another_request_would_get(asked: list[Any]) -> None:
    """Each answer is the one that the handler would give to this request."""
    kept = TestClient(reading_app(is_cached=True))
    for path, query, more, cookies in asked * 2:
        jar = "; ".join(f"{name}={value}" for name, value in cookies.items())
        given = {**more, **({"cookie": jar} if jar else {})}
        own = PLAIN.get(f"/read/{path}", params=query, headers=given)

        found = kept.get(f"/read/{path}", params=query, headers=given)

        assert (found.status_code, found.json()) == (own.status_code, own.json())


def test_what_no_handler_reads_makes_no_second_answer() -> None:
    app = reading_app(is_cached=True)
    client = TestClient(app)

    ages = [
        "age" in client.get(f"/read/a{query}").headers
        for query in ("?word=b&word=a&number=1", "?number=1&utm=x&word=b&word=a", "?word=a&word=b")
    ]

    assert ages == [False, True, False]
    assert client.get("/read/a").headers["cache-control"] == "private, max-age=31536000"
    vary = client.get("/read/a").headers["vary"]
    assert set(vary.split(", ")) == {"X-Tenant", "Accept-Language", "Cookie"}


class Forbidding(BaseModel, extra="forbid"):
    word: str = ""


def test_names_that_a_model_forbids_are_not_answered_from_what_is_kept() -> None:
    app = App()
    cache = app.use(Cache())

    @app.get("/")
    @cache.route(ttl=60)
    async def strict(given: Annotated[Forbidding, Query()]) -> str:
        return given.word

    client = TestClient(app)
    assert client.get("/?word=a").status_code == 200

    assert client.get("/?word=a&other=b").status_code == 422


def refused(declare: Callable[[App, Cache], Any]) -> SetupError:
    app = App()
    cache = app.use(Cache())
    declare(app, cache)
    with pytest.raises(SetupError) as caught:
        app.built()
    assert __file__ in (caught.value.where or "")
    return caught.value


def test_a_cache_that_is_not_used_is_refused() -> None:
    def declare(app: App, cache: Cache) -> None:
        @app.get("/")
        @Cache().route(ttl=60)
        async def handler() -> None: ...

    assert refused(declare).code == "cache.not-used"


def test_other_methods_are_refused() -> None:
    def declare(app: App, cache: Cache) -> None:
        @app.post("/")
        @cache.route(ttl=60)
        async def handler() -> None: ...

    assert refused(declare).code == "cache.method"


def test_streams_are_refused() -> None:
    def declare(app: App, cache: Cache) -> None:
        @app.get("/")
        @cache.route(ttl=60)
        async def handler() -> Any:
            yield 1

    assert refused(declare).code == "cache.stream"


def test_bodies_are_refused() -> None:
    def declare(app: App, cache: Cache) -> None:
        @app.get("/")
        @cache.route(ttl=60)
        async def handler(given: Forbidding) -> None: ...

    assert refused(declare).code == "cache.body"


@pytest.mark.parametrize("scheme", [HTTPBearer(), APIKeyHeader(name="x-key")])
def test_security_schemes_are_refused(scheme: Any) -> None:
    def declare(app: App, cache: Cache) -> None:
        @app.get("/", dependencies=[Depends(scheme)])
        @cache.route(ttl=60, vary=["X-Key"])
        async def handler() -> None: ...

    assert refused(declare).code == "cache.private"


def test_security_schemes_of_the_application_are_refused_too() -> None:
    app = App(dependencies=[Depends(HTTPBearer())])
    cache = app.use(Cache())

    @app.get("/")
    @cache.route(ttl=60)
    async def handler() -> None: ...

    with pytest.raises(SetupError, match="security scheme"):
        app.built()


def test_lines_of_a_header_that_a_handler_tells_apart_are_two_answers() -> None:
    app = App()
    cache = app.use(Cache())

    @app.get("/")
    @cache.route(ttl=60)
    async def handler(x_list: Annotated[list[str], Header()]) -> list[str]:
        return x_list

    client = TestClient(app)

    assert client.get("/", headers=[("x-list", "a, b")]).json() == ["a, b"]
    assert client.get("/", headers=[("x-list", "a"), ("x-list", "b")]).json() == ["a", "b"]


def test_hosts_and_schemes_have_answers_of_their_own() -> None:
    shop = Counting(lambda request, response: str(request.base_url))
    other = TestClient(shop.app, base_url="https://other.example")

    found = [shop.client.get("/a").json(), other.get("/a").json(), shop.client.get("/a").json()]

    assert found[1] == "https://other.example/"
    assert found[0] == found[2] != found[1]


def test_whoever_is_given_the_whole_request_has_to_say_what_counts() -> None:
    def allowed(request: Request) -> None: ...

    def declare(app: App, cache: Cache) -> None:
        @app.get("/", dependencies=[Depends(allowed)])
        @cache.route(ttl=60)
        async def handler() -> None: ...

    error = refused(declare)

    assert error.code == "cache.whole-request"
    assert "allowed (" in error.what


def test_tags_that_name_no_parameter_are_refused() -> None:
    def declare(app: App, cache: Cache) -> None:
        @app.get("/{id}")
        @cache.route(ttl=60, tags=["product:{number}"])
        async def handler(id: int) -> None: ...

    assert refused(declare).code == "cache.tag"


def test_routes_and_functions_share_tags() -> None:
    app = App()
    cache = app.use(Cache())
    calls: list[int] = []

    @cached(cache, tags=["t"])
    async def inner() -> int:
        calls.append(1)
        return len(calls)

    @app.get("/")
    @cache.route(tags=["t"])
    async def outer() -> int:
        return await inner()

    client = TestClient(app)
    assert [client.get("/").json() for _ in range(2)] == [1, 1]
    asyncio.run(cache.delete_tags("t"))

    assert client.get("/").json() == 2
