"""The cases in FastAPI's dialect, served by Trivet."""

import asyncio
import threading
from collections.abc import AsyncIterator
from typing import Annotated, ClassVar

from pydantic import BaseModel, Field

from trivet import App, Depends, EventSourceResponse, Header, WebSocket, WebSocketDisconnect

app = App()


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


class Token(BaseModel):
    index: int
    text: str


class Session:
    opened = 0
    closed = 0


@app.get("/hello")
async def hello() -> dict[str, str]:
    return {"message": "Hello, World!"}


@app.post("/items/{item_id}", status_code=201)
async def price_item(item_id: int, item: Item) -> PricedItem:
    return PricedItem(
        id=item_id,
        name=item.name,
        price=item.price,
        quantity=item.quantity,
        tags=item.tags,
        total=item.price * item.quantity,
    )


async def page_limit(limit: int = 10) -> int:
    return min(limit, 100)


async def open_session() -> AsyncIterator[Session]:
    session = Session()
    Session.opened += 1
    try:
        yield session
    finally:
        Session.closed += 1


async def current_user(session: Annotated[Session, Depends(open_session)]) -> str:
    return "ann" if isinstance(session, Session) else "nobody"


@app.get("/profile")
async def profile(
    limit: Annotated[int, Depends(page_limit)],
    user: Annotated[str, Depends(current_user)],
    x_token: Annotated[str, Header()],
) -> Profile:
    return Profile(user=user, limit=limit, token=x_token)


@app.get("/sessions")
async def sessions() -> dict[str, int]:
    return {"opened": Session.opened, "closed": Session.closed}


def greeting() -> str:
    # A call, as every real handler makes some: one that calls nothing could run on the event loop.
    return "Hello, World!"


@app.get("/sync")
def sync_hello() -> dict[str, str]:
    return {"message": greeting()}


@app.get("/sync/thread")
def sync_thread() -> dict[str, bool]:
    return {"main": threading.current_thread() is threading.main_thread()}


@app.get("/tokens", response_class=EventSourceResponse)
async def tokens() -> AsyncIterator[Token]:
    for index in range(100):
        # A token comes from somewhere else: each one crosses the event loop once.
        await asyncio.sleep(0)
        yield Token(index=index, text="word ")


class Room:
    members: ClassVar[set[WebSocket]] = set()


@app.websocket("/ws")
async def join(websocket: WebSocket) -> None:
    await websocket.accept()
    Room.members.add(websocket)
    try:
        while True:
            await websocket.receive_text()
    except WebSocketDisconnect:
        pass
    finally:
        Room.members.discard(websocket)


@app.post("/broadcast")
async def broadcast() -> dict[str, int]:
    members = list(Room.members)
    for member in members:
        await member.send_text("breaking news")
    return {"sent": len(members)}
