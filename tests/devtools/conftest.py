"""A small shop of records with everything that the pages of development show."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Annotated

import pytest
from pydantic import BaseModel

from tests.devtools.models import Band, Music, Song
from trivet import App, Depends, Header, HTMLResponse
from trivet.cache import Cache, MemoryStore
from trivet.db import Database
from trivet.devtools import DevTools
from trivet.jobs import Jobs
from trivet.mail import Mail, MemoryTransport, Message
from trivet.testing import TestClient

LOCAL = ("127.0.0.1", 50_000)
PAGE = "<!doctype html><title>Songs</title><body><h1>Songs</h1></body></html>"


class NewBand(BaseModel):
    name: str
    password: str


async def visitor(x_visitor: Annotated[str, Header()] = "nobody") -> str:
    return x_visitor


@asynccontextmanager
async def filled(app: App) -> AsyncIterator[None]:
    database = next(one for one in app.parts.values() if isinstance(one, Database))
    await database.create_tables()
    async with database.transaction():
        for number in range(1, 5):
            band = await Band.create(name=f"Band {number}", password="not for you")
            await Song.create(title=f"Song {number}", band_id=band.id)
    yield


def music(*, debug: bool = True, tools: DevTools | None = None) -> App:
    app = App(title="Music", debug=debug, lifespan=filled)
    database = app.use(Database("sqlite://", models=Music))
    cache = app.use(Cache(MemoryStore()))
    mail = app.use(Mail(MemoryTransport(), sender="music@example.org"))
    jobs = app.use(Jobs(database, in_server=False))
    log = logging.getLogger("music")

    @jobs.job
    async def greet(name: str) -> None:
        await Band.where(name=name).first()
        await mail.send(Message(to="ann@example.org", subject="Hello", text=name))

    @app.get("/songs")
    async def songs(limit: int = 10, who: str = Depends(visitor)) -> list[str]:
        log.warning("%s reads each band by itself, token=%s", who, "sesame-open")
        return [
            f"{song.title} by {(await Band.where(id=song.band_id).one()).name}"
            for song in await Song.all().limit(limit)
        ]

    @app.get("/bands/{id}")
    async def band(id: int) -> str:
        return (await Band.get(id)).name

    @app.post("/bands", status_code=201)
    async def found(new: NewBand) -> int:
        made = await Band.create(name=new.name, password=new.password)
        await greet.enqueue(new.name)
        return made.id

    app.state.jobs = jobs

    @app.get("/kept")
    async def kept() -> str | None:
        await cache.set("greeting", "hello", ttl=60)
        return await cache.get("greeting", str)

    @app.get("/letter")
    async def letter() -> str:
        return await mail.send(Message(to="ann@example.org", subject="Hello", text="You"))

    @app.get("/boom")
    async def boom() -> None:
        password = "".join(["open-", "ses", "ame"])  # in no line of source, which is shown
        raise LookupError(f"no such thing, token={password}")

    @app.get("/plain")
    def plain() -> str:
        log.error("on a thread")
        return "plain"

    @app.get("/page")
    async def page() -> HTMLResponse:
        return HTMLResponse(PAGE)

    app.use(tools or DevTools())
    return app


@pytest.fixture
def app() -> App:
    return music()


@pytest.fixture
def client(app: App) -> Iterator[TestClient]:
    with local(app) as found:
        yield found


def local(app: App) -> TestClient:
    """Give a client on this machine."""
    return TestClient(
        app, base_url="http://localhost:8000", client=LOCAL, raise_server_exceptions=False
    )
