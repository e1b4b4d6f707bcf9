"""Forms as parameters of handlers: what is posted, JSON, limits, the document, any bytes."""

from __future__ import annotations

import datetime
import json
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field, HttpUrl, SecretStr, model_validator
from starlette.requests import Request
from starlette.responses import Response

import trivet.forms
from tests.forms.conftest import Site
from trivet import App, HTTPException, Router, UploadFile
from trivet.forms import Blank, Form, Forms, Moment, Posted, posted
from trivet.templates import Templates
from trivet.testing import TestClient


class Line(BaseModel):
    text: str
    count: int = 1


class Note(BaseModel):
    title: str = Field(max_length=20)
    tags: list[str] = Field([], max_length=3)
    lines: list[Line] = []
    line: Line | None = None
    password: SecretStr | None = None


class Picture(BaseModel):
    title: str
    file: UploadFile


class Pair(BaseModel):
    one: str
    two: str

    @model_validator(mode="after")
    def same(self) -> Pair:
        if self.one != self.two:
            raise ValueError("The two differ.")
        return self


@pytest.fixture
def client(site: Site) -> TestClient:
    app, templates = site(
        {"piece.html": "<h1>whole</h1><div>{% block piece %}{{ form }}{% endblock %}</div>"}
    )

    @app.get("/notes/new")
    @templates.page("page.html")
    async def new(form: Blank[Note]) -> dict[str, Any]:
        return {"form": form}

    @app.post("/notes/new")
    async def create(request: Request, form: Posted[Note]) -> Response:
        if not form.is_valid:
            return await templates.render("page.html", request=request, form=form, status_code=422)
        return Response(form.value.model_dump_json(), media_type="application/json")

    @app.post("/piece")
    @templates.page("piece.html", fragments=["piece"])
    async def piece(form: Posted[Note]) -> dict[str, Any]:
        return {"form": form}

    @app.post("/pictures")
    async def add(form: Posted[Picture]) -> dict[str, Any]:
        picture = form.value
        assert not picture.file.file.closed
        kept.append(picture.file)
        return {"title": picture.title, "bytes": len(await picture.file.read())}

    @app.post("/looks")
    async def looks(form: Annotated[Form[Note], posted(Note, shows_json=True)]) -> dict[str, Any]:
        return {"errors": form.errors}

    kept: list[UploadFile] = []
    found = TestClient(app)
    found.app_state["kept"] = kept
    return found


def test_new_form_is_shown(client: TestClient) -> None:
    assert 'name="title"' in client.get("/notes/new").text


def test_form_that_fits_is_a_value(client: TestClient) -> None:
    answer = client.post("/notes/new", data={"title": "tea", "lines-0-text": "a"})

    assert answer.json()["lines"] == [{"text": "a", "count": 1}]


def test_form_that_does_not_fit_is_shown_again_with_what_was_typed(client: TestClient) -> None:
    answer = client.post("/notes/new", data={"title": "x" * 21})

    assert answer.status_code == 422
    assert f'value="{"x" * 21}"' in answer.text
    assert "Use at most 20 characters." in answer.text


def test_json_that_fits_is_the_same_value(client: TestClient) -> None:
    answer = client.post("/notes/new", json={"title": "tea", "lines": [{"text": "a"}]})

    assert answer.json()["lines"] == [{"text": "a", "count": 1}]


def test_json_that_does_not_fit_is_answered_in_json_without_secrets(client: TestClient) -> None:
    answer = client.post("/notes/new", json={"tags": "x", "password": "hunter2"})

    found = {(error["type"], tuple(error["loc"])) for error in answer.json()["detail"]}
    assert answer.status_code == 422
    assert found == {("missing", ("body", "title")), ("list_type", ("body", "tags"))}
    assert "hunter2" not in answer.text


def test_handler_may_look_at_json_that_does_not_fit(client: TestClient) -> None:
    answer = client.post("/looks", json={"title": "x" * 21})

    assert answer.json() == {"errors": {"title": ["Use at most 20 characters."]}}


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"\xff", b'"\\ud800"', b"[" * 100_000, b"1e999"]
)
def test_broken_json_is_a_422(client: TestClient, body: bytes) -> None:
    answer = client.post("/notes/new", content=body, headers={"content-type": "application/json"})

    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/json"


def test_value_of_a_form_that_does_not_fit_is_a_422(client: TestClient) -> None:
    answer = client.post("/pictures", data={"title": "x"})

    assert answer.status_code == 422
    assert answer.json()["detail"] == [
        {"type": "form", "loc": ["body", "file"], "msg": "Choose a file."}
    ]


def test_file_is_open_in_the_handler_and_closed_after_the_answer(client: TestClient) -> None:
    answer = client.post("/pictures", data={"title": "x"}, files={"file": ("a.png", b"12345")})

    assert answer.json() == {"title": "x", "bytes": 5}
    assert [file.file.closed for file in client.app_state["kept"]] == [True]


def test_piece_is_answered_to_htmx(client: TestClient) -> None:
    answer = client.post(
        "/piece", data={"title": ""}, headers={"HX-Request": "true", "HX-Target": "piece"}
    )

    assert "<h1>" not in answer.text
    assert "Fill this in." in answer.text


@pytest.mark.parametrize("kind", ["text/plain", "application/xml", "multipart/mixed"])
def test_other_bodies_are_refused(client: TestClient, kind: str) -> None:
    answer = client.post("/notes/new", content=b"x", headers={"content-type": kind})

    assert answer.status_code == 415
    assert "application/json" in answer.json()["detail"]


def test_body_without_a_type_is_an_empty_form(client: TestClient) -> None:
    assert "Fill this in." in client.post("/notes/new").text


def test_limits_of_the_route_hold() -> None:
    app = App()
    router = Router(form_limits={"max_fields": 3})

    @app.post("/small", max_body_size=50)
    @app.post("/few", form_limits={"max_fields": 3})
    @router.post("/inner")
    async def take(form: Posted[Note]) -> dict[str, bool]:
        return {"valid": form.is_valid}

    app.include_router(router)
    client = TestClient(app)
    many = urlencode({f"x{number}": "1" for number in range(4)})
    headers = {"content-type": "application/x-www-form-urlencoded"}

    assert client.post("/few", content=many, headers=headers).status_code == 400
    assert client.post("/inner", content=many, headers=headers).status_code == 400
    assert client.post("/small", content=b"x=" + b"1" * 60, headers=headers).status_code == 413
    assert client.post("/small", json={"title": "x" * 60}).status_code == 413
    assert client.post("/few", data={"title": "a"}).json() == {"valid": True}


def test_document_has_both_forms_of_the_body(client: TestClient) -> None:
    document = client.get("/openapi.json").json()

    body = document["paths"]["/notes/new"]["post"]["requestBody"]["content"]
    schemas = document["components"]["schemas"]
    form = schemas["NoteForm"]
    assert body["application/json"]["schema"] == {"$ref": "#/components/schemas/Note"}
    for kind in ("application/x-www-form-urlencoded", "multipart/form-data"):
        assert body[kind]["schema"] == {"$ref": "#/components/schemas/NoteForm"}
    assert set(form["properties"]) == {"title", "line-text", "line-count", "password"}
    assert form["properties"]["title"]["maxLength"] == 20
    assert form["required"] == ["title"]
    assert set(form["patternProperties"]) == {"^tags-[0-9]+(-.*)?$", "^lines-[0-9]+(-.*)?$"}
    assert "requestBody" not in document["paths"]["/notes/new"]["get"]
    assert "422" in document["paths"]["/notes/new"]["post"]["responses"]
    assert list(document["paths"]["/pictures"]["post"]["requestBody"]["content"]) == [
        "multipart/form-data"
    ]


def test_dependencies_of_the_handler_stand_beside_a_form() -> None:
    app = App()

    async def forbidden() -> None:
        raise HTTPException(403)

    @app.post("/")
    async def take(form: Posted[Note], other: Posted[Line]) -> list[bool]:
        return [form.is_valid, other.is_valid]

    assert TestClient(app).post("/", data={"title": "a", "text": "b"}).json() == [True, True]


def test_validator_that_refuses_is_no_error_of_the_server(site: Site) -> None:
    app, templates = site()

    @app.post("/")
    async def take(request: Request, form: Posted[Pair]) -> Response:
        return await templates.render("page.html", request=request, form=form)

    assert "The two differ." in TestClient(app).post("/", data={"one": "a", "two": "b"}).text


class Everything(BaseModel):
    title: str = Field("", max_length=20)
    count: int = 1
    price: Decimal | None = None
    ratio: float = 0.5
    at: Annotated[datetime.datetime | None, Moment("Europe/Berlin")] = None
    day: datetime.date | None = None
    span: datetime.timedelta | None = None
    kind: Literal["a", 2] = "a"
    kinds: list[Literal["a", "b"]] = []
    site: HttpUrl | None = None
    tags: list[str] = Field([], max_length=3)
    lines: list[Line] = []
    line: Line | None = None


_NAMES = st.sampled_from(
    [
        *Everything.model_fields, "tags-0", "tags-1", "lines-0", "lines-0-text", "lines-0-count",
        "lines-add", "lines-remove", "line-count",
    ]
)  # fmt: skip
_VALUES = st.text(max_size=20) | st.sampled_from(
    ["\0", "1e400", "-0", "9" * 50, "%00", "x" * 200, "0001-01-01T00:00", "P9D", "2026-03-31", "a"]
)


@given(
    st.one_of(
        st.binary(max_size=300),
        st.lists(st.tuples(_NAMES, _VALUES), max_size=8).map(
            lambda pairs: urlencode(pairs, errors="replace").encode()
        ),
        st.recursive(
            st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES, inner, max_size=4),
            max_leaves=8,
        ).map(lambda value: json.dumps(value).encode()),
        st.binary(max_size=60).map(
            lambda data: (
                b'--x\r\nContent-Disposition: form-data; name="title"\r\n\r\n'
                + data
                + b"\r\n--x--\r\n"
            )
        ),
    ),
    st.sampled_from(
        [
            "application/x-www-form-urlencoded",
            "application/json",
            "multipart/form-data; boundary=x",
            "multipart/form-data",
            "multipart/form-data; boundary=x; charset=unicode_escape",
            "multipart/form-data; boundary=x; charset=nothing",
            "",
        ]
    ),
)
def test_any_bytes_are_a_form_with_errors_or_a_4xx(body: bytes, kind: str) -> None:
    answer = SERVED.post("/", content=body, headers={"content-type": kind})

    assert answer.status_code < 500, answer.text


def _served() -> TestClient:
    """Give an application that draws whatever was posted."""
    app = App()
    templates = app.use(Templates(Path(trivet.forms.__file__).parent / "templates"))
    app.use(Forms())

    @app.post("/")
    async def take(request: Request, form: Posted[Everything]) -> Response:
        return await templates.render("forms/form.html", request=request, form=form)

    return TestClient(app, raise_server_exceptions=False)


SERVED = _served()
