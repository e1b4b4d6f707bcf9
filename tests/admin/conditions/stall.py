"""A stall whose wares have a column of each kind, and what conditions on them mean, in Python."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Table, insert

from tests.admin.shop import Shop, shop_on
from trivet.admin import Admin, Filter, ModelAdmin
from trivet.admin.conditions.tree import Condition, Group, Item
from trivet.auth import Group as UserGroup
from trivet.auth import SecurityEvent, User
from trivet.auth.groups import membership_table
from trivet.auth.links import StoredLink
from trivet.db import Database, ForeignKey, Mapped, Model, Money, Query, field, relationship
from trivet.sessions.tables import sessions_in

ZONE = "Asia/Tokyo"
LIST = "/admin/adc-ware/"


class Shade(enum.Enum):
    """Its colour."""

    red = "red"
    blue = "blue"
    grey = "grey"


class AdcMaker(Model):
    """Who makes wares."""

    __tablename__ = "adc_maker"

    name: Mapped[str] = field(max_length=40)


class AdcWare(Model):
    """Something with a column of each kind."""

    __tablename__ = "adc_ware"

    title: Mapped[str] = field(max_length=40)
    note: Mapped[str | None] = field(max_length=40, default=None)
    stock: Mapped[int | None] = field(default=None)
    price: Mapped[Money]
    weight: Mapped[float | None] = field(default=None)
    is_new: Mapped[bool | None] = field(default=None)
    shade: Mapped[Shade]
    made_on: Mapped[date | None] = field(default=None)
    sold_at: Mapped[datetime | None] = field(default=None)
    code: Mapped[UUID | None] = field(default=None)
    details: Mapped[dict[str, Any] | None] = field(default=None)
    hidden: Mapped[str] = field(max_length=40, default="under the counter")
    maker_id: Mapped[int | None] = field(ForeignKey(AdcMaker.id), default=None)
    maker: Mapped[AdcMaker | None] = relationship()


def _dear(query: Query[AdcWare], chosen: str) -> Query[AdcWare]:
    return query.where(AdcWare.price > 5 if chosen == "dear" else AdcWare.price <= 5)


class WareAdmin(ModelAdmin):
    """All kinds of columns as filters, and a search through a relation."""

    columns = [AdcWare.title, AdcWare.maker, AdcWare.price, AdcWare.stock]
    search = [AdcWare.title, "maker__name", AdcWare.note]
    filters = [
        *(AdcWare.stock, AdcWare.price, AdcWare.weight, AdcWare.is_new, AdcWare.shade),
        *(AdcWare.made_on, AdcWare.sold_at, AdcWare.code, AdcWare.details, AdcWare.maker),
        Filter("cost", {"dear": "Dear", "cheap": "Cheap"}, by=_dear),
    ]
    order = [AdcWare.id]


def tables_in(database: Database) -> Sequence[Table]:
    """Give the tables of the stall and of its accounts."""
    models: list[Any] = [User, UserGroup, SecurityEvent, StoredLink, AdcMaker, AdcWare]
    return [
        *(model.__table__ for model in models),
        membership_table(User),
        sessions_in(database.metadata),
        *Admin.tables(database),
    ]


def stall_on(database: Database, **options: Any) -> Shop:
    """Give the stall with its admin."""
    shop = shop_on(database, **options)
    shop.admin.add(AdcWare, by=WareAdmin)
    shop.admin.add(AdcMaker)
    return shop


_TITLES = ["ann", "anna", "an apple", "50%", "a_b", "o'hara", "x, (y)", "zoe"]
_DAYS = [None, date(2026, 1, 31), date(2026, 2, 1), date(2026, 2, 2)]


def rows() -> list[dict[str, Any]]:
    """Give wares that differ in everything, many of which lack something."""
    found = []
    for number in range(24):
        day = _DAYS[number % 4]
        hour = time(number, 30 * (number % 2), tzinfo=UTC)
        found.append(
            {
                "id": number + 1,
                "title": _TITLES[number % 8],
                "note": [None, "", "first", "second one"][number % 4],
                "stock": None if number % 5 == 0 else number % 7 - 2,
                "price": Decimal(number) / 4 + 1,
                "weight": None if number % 3 == 0 else number / 2,
                "is_new": [None, True, False][number % 3],
                "shade": list(Shade)[number % 3],
                "made_on": day,
                "sold_at": None if day is None else datetime.combine(day, hour),
                "code": None if number % 2 else UUID(int=number),
                "details": {"a": 1} if number % 6 == 0 else None,
                "hidden": "under the counter",
                "maker_id": [None, 1, 2][number % 3],
            }
        )
    return found


async def fill(database: Database) -> None:
    """Store the wares and two makers."""
    async with database.own_transaction() as unit:
        makers = [{"id": 1, "name": "anton"}, {"id": 2, "name": "berta"}]
        await unit.execute(insert(AdcMaker), makers)
        await unit.execute(insert(AdcWare), rows())


# -- what conditions mean -------------------------------------------------------------------------

_MAKERS = {1: "anton", 2: "berta"}
_READ: Mapping[str, Any] = {
    "stock": int,
    "price": Decimal,
    "weight": float,
    "is_new": lambda text: text == "true",
    "shade": Shade,
    "made_on": date.fromisoformat,
    "sold_at": date.fromisoformat,
    "code": UUID,
    "maker": int,
}


def fits(row: Mapping[str, Any], item: Item) -> bool:
    """Tell whether a row fits conditions."""
    if isinstance(item, Condition):
        return _answer(row, item)
    answers = [fits(row, one) for one in item.items]
    return all(answers) if item.how == "all" else any(answers)


def expected(root: Group) -> list[int]:
    """Give the keys of the wares that fit."""
    return [row["id"] for row in rows() if fits(row, root)]


def _value(row: Mapping[str, Any], name: str) -> Any:
    if name == "maker":
        return row["maker_id"]
    if name == "maker__name":
        return _MAKERS.get(row["maker_id"])
    if name == "cost":
        return "dear" if row["price"] > 5 else "cheap"
    if name == "sold_at" and row["sold_at"] is not None:
        return row["sold_at"].astimezone(ZoneInfo(ZONE)).date()  # days are those of who asks
    return row[name]


def _answer(row: Mapping[str, Any], one: Condition) -> bool:
    value, read = _value(row, one.name), _READ.get(one.name, str)
    if one.lookup in ("empty", "filled"):
        return (value is None or value == "") == (one.lookup == "empty")
    if one.lookup in ("not", "lacks"):
        same = {"not": "is", "lacks": "contains"}[one.lookup]
        return not _answer(row, Condition(one.name, same, one.values))
    if value is None:
        return False
    texts = one.values
    if one.lookup in ("contains", "starts"):
        part = texts[0].lower()
        return part in value.lower() if one.lookup == "contains" else value.startswith(part)
    if one.lookup == "within":
        today = datetime.now(ZoneInfo(ZONE)).date()
        return bool(today - timedelta(days=6) <= value <= today)
    given = [read(text) for text in texts]
    return {
        "is": value == given[0],
        "in": value in given,
        "min": value >= given[0] if one.lookup == "min" else False,
        "max": value <= given[0] if one.lookup == "max" else False,
        "before": value < given[0] if one.lookup == "before" else False,
        "after": value > given[0] if one.lookup == "after" else False,
        "between": len(given) == 2 and one.lookup == "between" and given[0] <= value <= given[1],
    }[one.lookup]
