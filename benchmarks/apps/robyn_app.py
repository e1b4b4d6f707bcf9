"""The cases in Robyn, with orjson (its own JSON library) and Pydantic for the body."""

import os

from pydantic import BaseModel, Field, ValidationError
from robyn import Request, Response, Robyn

app = Robyn(__file__)
JSON = {"content-type": "application/json"}


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
async def hello(request: Request) -> dict[str, str]:
    return {"message": "Hello, World!"}


@app.post("/items/:item_id")
async def price_item(request: Request) -> Response:
    try:
        item_id = int(request.path_params["item_id"])
        item = Item.model_validate_json(request.body)
    except ValidationError as error:
        return Response(status_code=422, headers=JSON, description=error.json())
    except ValueError as error:
        return Response(status_code=422, headers=JSON, description=f'{{"detail": "{error}"}}')
    priced = PricedItem(
        id=item_id,
        name=item.name,
        price=item.price,
        quantity=item.quantity,
        tags=item.tags,
        total=item.price * item.quantity,
    )
    return Response(status_code=201, headers=JSON, description=priced.model_dump_json())


def greeting() -> str:
    # A call, as every real handler makes some: one that calls nothing could run on the event loop.
    return "Hello, World!"


@app.get("/sync")
def sync_hello(request: Request) -> dict[str, str]:
    return {"message": greeting()}


if __name__ == "__main__":
    app.start(host="127.0.0.1", port=int(os.environ["BENCH_PORT"]))
