"""The cases in BlackSheep, with orjson as its JSON library and Pydantic for the body."""

import asyncio
from collections.abc import AsyncIterable

import orjson
from blacksheep import Application, Content, FromJSON, Response, get, json, post
from blacksheep.server.sse import ServerSentEvent
from blacksheep.settings.json import json_settings
from pydantic import BaseModel, Field

json_settings.use(loads=orjson.loads, dumps=lambda value: orjson.dumps(value).decode())

app = Application()


class Item(BaseModel):
    name: str = Field(min_length=2, max_length=100)
    price: float = Field(gt=0)
    quantity: int = Field(ge=1, le=1000)
    tags: list[str] = []


class PricedItem(BaseModel):
    id: int
    name: str
    price: float
    quantity: int
    tags: list[str]
    total: float


@get("/hello")
async def hello() -> Response:
    return json({"message": "Hello, World!"})


@post("/items/{item_id}")
async def price_item(item_id: int, data: FromJSON[Item]) -> Response:
    item = data.value
    priced = PricedItem(
        id=item_id,
        name=item.name,
        price=item.price,
        quantity=item.quantity,
        tags=item.tags,
        total=item.price * item.quantity,
    )
    return Response(201, content=Content(b"application/json", priced.model_dump_json().encode()))


@get("/tokens")
async def tokens() -> AsyncIterable[ServerSentEvent]:
    for index in range(100):
        await asyncio.sleep(0)
        yield ServerSentEvent({"index": index, "text": "word "})
