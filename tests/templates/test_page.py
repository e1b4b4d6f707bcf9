"""Handlers whose values become pages, or JSON for who asks for it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from typing import Annotated, Any

import pytest
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from tests.templates.conftest import Site
from trivet import BackgroundTasks, Depends, HTTPException, Router
from trivet.cache import Cache
from trivet.errors import DeclarationError, SetupError
from trivet.routing.controller import Controller, get
from trivet.testing import TestClient

ASKS_JSON = {"accept": "application/json"}


async def who() -> str:
    return "ann"


class Post(BaseModel):
    title: str
    secret: str = "s"


class Shown(BaseModel):
    title: str


@dataclass
class Note:
    title: str


def test_dictionary_is_the_context(site: Site) -> None:
    app, templates = site({"post.html": "<h1>{{ title }}</h1>"})

    @app.get("/posts/{number}")
    @templates.page("post.html")
    async def post(number: int) -> dict[str, str]:
        return {"title": f"<{number}>"}

    answer = TestClient(app).get("/posts/7")

    assert answer.text == "<h1>&lt;7&gt;</h1>"
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["vary"] == "Accept"


def test_json_is_answered_by_the_return_type(site: Site) -> None:
    app, templates = site({"post.html": "{{ title }}"})

    @app.get("/", response_model=Shown)
    @templates.page("post.html")
    async def post() -> Post:
        return Post(title="Tea")

    answer = TestClient(app).get("/", headers=ASKS_JSON)

    assert answer.json() == {"title": "Tea"}
    assert answer.headers["vary"] == "Accept"


@pytest.mark.parametrize("told", [Any, dict, dict[str, Any], dict[str, list[Any]], None])
def test_type_that_hides_nothing_is_answered_with_the_page_alone(site: Site, told: Any) -> None:
    app, templates = site({"post.html": "{{ post.title }}"})

    @app.get("/", response_model=told)
    @templates.page("post.html")
    async def post() -> Any:
        return {"post": Post(title="Tea", secret="hush")}

    answer = TestClient(app).get("/", headers=ASKS_JSON)

    assert answer.text == "Tea"
    assert "vary" not in answer.headers


def test_routers_keep_what_a_type_says(site: Site) -> None:
    app, templates = site({"post.html": "{{ title }}"})
    posts = Router(prefix="/posts")

    @posts.get("/typed", response_model=Shown)
    @posts.get("/bare", response_model=None)
    @templates.page("post.html")
    async def post() -> Post:
        return Post(title="Tea")

    app.include_router(posts)
    client = TestClient(app, headers=ASKS_JSON)

    assert client.get("/posts/typed").json() == {"title": "Tea"}
    assert client.get("/posts/bare").text == "Tea"


@pytest.mark.parametrize("value", [Post(title="Tea"), Note("Tea"), {"title": "Tea"}])
def test_models_and_dataclasses_are_contexts(site: Site, value: Any) -> None:
    app, templates = site({"post.html": "{{ title }}"})

    @app.get("/")
    @templates.page("post.html")
    async def post() -> Any:
        return value

    assert TestClient(app).get("/").text == "Tea"


def test_plain_functions_are_pages(site: Site) -> None:
    app, templates = site({"post.html": "{{ title }}"})

    @app.get("/blocks")
    @templates.page("post.html")
    def blocks() -> dict[str, str]:
        return {"title": "".join(["T", "ea"])}

    @app.get("/instant")
    @templates.page("post.html")
    def instant() -> dict[str, str]:
        return {"title": "Tea"}

    client = TestClient(app)

    assert [client.get(path).text for path in ("/blocks", "/instant")] == ["Tea", "Tea"]


def test_methods_of_controllers_are_pages(site: Site) -> None:
    app, templates = site({"post.html": "{{ title }} {{ request.url.path }}"})

    class Posts(Controller):
        @get("/posts/{number}")
        @templates.page("post.html")
        async def read(self, number: int) -> dict[str, int]:
            return {"title": number}

    app.include_router(Posts.router())

    assert TestClient(app).get("/posts/3").text == "3 /posts/3"


def test_a_response_passes_as_it_is(site: Site) -> None:
    app, templates = site({"post.html": "page"})

    @app.get("/", response_model=dict[str, str])
    @templates.page("post.html")
    async def post() -> dict[str, str] | PlainTextResponse:
        return PlainTextResponse("own")

    answer = TestClient(app).get("/")

    assert answer.text == "own"
    assert answer.headers["vary"] == "Accept"


def test_errors_are_answered_as_everywhere(site: Site) -> None:
    app, templates = site({"post.html": "page"})

    @app.get("/{number}")
    @templates.page("post.html")
    async def post(number: int) -> dict[str, str]:
        raise HTTPException(404, "no such post")

    client = TestClient(app)

    assert client.get("/1").status_code == 404
    assert client.get("/x").status_code == 422


def test_status_headers_and_tasks_of_the_handler_stay(site: Site) -> None:
    app, templates = site({"post.html": "{{ title }}"})
    done: list[str] = []

    @app.post("/", status_code=201)
    @templates.page("post.html")
    async def post(response: Response, tasks: BackgroundTasks) -> dict[str, str]:
        response.set_cookie("seen", "1")
        tasks.add_task(done.append, "done")
        return {"title": "Tea"}

    for headers in ({}, ASKS_JSON):
        answer = TestClient(app).post("/", headers=headers)

        assert answer.status_code == 201
        assert answer.headers["set-cookie"].startswith("seen=1")
    assert done == ["done", "done"]


def test_parameters_and_dependencies_are_those_of_the_handler(site: Site) -> None:
    app, templates = site({"post.html": "{{ path }} {{ who }}"})

    @app.get("/here")
    @templates.page("post.html")
    async def post(request: Request, who_asks: Annotated[str, Depends(who)]) -> dict[str, str]:
        return {"path": request.url.path, "who": who_asks}

    assert TestClient(app).get("/here").text == "/here ann"
    operation = app.openapi()["paths"]["/here"]["get"]
    assert "parameters" not in operation


def test_value_without_names_is_told_of(site: Site) -> None:
    app, templates = site({"post.html": "page"})

    @app.get("/")
    @templates.page("post.html")
    async def posts() -> list[int]:
        return [1]

    with pytest.raises(SetupError, match=r"'posts' gave 'list'.*\n.*test_page.py") as found:
        TestClient(app).get("/")

    assert found.value.code == "templates.context"
    assert TestClient(app).get("/", headers=ASKS_JSON).json() == [1]


def test_handler_that_yields_is_refused(site: Site) -> None:
    _, templates = site({"post.html": "page"})

    with pytest.raises(DeclarationError) as found:

        @templates.page("post.html")
        async def posts() -> Any:
            yield 1

    assert found.value.code == "templates.yields"


def test_names_of_a_page_may_be_any(site: Site) -> None:
    app, templates = site({"post.html": "{{ fragment }} {{ self_ }} {{ name }}"})

    @app.get("/")
    @templates.page("post.html")
    async def post() -> dict[str, str]:
        return {"fragment": "a", "self": "b", "self_": "c", "name": "d", "status_code": "e"}

    assert TestClient(app).get("/").text == "a c d"


def test_cache_keeps_page_and_json_apart(site: Site) -> None:
    app, templates = site({"post.html": "{{ count }}"})
    cache = app.use(Cache())
    counted = count()

    @app.get("/")
    @cache.route(ttl=60, vary=["Accept"])
    @templates.page("post.html")
    async def post() -> dict[str, int]:
        return {"count": next(counted)}

    with TestClient(app) as client:
        pages = [client.get("/").text for _ in range(2)]
        told = [client.get("/", headers=ASKS_JSON).json() for _ in range(2)]

    assert pages == ["0", "0"]
    assert told == [{"count": 1}, {"count": 1}]


LIST = """<h1>Posts</h1><ul id="rows">{% block rows %}{% for one in posts %}<li>{{ one }}</li>
{%- endfor %}{% endblock %}</ul>{% block form %}<form></form>{% endblock %}"""


@pytest.mark.parametrize(
    ("headers", "is_whole"),
    [
        ({}, True),
        ({"hx-request": "true", "hx-target": "rows"}, False),
        ({"hx-request": "true"}, True),
        ({"hx-target": "rows"}, True),
        ({"hx-request": "true", "hx-target": "form"}, True),  # a block that nobody offered
        ({"hx-request": "true", "hx-target": "rows", "hx-boosted": "true"}, True),
        (
            {"hx-request": "true", "hx-target": "rows", "hx-history-restore-request": "true"},
            True,
        ),
    ],
)
def test_htmx_is_given_the_block_that_it_puts_in(
    site: Site, headers: dict[str, str], is_whole: bool
) -> None:
    app, templates = site({"list.html": LIST})

    @app.get("/")
    @templates.page("list.html", fragments=["rows"])
    async def posts() -> dict[str, list[str]]:
        return {"posts": ["<a>", "b"]}

    answer = TestClient(app).get("/", headers=headers)

    rows = "<li>&lt;a&gt;</li><li>b</li>"
    assert rows in answer.text
    assert (answer.text != rows) == is_whole
    assert answer.headers["vary"] == "Accept, HX-Request, HX-Target"
