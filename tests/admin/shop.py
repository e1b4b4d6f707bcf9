"""A record shop with an admin, on a real database, for the tests of this folder."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import httpx2
import pytest
from sqlalchemy import Table

from tests.auth.site import PASSWORD, quick_passwords
from trivet import App
from trivet.admin import Admin, ModelAdmin, computed
from trivet.auth import Auth, Group, SecurityEvent, User
from trivet.auth.groups import membership_table
from trivet.auth.links import StoredLink
from trivet.db import (
    Created,
    Database,
    ForeignKey,
    Mapped,
    Model,
    Money,
    field,
    link_table,
    relationship,
)
from trivet.sessions.tables import sessions_in

HOST = "http://shop.test"


class Format(enum.Enum):
    """What a record is."""

    lp = "lp"
    single = "single"
    tape = "tape"


class AdmArtist(Model):
    """Somebody who makes records; a band may come out of another one."""

    __tablename__ = "adm_artist"

    name: Mapped[str] = field(max_length=100, unique=True)
    notes: Mapped[str | None] = field(default=None)
    owner_id: Mapped[int | None] = field(
        ForeignKey("users.id", ondelete="SET NULL"), default=None, index=True
    )
    from_id: Mapped[int | None] = field(ForeignKey("adm_artist.id"), default=None)
    comes_from: Mapped[AdmArtist | None] = relationship(remote_side="AdmArtist.id")
    records: Mapped[list[AdmRecord]] = relationship(back_populates="artist")


class AdmTag(Model):
    """A word for records."""

    __tablename__ = "adm_tag"

    word: Mapped[str] = field(max_length=40, unique=True)

    def __str__(self) -> str:
        return f"#{self.word}"


record_tags = link_table("adm_record_tag", record_id="adm_record.id", tag_id="adm_tag.id")


class AdmRecord(Model):
    """A record, with columns of most kinds."""

    __tablename__ = "adm_record"

    title: Mapped[str] = field(max_length=160, index=True)
    format: Mapped[Format] = field(default=Format.lp)
    year: Mapped[int] = field(index=True, description="In which it came out")
    price: Mapped[Money] = field(default=Decimal("9.90"))
    is_sold_out: Mapped[bool] = field(default=False)
    is_live: Mapped[bool | None] = field(default=None)
    out_on: Mapped[date | None] = field(default=None)
    created: Mapped[Created]
    seen_at: Mapped[datetime | None] = field(default=None)
    story: Mapped[str | None] = field(default=None)
    secret: Mapped[str] = field(max_length=40, default="hidden", info={"private": True})
    artist_id: Mapped[int] = field(ForeignKey(AdmArtist.id), index=True)
    artist: Mapped[AdmArtist] = relationship(back_populates="records")
    tags: Mapped[list[AdmTag]] = relationship(secondary=record_tags)
    tracks: Mapped[list[AdmTrack]] = relationship(
        back_populates="record", order_by="AdmTrack.number", cascade="all, delete-orphan"
    )


class AdmTrack(Model):
    """One piece on a record; a record goes with its tracks."""

    __tablename__ = "adm_track"

    title: Mapped[str] = field(max_length=160)
    number: Mapped[int]
    seconds: Mapped[int] = field(default=180)
    record_id: Mapped[int] = field(ForeignKey(AdmRecord.id, ondelete="CASCADE"), index=True)
    record: Mapped[AdmRecord] = relationship(back_populates="tracks")


MODELS: tuple[Any, ...] = (AdmArtist, AdmTag, AdmRecord, AdmTrack)


def tables_in(database: Database) -> Sequence[Table]:
    """Give the tables of the shop and of its accounts."""
    models: list[Any] = [User, Group, SecurityEvent, StoredLink, *MODELS]
    sessions = sessions_in(database.metadata)
    return [
        *(model.__table__ for model in models),
        membership_table(User),
        sessions,
        record_tags,
        *Admin.tables(database),
    ]


@dataclass
class Shop:
    """An application with an admin, and people who look at it."""

    app: App
    auth: Auth
    admin: Admin
    database: Database

    def client(self, **options: Any) -> httpx2.AsyncClient:
        """Give a browser of its own, at which nobody is signed in."""
        transport = httpx2.ASGITransport(app=self.app, raise_app_exceptions=True)
        headers = {"origin": HOST, **options.pop("headers", {})}
        return httpx2.AsyncClient(transport=transport, base_url=HOST, headers=headers, **options)

    async def person(self, email: str, **values: Any) -> Any:
        """Make an account whose address is confirmed: ``is_staff=True, permissions=[…]``."""
        async with self.database.own_transaction():
            user = await self.auth.accounts.make(email=email, password=PASSWORD, **values)
            return await user.update(email_confirmed_at=user.joined_at)

    async def signed_in(self, email: str, **values: Any) -> httpx2.AsyncClient:
        """Make an account, and give a browser in which it is signed in."""
        await self.person(email, **values)
        client = self.client()
        answer = await client.post("/auth/sign-in", json={"log_in": email, "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        return client

    async def root(self) -> httpx2.AsyncClient:
        """Give a browser in which a superuser is signed in."""
        return await self.signed_in("root@example.org", is_superuser=True, name="Ruth")

    async def staff(self, *permissions: str, email: str = "ann@example.org") -> httpx2.AsyncClient:
        """Give a browser of somebody of the staff who may what is named."""
        return await self.signed_in(email, is_staff=True, name="Ann", permissions=list(permissions))


class RecordAdmin(ModelAdmin):
    """Most of what can be said of a list."""

    columns = [
        AdmRecord.title,
        AdmRecord.artist,
        AdmRecord.format,
        AdmRecord.year,
        AdmRecord.price,
        AdmRecord.is_sold_out,
        AdmRecord.tracks,
        "age",
    ]
    search = [AdmRecord.title, "artist__name", AdmRecord.year]
    filters = [
        AdmRecord.format,
        AdmRecord.artist,
        AdmRecord.year,
        AdmRecord.is_live,
        AdmRecord.created,
        AdmRecord.title,
        AdmRecord.tags,
    ]
    hierarchy = AdmRecord.created
    totals = [AdmRecord.price]
    order = [AdmRecord.title]

    @computed(label="Age", kind="number", order=AdmRecord.year)
    def age(self, row: AdmRecord) -> int:
        """Give the years since it came out."""
        return 2026 - row.year


def shop_on(database: Database, **options: Any) -> Shop:
    """Make an application with an admin over a database; `options` are the admin's."""
    app = App(title="Shop")
    app.use(database)
    auth = app.use(Auth(database, passwords=quick_passwords()))
    admin = app.use(Admin(**options))
    return Shop(app, auth, admin, database)


def usual_shop(database: Database, **options: Any) -> Shop:
    """Make a shop whose admin shows all of its models."""
    shop = shop_on(database, **options)
    shop.admin.add(AdmArtist, AdmTag, AdmTrack)
    shop.admin.add(AdmRecord, by=RecordAdmin)
    return shop


def counted_up_to(monkeypatch: pytest.MonkeyPatch, rows: int) -> None:
    """Let lists count no further: a short one is then as a long one."""
    for module in ("trivet.db.estimates", "trivet.db.few", "trivet.admin.listing.rows"):
        monkeypatch.setattr(f"{module}.EXACT_UP_TO", rows)


async def filled(database: Database, records: int = 30) -> None:
    """Store two artists and some records, every third of which is by the second of them."""
    async with database.own_transaction():
        queen = await AdmArtist.create(name="Queen")
        abba = await AdmArtist.create(name="ABBA", comes_from=queen)
        tag = await AdmTag.create(word="loud")
        for number in range(records):
            artist = abba if number % 3 == 0 else queen
            await AdmRecord.create(  # type: ignore[call-arg]  # `created` is filled in
                title=f"Record {number:03}",
                year=1970 + number,
                format=list(Format)[number % 3],
                artist_id=artist.id,
                tags=[tag] if number % 2 else [],
            )
