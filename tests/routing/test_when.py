"""Several routes of one path and method, told apart by a header of the request."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
from pydantic import BaseModel
from starlette.responses import StreamingResponse

from trivet import App, HTTPException, Router
from trivet.cache import Cache
from trivet.cli.findings import reaches_every_route
from trivet.errors import DeclarationError
from trivet.openapi.error_shape import PROBLEM_DETAILS
from trivet.routing.when import HeaderIs
from trivet.security.idempotency import Idempotency
from trivet.security.kept_answers import MemoryAnswers
from trivet.testing import LiveServer, TestClient

FIRST = HeaderIs("API-Version", "1", default=True)
SECOND = HeaderIs("API-Version", "2")


class One(BaseModel):
    name: str


class Two(BaseModel):
    first: str
    last: str


def versioned(**options: Any) -> App:
    """Give an application with two versions of a path, and others beside it."""
    app = App(**options)

    @app.get("/people/{id}", when=FIRST)
    async def person_of_one(id: int) -> dict[str, Any]:
        return {"version": 1, "id": id}

    @app.get("/people/{key}", when=SECOND)
    async def person_of_two(key: str) -> dict[str, Any]:
        return {"version": 2, "key": key}

    @app.post("/people", when=FIRST)
    async def add_one(body: One) -> dict[str, Any]:
        return {"version": 1, **body.model_dump()}

    @app.post("/people", when=SECOND)
    async def add_two(body: Two, dry: bool = False) -> dict[str, Any]:
        return {"version": 2, **body.model_dump()}

    @app.delete("/people", when=SECOND)
    async def clear() -> None:
        return None

    @app.get("/plain")
    async def plain() -> dict[str, Any]:
        return {"version": None}

    return app


@pytest.fixture
def client() -> TestClient:
    return TestClient(versioned())


def test_the_header_chooses_the_route(client: TestClient) -> None:
    one = client.get("/people/7", headers={"API-Version": "1"})
    two = client.get("/people/ann", headers={"api-version": "2"})

    assert one.json() == {"version": 1, "id": 7}
    assert two.json() == {"version": 2, "key": "ann"}


def test_without_the_header_the_default_answers(client: TestClient) -> None:
    assert client.get("/people/7").json()["version"] == 1
    assert client.post("/people", json={"name": "Ann"}).json() == {"version": 1, "name": "Ann"}


def test_an_unknown_value_is_refused_with_the_known_ones(client: TestClient) -> None:
    answer = client.get("/people/7", headers={"API-Version": "9"})

    assert answer.status_code == 400
    assert answer.json() == {
        "detail": "the header API-Version is '9', which is not known here; known are: 1, 2"
    }
    assert answer.headers["vary"] == "API-Version"


def test_the_refusal_has_the_shape_of_all_errors() -> None:
    client = TestClient(versioned(error_shape=PROBLEM_DETAILS))

    answer = client.get("/people/7", headers={"API-Version": "9"})

    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == 400
    assert "known are: 1, 2" in answer.json()["detail"]


def test_two_different_values_at_once_fit_nothing(client: TestClient) -> None:
    answer = client.get("/people/7", headers=[("API-Version", "1"), ("API-Version", "2")])

    assert answer.status_code == 400


def test_without_a_default_the_header_is_needed() -> None:
    app = App()

    @app.get("/", when=SECOND)
    async def two() -> int:
        return 2

    answer = TestClient(app).get("/")

    assert answer.status_code == 400
    assert answer.json()["detail"] == "the header API-Version is needed here; known are: 2"


def test_a_method_of_another_version_is_not_allowed(client: TestClient) -> None:
    of_two = client.delete("/people", headers={"API-Version": "2"})
    of_one = client.delete("/people")

    assert of_two.status_code == 200
    assert of_one.status_code == 405
    assert of_one.headers["allow"] == "POST"
    assert of_one.headers["vary"] == "API-Version"


def test_head_is_answered_by_the_chosen_route(client: TestClient) -> None:
    answer = client.head("/people/ann", headers={"API-Version": "2"})

    assert answer.status_code == 200
    assert client.head("/people/ann").status_code == 422  # version 1 wants a number


def test_a_route_without_condition_answers_whoever_fits_nothing_before_it() -> None:
    app = App()

    @app.get("/", when=SECOND)
    async def two() -> int:
        return 2

    @app.get("/")
    async def others() -> int:
        return 0

    client = TestClient(app)

    assert client.get("/", headers={"API-Version": "2"}).json() == 2
    assert client.get("/", headers={"API-Version": "3"}).json() == 0
    assert client.get("/").json() == 0


def test_every_answer_of_such_a_route_says_what_it_varies_by() -> None:
    app = App()
    router = Router(when=SECOND)

    @router.get("/good")
    async def good() -> int:
        return 2

    @router.get("/refused")
    def refused() -> int:
        raise HTTPException(404)

    @router.get("/streamed")
    async def streamed() -> StreamingResponse:
        async def parts() -> AsyncIterator[bytes]:
            yield b"x"

        return StreamingResponse(parts(), headers={"vary": "Accept"})

    @app.get("/plain")
    async def plain() -> int:
        return 0

    app.include_router(router)
    client = TestClient(app, headers={"API-Version": "2"})

    assert client.get("/good").headers["vary"] == "API-Version"
    assert client.get("/refused").headers["vary"] == "API-Version"
    assert client.get("/streamed").headers["vary"] == "Accept, API-Version"
    assert "vary" not in client.get("/plain").headers


def test_an_inclusion_gives_its_condition_to_all_routes_of_a_router() -> None:
    def numbered(number: int) -> Router:
        router = Router()

        @router.get("/number")
        async def answer() -> int:
            return number

        return router

    app = App()
    app.include_router(numbered(1), when=FIRST)
    app.include_router(numbered(2), when=SECOND)
    client = TestClient(app)

    assert client.get("/number").json() == 1
    assert client.get("/number", headers={"API-Version": "2"}).json() == 2


def test_paths_without_condition_are_found_as_before() -> None:
    app = versioned()
    fixed = app.built().table.fixed

    assert "/plain" in fixed
    assert "/people" not in fixed


def test_inside_middleware_the_same_route_is_chosen() -> None:
    app = versioned()

    @app.middleware("http")
    async def outside(request: Any, call_next: Any) -> Any:
        return await call_next(request)

    answer = TestClient(app).get("/people/ann", headers={"API-Version": "2"})

    assert answer.json()["version"] == 2


@pytest.mark.parametrize("wrong", [("API Version", "2"), ("API-Version", ""), ("API-Version", 2)])
def test_what_no_header_can_say_is_an_error(wrong: Any) -> None:
    with pytest.raises(DeclarationError) as caught:
        HeaderIs(*wrong)

    assert caught.value.code == "routing.when"


def test_anything_else_is_no_condition() -> None:
    with pytest.raises(DeclarationError, match=r"when='2' is no condition"):
        App().get("/", when="2")(lambda: None)  # type: ignore[arg-type]


def test_two_defaults_of_one_path_are_an_error() -> None:
    app = App()
    app.get("/x/{id}", when=FIRST)(lambda id: id)
    app.get("/x/{key}", when=HeaderIs("api-version", "2", default=True))(lambda key: key)

    with pytest.raises(DeclarationError, match="has two defaults") as caught:
        TestClient(app).get("/x/1")

    assert caught.value.code == "routing.two-defaults"


def test_the_document_joins_the_versions_into_one_operation() -> None:
    document = versioned().openapi()
    operation = document["paths"]["/people"]["post"]

    header, dry = operation["parameters"]
    assert header["name"] == "API-Version"
    assert header["schema"] == {"type": "string", "enum": ["1", "2"], "default": "1"}
    assert header["required"] is False
    assert (dry["name"], dry["required"]) == ("dry", False)
    assert operation["requestBody"]["content"]["application/json"]["schema"] == {
        "anyOf": [{"$ref": "#/components/schemas/One"}, {"$ref": "#/components/schemas/Two"}]
    }
    assert operation["operationId"] == "add_one_people_post"
    assert "parameters" not in document["paths"]["/plain"]["get"]


def test_the_document_for_one_version_has_its_routes_alone() -> None:
    app = versioned()

    document = app.openapi(sent={"api-version": "2"})

    operation = document["paths"]["/people"]["post"]
    assert operation["requestBody"]["content"]["application/json"]["schema"] == {
        "$ref": "#/components/schemas/Two"
    }
    assert operation["operationId"] == "add_two_people_post_2"
    assert operation["parameters"][0]["schema"]["enum"] == ["2"]
    assert operation["parameters"][0]["required"] is True
    assert "/people/{id}" not in document["paths"]
    assert app.openapi() is app.openapi()


def test_versions_are_not_told_to_hide_one_another() -> None:
    app = versioned()
    app.get("/people", when=SECOND)(lambda: None)
    app.get("/people", when=SECOND)(lambda: None)

    found = [one.message for one in reaches_every_route(app)]

    assert len(found) == 1
    assert found[0].startswith("GET /people is never reached")


def test_a_real_server_chooses_by_the_header() -> None:
    with LiveServer(versioned()) as server:
        found = [
            httpx2.get(f"{server.url}/people/7", headers=headers)
            for headers in ({}, {"API-Version": "2"}, {"API-Version": "3"})
        ]

    assert [answer.json().get("version") for answer in found] == [1, 2, None]
    assert found[2].status_code == 400


def test_what_is_kept_of_routes_is_kept_apart() -> None:
    app = App()
    cache = app.use(Cache())

    @app.get("/", when=FIRST)
    @cache.route(ttl=60)
    async def one() -> int:
        return 1

    @app.get("/", when=SECOND)
    @cache.route(ttl=60)
    async def two() -> int:
        return 2

    client = TestClient(app)

    for _ in range(2):
        assert client.get("/").json() == 1
        assert client.get("/", headers={"API-Version": "2"}).json() == 2


def test_an_idempotency_key_is_not_for_two_versions() -> None:
    app = versioned()
    app.use(Idempotency(MemoryAnswers()))
    client = TestClient(app, headers={"Idempotency-Key": '"8e03978e-40d5-43dd"'})
    body = {"name": "Ann", "first": "Ann", "last": "Lee"}

    first = client.post("/people", json=body)
    other = client.post("/people", json=body, headers={"API-Version": "2"})

    assert first.json()["version"] == 1
    assert other.status_code == 422  # the key is another request's
