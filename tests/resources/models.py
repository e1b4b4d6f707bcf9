"""The models of these tests, on tables of their own: a small publishing house."""

from __future__ import annotations

import datetime
import decimal
import enum
from typing import Any

from pydantic import BaseModel

from trivet.db import (
    BareModel,
    Created,
    Email,
    FileRef,
    Json,
    Mapped,
    Model,
    Money,
    SoftDelete,
    Updated,
    UuidModel,
    Versioned,
    field,
    foreign_key,
    generated,
    link_table,
    relationship,
)


class House(Model, apart=True):
    """What all of them are kept with: their tables are nobody else's."""


class HouseUuid(UuidModel):
    """Models with other keys, of the same database."""

    __abstract__ = True
    metadata = House.metadata
    registry = House.registry


class HouseBare(BareModel):
    """Models with keys of their own, of the same database."""

    __abstract__ = True
    metadata = House.metadata
    registry = House.registry


class Binding(enum.Enum):
    paper = "paper"
    cloth = "cloth"


class Size(BaseModel):
    width: int
    height: int = 10


class Hall(BaseModel):
    name: str
    depth: float = 1.0


class Publisher(House):
    name: Mapped[str] = field(max_length=50, unique=True)


class Writer(House):
    name: Mapped[str] = field(max_length=50, unique=True)
    email: Mapped[str | None] = field(max_length=100, info={"private": True})
    publisher_id: Mapped[int | None] = foreign_key(Publisher)
    publisher: Mapped[Publisher | None] = relationship()
    novels: Mapped[list[Novel]] = relationship(back_populates="writer")


class Topic(House):
    name: Mapped[str] = field(max_length=30)


novel_topics = link_table("novel_topics", House.metadata, novel_id="novel.id", topic_id="topic.id")


class Novel(House):
    """Something to read."""

    title: Mapped[str] = field(max_length=100, description="What it is called")
    price: Mapped[Money] = field(default=decimal.Decimal(0))
    pages: Mapped[int] = field(default=0)
    published: Mapped[bool] = field(default=False)
    binding: Mapped[Binding] = field(default=Binding.paper)
    day: Mapped[datetime.date | None]
    size: Mapped[Size | None] = field(Json(Size))
    extra: Mapped[dict[str, Any]] = field(default_factory=dict)
    secret: Mapped[str] = field(default="hush", info={"private": True})
    doubled: Mapped[int] = generated("pages * 2")
    created: Mapped[Created]
    updated: Mapped[Updated]
    writer_id: Mapped[int | None] = foreign_key(Writer)
    writer: Mapped[Writer | None] = relationship(back_populates="novels")
    topics: Mapped[list[Topic]] = relationship(secondary=novel_topics, order_by=Topic.name)


class Draft(SoftDelete, Versioned, House):
    title: Mapped[str] = field(max_length=100)


class Country(HouseBare):
    code: Mapped[str] = field(max_length=2, primary_key=True)
    name: Mapped[str] = field(max_length=50)


class Seat(HouseBare):
    row: Mapped[int] = field(primary_key=True, autoincrement=False)
    number: Mapped[int] = field(primary_key=True, autoincrement=False)
    note: Mapped[str] = field(default="")


class Anything(HouseUuid):
    """A column of each kind."""

    text: Mapped[str]
    short: Mapped[str | None] = field(max_length=20)
    number: Mapped[int]
    real: Mapped[float]
    exact: Mapped[decimal.Decimal]
    flag: Mapped[bool]
    day: Mapped[datetime.date]
    moment: Mapped[datetime.datetime]
    raw: Mapped[bytes]
    cover: Mapped[Binding]
    free: Mapped[dict[str, Any]]
    words: Mapped[list[str]]
    box: Mapped[Size] = field(Json(Size))


class Parcel(House):
    """A model with a column that is called like a parameter of every list."""

    size: Mapped[int]


class Concert(House):
    """Values that a database keeps in its own way."""

    name: Mapped[str] = field(max_length=50)
    email: Mapped[Email | None]
    begins: Mapped[datetime.time | None]
    length: Mapped[datetime.timedelta | None]
    sold_out: Mapped[bool] = field(default=False)
    poster: Mapped[FileRef | None]
    hall: Mapped[Hall | None]
    fee: Mapped[Money | None]
    extra: Mapped[dict[str, Any]] = field(default_factory=dict)
