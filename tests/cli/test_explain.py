"""What happens to one request is told, without calling anything."""

from __future__ import annotations

import json

import pytest

from tests.cli.shop import SHOP
from tests.cli.typed import Trivet, Write


def test_route_arguments_dependencies_hooks_and_source_are_told(
    trivet: Trivet, write: Write
) -> None:
    write({"main.py": SHOP})

    done = trivet("explain", "GET", "/items/3")

    assert done.code == 0, done.err
    text = " ".join(done.out.split())
    for told in (
        "GET /items/{number} read_item main.py:",
        "number = '3'",
        "number path number int, required",
        "q query q str | None, None where absent",
        "x_token header x-token str, 'none' where absent",
        "db depends on database",
        "db = database main.py:",
        "opened and closed, closed when the answer was sent",
        "url = settings main.py:",
        "Hooks, outermost first cors",
        "status 200 validated and written as Item JSONResponse, application/json",
        "async def serve_read_item(x, lifetimes):",
    ):
        assert told in text, done.out


def test_body_and_injected_arguments_are_told(trivet: Trivet, write: Write) -> None:
    write({"main.py": SHOP})

    text = " ".join(trivet("explain", "main.py", "POST", "/items").out.split())

    assert "item JSON body NewItem, required" in text
    assert "request the request" in text
    assert "runs in a worker thread" in text
    assert "status 201" in text


@pytest.mark.parametrize(
    "words",
    [
        ["/items/3"],
        ["get", "/items/3"],
        ["GET", "/items/3?q=1"],
        ["GET", "/items/{number}"],
        ["main.py", "GET", "/items/3"],
        ["GET", "/items/3", "main.py"],
        ["GET", "/items/3", "--app", "main:app"],
        ["HEAD", "/items/3"],
    ],
)
def test_words_may_be_typed_as_one_likes(trivet: Trivet, write: Write, words: list[str]) -> None:
    write({"main.py": SHOP})

    done = trivet("explain", *words, "--no-source")

    assert done.code == 0, done.err
    assert done.out.startswith("GET /items/{number}")
    assert "Generated" not in done.out


def test_websocket_is_asked_for_as_ws(trivet: Trivet, write: Write) -> None:
    write({"main.py": SHOP})

    done = trivet("explain", "WS", "/items/feed")

    assert done.code == 0, done.err
    assert done.out.startswith("WS /items/feed  feed")
    assert "socket  the websocket" in done.out


def test_mounted_application_is_looked_into(trivet: Trivet, write: Write) -> None:
    write({"main.py": SHOP})

    done = trivet("explain", "GET", "/inner/deep/4")

    assert done.out.startswith("GET /inner/deep/{x}  deep")
    assert "inside the application mounted at /inner" in done.out


def test_later_route_for_the_same_path_is_named(trivet: Trivet, write: Write) -> None:
    write(
        {
            "main.py": "from trivet import App\napp = App()\n"
            '@app.get("/{name}")\nasync def any(name: str): ...\n'
            '@app.get("/me")\nasync def me(): ...\n'
        }
    )

    done = trivet("explain", "GET", "/me")

    assert done.out.startswith("GET /{name}")
    assert "never reached for this path: GET /me" in done.out


def test_path_that_nobody_serves_is_told_with_what_is_alike(trivet: Trivet, write: Write) -> None:
    write({"main.py": SHOP})

    done = trivet("explain", "GET", "/itms")

    assert done.code == 1
    assert "404 Not Found" in done.err
    assert "/items" in done.err


def test_method_that_is_not_allowed_is_told_with_those_that_are(
    trivet: Trivet, write: Write
) -> None:
    write({"main.py": SHOP})

    done = trivet("explain", "PUT", "/items/3")

    assert done.code == 1
    assert "405 Method Not Allowed. Answered here: GET" in done.err


@pytest.mark.parametrize("words", [["GET"], ["GET", "POST", "/x"], ["/x", "/y"], ["a", "b", "/x"]])
def test_words_without_sense_are_a_usage_error(trivet: Trivet, words: list[str]) -> None:
    done = trivet("explain", *words)

    assert done.code == 2
    assert "trivet explain GET /users/3" in done.err


DISHES = """
from trivet import App
from trivet.db import Database, Mapped, Model, Query, foreign_key, relationship, schema

app = App()
app.use(Database("sqlite://"))


class Chef(Model):
    name: Mapped[str]


class Dish(Model):
    name: Mapped[str]
    chef_id: Mapped[int] = foreign_key(Chef.id)
    chef: Mapped[Chef] = relationship()


@app.get("/dishes", response_model=list[schema(Dish, nested={"chef": schema(Chef)})])
async def dishes() -> Query[Dish]:
    return Dish.all()
"""


def test_the_queries_of_an_answer_are_told(trivet: Trivet, write: Write) -> None:
    write({"main.py": DISHES})

    done = trivet("explain", "GET", "/dishes")

    assert done.code == 0, done.err
    text = " ".join(done.out.split())
    assert "one query for the rows of Dish: id, name, chef_id" in text
    assert "one query for all chef of Chef: id, name" in text
    assert "value = await ready(value)" in text


KEEPING = """
from typing import Annotated
from trivet import App, Header
from trivet.cache import Cache, conditional

app = App()
cache = app.use(Cache())

@app.get("/items/{number}")
@conditional
@cache.route(ttl=60, tags=["item:{number}"])
async def read_item(number: int, page: int = 1, lang: Annotated[str, Header()] = "en") -> int:
    return number
"""


def test_what_may_answer_in_a_routes_place_is_told(trivet: Trivet, write: Write) -> None:
    write({"main.py": KEEPING})

    text = " ".join(trivet("explain", "GET", "/items/3", "--no-source").out.split())

    assert (
        "Enclosed by, outermost first Conditional an ETag of the content; 304 for who has it"
        " CachedRoute kept for 60 s, by ?page, lang until one of these is deleted: item:{number}"
    ) in text


VERSIONS = """
from trivet import App
from trivet.routing.when import HeaderIs

app = App()


@app.get("/books", when=HeaderIs("API-Version", "1", default=True))
async def books_of_one() -> int:
    return 1


@app.get("/books", when=HeaderIs("API-Version", "2"))
async def books_of_two() -> int:
    return 2
"""


def test_a_header_says_which_of_several_routes_answers(trivet: Trivet, write: Write) -> None:
    write({"main.py": VERSIONS})

    first = trivet("explain", "GET", "/books")
    second = trivet("explain", "GET", "/books", "--header", "API-Version: 2")
    refused = trivet("explain", "GET", "/books", "-H", "API-Version: 3")

    assert "books_of_one" in first.out
    assert "chosen by the header API-Version: 1 (default)" in first.out
    assert "never reached" not in first.out
    assert "books_of_two" in second.out
    assert refused.code == 1
    assert "400 Bad Request, the header API-Version is '3'" in " ".join(refused.err.split())


def test_routes_and_the_document_tell_versions_apart(trivet: Trivet, write: Write) -> None:
    write({"main.py": VERSIONS})

    listed = trivet("routes").out
    document = json.loads(trivet("openapi", "--header", "API-Version: 2").out)

    assert "/books  [API-Version: 1 (default)]" in listed
    assert "/books  [API-Version: 2]" in listed
    assert document["paths"]["/books"]["get"]["operationId"] == "books_of_two_books_get_2"
