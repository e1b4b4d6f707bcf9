"""The cases in django-bolt, with msgspec structs: its own way to validate and encode."""

import os
import sys
from typing import Annotated

from django.conf import settings

if not settings.configured:
    settings.configure(
        ALLOWED_HOSTS=["127.0.0.1"],
        BOLT_API=["bolt_app:api"],
        DEBUG=False,
        INSTALLED_APPS=["django_bolt"],
        ROOT_URLCONF="bolt_app",
        SECRET_KEY="only for measuring",
    )

import msgspec
from django.core.management import execute_from_command_line
from django_bolt import BoltAPI

api = BoltAPI(enable_logging=False)
urlpatterns: list[object] = []


class Item(msgspec.Struct):
    name: Annotated[str, msgspec.Meta(min_length=2, max_length=100)]
    price: Annotated[float, msgspec.Meta(gt=0)]
    quantity: Annotated[int, msgspec.Meta(ge=1, le=1000)]
    tags: list[str] = []


class PricedItem(msgspec.Struct):
    id: int
    name: str
    price: float
    quantity: int
    tags: list[str]
    total: float


@api.get("/hello")
async def hello() -> dict[str, str]:
    return {"message": "Hello, World!"}


@api.post("/items/{item_id}", status_code=201)
async def price_item(item_id: int, item: Item) -> PricedItem:
    return PricedItem(
        id=item_id,
        name=item.name,
        price=item.price,
        quantity=item.quantity,
        tags=item.tags,
        total=item.price * item.quantity,
    )


def greeting() -> str:
    # A call, as every real handler makes some: one that calls nothing could run on the event loop.
    return "Hello, World!"


@api.get("/sync")
def sync_hello() -> dict[str, str]:
    return {"message": greeting()}


if __name__ == "__main__":
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    serve = ["runbolt", "--host", "127.0.0.1", "--port", os.environ["BENCH_PORT"], "--no-admin"]
    execute_from_command_line([__file__, *serve, "--processes", "1", "--workers", "1"])
