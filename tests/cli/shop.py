"""The application that the tests of the commands look into, as the text of a user's file."""

from __future__ import annotations

__all__ = ["SHOP"]

SHOP = '''\
from collections.abc import AsyncIterator
from typing import Annotated

from pydantic import BaseModel, Field
from trivet import App, Depends, Header, Request, Router, WebSocket
from trivet.middleware.cors import Cors


class NewItem(BaseModel):
    name: str = Field(min_length=2)


class Item(NewItem):
    id: int


def settings() -> str:
    return "memory"


async def database(url: Annotated[str, Depends(settings)]) -> AsyncIterator[str]:
    yield url


app = App(title="Shop", hooks=[Cors(allow_origins=["https://shop.example"])])
router = Router(prefix="/items", tags=["items"])


@router.get("/{number}")
async def read_item(
    number: int,
    db: Annotated[str, Depends(database)],
    q: str | None = None,
    x_token: Annotated[str, Header()] = "none",
) -> Item:
    """Read one item."""
    return Item(id=number, name=db)


@router.post("", status_code=201)
def add_item(item: NewItem, request: Request) -> Item:
    return Item(id=1, name=item.name)


@router.websocket("/feed")
async def feed(socket: WebSocket) -> None:
    await socket.accept()
    await socket.close()


app.include_router(router)
inner = App(title="Inner", openapi_url=None)


@inner.get("/deep/{x}")
def deep(x: int) -> int:
    return x


app.mount("/inner", inner)
'''
