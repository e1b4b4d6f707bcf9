"""A record shop on a database: artists, albums, tracks, customers and orders behind a typed API.

Shows models and relations, queries with look-ups, schemas made from models, pages, and a unit of
work that stores an order as a whole or not at all. At the first start it makes its own sample data,
the same each time: some twenty thousand rows in SQLite.

Run it (it needs `pip install "trivet[db,email]"`), then open http://127.0.0.1:8000/docs:

    trivet run examples/shop.py
    SHOP_DATABASE=postgresql://postgres@127.0.0.1/shop trivet run examples/shop.py

    curl 'http://127.0.0.1:8000/albums?text=blue&limit=3'
    curl http://127.0.0.1:8000/albums/1
    curl http://127.0.0.1:8000/orders --json \
        '{"customer_id": 1, "lines": [{"track_id": 1, "quantity": 2}]}'
"""

import os
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, Field
from sqlalchemy import insert

from trivet import App, HTTPException, Path, Query, RedirectResponse
from trivet.db import (
    Created,
    Database,
    Email,
    ForeignKey,
    Mapped,
    Model,
    Money,
    field,
    relationship,
    schema,
    session,
)

# -- what a shop has -----------------------------------------------------------------------------


class Artist(Model):
    __tablename__ = "shop_artist"

    name: Mapped[str] = field(max_length=120, index=True)


class Album(Model):
    __tablename__ = "shop_album"

    title: Mapped[str] = field(max_length=160, index=True)
    year: Mapped[int] = field(description="In which it came out")
    artist_id: Mapped[int] = field(ForeignKey(Artist.id), index=True)
    artist: Mapped[Artist] = relationship()
    tracks: Mapped[list["Track"]] = relationship(order_by="Track.number")


class Track(Model):
    __tablename__ = "shop_track"

    title: Mapped[str] = field(max_length=160)
    number: Mapped[int] = field(description="Its place on the album, from 1")
    seconds: Mapped[int]
    price: Mapped[Money]
    album_id: Mapped[int] = field(ForeignKey(Album.id), index=True)


class Customer(Model):
    __tablename__ = "shop_customer"

    name: Mapped[str] = field(max_length=100)
    email: Mapped[Email] = field(max_length=254, unique=True)


class Order(Model):
    __tablename__ = "shop_order"

    customer_id: Mapped[int] = field(ForeignKey(Customer.id), index=True)
    created: Mapped[Created]
    total: Mapped[Money]
    lines: Mapped[list["OrderLine"]] = relationship(cascade="all, delete-orphan")


class OrderLine(Model):
    __tablename__ = "shop_order_line"

    order_id: Mapped[int] = field(ForeignKey(Order.id), index=True)
    track_id: Mapped[int] = field(ForeignKey(Track.id), index=True)
    quantity: Mapped[int]
    price: Mapped[Money]


# -- what a client sees and sends ----------------------------------------------------------------

ArtistOut = schema(Artist, name="ArtistOut")
AlbumOut = schema(Album, name="AlbumOut", exclude=["artist_id"], nested={"artist": ArtistOut})
TrackOut = schema(Track, name="TrackOut", exclude=["album_id"])
FullAlbum = schema(
    Album,
    name="FullAlbum",
    exclude=["artist_id"],
    nested={"artist": ArtistOut, "tracks": TrackOut},
)
LineOut = schema(OrderLine, name="LineOut", include=["track_id", "quantity", "price"])
OrderOut = schema(Order, name="OrderOut", nested={"lines": LineOut})


class NewLine(BaseModel):
    """One track, so many times."""

    track_id: int = Field(ge=1, le=2**53)
    quantity: int = Field(1, ge=1, le=100)


class NewOrder(BaseModel):
    """An order as a client sends it; prices are the shop's."""

    customer_id: int = Field(ge=1, le=2**53)
    lines: list[NewLine] = Field(min_length=1, max_length=50)


# -- the API -------------------------------------------------------------------------------------

database = Database(os.environ.get("SHOP_DATABASE", "sqlite://"))


@asynccontextmanager
async def lifespan(app: App) -> AsyncIterator[None]:
    await database.create_tables()
    async with database.transaction():
        if not await Artist.all().exists():
            await fill()
    yield


app = App(title="Record shop", version="1.0", lifespan=lifespan)
app.use(database)

Key = Annotated[int, Path(ge=1, le=2**53)]
Text = Annotated[str, Query(max_length=100, description="What the name holds, in any case")]
Limit = Annotated[int, Query(ge=1, le=100)]
After = Annotated[int, Query(ge=0, le=2**53, description="The last id of the page before")]


class Problem(BaseModel):
    """Why a request was refused."""

    detail: str


NOT_FOUND: dict[int | str, dict[str, Any]] = {404: {"model": Problem}}


@app.get("/", include_in_schema=False)
async def front() -> RedirectResponse:
    return RedirectResponse("/docs")


@app.get("/artists", tags=["artists"])
async def artists(text: Text = "", after: After = 0, limit: Limit = 20) -> list[ArtistOut]:
    """Give artists by name, page by page."""
    query = Artist.where(name__icontains=text, id__gt=after)
    return await query.order_by(Artist.id).limit(limit)


@app.get("/albums", tags=["albums"])
async def albums(text: Text = "", after: After = 0, limit: Limit = 20) -> list[AlbumOut]:
    """Give albums by title, each with its artist."""
    query = Album.where(title__icontains=text, id__gt=after).with_(Album.artist)
    return await query.order_by(Album.id).limit(limit)


@app.get("/albums/{id}", tags=["albums"], responses=NOT_FOUND)
async def album(id: Key) -> FullAlbum:
    """Give an album with its artist and tracks."""
    return await Album.where(id=id).with_(Album.artist, Album.tracks).one()


@app.post("/orders", tags=["orders"], status_code=201, responses=NOT_FOUND)
async def order(new: NewOrder) -> OrderOut:
    """Take an order: stored with all its lines, or not at all."""
    if not await Customer.where(id=new.customer_id).exists():
        raise HTTPException(404, f"There is no customer {new.customer_id}")
    wanted = {line.track_id for line in new.lines}
    tracks = {track.id: track for track in await Track.where(id__in=wanted)}
    missing = sorted(wanted - tracks.keys())
    if missing:
        raise HTTPException(404, f"There is no track {missing[0]}")
    lines = [
        OrderLine(track_id=line.track_id, quantity=line.quantity, price=tracks[line.track_id].price)
        for line in new.lines
    ]
    total = sum((line.price * line.quantity for line in lines), Decimal())
    return await Order.create(customer_id=new.customer_id, lines=lines, total=total)


@app.get("/orders/{id}", tags=["orders"], responses=NOT_FOUND)
async def taken(id: Key) -> OrderOut:
    """Give an order with its lines."""
    return await Order.where(id=id).with_(Order.lines).one()


# -- sample data ---------------------------------------------------------------------------------

_FIRST = (
    *("Blue", "Silver", "Quiet", "Golden", "Broken", "Electric"),
    *("Paper", "Northern", "Velvet", "Hollow", "Bright", "Lost"),
)
_SECOND = (
    *("River", "Lantern", "Orchard", "Mirror", "Harbour", "Wolves"),
    *("Garden", "Signal", "Winter", "Machine", "Feather"),
)
_PEOPLE = (
    *("Ada", "Grace", "Katherine", "Alan", "Barbara", "Donald"),
    *("Edsger", "Frances", "John", "Margaret", "Niklaus"),
)
_LAST = (
    *("Lovelace", "Hopper", "Johnson", "Turing", "Liskov", "Knuth"),
    *("Dijkstra", "Allen", "Backus", "Hamilton", "Wirth"),
)


async def fill() -> None:
    """Make the sample data: the same on every machine, as the generator is seeded."""
    chance = random.Random(7)
    name = lambda: f"{chance.choice(_FIRST)} {chance.choice(_SECOND)}"  # noqa: E731
    albums = range(1, 1501)
    await _store(Artist, [{"id": key, "name": f"The {name()}s"} for key in range(1, 401)])
    await _store(
        Album,
        [
            {
                "id": key,
                "title": name(),
                "year": chance.randint(1959, 2026),
                "artist_id": chance.randint(1, 400),
            }
            for key in albums
        ],
    )
    await _store(
        Track,
        [
            {
                "title": name(),
                "number": number,
                "seconds": chance.randint(95, 620),
                "price": Decimal(chance.choice(["0.99", "1.29", "1.99"])),
                "album_id": key,
            }
            for key in albums
            for number in range(1, chance.randint(8, 16))
        ],
    )
    await _store(
        Customer,
        [
            {
                "name": f"{chance.choice(_PEOPLE)} {chance.choice(_LAST)}",
                "email": f"customer{key}@example.org",
            }
            for key in range(1, 2001)
        ],
    )


async def _store(model: type[Model], rows: list[dict[str, Any]]) -> None:
    writing = await session()
    for start in range(0, len(rows), 1000):
        await writing.execute(insert(model), rows[start : start + 1000])
