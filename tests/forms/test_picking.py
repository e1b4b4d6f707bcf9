"""Fields that are picked from rows: what is shown is what may be sent."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import pytest
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from tests.forms.conftest import PAGE
from trivet import App, Header
from trivet.db import Database, Mapped, Model, Query, field, foreign_key, schema
from trivet.errors import SetupError
from trivet.forms import Blank, Form, Forms, Hidden, Pick, Posted, Textarea, dressed
from trivet.templates import Templates
from trivet.testing import TestClient


class Library(Model, apart=True):
    """Models of these tests alone."""


class Writer(Library):
    name: Mapped[str] = field(max_length=20)
    team: Mapped[str] = field(max_length=20)


class Text(Library):
    title: Mapped[str] = field(max_length=20, info={"description": "In a few words"})
    body: Mapped[str] = field(default="")
    secret: Mapped[str | None] = field(info={"private": True})
    writer_id: Mapped[int] = foreign_key(Writer)


def team_mates(x_team: Annotated[str, Header()]) -> Query[Writer]:
    return Writer.where(team=x_team).order_by(Writer.name)


TextForm = dressed(
    schema(Text, "create"), body=Textarea(), writer_id=Pick(team_mates, label="name")
)


class Line(BaseModel):
    writer_ids: Annotated[list[int], Pick(Writer.where(team="red"), label=lambda row: row.name)]


class Sheet(BaseModel):
    lines: list[Line] = []


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    (tmp_path / "page.html").write_text(PAGE)
    app = App()
    database = app.use(Database(f"sqlite:///{tmp_path / 'texts.db'}", models=Library))
    templates = app.use(Templates(tmp_path))
    app.use(Forms())

    @app.post("/writers")
    async def add() -> None:
        await database.create_tables()
        for name, team in (("ann", "red"), ("<bob>", "red"), ("cid", "blue")):
            await Writer.create(name=name, team=team)

    @app.get("/texts/new")
    @templates.page("page.html")
    async def new(form: Blank[TextForm]) -> dict[str, Any]:  # type: ignore[valid-type]
        return {"form": form.fill({"title": "tea", "writer_id": 2})}

    @app.post("/texts/new")
    async def create(request: Request, form: Posted[TextForm]) -> Response:  # type: ignore[valid-type]
        if not form.is_valid:
            return await templates.render("page.html", request=request, form=form, status_code=422)
        value: Any = form.value
        text = await Text.create(**value.model_dump())
        return Response(f"{text.id} {text.title} {text.writer_id}")

    @app.post("/sheets")
    async def sheet(request: Request, form: Posted[Sheet]) -> Response:
        if not form.is_valid:
            return await templates.render("page.html", request=request, form=form, status_code=422)
        return Response(form.value.model_dump_json())

    with TestClient(app) as found:
        assert found.post("/writers").status_code == 200
        yield found


RED = {"x-team": "red"}


def test_rows_of_the_query_are_offered_and_no_others(client: TestClient) -> None:
    page = client.get("/texts/new", headers=RED).text

    assert '<option value="1">ann</option>' in page
    assert '<option value="2" selected>&lt;bob&gt;</option>' in page
    assert "cid" not in page


def test_row_that_was_offered_is_taken(client: TestClient) -> None:
    answer = client.post("/texts/new", data={"title": "tea", "writer_id": "1"}, headers=RED)

    assert answer.text == "1 tea 1"


@pytest.mark.parametrize("key", ["3", "99", "01", "1.0", "x", "1 OR 1=1"])
def test_row_that_was_not_offered_is_not_taken(client: TestClient, key: str) -> None:
    answer = client.post("/texts/new", data={"title": "tea", "writer_id": key}, headers=RED)

    assert answer.status_code == 422
    assert "Choose one of the list." in answer.text


def test_json_is_held_to_the_same_rows(client: TestClient) -> None:
    good = client.post("/texts/new", json={"title": "tea", "writer_id": 1}, headers=RED)
    bad = client.post("/texts/new", json={"title": "tea", "writer_id": 3}, headers=RED)

    assert good.text == "1 tea 1"
    assert bad.status_code == 422
    assert bad.json()["detail"][0]["loc"] == ["body", "writer_id"]


def test_keys_and_what_is_private_are_no_fields_of_a_models_form(client: TestClient) -> None:
    page = client.get("/texts/new", headers=RED).text
    posted = {"title": "tea", "writer_id": "1", "id": "77", "secret": "x"}

    assert 'name="id"' not in page
    assert 'name="secret"' not in page
    assert client.post("/texts/new", data=posted, headers=RED).text == "1 tea 1"


def test_rules_of_columns_are_rules_of_the_form(client: TestClient) -> None:
    page = client.get("/texts/new", headers=RED).text

    assert 'name="title" type="text" maxlength="20" required' in page
    assert "In a few words" in page
    assert "<textarea" in page
    assert ">Writer<" in page


def test_several_rows_are_picked_within_rows(client: TestClient) -> None:
    good = {"lines-0-writer_ids": ["1", "2"]}
    bad = {"lines-0-writer_ids": ["1", "3"]}

    assert client.post("/sheets", data=good).json() == {"lines": [{"writer_ids": [1, 2]}]}
    answer = client.post("/sheets", data=bad)
    assert answer.status_code == 422
    assert answer.text.count('<option value="2">&lt;bob&gt;</option>') == 2  # and in the empty row


def test_form_without_its_rows_says_how_they_are_read() -> None:
    with pytest.raises(SetupError) as caught:
        Form.read(TextForm, [], picks={})

    assert caught.value.code == "forms.not-loaded"


async def test_what_is_no_query_is_told() -> None:
    with pytest.raises(SetupError) as caught:
        await Form(TextForm).load()

    assert caught.value.code == "forms.no-query"


async def test_rows_may_be_given_to_a_form_by_hand() -> None:
    ann = Writer(id=1, name="ann", team="red")

    form = await Form(TextForm).load(writer_id=[ann])

    assert [choice.label for choice in form["writer_id"].choices] == ["ann"]  # type: ignore[union-attr]


def test_only_fields_that_are_there_are_dressed() -> None:
    with pytest.raises(SetupError) as caught:
        dressed(schema(Text, "create"), nothing=Hidden())

    assert caught.value.code == "forms.no-field"
