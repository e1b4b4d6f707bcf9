"""Tenants: rows that only their own see, and schemas of their own."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Annotated, Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from tests.db.conftest import address, own_database
from trivet import App, Depends, Header, HTTPException
from trivet.db import Database, Mapped, Model, field, row_policy, sync_session
from trivet.errors import SetupError
from trivet.testing import async_client


class House(Model, apart=True):
    """What the tenants of these tests have."""


class Paper(House):
    tenant: Mapped[str] = field(max_length=40)
    title: Mapped[str] = field(max_length=50)


@pytest.fixture
async def owner(worker_id: str) -> AsyncIterator[Database]:
    """Give a database of a superuser's, with a policy on its one table."""
    async with own_database(address("postgresql"), worker_id, models=House) as found:
        await found.create_tables()
        async with found.engine.begin() as connection:
            for line in row_policy("paper", "tenant", "app.tenant"):
                await connection.execute(text(line))
        yield found


@pytest.fixture
async def rows(owner: Database, worker_id: str) -> AsyncIterator[Database]:
    """Give the same database as somebody whom policies hold sees it, on few connections."""
    role = f"trivet_{worker_id}_{os.getpid()}"
    async with owner.engine.begin() as connection:
        await connection.execute(text(f"DROP ROLE IF EXISTS {role}"))
        await connection.execute(text(f"CREATE ROLE {role} LOGIN"))
        await connection.execute(text(f"GRANT ALL ON ALL TABLES IN SCHEMA public TO {role}"))
        await connection.execute(text(f"GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO {role}"))
    url = make_url(address("postgresql")).set(username=role, database=owner.engine.url.database)
    found = Database(url.render_as_string(hide_password=False), pool_size=2, models=House)
    yield found
    await found.close()
    async with owner.engine.begin() as connection:
        await connection.execute(text(f"DROP OWNED BY {role}"))
        await connection.execute(text(f"DROP ROLE {role}"))


def papers(database: Database) -> App:
    app = App()
    app.use(database)

    async def tenant(tenant: Annotated[str | None, Header()] = None) -> None:
        if tenant is not None:
            await database.unit.set_local("app.tenant", tenant)

    mine = [Depends(tenant)]

    @app.post("/papers", dependencies=mine)
    async def write(title: str, owner: str = "", fails: bool = False) -> int:
        paper = await Paper.create(title=title, tenant=owner or title.split("-")[0])
        if fails:
            raise HTTPException(409)
        return paper.id

    @app.get("/papers", dependencies=mine)
    async def read() -> list[str]:
        found = await asyncio.gather(
            Paper.all().values_list("title"), Paper.where(Paper.id > 0), Paper.all().only("title")
        )
        streamed = []
        async with aclosing(Paper.all().iterate(1)) as stream:
            async for paper in stream:
                streamed.append(paper.title)
        by_hand = [row.title for row in await database.sql("select title from paper")]
        seen = {*found[0], *streamed, *by_hand}
        return sorted({*seen, *[paper.title for paper in (*found[1], *found[2])]})

    @app.get("/rows", dependencies=mine, response_model=list[Paper])
    async def answered() -> Any:
        return Paper.all()  # its rows are made into the answer

    @app.get("/papers/{id}", dependencies=mine)
    async def one(id: int) -> str:
        return (await Paper.get(id)).title

    @app.get("/broken", dependencies=mine)
    async def broken() -> None:
        await Paper.all().count()
        await database.sql("select no_such_column from paper")

    @app.get("/plain", dependencies=mine)
    def plain(session: Annotated[Session, Depends(sync_session)]) -> list[str]:
        return sorted(session.scalars(select(Paper.title)))

    return app


async def test_tenants_at_the_same_time_see_their_own_rows_alone(rows: Database) -> None:
    """On two connections, with errors, streams and rollbacks between."""
    async with async_client(papers(rows), raise_app_exceptions=False) as client:
        own: dict[str, set[str]] = {"a": set(), "b": set(), "c": set()}

        async def live(tenant: str) -> None:
            headers = {"tenant": tenant}
            for turn in range(6):
                title = f"{tenant}-{turn}"
                made = await client.post("/papers", params={"title": title}, headers=headers)
                assert made.status_code == 200
                own[tenant].add(title)
                lost = {"title": f"{tenant}-lost", "fails": True}
                assert (
                    await client.post("/papers", params=lost, headers=headers)
                ).status_code == 409
                assert (await client.get("/broken", headers=headers)).status_code == 500
                for path in ("/papers", "/plain"):
                    assert set((await client.get(path, headers=headers)).json()) == own[tenant]
                    assert (await client.get(path)).json() == []  # nobody sees nothing
                answered = (await client.get("/rows", headers=headers)).json()
                assert {row["title"] for row in answered} == own[tenant]
                one = await client.get(f"/papers/{made.json()}", headers=headers)
                assert one.json() == title
                for other in ({"tenant": tenant + "x"}, {}):
                    found = await client.get(f"/papers/{made.json()}", headers=other)
                    assert found.status_code == 404

        await asyncio.gather(*[live(tenant) for tenant in own])


async def test_rows_of_others_cannot_be_written(rows: Database) -> None:
    async with async_client(papers(rows)) as client:
        for headers in ({"tenant": "a"}, {}):
            with pytest.raises(DBAPIError, match="row-level security"):
                await client.post("/papers?title=x&owner=b", headers=headers)


async def test_nothing_stays_on_a_connection(rows: Database) -> None:
    for _ in range(3):
        async with rows.transaction() as unit:
            await unit.set_local("app.tenant", "a")
            await Paper.create(tenant="a", title="x")

    async with rows.transaction():
        assert not await rows.sql("select current_setting('app.tenant', true)").scalar()
        assert await Paper.where(id=1) == []
        assert await Paper.find(1) is None


async def test_the_setting_holds_behind_a_commit_and_in_transactions_within(
    rows: Database,
) -> None:
    async with rows.transaction() as unit:
        await unit.set_local("app.tenant", "a")
        await Paper.create(tenant="a", title="x")
        await unit.commit()
        assert await Paper.all().count() == 1
        async with rows.transaction():
            assert await Paper.all().count() == 1
        async with rows.transaction() as other:
            assert other is unit
        await unit.commit()
        async with rows.own_transaction():
            assert (await Paper.get(1)).title == "x"
        async with rows.own_transaction(isolation="serializable"):
            assert await Paper.all().count() == 1
        async with rows.own_transaction() as other:
            await other.set_local("app.tenant", "b")
            assert await Paper.find(1) is None


async def test_a_unit_keeps_to_one_tenant(rows: Database) -> None:
    async with rows.transaction() as unit:
        await unit.set_local("app.tenant", "a")
        await unit.set_local("app.tenant", "b")  # nothing was read yet
        await Paper.create(tenant="b", title="x")
        await unit.set_local("app.tenant", "b")
        with pytest.raises(SetupError, match=r"\[db\.set-apart-twice\]"):
            await unit.set_local("app.tenant", "a")
        async with rows.transaction():
            with pytest.raises(SetupError, match=r"\[db\.set-apart-late\]"):
                await unit.set_local("app.user", 7)
        await unit.set_local("app.user", 7)
        assert await rows.sql("select current_setting('app.user')").scalar() == "7"


@pytest.fixture
async def houses(kind: str, worker_id: str) -> AsyncIterator[Database]:
    async with own_database(address(kind), worker_id, models=House, pool_size=2) as found:
        yield found


@pytest.fixture
async def schemas(houses: Database, worker_id: str) -> AsyncIterator[list[str]]:
    names = [f"trivet_{worker_id}_{os.getpid()}_{name}" for name in "ab"]
    for name in names:
        await houses.create_schema(name)
    yield names
    for name in names:
        cascade = " CASCADE" if houses.is_postgres else ""
        async with houses.engine.begin() as connection:
            await connection.execute(text(f"DROP SCHEMA {name}{cascade}"))


@pytest.mark.parametrize("kind", ["postgresql", "mariadb"])
async def test_each_schema_has_its_own_rows(houses: Database, schemas: list[str]) -> None:
    async def live(schema: str) -> None:
        for turn in range(5):
            async with houses.transaction() as unit:
                await unit.use_schema(schema)
                made = await Paper.create(tenant=schema, title="x")
                assert made.id == turn + 1
                assert {paper.tenant for paper in await Paper.where(Paper.id > 0)} == {schema}
            async with houses.transaction() as unit:
                await unit.use_schema(schema)
                assert (await Paper.get(turn + 1)).tenant == schema
                assert [paper.tenant async for paper in Paper.all().iterate()] == (
                    [schema] * (turn + 1)
                )
                assert unit.sync_session().scalar(select(Paper.tenant)) == schema
                await Paper.where(title="x").update(title="y")
            async with houses.transaction() as unit:
                await unit.use_schema(schema)
                assert await Paper.where(title="y").count() == turn + 1

    await asyncio.gather(*[live(schema) for schema in schemas])
    with pytest.raises(DBAPIError):  # no table is outside the schemas
        async with houses.transaction():
            await Paper.all().count()


@pytest.mark.parametrize("kind", ["postgresql", "mariadb"])
async def test_a_schema_is_chosen_before_anything_is_written(
    houses: Database, schemas: list[str]
) -> None:
    async with houses.transaction() as unit:
        await unit.session()

        with pytest.raises(SetupError, match=r"\[db\.set-apart-late\]"):
            await unit.use_schema(schemas[0])


async def test_what_a_database_cannot_do_is_said() -> None:
    database = Database("sqlite://", models=House)
    async with database.transaction() as unit:
        with pytest.raises(SetupError, match=r"\[db\.no-settings\]"):
            await unit.set_local("app.tenant", "a")
        with pytest.raises(SetupError, match=r"\[db\.no-schemas\]"):
            await unit.use_schema("a")
    with pytest.raises(SetupError, match=r"\[db\.no-schemas\]"):
        await database.create_schema("a")
    await database.close()
