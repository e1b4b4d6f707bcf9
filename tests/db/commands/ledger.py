"""Models with every kind of reference and every kind of column, on tables of their own."""

from __future__ import annotations

import datetime
import decimal
import enum
import uuid
from typing import Any

from pydantic import BaseModel
from sqlalchemy import (
    CHAR,
    Column,
    DateTime,
    Dialect,
    Double,
    String,
    Table,
    TypeDecorator,
    Uuid,
)

from trivet.db import (
    BareModel,
    Computed,
    ForeignKey,
    Json,
    Mapped,
    Model,
    Money,
    UuidModel,
    field,
    relationship,
)


class Ledger(BareModel, apart=True):
    """What these models have in common: tables and names of their own."""


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Place(BaseModel):
    street: str
    number: int


class Backwards(TypeDecorator[str]):
    """A text that is stored the other way round: nobody shall read it in a dump."""

    impl = String(50)
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else value[::-1]

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else value[::-1]


class Guid(TypeDecorator[uuid.UUID]):
    """A UUID as each database keeps it best."""

    impl = CHAR
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        return dialect.type_descriptor(Uuid() if dialect.name == "postgresql" else CHAR(32))

    def process_bind_param(self, value: uuid.UUID | None, dialect: Dialect) -> Any:
        return value if value is None or dialect.name == "postgresql" else value.hex

    def process_result_value(self, value: Any, dialect: Dialect) -> uuid.UUID | None:
        return uuid.UUID(value) if isinstance(value, str) else value


class Person(Model, Ledger):
    __tablename__ = "ledger_person"

    name: Mapped[str] = field(max_length=50, unique=True)
    boss_id: Mapped[int | None] = field(ForeignKey("ledger_person.id"))
    team_id: Mapped[int | None] = field(ForeignKey("ledger_a_team.id"))
    teams: Mapped[list[Team]] = relationship(secondary=lambda: membership)


class Team(Model, Ledger):
    """Refers to a person, who refers to a team: a circle."""

    __tablename__ = "ledger_a_team"

    name: Mapped[str] = field(max_length=50)
    leader_id: Mapped[int] = field(ForeignKey(Person.id))


membership = Table(
    "ledger_membership",
    Ledger.metadata,
    Column("person_id", ForeignKey(Person.id), primary_key=True),
    Column("team_id", ForeignKey(Team.id), primary_key=True),
)


class Booking(Ledger):
    """A key of two columns, and one that the database computes."""

    __tablename__ = "ledger_a_booking"

    person_id: Mapped[int] = field(ForeignKey(Person.id), primary_key=True)
    place: Mapped[int] = field(primary_key=True, autoincrement=False)
    price: Mapped[int]
    twice: Mapped[int] = field(Computed("price * 2", persisted=True), init=False)


class Every(UuidModel, Ledger):
    """A column of each kind."""

    __tablename__ = "ledger_every"

    text: Mapped[str]
    number: Mapped[int]
    real: Mapped[float] = field(Double())
    price: Mapped[Money]
    exact: Mapped[decimal.Decimal]
    flag: Mapped[bool]
    day: Mapped[datetime.date]
    moment: Mapped[datetime.datetime]
    local: Mapped[datetime.datetime | None] = field(DateTime())
    at: Mapped[datetime.time]
    took: Mapped[datetime.timedelta | None]
    raw: Mapped[bytes]
    colour: Mapped[Colour]
    free: Mapped[Any | None] = field(Json())
    place: Mapped[Place | None] = field(Json(Place))
    hidden: Mapped[str | None] = field(Backwards())
    other: Mapped[uuid.UUID | None] = field(Guid())
