"""Relations between models, and what becomes of the other side when a row is deleted."""

from __future__ import annotations

import pytest
from sqlalchemy import inspect

from tests.db.gallery import (
    Club,
    Debt,
    DoorKey,
    Guest,
    House,
    Instrument,
    Person,
    Play,
    Roof,
    Room,
    Visitor,
)
from trivet import App
from trivet.db import Database, NotLoadedError
from trivet.db.errors import ForeignKeyViolation
from trivet.testing import async_client


async def house_with(database: Database, model: type) -> int:
    async with database.transaction():
        house = await House.create(name="Home")
        await model(house_id=house.id).save()
        await model(house_id=house.id).save() if model is not Roof else None
        return house.id


@pytest.mark.parametrize("is_loaded", [False, True])
async def test_children_that_go_with_their_owner_are_deleted_by_the_database(
    database: Database, is_loaded: bool
) -> None:
    key = await house_with(database, Room)

    async with database.transaction():
        query = House.where(id=key).with_(House.rooms) if is_loaded else House.where(id=key)
        await (await query.one()).delete()

        assert await Room.all().count() == 0


@pytest.mark.parametrize("model", [Guest, Visitor])
@pytest.mark.parametrize("is_loaded", [False, True])
async def test_children_that_may_be_alone_stay(
    database: Database, model: type[Guest] | type[Visitor], is_loaded: bool
) -> None:
    key = await house_with(database, model)

    async with database.transaction():
        relation = House.guests if model is Guest else House.visitors
        query = House.where(id=key).with_(relation) if is_loaded else House.where(id=key)
        await (await query.one()).delete()

    async with database.transaction():
        assert [one.house_id for one in await model.all()] == [None, None]


@pytest.mark.parametrize("model", [Debt, Roof])
async def test_an_owner_that_is_still_needed_is_not_deleted(
    database: Database, model: type
) -> None:
    key = await house_with(database, model)

    with pytest.raises(ForeignKeyViolation) as caught:
        async with database.transaction():
            await (await House.get(key)).delete()

    assert caught.value.is_still_named
    async with database.transaction():
        assert (await House.get(key)).name == "Home"


async def test_children_that_python_deletes_are_read_and_deleted(database: Database) -> None:
    key = await house_with(database, DoorKey)

    async with database.transaction():
        await (await House.get(key)).delete()

        assert await DoorKey.all().count() == 0


async def test_deletion_reads_no_children_where_the_database_knows_what_to_do() -> None:
    found = {one.key: one.passive_deletes for one in inspect(House).relationships}

    assert found == {
        "rooms": "all",
        "guests": "all",
        "debts": "all",
        "visitors": False,
        "roof": "all",
        "keys": False,
    }


async def test_a_deletion_that_is_refused_is_answered_with_409(database: Database) -> None:
    app = App()
    app.use(database)

    @app.delete("/houses/{id}", status_code=204)
    async def remove(id: int) -> None:
        await (await House.get(id)).delete()

    key = await house_with(database, Debt)
    async with async_client(app) as client:
        answer = await client.delete(f"/houses/{key}")

    assert answer.status_code == 409
    assert answer.json()["detail"][0]["msg"] == "Something else still refers to this"


async def test_one_to_one_is_loaded_from_both_sides(database: Database) -> None:
    key = await house_with(database, Roof)

    async with database.transaction():
        house = await House.where(id=key).with_(House.roof).one()
        roof = await Roof.all().with_(Roof.house).one()

    assert house.roof is roof
    assert roof.house is house


async def test_many_to_many_is_written_read_and_deleted_from_both_sides(
    database: Database,
) -> None:
    async with database.transaction():
        ann, bob = Person(name="Ann"), Person(name="Bob")
        await Club(name="Chess", people=[ann, bob]).save()
        await Club(name="Go", people=[ann]).save()

    async with database.transaction():
        people = await Person.all().with_(Person.clubs).order_by("name")
        assert [[club.name for club in one.clubs] for one in people] == [["Chess", "Go"], ["Chess"]]
        assert await Person.where(clubs__name="Go").values_list("name") == ["Ann"]
        people[1].clubs.append(await Club.where(name="Go").one())

    async with database.transaction():
        await (await Club.where(name="Chess").one()).delete()
        await (await Person.where(name="Ann").one()).delete()

    async with database.transaction():
        (bob,) = await Person.all().with_(Person.clubs)
        assert [club.name for club in bob.clubs] == ["Go"]


async def test_many_to_many_may_have_a_model_of_its_own(database: Database) -> None:
    async with database.transaction():
        harp = await Instrument.create(name="Harp")
        ann = await Person(name="Ann", plays=[Play(instrument=harp, years=3)]).save()

        found = await Play.get((ann.id, harp.id))
        assert found.years == 3
        assert await Person.where(plays__instrument__name="Harp").count() == 1
        assert (await Play.all().with_(Play.person).one()).person is ann

    async with database.transaction():
        with pytest.raises(ForeignKeyViolation):
            async with database.transaction():
                await (await Instrument.get(harp.id)).delete()
        await (await Person.get(ann.id)).delete()
        await (await Instrument.get(harp.id)).delete()


async def test_a_model_may_relate_to_itself(database: Database) -> None:
    async with database.transaction():
        boss = await Person.create(name="Ann")
        await Person.bulk_create([{"name": name, "boss_id": boss.id} for name in ("Bob", "Cid")])

    async with database.transaction():
        found = await Person.where(name="Ann").with_(Person.team).one()
        assert sorted(one.name for one in found.team) == ["Bob", "Cid"]
        bob = await Person.where(name="Bob").with_(Person.boss).one()
        assert bob.boss is found
        with pytest.raises(NotLoadedError, match=r"Person\.boss"):
            _ = (await Person.where(name="Ann").one()).boss
