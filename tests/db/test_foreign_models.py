"""Declarative models that are not Trivet's work with queries, units of work and handlers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from tests.cli.typed import forked
from tests.databases import clean_database
from tests.db.conftest import address, own_database
from tests.db.foreign import Base, Customer, Order, Wish
from trivet import App, Depends
from trivet.db import Database, NotFound, Page, Query, schema, session
from trivet.testing import async_client


@pytest.fixture
async def shop(kind: str) -> AsyncIterator[Database]:
    async with clean_database(address(kind), Base.metadata, models=Base) as found:
        yield found


async def filled(shop: Database) -> None:
    async with shop.transaction() as unit:
        ann = Customer(name="Ann")
        await unit.save(ann)
        await unit.save_all([Order(what="tea", customer=ann), Order(customer=ann)])
        await unit.save(Wish(text="peace"))


async def test_queries_read_and_write_them(shop: Database) -> None:
    await filled(shop)

    async with shop.transaction() as unit:
        query = Query(Customer).where(name__istartswith="a").with_(Customer.orders)
        ann = await query.one()
        assert sorted(str(order.what) for order in ann.orders) == ["None", "tea"]
        assert await Query(Order).where(customer__name="Ann").count() == 2
        assert await Query(Order).where(what__isnull=True).update(what="milk") == 1
        assert await Query(Order).order_by("what").values_list(Order.what) == ["milk", "tea"]
        assert (await Query(Wish).where(strength=1).one()).text == "peace"
        with pytest.raises(NotFound):
            await unit.get(Customer, 77)


async def test_the_unit_of_work_stores_what_was_changed(shop: Database) -> None:
    await filled(shop)

    async with shop.transaction() as unit:
        (await unit.get(Customer, 1)).name = "Bob"
        wish = await unit.get(Wish, 1)
        await unit.delete(wish)

    async with shop.transaction():
        assert (await Query(Customer).one()).name == "Bob"
        assert not await Query(Wish).exists()


@pytest.fixture
async def app(shop: Database) -> App:
    app = App()
    app.use(shop)
    await filled(shop)
    shown_by = schema(Customer, include=["id", "name"], nested={"orders": schema(Order)})

    @app.get("/plain/{id}")
    async def plain(id: int) -> Customer:
        return await Query(Customer).get(id)

    @app.get("/wishes")
    async def wishes() -> list[Wish]:
        return await Query(Wish)

    @app.get("/page")
    async def page() -> Page[Order]:
        return await Query(Order).order_by("id").page(1)

    @app.get("/perhaps")
    async def perhaps() -> Order | None:
        return await Query(Order).where(what="nothing").first()

    @app.get("/shown", response_model=list[shown_by])  # type: ignore[valid-type]
    async def shown() -> list[Customer]:
        return await Query(Customer).with_(Customer.orders)

    @app.post("/orders", status_code=201)
    async def order(
        new: schema(Order, "create"),  # type: ignore[valid-type]
        session: Annotated[AsyncSession, Depends(session)],
    ) -> schema(Order):  # type: ignore[valid-type]
        made = Order(**new.model_dump())  # type: ignore[attr-defined]
        session.add(made)
        await session.flush()
        return made

    @app.get("/names")
    async def names(session: Annotated[AsyncSession, Depends(session)]) -> list[str]:
        return list(await session.scalars(select(Customer.name)))

    return app


async def test_handlers_return_them_as_they_are(app: App) -> None:
    async with async_client(app) as client:
        plain = (await client.get("/plain/1")).json()
        assert (plain["id"], plain["name"], set(plain)) == (1, "Ann", {"id", "name", "since"})
        assert (await client.get("/plain/2")).status_code == 404
        assert (await client.get("/wishes")).json() == [{"id": 1, "text": "peace", "strength": 1}]
        items = (await client.get("/page")).json()["items"]
        assert [item["what"] for item in items] == ["tea", None]
        assert (await client.get("/perhaps")).json() is None
        assert (await client.get("/names")).json() == ["Ann"]
        (ann,) = (await client.get("/shown")).json()
        assert [order["what"] for order in ann["orders"]] == ["tea", None]


async def test_handlers_take_and_store_them_by_schema(app: App) -> None:
    async with async_client(app) as client:
        made = await client.post("/orders", json={"what": "jam", "customer_id": 1})
        assert (made.status_code, made.json()["what"]) == (201, "jam")
        assert (await client.post("/orders", json={"what": "jam"})).status_code == 422
        assert (await client.get("/page")).json()["total"] == 3


def test_the_document_describes_them(tmp_path: Path) -> None:
    app = App()

    @app.get("/plain")
    def plain() -> list[Customer]:
        return []

    document = app.openapi()

    described = document["components"]["schemas"]["Customer"]
    assert described["description"] == "Somebody who buys."
    assert described["required"] == ["id", "name", "since"]
    assert described["properties"]["since"]["format"] == "date-time"


async def test_the_tables_of_its_metadata_are_those_of_a_database() -> None:
    database = Database("sqlite://", models=Base)

    await database.create_tables()

    async with database.transaction():
        names = [row[0] for row in await database.sql("select name from sqlite_master")]
    assert {"customers", "orders"} <= set(names)
    assert "post" not in names
    await database.close()


APP = """\
import os

from tests.db.foreign import Base
from trivet import App
from trivet.db import Database

app = App()
db = app.use(Database(os.environ["DATABASE"], models=Base))
"""


async def test_migrations_follow_its_metadata(kind: str, worker_id: str, tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(APP, encoding="utf-8")
    url = "sqlite:///shop.db" if kind == "sqlite" else address(kind)
    async with own_database(url, f"moved_{worker_id}") as database:
        given = database.engine.url.render_as_string(hide_password=False)
        address_of = url if kind == "sqlite" else given

        def typed(*words: str) -> str:
            done = forked(list(words), tmp_path, "", DATABASE=address_of)
            assert done.code == 0, done
            return done.out

        typed("makemigrations")
        typed("migrate")
        (file,) = (tmp_path / "migrations_base").glob("0*.py")
        assert 'op.create_table("customers"' in file.read_text().replace("\n        ", "")
        typed("makemigrations")
        assert len(list((tmp_path / "migrations_base").glob("0*.py"))) == 1
