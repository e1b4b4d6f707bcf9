"""Models of plain SQLAlchemy, with another declarative base than Trivet's, in the same admin."""

from __future__ import annotations

import datetime
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import JSON, DateTime, Enum, ForeignKey, LargeBinary, Numeric, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from tests.admin.forms.press import Desk, press_on
from tests.admin.shop import Shop
from trivet.admin import Inline, ModelAdmin
from trivet.db import Database, Query


class AdfPlainBase(DeclarativeBase):
    """A base that knows nothing of Trivet."""


class AdfOwner(AdfPlainBase):
    __tablename__ = "adf_owner"

    id: Mapped[int] = mapped_column(primary_key=True)
    name = mapped_column(String(40), nullable=False)
    level = mapped_column(Enum("low", "high"), nullable=False, default="low")
    since = mapped_column(DateTime())
    sum = mapped_column(Numeric(8, 2))
    data = mapped_column(JSON())
    raw = mapped_column(LargeBinary())
    password = mapped_column(String(100), nullable=False)
    pass_: Mapped[AdfPass | None] = relationship(back_populates="owner", uselist=False)


class AdfPass(AdfPlainBase):
    __tablename__ = "adf_pass"

    number: Mapped[str] = mapped_column(String(10), primary_key=True)
    page: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    owner_id: Mapped[int | None] = mapped_column(ForeignKey(AdfOwner.id), unique=True)
    owner: Mapped[AdfOwner | None] = relationship(back_populates="pass_")


class OwnerAdmin(ModelAdmin):
    fields = ["name", "level", "since", "sum", "data", "raw", "password"]
    inlines = [Inline(AdfPass, columns=["number", "page"], extra=1)]


@pytest.fixture(scope="module")
def kind() -> str:
    return "sqlite"


@pytest.fixture
async def plain(database: Database) -> AsyncIterator[Shop]:
    press = press_on(database)
    other = press.app.use(Database("sqlite://", models=AdfPlainBase))
    async with other.engine.begin() as connection:
        await connection.run_sync(AdfPlainBase.metadata.create_all)
    press.admin.add(AdfOwner, by=OwnerAdmin)
    press.admin.add(AdfPass)
    yield Shop(press.app, press.auth, press.admin, other)
    await other.close()


async def owners(shop: Shop) -> list[Any]:
    async with shop.database.own_transaction():
        found: list[Any] = await Query(AdfOwner).with_(AdfOwner.pass_)
    return found


async def root_of(shop: Shop, database: Database) -> Any:
    return await Shop(shop.app, shop.auth, shop.admin, database).root()


async def test_plain_models_are_filled_in_too(plain: Shop, database: Database) -> None:
    client = await root_of(plain, database)
    desk = await Desk(client, "/admin/adf-owner/add").open()

    answer = await desk.type(
        name="Ann",
        level="high",
        since="2026-01-02T03:04",
        sum="12.50",
        data='{"a": 1}',
        password="a-secret-hash",
        pass___0__number="A/1,b",
        pass___0__page="3",
    ).send()
    assert answer.status_code == 303, answer.text
    (found,) = await owners(plain)
    assert (found.name, found.level, found.data) == ("Ann", "high", {"a": 1})
    assert (found.since, found.sum) == (datetime.datetime(2026, 1, 2, 3, 4), Decimal("12.50"))
    assert found.password == "a-secret-hash"

    url = f"/admin/adf-owner/{found.id}"
    desk = await Desk(client, url).open()
    assert "a-secret-hash" not in desk.page
    answer = await desk.type(name="Bob", level="none").send()
    assert answer.status_code == 422
    answer = await desk.type(level="low").send()
    assert answer.status_code == 303, answer.text
    (found,) = await owners(plain)
    assert (found.name, found.level, found.password) == ("Bob", "low", "a-secret-hash")


async def test_one_row_for_one_other_is_picked(plain: Shop, database: Database) -> None:
    client = await root_of(plain, database)
    for name in ("Ann", "Bob"):
        data = {"name": name, "level": "low", "password": "x"}
        answer = await client.post("/admin/adf-owner/add", data=data)
        assert answer.status_code == 303, answer.text

    first = await client.post(
        "/admin/adf-pass/add", data={"number": "A/1,b", "page": "3", "owner": "Ann"}
    )
    second = await client.post(
        "/admin/adf-pass/add", data={"number": "B", "page": "1", "owner": "Ann"}
    )

    assert first.status_code == 303, first.text
    assert second.status_code == 422
    assert "There is one with this already." in second.text
    ann = next(one for one in await owners(plain) if one.name == "Ann")
    assert ann.pass_.number == "A/1,b"
    desk = await Desk(client, "/admin/adf-pass/A~21~1b,3").open()
    answer = await desk.type(owner="Bob").send()
    assert answer.status_code == 303, answer.text
