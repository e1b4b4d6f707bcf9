"""msgspec structs and attrs classes as models of queries, headers and cookies."""

from __future__ import annotations

from typing import Annotated, Any

import attrs
import msgspec
import pytest

from tests.openapi.documents import check
from trivet import App, Cookie, Header, Query
from trivet.testing import TestClient


class Paging(msgspec.Struct):
    page: Annotated[int, msgspec.Meta(ge=1, description="from one")]
    size: int = 20
    sort_by: list[str] = []
    wanted: str | None = None


class Renamed(msgspec.Struct, rename="camel"):
    best_book: str
    last_page: int = 0


class Strict(msgspec.Struct, forbid_unknown_fields=True):
    page: int = 1


@attrs.define
class Choice:
    page: int = attrs.field(validator=attrs.validators.ge(1))
    size: int = 20
    sort_by: list[str] = attrs.field(factory=list)
    _wanted: str | None = None
    made: bool = attrs.field(init=False, default=True)


def client_of(annotation: Any) -> TestClient:
    app = App()

    async def handler(given: Any) -> dict[str, Any]:
        kind = type(given).__name__
        plain = attrs.asdict(given) if attrs.has(type(given)) else msgspec.to_builtins(given)
        return {"kind": kind, "given": plain}

    handler.__annotations__["given"] = annotation
    app.get("/")(handler)
    return TestClient(app)


@pytest.mark.parametrize("model", [Paging, Choice])
def test_query_is_read_into_the_model(model: type) -> None:
    answer = client_of(Annotated[model, Query()]).get("/?page=2&sort_by=a&sort_by=b&wanted=x&z=1")

    assert answer.status_code == 200, answer.text
    assert answer.json()["kind"] == model.__name__
    given = {name.lstrip("_"): value for name, value in answer.json()["given"].items()}
    given.pop("made", None)
    assert given == {"page": 2, "size": 20, "sort_by": ["a", "b"], "wanted": "x"}


@pytest.mark.parametrize("model", [Paging, Choice])
@pytest.mark.parametrize(
    ("query", "kind"), [("", "missing"), ("page=x", None), ("page=0", "value_error")]
)
def test_value_that_does_not_fit_is_told_with_its_place(
    model: type, query: str, kind: str | None
) -> None:
    answer = client_of(Annotated[model, Query()]).get(f"/?{query}")

    (error,) = answer.json()["detail"]
    assert answer.status_code == 422
    assert error["loc"] == ["query", "page"]
    assert kind in (None, error["type"])


def test_names_on_the_wire_are_the_struct_s_own() -> None:
    client = client_of(Annotated[Renamed, Query()])

    assert client.get("/?bestBook=Emma&lastPage=3").json()["given"] == {
        "bestBook": "Emma",
        "lastPage": 3,
    }
    assert client.get("/?best_book=Emma").json()["detail"][0]["loc"] == ["query", "bestBook"]


def test_unknown_names_are_refused_where_the_struct_forbids_them() -> None:
    client = client_of(Annotated[Strict, Query()])

    assert client.get("/?page=2").status_code == 200
    assert client.get("/?pages=2").json()["detail"][0]["type"] == "extra_forbidden"


@pytest.mark.parametrize("model", [Paging, Choice])
def test_headers_come_with_dashes(model: type) -> None:
    client = client_of(Annotated[model, Header()])

    answer = client.get("/", headers=[("page", "3"), ("sort-by", "a"), ("sort-by", "b")])
    refused = client.get("/", headers={"page": "3", "size": "many"})

    assert answer.json()["given"]["sort_by"] == ["a", "b"]
    assert refused.json()["detail"][0]["loc"] == ["header", "size"]


@pytest.mark.parametrize("model", [Paging, Choice])
def test_cookies_are_read_too(model: type) -> None:
    client = client_of(Annotated[model, Cookie()])
    client.cookies.update({"page": "4", "wanted": "x"})

    assert client.get("/").json()["given"]["page"] == 4


def test_optional_model_of_which_nothing_came_is_none() -> None:
    app = App()

    @app.get("/")
    async def handler(paging: Annotated[Paging | None, Query()] = None) -> bool:
        return paging is None

    client = TestClient(app)

    assert client.get("/").json() is True
    assert client.get("/?page=1").json() is False


@pytest.mark.parametrize("model", [Paging, Choice])
def test_document_shows_each_field(model: type) -> None:
    document = check(client_of(Annotated[model, Query()]).get("/openapi.json").json())

    shown = {one["name"]: one for one in document["paths"]["/"]["get"]["parameters"]}
    assert list(shown) == ["page", "size", "sort_by", "wanted"]
    assert [one["required"] for one in shown.values()] == [True, False, False, False]
    assert shown["size"]["schema"]["default"] == 20
    assert shown["sort_by"]["schema"]["type"] == "array"


def test_constraints_of_a_struct_are_in_the_document() -> None:
    document = client_of(Annotated[Paging, Query()]).get("/openapi.json").json()

    page = document["paths"]["/"]["get"]["parameters"][0]
    assert page["description"] == "from one"
    assert page["schema"]["minimum"] == 1
