"""Models of the tests: columns of every kind, constraints, relations and inheritance."""

from __future__ import annotations

import datetime
import enum

from pydantic import BaseModel

from trivet.db import (
    BareModel,
    Created,
    FileRef,
    ForeignKey,
    Mapped,
    Model,
    Slug,
    Updated,
    check,
    created,
    field,
    foreign_key,
    generated,
    index,
    link_table,
    relationship,
    unique,
    updated,
)


class Size(BaseModel):
    width: int
    height: int


class State(enum.Enum):
    draft = "d"
    shown = "s"


class Grade(enum.IntEnum):
    low = 1
    high = 2


class Dated(Model):
    """An abstract base: what all of its models have."""

    __abstract__ = True

    created: Mapped[Created] = created()
    updated: Mapped[Updated] = updated()


class Labelled:
    """A mixin."""

    label: Mapped[str] = field(max_length=30, default="none")


class Picture(Labelled, Dated):
    title: Mapped[str] = field(max_length=100)
    slug: Mapped[Slug] = field(unique=True)
    size: Mapped[Size]
    thumbnails: Mapped[list[Size]] = field(default_factory=list)
    scan: Mapped[FileRef | None] = field(default=None)
    state: Mapped[State] = field(default=State.draft)
    grade: Mapped[Grade | None] = field(default=None)
    copies: Mapped[int] = field(server_default="1")
    rank: Mapped[int] = field(default=3, server_default="3")
    twice: Mapped[int] = generated("rank * 2")
    shown_on: Mapped[datetime.date | None] = field(default=None)

    __table_args__ = (
        index("rank", where=state == State.shown),
        check(state.in_([State.draft, State.shown]), name="state_known"),
    )


class Seat(Model):
    row: Mapped[str] = field(max_length=2)
    number: Mapped[int] = field()
    price: Mapped[int] = field(default=10)

    __table_args__ = (
        unique("row", "number"),
        check("price > 0", name="price_positive"),
        check(number < 100, name="number_small"),
        index("price", where=price > 5),
        index(row.desc(), number, name="ix_seat_backwards"),
    )


# -- relations -----------------------------------------------------------------------------------


class House(Model):
    """Each relation of it treats the other side in another way when a house is deleted."""

    name: Mapped[str] = field(max_length=50)
    rooms: Mapped[list[Room]] = relationship(back_populates="house")
    guests: Mapped[list[Guest]] = relationship(back_populates="house")
    debts: Mapped[list[Debt]] = relationship(back_populates="house")
    visitors: Mapped[list[Visitor]] = relationship(back_populates="house")
    roof: Mapped[Roof | None] = relationship(back_populates="house")
    keys: Mapped[list[DoorKey]] = relationship(back_populates="house", cascade="all, delete-orphan")


class Room(Model):
    house_id: Mapped[int] = foreign_key(House, on_delete="CASCADE")
    house: Mapped[House] = relationship(back_populates="rooms")


class Guest(Model):
    house_id: Mapped[int | None] = foreign_key(House, on_delete="SET NULL")
    house: Mapped[House | None] = relationship(back_populates="guests")


class Debt(Model):
    house_id: Mapped[int] = foreign_key(House, on_delete="RESTRICT")
    house: Mapped[House] = relationship(back_populates="debts")


class Visitor(Model):
    """Nothing is said of what becomes of it."""

    house_id: Mapped[int | None] = field(ForeignKey(House.id))
    house: Mapped[House | None] = relationship(back_populates="visitors")


class Roof(Model):
    """One to one; it may not be without its house, and nobody says that it goes with it."""

    house_id: Mapped[int] = foreign_key(House.id, unique=True)
    house: Mapped[House] = relationship(back_populates="roof")


class DoorKey(Model):
    house_id: Mapped[int] = field(ForeignKey(House.id))
    house: Mapped[House] = relationship(back_populates="keys")


membership = link_table("membership", person_id="person.id", club_id="club.id")


class Club(Model):
    name: Mapped[str] = field(max_length=50)
    people: Mapped[list[Person]] = relationship(secondary=membership, back_populates="clubs")


class Person(Model):
    name: Mapped[str] = field(max_length=50)
    clubs: Mapped[list[Club]] = relationship(secondary=membership, back_populates="people")
    boss_id: Mapped[int | None] = foreign_key("person.id")
    boss: Mapped[Person | None] = relationship(remote_side="Person.id", back_populates="team")
    team: Mapped[list[Person]] = relationship(back_populates="boss")
    plays: Mapped[list[Play]] = relationship(back_populates="person")


class Instrument(Model):
    name: Mapped[str] = field(max_length=50)
    plays: Mapped[list[Play]] = relationship(back_populates="instrument")


class Play(BareModel):
    """Many to many with a model of its own between."""

    person_id: Mapped[int] = foreign_key(Person, on_delete="CASCADE", primary_key=True)
    instrument_id: Mapped[int] = foreign_key(Instrument, primary_key=True)
    years: Mapped[int] = field(default=0)
    person: Mapped[Person] = relationship(back_populates="plays")
    instrument: Mapped[Instrument] = relationship(back_populates="plays")


# -- inheritance ---------------------------------------------------------------------------------


class Animal(Model):
    """All in one table."""

    kind: Mapped[str] = field(max_length=20, init=False)
    name: Mapped[str] = field(max_length=50)

    __mapper_args__ = {"polymorphic_on": "kind"}  # noqa: RUF012  # SQLAlchemy's own way


class Dog(Animal):
    tricks: Mapped[int | None] = field(default=0)


class Cat(Animal):
    naps: Mapped[int | None] = field(default=0)


class Vehicle(Model):
    """A table for each."""

    kind: Mapped[str] = field(max_length=20, init=False)
    wheels: Mapped[int]

    __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "any"}  # noqa: RUF012


class Truck(Vehicle):
    __tablename__ = "truck"

    id: Mapped[int] = field(ForeignKey(Vehicle.id), primary_key=True, init=False)
    load: Mapped[int] = field(default=0)


class Bike(Vehicle):
    __tablename__ = "bike"

    id: Mapped[int] = field(ForeignKey(Vehicle.id), primary_key=True, init=False)
    bell: Mapped[bool] = field(default=True)
