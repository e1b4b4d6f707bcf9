"""Models that inherit from models: in one table, and in one for each."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import event

from tests.db.gallery import Animal, Bike, Cat, Dog, Truck, Vehicle
from trivet import App
from trivet.db import Database, NotFound, schema
from trivet.errors import SetupError
from trivet.testing import async_client


@contextmanager
def counted(database: Database) -> Iterator[list[str]]:
    told: list[str] = []

    def note(connection: object, cursor: object, statement: str, *rest: object) -> None:
        if statement.startswith("SELECT"):
            told.append(statement)

    event.listen(database.engine.sync_engine, "before_cursor_execute", note)
    try:
        yield told
    finally:
        event.remove(database.engine.sync_engine, "before_cursor_execute", note)


async def test_rows_of_one_table_come_as_what_they_are_in_one_query(database: Database) -> None:
    async with database.transaction():
        await Dog.create(name="Rex", tricks=3)
        await Cat.create(name="Tom", naps=9)

    async with database.transaction():
        with counted(database) as told:
            dog, cat = await Animal.all().order_by("name")

        assert isinstance(dog, Dog)
        assert isinstance(cat, Cat)
        assert (dog.kind, dog.tricks, cat.kind, cat.naps) == ("dog", 3, "cat", 9)
        assert len(told) == 1
        assert await Dog.all().count() == 1
        assert await Dog.where(tricks__gt=2).values_list("name") == ["Rex"]


async def test_rows_of_several_tables_need_one_query_more_for_each(database: Database) -> None:
    async with database.transaction():
        await Vehicle.create(wheels=1)
        await Truck.create(wheels=6, load=20)
        await Truck.create(wheels=8, load=30)
        await Bike.create(wheels=2)

    async with database.transaction():
        with counted(database) as told:
            plain, truck, other, bike = await Vehicle.all().order_by("id")

        assert type(plain) is Vehicle
        assert isinstance(truck, Truck)
        assert isinstance(other, Truck)
        assert isinstance(bike, Bike)
        assert (plain.kind, truck.kind) == ("any", "truck")
        assert (truck.load, other.load, bike.bell) == (20, 30, True)
        assert len(told) == 3
        assert await Truck.where(load__gt=10, wheels=6).count() == 1


@pytest.mark.parametrize("is_writing", [False, True])
async def test_a_key_gives_what_is_there_and_only_of_the_class_that_asks(
    database: Database, is_writing: bool
) -> None:
    async with database.transaction():
        key = (await Truck.create(wheels=6, load=20)).id
        rex = (await Dog.create(name="Rex")).id

    async with database.transaction() as unit:
        if is_writing:
            await unit.session()
        found = await Vehicle.get(key)
        assert isinstance(found, Truck)
        assert found.load == 20
        assert await Truck.get(key) is found
        with pytest.raises(NotFound):
            await Bike.get(key)
        assert isinstance(await Animal.get(rex), Dog)
        with pytest.raises(NotFound):
            await Cat.get(rex)


async def test_rows_that_inherit_are_changed_and_deleted_as_a_whole(database: Database) -> None:
    async with database.transaction():
        key = (await Truck.create(wheels=6, load=20)).id

    async with database.transaction():
        truck = await Truck.get(key)
        await truck.update(wheels=8, load=21)

    async with database.transaction():
        truck = await Truck.get(key)
        assert (truck.wheels, truck.load) == (8, 21)
        await truck.delete()
        assert await Vehicle.all().count() == 0


async def test_a_handler_shows_what_its_annotation_names(database: Database) -> None:
    app = App()
    app.use(database)
    every = schema(Truck)

    @app.get("/vehicles")
    async def vehicles() -> list[Vehicle]:
        return await Vehicle.all()

    @app.get("/trucks", response_model=list[every])  # type: ignore[valid-type]
    async def trucks() -> list[Truck]:
        return await Truck.all()

    async with database.transaction():
        await Truck.create(wheels=6, load=20)
    async with async_client(app) as client:
        first = (await client.get("/vehicles")).json()
        second = (await client.get("/trucks")).json()

    assert first == [{"id": 1, "kind": "truck", "wheels": 6}]
    assert second[0]["load"] == 20


async def test_rows_of_one_table_are_changed_at_once_and_only_those_of_the_class(
    database: Database,
) -> None:
    async with database.transaction():
        await Dog.bulk_create([{"name": "Rex"}, {"name": "Bello"}])
        await Cat.bulk_create([{"name": "Tom"}])

        assert await Dog.all().update(tricks=5) == 2
        assert await Cat.where(name="Tom").delete() == 1
        assert await Animal.all().count() == 2


async def test_rows_of_several_tables_are_not_changed_by_one_statement(database: Database) -> None:
    async with database.transaction():
        await Truck.bulk_create([{"wheels": 6, "load": 1}])
        await Truck.bulk_update([{"id": 1, "wheels": 8, "load": 2}])
        assert await Truck.all().values_list(Truck.wheels, Truck.load) == [(8, 2)]

        for attempt in (
            Truck.all().delete(),
            Truck.where(wheels=8).update(load=3),
            Truck.upsert([{"id": 1, "wheels": 1, "load": 1}], [Truck.id]),
        ):
            with pytest.raises(SetupError, match="vehicle and truck") as caught:
                await attempt
            assert caught.value.code == "db.several-tables"
        assert await Vehicle.all().update(wheels=9) == 1
