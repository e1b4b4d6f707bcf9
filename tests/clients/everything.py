"""An application with every kind of parameter, body and answer: each says what it received."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import Enum, IntEnum
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field
from starlette.responses import PlainTextResponse, RedirectResponse, Response, StreamingResponse

from trivet import App, Body, Cookie, Depends, File, Form, Header, HTTPException, Query, UploadFile
from trivet.http.sse import EventSourceResponse, ServerSentEvent
from trivet.security import APIKeyHeader, HTTPBasic, HTTPBearer

app = App(title="Everything", version="1.0")


class Colour(Enum):
    RED = "red"
    DARK_BLUE = "dark-blue"


class Size(IntEnum):
    SMALL = 1
    LARGE = 2


class Cat(BaseModel):
    """It meows."""

    kind: Literal["cat"]
    lives: int = 9


class Dog(BaseModel):
    kind: Literal["dog"]
    class_: str = Field(alias="class")


Pet = Annotated[Cat | Dog, Field(discriminator="kind")]


class Tree(BaseModel):
    """A tree of \\ things, and "quotes"."""

    name: str
    children: list[Tree] = []
    pet: Pet | None = None


class Parcel(BaseModel):
    """Every kind of value."""

    id: UUID
    made: datetime = Field(description="When it was made")
    day: date
    lasts: timedelta = timedelta(minutes=2)
    price: Decimal
    colour: Colour = Colour.RED
    sizes: list[Size] = [Size.SMALL]
    strange_name: str | None = Field(None, alias="strange-name")
    pair: tuple[int, str] = (1, "a")
    tags: set[str] = set()
    table: dict[str, Decimal] = {}
    anything: Any = None
    model_name: str = "m"
    list_: str = Field("a field with the name of a type", alias="list")
    tree: Tree | None = None


class Problem(BaseModel):
    detail: str


@app.get("/values/{number}/{words}")
def values(
    number: int,
    words: str,
    day: date,
    colours: Annotated[list[Colour], Query(description="Which ones")] = [],  # noqa: B006
    big: bool | None = None,
    size: Size = Size.SMALL,
    x_token: Annotated[str | None, Header()] = None,
    x_many: Annotated[list[int], Header()] = [],  # noqa: B006
    flavour: Annotated[str | None, Cookie()] = None,
    from_: Annotated[str | None, Query(alias="from")] = None,
) -> dict[str, Any]:
    """Give back what came in."""
    return {
        "number": number, "words": words, "day": day, "colours": colours, "big": big, "size": size,
        "x_token": x_token, "x_many": x_many, "flavour": flavour, "from": from_,
    }  # fmt: skip


@app.post("/parcels", status_code=201, responses={409: {"model": Problem}})
def send(parcel: Parcel) -> Parcel:
    if parcel.price == 0:
        raise HTTPException(409, "nothing is free")
    return parcel


@app.post("/trees")
def plant(tree: Tree) -> Tree:
    return tree


@app.post("/pets")
def adopt(pet: Annotated[Pet, Body()], loud: bool = False) -> Pet:
    return pet


@app.post("/unset")
def unset(tree: Tree) -> list[str]:
    """Say which fields were sent."""
    return sorted(tree.model_fields_set)


@app.put("/maybe")
def maybe(numbers: Annotated[list[int] | None, Body()] = None) -> int:
    return -1 if numbers is None else sum(numbers)


@app.post("/form")
def form(name: Annotated[str, Form()], tags: Annotated[list[str], Form()] = []) -> dict[str, Any]:  # noqa: B006
    return {"name": name, "tags": tags}


@app.post("/upload")
def upload(
    files: list[UploadFile],
    title: Annotated[str, Form()],
    raw: Annotated[bytes | None, File()] = None,
) -> dict[str, Any]:
    shown = [[one.filename, one.content_type, one.file.read().decode()] for one in files]
    return {"files": shown, "title": title, "raw": raw.decode() if raw else None}


bearer = Depends(HTTPBearer())
key = Depends(APIKeyHeader(name="X-Key", scheme_name="shopKey"))


@app.get("/who/bearer")
def by_bearer(who: Annotated[Any, bearer]) -> str:
    return str(who.credentials)


@app.get("/who/basic")
def by_basic(who: Annotated[Any, Depends(HTTPBasic())]) -> str:
    return f"{who.username} {who.password}"


@app.get("/who/key")
def by_key(who: Annotated[str, key]) -> str:
    return who


@app.get("/who/nobody")
def by_nobody(authorization: Annotated[str | None, Header(include_in_schema=False)] = None) -> str:
    return repr(authorization)


@app.get("/trees/all")
async def trees() -> AsyncIterator[Tree]:
    """Give trees, line by line."""
    for name in ("oak", "élm", "fir"):
        yield Tree(name=name)


@app.get("/events", response_class=EventSourceResponse)
async def events(count: int = 2) -> AsyncIterator[Tree]:
    for number in range(count):
        yield Tree(name=f"tree {number}\nwith two lines")


@app.get("/events/plain", response_class=EventSourceResponse)
async def plain_events() -> AsyncIterator[ServerSentEvent]:
    yield ServerSentEvent(raw_data="one\ntwo", event="told", id="7", retry=10)


@app.get(
    "/file",
    response_class=StreamingResponse,
    responses={200: {"content": {"application/octet-stream": {}}}},
)
async def file(size: int = 3) -> StreamingResponse:
    if size < 0:
        raise HTTPException(404, "no such file")
    return StreamingResponse(iter([b"ab"] * size), media_type="application/octet-stream")


@app.get("/text", response_class=PlainTextResponse)
def text() -> str:
    return "just text"


@app.get("/moved", response_class=RedirectResponse, status_code=307)
def moved() -> str:
    return "/text"


@app.delete("/gone", status_code=204)
def gone() -> None: ...


@app.get("/raw", response_class=Response)
def raw() -> Response:
    return Response(b"\x00\x01")


@app.get("/broken")
def broken() -> int:
    raise HTTPException(503, {"why": "tired"})
