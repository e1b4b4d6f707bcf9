"""Models with habits: deletion that keeps the row, versions, generated columns, composite keys."""

from __future__ import annotations

from trivet.db import (
    BareModel,
    Computed,
    ForeignKey,
    Mapped,
    Model,
    SoftDelete,
    Updated,
    Versioned,
    field,
    relationship,
)


class Shelf(Model):
    name: Mapped[str] = field(max_length=50, unique=True)
    papers: Mapped[list[Paper]] = relationship(back_populates="shelf")


class Paper(SoftDelete, Model):
    title: Mapped[str] = field(max_length=100)
    shelf_id: Mapped[int | None] = field(ForeignKey(Shelf.id))
    shelf: Mapped[Shelf | None] = relationship(back_populates="papers")


class Account(Versioned, Model):
    owner: Mapped[str] = field(max_length=50, unique=True)
    balance: Mapped[int] = field(default=0)
    changed: Mapped[Updated]


class Line(BareModel):
    order_no: Mapped[int] = field(primary_key=True, autoincrement=False)
    place: Mapped[int] = field(primary_key=True, autoincrement=False)
    price: Mapped[int] = field(default=0)
    amount: Mapped[int] = field(default=1)
    total: Mapped[int] = field(Computed("price * amount", persisted=True), init=False)


class Chapter(Model):
    title: Mapped[str] = field(max_length=50)
    whole_id: Mapped[int | None] = field(ForeignKey("chapter.id"))
    parts: Mapped[list[Chapter]] = relationship()
