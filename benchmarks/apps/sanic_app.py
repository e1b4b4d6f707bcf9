"""The cases in Sanic, with orjson as its JSON library and Pydantic for the body."""

import asyncio

import orjson
from pydantic import BaseModel, Field, ValidationError
from sanic import HTTPResponse, Request, Sanic, json, raw

app = Sanic("benchmark", dumps=orjson.dumps, loads=orjson.loads)


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


@app.get("/hello")
async def hello(request: Request) -> HTTPResponse:
    return json({"message": "Hello, World!"})


@app.post("/items/<item_id:int>")
async def price_item(request: Request, item_id: int) -> HTTPResponse:
    try:
        item = Item.model_validate_json(request.body)
    except ValidationError as error:
        return raw(error.json(), 422, content_type="application/json")
    priced = PricedItem(
        id=item_id,
        name=item.name,
        price=item.price,
        quantity=item.quantity,
        tags=item.tags,
        total=item.price * item.quantity,
    )
    return raw(priced.model_dump_json(), 201, content_type="application/json")


@app.get("/tokens")
async def tokens(request: Request) -> None:
    response = await request.respond(content_type="text/event-stream")
    for index in range(100):
        await asyncio.sleep(0)
        await response.send(b"data: " + orjson.dumps({"index": index, "text": "word "}) + b"\n\n")
    await response.eof()
