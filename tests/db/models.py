"""The models of the tests: a small journal."""

from __future__ import annotations

import datetime
import decimal
import enum
from typing import Any

from pydantic import BaseModel
from sqlalchemy import Column, Table

from trivet.db import (
    BareModel,
    Created,
    Email,
    ForeignKey,
    Json,
    Mapped,
    Model,
    Money,
    Updated,
    UuidModel,
    field,
    relationship,
)


class Mood(enum.Enum):
    good = "good"
    bad = "bad"


class Address(BaseModel):
    street: str
    number: int


class Author(Model):
    name: Mapped[str] = field(max_length=50, unique=True)
    email: Mapped[Email | None]
    posts: Mapped[list[Post]] = relationship(back_populates="author")


tagging = Table(
    "tagging",
    BareModel.metadata,
    Column("post_id", ForeignKey("post.id"), primary_key=True),
    Column("tag_id", ForeignKey("tag.id"), primary_key=True),
)


class Tag(Model):
    name: Mapped[str] = field(max_length=30)


class Post(Model):
    """Something that was written."""

    title: Mapped[str] = field(max_length=200, description="What it is called")
    body: Mapped[str] = field(default="")
    views: Mapped[int] = field(default=0)
    published: Mapped[bool] = field(default=False)
    created: Mapped[Created]
    updated: Mapped[Updated]
    author_id: Mapped[int | None] = field(ForeignKey(Author.id))
    author: Mapped[Author | None] = relationship(back_populates="posts")
    tags: Mapped[list[Tag]] = relationship(secondary=tagging)


class Everything(UuidModel):
    """A column of each kind."""

    text: Mapped[str]
    short: Mapped[str | None] = field(max_length=20)
    number: Mapped[int]
    real: Mapped[float]
    price: Mapped[Money]
    exact: Mapped[decimal.Decimal]
    flag: Mapped[bool]
    day: Mapped[datetime.date]
    moment: Mapped[datetime.datetime]
    raw: Mapped[bytes]
    mood: Mapped[Mood]
    free: Mapped[dict[str, Any]]
    address: Mapped[Address] = field(Json(Address))


class Vote(BareModel):
    """A key of two columns."""

    post_id: Mapped[int] = field(ForeignKey(Post.id), primary_key=True)
    voter: Mapped[str] = field(max_length=40, primary_key=True)
    worth: Mapped[int] = field(default=1)
