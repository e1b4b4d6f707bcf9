"""Errors in the client's language."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field, field_validator
from starlette.responses import PlainTextResponse

from tests.i18n.conftest import Site, Write
from trivet import App, HTTPException
from trivet.i18n import I18n, lazy
from trivet.i18n.validation import SENTENCES, said
from trivet.openapi.error_shape import PROBLEM_DETAILS
from trivet.testing import TestClient


class Book(BaseModel):
    title: Annotated[str, Field(min_length=3)]
    year: Annotated[int, Field(gt=1450)]
    kind: Literal["paper", "sound"] = "paper"
    isbn: str = ""

    @field_validator("isbn")
    @classmethod
    def checked(cls, value: str) -> str:
        if value:
            raise ValueError(lazy("No book has this number."))
        return value


WRONG = {"title": "x", "year": 3, "kind": "film", "isbn": "1"}


def shop(app: App) -> TestClient:
    @app.post("/books")
    async def add(book: Book) -> None: ...

    @app.get("/lazy")
    async def refuse() -> None:
        raise HTTPException(409, lazy("%(title)s is sold out", title="Emma"), {"x-why": "sold"})

    @app.get("/own")
    async def own() -> None:
        raise HTTPException(400, {"reason": "Not Found"})

    @app.get("/empty")
    async def empty() -> None:
        raise HTTPException(304)

    return TestClient(app)


def said_in(client: TestClient, language: str, body: Any = WRONG) -> list[str]:
    found = client.post("/books", json=body, headers={"accept-language": language})
    assert found.status_code == 422
    return [error["msg"] for error in found.json()["detail"]]


def test_what_did_not_fit_is_said_in_german(site: Site, write: Write) -> None:
    write("de", {"No book has this number.": "Kein Buch hat diese Nummer."})
    client = shop(site("en", "de")[0])

    assert said_in(client, "de") == [
        "Muss mindestens 3 Zeichen haben.",
        "Muss größer als 1450 sein.",
        "Muss einer dieser Werte sein: 'paper', 'sound'.",
        "Kein Buch hat diese Nummer.",
    ]
    assert said_in(client, "de", {}) == ["Dieses Feld ist erforderlich."] * 2


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("ar", "يجب ألا يقل العدد عن 3 أحرف."),
        ("es", "Debe tener al menos 3 caracteres."),
        ("fr", "Doit avoir au moins 3 caractères."),
        ("ja", "3文字以上で入力してください。"),
        ("zh-CN", "至少需要 3 个字符。"),
    ],
)
def test_plurals_are_those_of_the_language(site: Site, language: str, expected: str) -> None:
    client = shop(site("en", language)[0])

    assert said_in(client, language)[0] == expected


def test_english_is_the_same_to_the_byte_as_without_languages(site: Site) -> None:
    plain, speaking = shop(App()), shop(site("en", "de")[0])
    asked = [
        ("POST", "/books", WRONG),
        ("POST", "/books", None),
        ("GET", "/lazy", None),
        ("GET", "/own", None),
        ("GET", "/empty", None),
        ("GET", "/nothing", None),
        ("PUT", "/books", None),
    ]

    for method, path, body in asked:
        one, other = (client.request(method, path, json=body) for client in (plain, speaking))
        assert (one.status_code, one.content) == (other.status_code, other.content)
        told = dict(other.headers)
        assert told.pop("content-language", "en") == "en"
        assert told.pop("vary", None) in (None, "Cookie, Accept-Language")
        assert dict(one.headers) == told


def test_statuses_are_said_in_the_client_s_language(site: Site, write: Write) -> None:
    write("de", {"%(title)s is sold out": "%(title)s ist ausverkauft"})
    client = shop(site("en", "de")[0])
    german = {"accept-language": "de"}

    assert client.get("/nothing", headers=german).json() == {"detail": "Nicht gefunden"}
    assert client.put("/books", headers=german).json() == {"detail": "Methode nicht erlaubt"}
    found = client.get("/lazy", headers=german)
    assert (found.json(), found.headers["x-why"]) == ({"detail": "Emma ist ausverkauft"}, "sold")
    assert client.get("/own", headers=german).json() == {"detail": {"reason": "Not Found"}}


def test_other_shapes_of_errors_are_kept() -> None:
    app = App(error_shape=PROBLEM_DETAILS)
    app.use(I18n(locales=["en", "de"]))
    client = shop(app)

    found = client.post("/books", json={}, headers={"accept-language": "de"})

    assert found.headers["content-type"] == "application/problem+json"
    assert found.json()["errors"][0]["detail"] == "Dieses Feld ist erforderlich."


def test_application_s_own_handler_comes_first(site: Site) -> None:
    app, _ = site()

    @app.exception_handler(404)
    async def lost(request: Any, error: Any) -> PlainTextResponse:
        return PlainTextResponse("own", 404)

    assert TestClient(app).get("/", headers={"accept-language": "de"}).text == "own"


@pytest.mark.parametrize("kind", [*SENTENCES, "value_error", "something_else", ""])
def test_no_error_breaks_the_answer(site: Site, kind: str) -> None:
    german = site()[1].locale("de")

    for error in ({"type": kind, "msg": "own"}, {"type": kind, "msg": "own", "ctx": {"gt": 1}}):
        assert "%(" not in said(error, german)
        assert said(error, german)


def test_what_a_client_sent_is_never_a_pattern_for_values(site: Site) -> None:
    german = site()[1].locale("de")
    error = {"type": "enum", "msg": "own", "ctx": {"expected": "%(secret)s %s %", "secret": "x"}}

    assert said(error, german) == "Muss einer dieser Werte sein: %(secret)s %s %."
