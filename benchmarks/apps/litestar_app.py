"""The cases in Litestar, with its own dependency injection and msgspec encoder."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Annotated

from litestar import Litestar, get, post
from litestar.di import Provide
from litestar.params import Parameter
from litestar.response import ServerSentEvent, ServerSentEventMessage
from msgspec import json
from pydantic import BaseModel, Field


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


class Profile(BaseModel):
    user: str
    limit: int
    token: str


class Session:
    opened = 0
    closed = 0


@get("/hello")
async def hello() -> dict[str, str]:
    return {"message": "Hello, World!"}


@post("/items/{item_id:int}")
async def price_item(item_id: int, data: Item) -> PricedItem:
    return PricedItem(
        id=item_id,
        name=data.name,
        price=data.price,
        quantity=data.quantity,
        tags=data.tags,
        total=data.price * data.quantity,
    )


async def page_limit(limit: int = 10) -> int:
    return min(limit, 100)


async def open_session() -> AsyncGenerator[Session, None]:
    session = Session()
    Session.opened += 1
    try:
        yield session
    finally:
        Session.closed += 1


async def current_user(session: Session) -> str:
    return "ann" if isinstance(session, Session) else "nobody"


@get(
    "/profile",
    dependencies={
        "page": Provide(page_limit),
        "session": Provide(open_session),
        "user": Provide(current_user),
    },
)
async def profile(
    page: int, user: str, x_token: Annotated[str, Parameter(header="x-token")]
) -> Profile:
    return Profile(user=user, limit=page, token=x_token)


@get("/sessions")
async def sessions() -> dict[str, int]:
    return {"opened": Session.opened, "closed": Session.closed}


def greeting() -> str:
    # A call, as every real handler makes some: one that calls nothing could run on the event loop.
    return "Hello, World!"


@get("/sync", sync_to_thread=True)
def sync_hello() -> dict[str, str]:
    return {"message": greeting()}


@get("/tokens")
async def tokens() -> ServerSentEvent:
    async def produce() -> AsyncGenerator[ServerSentEventMessage, None]:
        for index in range(100):
            await asyncio.sleep(0)
            data = json.encode({"index": index, "text": "word "}).decode()
            yield ServerSentEventMessage(data=data)

    return ServerSentEvent(produce())


app = Litestar(
    [hello, price_item, profile, sessions, sync_hello, tokens],
    openapi_config=None,
    logging_config=None,
)
