"""A dependency that reads the body itself is described by what it says, and held to the limits."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel
from starlette.requests import Request

from trivet import App, Body, Depends
from trivet.binding.bodies import FORM_LIMITS, BodyReader, form_of_request
from trivet.binding.params import Form
from trivet.schema.field import Field
from trivet.testing import TestClient


class Note(BaseModel):
    title: str


class Reader(BodyReader):
    """Gives the names of a form."""

    bodies = {"multipart/form-data": Field("body", Form(annotation=Note))}  # noqa: RUF012

    async def __call__(self, request: Request) -> list[str]:
        form = await form_of_request(request, request.scope.get(FORM_LIMITS, {}))
        return list(form)


Names = Annotated[list[str], Depends(Reader())]


def test_document_has_what_the_reader_says() -> None:
    app = App()

    @app.post("/")
    async def take(names: Names) -> list[str]:
        return names

    @app.get("/")
    async def look(names: Names) -> list[str]:
        return names

    path = app.openapi()["paths"]["/"]
    media = {"schema": {"$ref": "#/components/schemas/Note"}}
    assert path["post"]["requestBody"] == {
        "required": True,
        "content": {"multipart/form-data": media},
    }
    assert "422" in path["post"]["responses"]
    assert "requestBody" not in path["get"]


def test_body_of_the_route_itself_is_shown_before_the_readers() -> None:
    app = App()

    @app.post("/")
    async def take(names: Names, note: Annotated[Note, Body()]) -> list[str]:
        return names

    assert list(app.openapi()["paths"]["/"]["post"]["requestBody"]["content"]) == [
        "application/json"
    ]


def test_reader_is_held_to_the_limits_of_the_route() -> None:
    app = App()

    @app.post("/", form_limits={"max_fields": 1})
    async def take(names: Names) -> list[str]:
        return names

    client = TestClient(app)
    assert client.post("/", data={"a": "1"}).json() == ["a"]
    assert client.post("/", data={"a": "1", "b": "2"}).status_code == 400
