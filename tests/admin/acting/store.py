"""A store: goods with a trash, crates with all kinds of keys to them, and actions."""

from __future__ import annotations

import enum
import re
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from html import unescape
from typing import Any

from pydantic import BaseModel, Field
from sqlalchemy import Table

from tests.admin.shop import Shop, shop_on
from trivet.admin import Admin, ModelAdmin, action, computed
from trivet.auth import Group, SecurityEvent, User
from trivet.auth.groups import membership_table
from trivet.auth.links import StoredLink
from trivet.db import (
    Database,
    ForeignKey,
    Mapped,
    Model,
    Money,
    Query,
    SoftDelete,
    field,
    link_table,
    relationship,
)
from trivet.sessions.tables import sessions_in

HOST = "http://shop.test"


class Grade(enum.Enum):
    """How good it is."""

    fine = "fine"
    fair = "fair"


class AdxMaker(Model):
    """Who makes goods; nobody may go whose goods are there."""

    __tablename__ = "adx_maker"

    name: Mapped[str] = field(max_length=60, unique=True)
    is_known: Mapped[bool] = field(default=True)


class AdxGood(SoftDelete, Model):
    """Something that is sold; what is deleted goes to the trash."""

    __tablename__ = "adx_good"

    code: Mapped[str] = field(max_length=20, unique=True)
    title: Mapped[str] = field(max_length=100)
    price: Mapped[Money] = field(default=Decimal("1.00"))
    stock: Mapped[int] = field(default=0)
    grade: Mapped[Grade] = field(default=Grade.fine)
    is_open: Mapped[bool] = field(default=False)
    made_on: Mapped[date | None] = field(default=None)
    seen_at: Mapped[datetime | None] = field(default=None)
    cost: Mapped[int] = field(default=0)
    secret: Mapped[str] = field(max_length=40, default="hush", info={"private": True})
    maker_id: Mapped[int | None] = field(ForeignKey(AdxMaker.id), default=None, index=True)
    maker: Mapped[AdxMaker | None] = relationship()


class AdxTag(Model):
    """A word on crates."""

    __tablename__ = "adx_tag"

    word: Mapped[str] = field(max_length=40)


crate_tags = link_table("adx_crate_tag", crate_id="adx_crate.id", tag_id="adx_tag.id")


class AdxCrate(Model):
    """A crate; crates stand in crates."""

    __tablename__ = "adx_crate"

    name: Mapped[str] = field(max_length=60)
    in_id: Mapped[int | None] = field(ForeignKey("adx_crate.id", ondelete="CASCADE"), default=None)
    tags: Mapped[list[AdxTag]] = relationship(secondary=crate_tags)
    parts: Mapped[list[AdxPart]] = relationship(
        back_populates="crate", cascade="all, delete-orphan"
    )


class AdxPart(Model):
    """What is in a crate, and goes with it."""

    __tablename__ = "adx_part"

    name: Mapped[str] = field(max_length=60)
    crate_id: Mapped[int] = field(ForeignKey(AdxCrate.id, ondelete="CASCADE"), index=True)
    crate: Mapped[AdxCrate] = relationship(back_populates="parts")


class AdxBolt(Model):
    """What is on a part, which no relation knows: the database lets it go."""

    __tablename__ = "adx_bolt"

    name: Mapped[str] = field(max_length=60)
    part_id: Mapped[int] = field(ForeignKey(AdxPart.id, ondelete="CASCADE"), index=True)


class AdxNote(Model):
    """What is said of a crate; it stays without it."""

    __tablename__ = "adx_note"

    name: Mapped[str] = field(max_length=60)
    crate_id: Mapped[int | None] = field(ForeignKey(AdxCrate.id, ondelete="SET NULL"), default=None)


class AdxSeal(Model):
    """What keeps a crate from going."""

    __tablename__ = "adx_seal"

    name: Mapped[str] = field(max_length=60)
    crate_id: Mapped[int] = field(ForeignKey(AdxCrate.id), index=True)


MODELS: tuple[Any, ...] = (
    AdxMaker, AdxGood, AdxTag, AdxCrate, AdxPart, AdxBolt, AdxNote, AdxSeal,
)  # fmt: skip


class Prices(BaseModel):
    """By how much prices are changed."""

    percent: int = Field(ge=-50, le=50)


class GoodAdmin(ModelAdmin):
    """Goods with actions."""

    columns = [
        AdxGood.code, AdxGood.title, AdxGood.price, AdxGood.stock, AdxGood.grade,
        AdxGood.is_open, AdxGood.made_on, AdxGood.maker, "worth",
    ]  # fmt: skip
    search = [AdxGood.title]
    filters = [AdxGood.is_open, AdxGood.stock]
    order = [AdxGood.code]

    @computed(kind="number")
    def worth(self, row: AdxGood) -> Decimal:
        """Give what all of it is worth."""
        return row.price * row.stock

    @action(label="Open")
    async def open(self, rows: Query[AdxGood], values: Any, visit: Any) -> str:
        """Let them be sold."""
        return f"{await rows.update(is_open=True)} opened"

    @action(label="Change prices", form=Prices, permission="pricing")
    async def reprice(self, rows: Query[AdxGood], values: Prices, visit: Any) -> None:
        """Change the prices."""
        for row in await rows:
            await row.update(price=row.price * (100 + values.percent) / 100)

    @action(label="Count again", on="row")
    async def recount(self, rows: Query[AdxGood], values: Any, visit: Any) -> None:
        """Set the stock of one."""
        await (await rows.one()).update(stock=99)

    @action(label="Close the store", on="list", confirm="Nobody can buy then.", danger=True)
    async def close(self, rows: Query[AdxGood], values: Any, visit: Any) -> None:
        """Close all."""
        await rows.update(is_open=False)

    @action(label="Slowly", in_background=True)
    async def slowly(self, rows: Query[AdxGood], values: Any, visit: Any) -> str:
        """Open them one by one, behind the visitor's back."""
        visit.progress(0.5, "half")
        return f"slowly {await rows.update(is_open=True)}"


def store_tables(database: Database) -> Sequence[Table]:
    """Give the tables of the store and of its accounts."""
    models: list[Any] = [User, Group, SecurityEvent, StoredLink, *MODELS]
    return [
        *(model.__table__ for model in models),
        membership_table(User),
        sessions_in(database.metadata),
        crate_tags,
        *Admin.tables(database),
    ]


def store_on(database: Database) -> Shop:
    """Make a store over a database."""
    store = shop_on(database)
    store.admin.add(AdxMaker, AdxTag, AdxCrate, AdxPart, AdxNote, AdxSeal)
    store.admin.add(AdxGood, by=GoodAdmin)
    return store


async def goods(database: Database, count: int = 10) -> None:
    """Store some goods of two makers."""
    async with database.own_transaction() as unit:
        ann, bob = await AdxMaker.create(name="Ann"), await AdxMaker.create(name="Bob")
        rows = [
            AdxGood(
                code=f"c{number:05}",
                title=f"Good {number}",
                stock=number,
                cost=1000 + number,
                maker_id=(ann if number % 2 else bob).id,
            )
            for number in range(count)
        ]
        await unit.save_all(rows)


async def rows_of(database: Database, query: Query[Any]) -> list[Any]:
    """Read rows past the site."""
    async with database.own_transaction():
        return list(await query)


def hidden(page: str) -> list[tuple[str, str]]:
    """Give the hidden inputs of the main form of a page."""
    found = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', page)
    return [(unescape(name), unescape(value)) for name, value in found]


def text_of(page: str) -> str:
    """Give what a page says."""
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page)))
