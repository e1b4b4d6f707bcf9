"""The cases in Flask, with orjson as its JSON provider and Pydantic for the body."""

from typing import Any

import orjson
from flask import Flask, Response, request
from flask.json.provider import JSONProvider
from pydantic import BaseModel, Field, ValidationError


class OrjsonProvider(JSONProvider):
    def dumps(self, obj: Any, **kwargs: Any) -> str:
        return orjson.dumps(obj).decode()

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        return orjson.loads(s)

    def response(self, *args: Any, **kwargs: Any) -> Response:
        content = self._prepare_response_obj(args, kwargs)
        return Response(orjson.dumps(content), mimetype="application/json")


class OrjsonFlask(Flask):
    json_provider_class = OrjsonProvider


app = OrjsonFlask(__name__)


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
def hello() -> dict[str, str]:
    return {"message": "Hello, World!"}


def greeting() -> str:
    return "Hello, World!"


@app.get("/sync")
def sync_hello() -> dict[str, str]:
    return {"message": greeting()}


@app.post("/items/<int:item_id>")
def price_item(item_id: int) -> Response:
    try:
        item = Item.model_validate_json(request.get_data(cache=False))
    except ValidationError as error:
        return Response(error.json(), 422, mimetype="application/json")
    priced = PricedItem(
        id=item_id,
        name=item.name,
        price=item.price,
        quantity=item.quantity,
        tags=item.tags,
        total=item.price * item.quantity,
    )
    return Response(priced.model_dump_json(), 201, mimetype="application/json")
