"""A record shop on a database: albums, tracks and orders behind a typed API, accounts, an admin.

Shows models and relations, queries with look-ups, schemas made from models, a unit of work that
stores an order as a whole or not at all, and accounts: anybody browses, who is signed in orders and
sees their own orders, and a clerk sees the customers. In the admin a superuser, whose password is
printed, changes everything. At the first start it makes its own sample data, the same each time:
some twenty thousand rows in SQLite.

Run it (it needs `pip install "trivet[admin,email,jobs]"`), then open http://127.0.0.1:8000, which
leads to all that it has:

    trivet dev examples/shop.py
    SHOP_DATABASE=postgresql://postgres@127.0.0.1/shop trivet dev examples/shop.py

Make an account there. The letter that confirms it is in http://127.0.0.1:8000/_dev/mail; a second
factor waits at http://127.0.0.1:8000/account/app. An order puts a job in, which sends a letter too.
What happens in all of it, with its queries, is at http://127.0.0.1:8000/_dev.

    curl 'http://127.0.0.1:8000/albums?text=blue&limit=3'
    curl http://127.0.0.1:8000/albums/1
"""

import os
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from secrets import token_urlsafe
from typing import Annotated, Any

from pydantic import BaseModel, Field
from sqlalchemy import ColumnElement, insert

from trivet import App, HTTPException, Path, Query
from trivet.admin import Admin, Card, Chart, Inline, ModelAdmin, computed
from trivet.app.part import Link
from trivet.auth import Auth, AuthOptions, Can, CurrentUser, OptionalUser, User, requires
from trivet.auth.pages import AccountPages
from trivet.auth.totp import Totp
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
from trivet.jobs import Jobs
from trivet.mail import ConsoleTransport, Mail, Message
from trivet.templates import Templates

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
    album_id: Mapped[int] = field(ForeignKey(Album.id, ondelete="CASCADE"), index=True)


class Customer(Model):
    __tablename__ = "shop_customer"

    name: Mapped[str] = field(max_length=100)
    email: Mapped[Email] = field(max_length=254, unique=True)


class Order(Model):
    __tablename__ = "shop_order"

    user_id: Mapped[int] = field(ForeignKey(User.id), index=True)
    user: Mapped[User] = relationship()
    created: Mapped[Created]
    total: Mapped[Money]
    lines: Mapped[list["OrderLine"]] = relationship(cascade="all, delete-orphan")


class OrderLine(Model):
    __tablename__ = "shop_order_line"

    order_id: Mapped[int] = field(ForeignKey(Order.id), index=True)
    track_id: Mapped[int] = field(ForeignKey(Track.id), index=True)
    track: Mapped[Track] = relationship()
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
OrderOut = schema(Order, name="OrderOut", exclude=["user_id"], nested={"lines": LineOut})
CustomerOut = schema(Customer, name="CustomerOut")


class NewLine(BaseModel):
    """One track, so many times."""

    track_id: int = Field(ge=1, le=2**53)
    quantity: int = Field(1, ge=1, le=100)


class NewOrder(BaseModel):
    """An order as a client sends it; prices are the shop's."""

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
templates = app.use(Templates())
mail = app.use(Mail(ConsoleTransport(), sender="shop@example.org", templates=templates))
site = os.environ.get("SHOP_SITE", "http://127.0.0.1:8000")
auth = app.use(Auth(database, mail=mail, options=AuthOptions(site=site)))
app.use(Totp(auth))
app.use(AccountPages(auth))
jobs = app.use(Jobs(database))

auth.rules.role("clerk", ["customer.view", "order.view"])


@auth.rules.allow("view", Order)
def own(user: User) -> ColumnElement[bool]:
    return Order.user_id == user.id


# -- the admin -----------------------------------------------------------------------------------

admin = app.use(Admin(title="Record shop"))
admin.add(Artist, User)
admin.card(Card("Albums", Album.all(), link="album/", icon="box"))
admin.card(Card("Orders", Order.all(), link="order/", icon="cart"))
admin.chart(Chart("Orders", rows=Order.all(), on=Order.created, value=Order.total))


@admin.register(Album)
class AlbumAdmin(ModelAdmin):
    """Albums, with their tracks in the same form."""

    columns = (Album.title, Album.artist, Album.year, "age", Album.tracks)
    search = (Album.title, "artist__name")
    filters = (Album.year, Album.artist)
    order = (Album.title,)
    inlines = (
        Inline(Track, columns=(Track.title, Track.seconds, Track.price), order_by=Track.number),
    )

    @computed(label="Age", kind="number", order=Album.year)
    def age(self, album: Album) -> int:
        """Give the years since it came out."""
        return date.today().year - album.year


@admin.register(Track)
class TrackAdmin(ModelAdmin):
    """Tracks of all albums."""

    columns = (Track.title, Track.number, Track.seconds, Track.price)
    search = (Track.title,)
    filters = (Track.price, Track.seconds)
    totals = (Track.seconds,)


@admin.register(Customer)
class CustomerAdmin(ModelAdmin):
    """Those who have asked for the catalogue."""

    search = (Customer.name, Customer.email)


@admin.register(Order)
class OrderAdmin(ModelAdmin):
    """Orders: what was paid stays as it is."""

    columns = ("name", Order.user, Order.created, Order.total, Order.lines)
    filters = (Order.user, Order.created, Order.total)
    hierarchy = Order.created
    readonly = (Order.user, Order.total)
    inlines = (Inline(OrderLine, readonly=(OrderLine.price,)),)
    order = "-created"

    def name_of(self, row: Order) -> str:
        """Call an order by its number."""
        return f"Order {row.id}"

    @computed(label="Order")
    def name(self, order: Order) -> str:
        """Give the same in a column."""
        return self.name_of(order)


# -- what happens behind an order ----------------------------------------------------------------


@jobs.job(max_attempts=5)
async def confirm(order_id: int) -> None:
    """Send a letter about an order: once its transaction is committed, and again if it fails."""
    order = await Order.where(id=order_id).with_(Order.user, Order.lines).one()
    count = sum(line.quantity for line in order.lines)
    text = f"Thank you, {order.user.shown_name}. {count} tracks are yours, for {order.total} €.\n"
    await mail.send(Message(to=order.user.email, subject=f"Your order {order.id}", text=text))


Key = Annotated[int, Path(ge=1, le=2**53)]
Text = Annotated[str, Query(max_length=100, description="What the name holds, in any case")]
Limit = Annotated[int, Query(ge=1, le=100)]
After = Annotated[int, Query(ge=0, le=2**53, description="The last id of the page before")]


class Problem(BaseModel):
    """Why a request was refused."""

    detail: str


NOT_FOUND: dict[int | str, dict[str, Any]] = {404: {"model": Problem}}
NOT_ALLOWED: dict[int | str, dict[str, Any]] = {401: {"model": Problem}, 403: {"model": Problem}}


DOCS = Link("API docs", "/docs", "Every operation of the API, to read and to try.")


@app.get("/", include_in_schema=False)
@templates.page("shop.html")
async def front(user: OptionalUser, can: Can) -> dict[str, Any]:
    newest = await Album.all().with_(Album.artist).order_by(-Album.id).limit(12)
    orders = await Order.where(user_id=user.id).order_by(-Order.id).limit(5) if user else []
    return {
        "albums": newest,
        "orders": orders,
        "is_clerk": await can("customer.view"),
        "links": [DOCS, *(link for part in app.parts.values() for link in part.addresses())],
    }


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


@app.post("/orders", tags=["orders"], status_code=201, responses=NOT_FOUND | NOT_ALLOWED)
async def order(new: NewOrder, user: CurrentUser) -> OrderOut:
    """Take an order of who is signed in: stored with all its lines, or not at all."""
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
    made = await Order.create(user_id=user.id, lines=lines, total=total)
    await confirm.enqueue(made.id)
    return made


@app.get("/orders/{id}", tags=["orders"], responses=NOT_FOUND | NOT_ALLOWED)
async def taken(id: Key, can: Can) -> OrderOut:
    """Give an order with its lines, to whose it is and to clerks."""
    found = await Order.where(id=id).with_(Order.lines).one()
    await can.require("view", found)
    return found


@app.get(
    "/customers",
    tags=["customers"],
    responses=NOT_ALLOWED,
    dependencies=[requires("customer.view")],
)
async def customers(after: After = 0, limit: Limit = 20) -> list[CustomerOut]:
    """Give those who have asked for the catalogue, to clerks alone."""
    return await Customer.where(id__gt=after).order_by(Customer.id).limit(limit)


# -- sample data ---------------------------------------------------------------------------------

_FIRST = (
    *("Blue", "Silver", "Quiet", "Golden", "Broken", "Electric"),
    *("Paper", "Northern", "Velvet", "Hollow", "Bright", "Lost"),
)
_SECOND = (
    *("River", "Lantern", "Orchard", "Mirror", "Harbour", "Heron"),
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
    """Make the sample data: the same on every machine, as the generator is seeded.

    The tables are empty, so that the database counts keys from 1, in the order of the rows.
    """
    clerk = await auth.accounts.make(
        email="clerk@example.org",
        name="Clara",
        password="seven green ladders",
        roles=["clerk"],
        is_staff=True,
    )
    await auth.flows.note_confirmed(None, clerk)
    root = await make_superuser()
    chance = random.Random(7)
    name = lambda: f"{chance.choice(_FIRST)} {chance.choice(_SECOND)}"  # noqa: E731
    albums = range(1, 1501)
    await _store(Artist, [{"name": f"The {name()}s"} for _ in range(400)])
    await _store(
        Album,
        [
            {
                "title": name(),
                "year": chance.randint(1959, 2026),
                "artist_id": chance.randint(1, 400),
            }
            for _ in albums
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
    await _store_orders([clerk.id, root.id], chance)


async def _store_orders(users: list[int], chance: random.Random) -> None:
    """Make what these accounts bought within the last month, more of it of late."""
    now = datetime.now(UTC)
    orders, lines = [], []
    for key in range(1, 181):
        bought = [
            {
                "order_id": key,
                "track_id": chance.randint(1, 15_000),
                "quantity": chance.randint(1, 2),
                "price": Decimal("1.29"),
            }
            for _ in range(chance.randint(1, 6))
        ]
        lines += bought
        orders.append(
            {
                "user_id": chance.choice(users),
                "created": now - timedelta(days=29 * chance.random() ** 1.5, minutes=1),
                "total": sum(one["quantity"] * one["price"] for one in bought),
            }
        )
    await _store(Order, orders)
    await _store(OrderLine, lines)


async def make_superuser() -> User:
    """Make somebody who may everything, with a password that nobody else knows, and say it."""
    email, password = "admin@example.org", os.environ.get("SHOP_PASSWORD") or token_urlsafe(12)
    root = await auth.accounts.make(
        email=email, name="Ada", password=password, is_staff=True, is_superuser=True
    )
    await auth.flows.note_confirmed(None, root)
    print(f"The admin: {site}/admin/ as {email}, password {password}", flush=True)
    return root


async def _store(model: type[Model], rows: list[dict[str, Any]]) -> None:
    writing = await session()
    for start in range(0, len(rows), 1000):
        await writing.execute(insert(model), rows[start : start + 1000])
