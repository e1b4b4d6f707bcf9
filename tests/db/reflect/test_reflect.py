"""Models made of a schema that others made, on three kinds of database."""

from __future__ import annotations

import datetime
import decimal
import uuid
from functools import partial
from typing import Any, Literal, get_args

import pytest

from tests.db.conftest import own_database
from trivet import App
from trivet.db import Database, Query, UniqueViolation, schema
from trivet.db.describe import describe, referred
from trivet.db.reflect import Reflected, reflect
from trivet.errors import SetupError
from trivet.testing import async_client


def relations(model: Any) -> dict[str, tuple[str, bool]]:
    return {one.name: (one.target.__name__, one.is_many) for one in describe(model).relations}


async def test_tables_become_models_with_relations_both_ways(found: Reflected) -> None:
    assert relations(found["Message"]) == {
        "parent": ("Message", False),
        "messages": ("Message", True),
        "recipient": ("Person", False),
        "sender": ("Person", False),
    }
    person = relations(found["Person"])
    assert person["messages_by_sender"] == ("Message", True)
    assert person["messages_by_recipient"] == ("Message", True)
    assert person["profile"] == ("Profile", False)
    assert person["groups"] == ("Group", True)
    assert person["people_by_follower"] == ("Person", True)
    assert relations(found["Return"]) == {
        "order_line": ("OrderLine", False),
        "replaced_by_order_line": ("OrderLine", False),
    }
    assert found.links == {found["Membership"]}
    assert found["membership"] is found["Membership"]
    assert referred(found["Message"], "sender_id") == (found["Person"], "id")


async def test_a_table_without_a_key_is_named_with_the_reason(found: Reflected) -> None:
    assert {"keyless", "follows"} <= set(found.unusable)
    assert "neither a primary key" in found.unusable["keyless"]
    with pytest.raises(KeyError, match="keyless"):
        found["keyless"]


async def test_a_unique_key_that_is_never_empty_stands_for_a_primary_key(
    old: Database, found: Reflected
) -> None:
    coded = found["by_code"]

    async with old.transaction():
        assert (await coded.get("x")).note == "one"
        await (await coded.get("x")).update(note="two")

    async with old.transaction():
        assert (await coded.get("x")).note == "two"
    column = describe(coded).column("code")
    assert column is not None
    assert column.is_key
    assert not column.has_default


async def test_relations_are_loaded_and_followed(old: Database, found: Reflected) -> None:
    person, message, lines = found["Person"], found["Message"], found["Return"]

    async with old.transaction():
        ann = await person.where(first_name="Ann").with_("messages_by_sender", "groups").one()
        assert [one.subject for one in ann.messages_by_sender] == ["Hello"]
        assert sorted(one.name for one in ann.groups) == ["chess", "choir"]
        reply = (
            await message.where(parent__sender__first_name="Ann").with_("parent", "sender").one()
        )
        assert (reply.parent.subject, reply.sender.first_name) == ("Hello", "Bob")
        assert await person.where(profile__about="tea").count() == 1
        bob = await person.where(first_name="Bob").with_("people_by_followed").one()
        assert sorted(one.first_name for one in bob.people_by_followed) == ["Ann", "Cid"]
        back = await lines.all().with_("order_line", "replaced_by_order_line").one()
        assert (back.order_line.place, back.replaced_by_order_line.place) == (1, 2)


async def test_the_unit_of_work_writes_them(old: Database, found: Reflected) -> None:
    person, group, sums = found["Person"], found["Group"], found["sums"]

    async with old.transaction() as unit:
        dan = await person.create(first_name="Dan", email="dan@example.org")
        choir = await group.where(name="choir").with_("people").one()
        choir.people.append(dan)
        await unit.save(choir)
        total = await sums.create()
        assert (total.one, total.twice) == (2, 4)
        line = await found["OrderLine"].create(order_no=9, place=1)
        assert line.price == decimal.Decimal("1.5")

    async with old.transaction():
        assert await person.where(groups__name="choir").order_by("id").values_list(
            "first_name"
        ) == [
            "Ann",
            "Dan",
        ]
        assert (await person.all().page(1, 2)).total == 4
        first = await person.all().order_by("last_name").cursor_page(size=2)
        rest = await person.all().order_by("last_name").cursor_page(first.next, size=2)
        assert len({row.id for row in [*first.items, *rest.items]}) == 4
        await (await person.where(first_name="Dan").one()).update(last_name="Day")
    with pytest.raises(UniqueViolation) as caught:
        async with old.transaction():
            await person.create(first_name="Eve", email="dan@example.org")
    assert caught.value.fields == ("email",)


async def test_names_that_python_or_models_have_are_changed(
    old: Database, found: Reflected
) -> None:
    odd = found["2 odd table!"]
    assert odd.__name__ == "Table2OddTable"
    names = [column.name for column in describe(odd).columns]
    assert names[:8] == [
        "class_", "column_2nd", "metadata_", "where_", "get_", "a_b", "a_b_2", "a_b_3"
    ]  # fmt: skip

    async with old.transaction():
        row = await odd.where(metadata_="m", a_b_2="two").one()
        assert (row.class_, row.column_2nd, row.where_, row.a_b_3) == (1, 2, "w", "three")
        await odd.create(class_=2, größe=5, column_100=6, a_b_4=7, a_b_5=8)

    async with old.transaction():
        row = await odd.where(größe=5, column_100=6, a_b_4__gt=1).one()
        assert (row.class_, row.a_b_5) == (2, 8)
        assert await odd.where(column_100=6, a_b_5=8).update(a_b_4=1) == 1


async def test_a_view_is_read_and_never_written(old: Database, found: Reflected) -> None:
    names = found["names"]
    assert found.views == {names}

    async with old.transaction():
        assert len(await names.all()) == 3  # empty columns are a part of what tells rows apart
        assert (await names.where(first_name="Ann").one()).last_name == "Ash"

    with pytest.raises(SetupError) as caught:
        async with old.transaction():
            await names.create(id=9, first_name="Eve", last_name="Eck")
    assert caught.value.code == "db.view-written"
    with pytest.raises(SetupError):
        async with old.transaction():
            (await names.where(first_name="Ann").one()).first_name = "Eve"
    for write in (
        names.all().delete,
        partial(names.where(id=1).update, first_name="Eve"),
        partial(names.bulk_create, [{"id": 9, "first_name": "Eve"}]),
    ):
        with pytest.raises(SetupError):
            async with old.transaction():
                await write()


async def test_handlers_return_them(old: Database, found: Reflected) -> None:
    app = App()
    app.use(old)
    person = found["Person"]
    shown = schema(
        person, nested={"profile": schema(found["Profile"]), "groups": schema(found["Group"])}
    )

    @app.get("/people", response_model=list[shown])  # type: ignore[valid-type]
    async def people() -> Any:
        return await person.all().order_by("id").with_("profile", "groups")

    kind: Any = found["kinds"]

    @app.get("/kinds", response_model=list[kind])
    async def kinds() -> Any:
        return await Query(found["kinds"]).where(id=1)

    async with async_client(app) as client:
        ann, bob, _ = (await client.get("/people")).json()
        assert (ann["profile"]["about"], bob["profile"]) == ("tea", None)
        assert [group["name"] for group in bob["groups"]] == ["chess"]
        if old.driver.url.get_backend_name() != "sqlite":
            assert (await client.get("/kinds")).json()[0]["feeling"] == "so so"
        assert (await client.get("/openapi.json")).status_code == 200


async def test_types_are_pythons(old: Database, found: Reflected) -> None:
    kinds = found["kinds"]
    annotations = {column.name: column.annotation for column in describe(kinds).columns}
    assert annotations["amount"] is decimal.Decimal
    assert annotations["at_local"] is datetime.datetime
    assert annotations["data"] is Any
    assert annotations["raw"] is bytes
    assert annotations["flag"] is bool

    async with old.transaction():
        row = await kinds.get(1)
        assert row.amount == decimal.Decimal("1.5")
        assert (row.data, row.raw, row.flag) == ([1], b"ab", True)
        assert (row.day, row.clock) == (datetime.date(2024, 2, 29), datetime.time(12, 30))
        assert row.at_local == datetime.datetime(2024, 2, 29, 12)  # it has no zone


@pytest.mark.parametrize("kind", ["postgresql"])
async def test_types_of_postgresql_come_back_as_they_went(old: Database, found: Reflected) -> None:
    kinds = found["kinds"]
    described = describe(kinds)
    feeling, address = described.column("feeling"), described.column("address")
    assert feeling is not None
    assert get_args(feeling.annotation) == ("glad", "so so")
    assert feeling.annotation == Literal["glad", "so so"]
    assert feeling.description == "How one feels"
    assert kinds.__doc__ == "All that there is."
    assert address is not None
    assert address.annotation is str
    changed = {
        "feeling": "glad", "feelings": ["so so", "glad"], "data": {"a": [1]}, "old_data": [2],
        "tags": ["y"], "grid": [[5, 6]], "key": uuid.UUID(int=7), "amount": decimal.Decimal("2.5"),
        "raw": b"\0x", "day": datetime.date(2025, 1, 1), "length": datetime.timedelta(hours=2),
        "at_zone": datetime.datetime(2025, 1, 1, 5, tzinfo=datetime.UTC),
        "at_local": datetime.datetime(2025, 1, 1, 5),  # it has no zone
        "address": "10.0.0.2/32", "net": "192.168.0.0/16", "span": "[2,9)", "words": "'c'",
        "place": "(3,4)", "both": "(2,y)", "share": 70, "ratio": 0.25, "bits": "010",
        "cash": "$4.00", "mac": "08:00:2b:01:02:04", "addresses": "{10.0.0.2}", "name": "m",
        "doc": "<b/>", "ids": [uuid.UUID(int=8)],
    }  # fmt: skip

    async with old.transaction():
        await (await kinds.get(1)).update(**changed)
        made = await kinds.create(**changed)

    async with old.transaction():
        for key in (1, made.id):
            row = await kinds.get(key)
            assert {name: getattr(row, name) for name in changed} == changed
        assert await kinds.where(address="10.0.0.2/32", feeling="glad", place__isnull=False).count()
        async with old.engine.begin() as connection:
            await connection.exec_driver_sql("ALTER TYPE mood ADD VALUE 'calm'")
        async with old.engine.begin() as connection:
            await connection.exec_driver_sql("UPDATE kinds SET feeling = 'calm' WHERE id = 2")
    async with old.transaction():
        assert (await kinds.get(2)).feeling == "calm"  # which came later than the model


@pytest.mark.parametrize("kind", ["postgresql"])
async def test_schemas_are_read_together(old: Database) -> None:
    found = await reflect(old, schemas=["public", "sales"])

    assert relations(found["SalesPerson"]) == {"boss": ("Person", False)}
    assert found["sales.people"] is found["SalesPerson"]
    assert found["people"] is found["Person"]


@pytest.mark.parametrize("kind", ["mariadb"])
async def test_types_of_mariadb_come_back_as_they_went(old: Database, found: Reflected) -> None:
    kinds = found["kinds"]
    changed = {
        "feeling": "glad", "feelings": "a", "data": {"a": 1}, "bits": 2, "small": 9, "ratio": 0.25,
        "flag": False, "year": 1999, "place": "POINT(3 4)", "address": "::2",
        "key": uuid.UUID(int=5), "clock": datetime.time(1, 2), "text": "short",
    }  # fmt: skip

    async with old.transaction():
        await (await kinds.get(1)).update(**changed)
        made = await kinds.create(**changed)

    async with old.transaction():
        for key in (1, made.id):
            row = await kinds.get(key)
            assert {name: getattr(row, name) for name in changed} == changed


@pytest.mark.parametrize("kind", ["sqlite"])
async def test_whatever_sqlite_keeps_is_read(old: Database, found: Reflected) -> None:
    kinds = found["kinds"]

    async with old.transaction():
        odd = await kinds.get(2)
        assert (odd.anything, odd.data, odd.amount) == ("five", "no json", "much")
        assert (odd.at_local, odd.stamp, odd.day) == (1709208000, "yesterday", "29.2.2024")
        assert (odd.raw, odd.label, odd.number) == ("text", b"\xff", "many")
        await odd.update(amount=decimal.Decimal("2.5"), day=datetime.date(2024, 3, 1))

    async with old.transaction():
        mended = await kinds.get(2)
        assert (mended.amount, mended.day) == (decimal.Decimal("2.5"), datetime.date(2024, 3, 1))
    assert relations(found["Orphan"]) == {}
    assert {"search", "search_data"} <= set(found.unusable)


async def test_only_and_skip_choose_tables(old: Database) -> None:
    some = await reflect(old, only=["people", "mess*"])
    assert set(some.models) == {"Person", "Message"}
    assert set(relations(some["Message"])) == {"parent", "messages", "recipient", "sender"}
    rest = await reflect(old, skip=["people", "kinds"])
    assert not {"Person", "Kind"} & set(rest.models)
    assert relations(rest["Profile"]) == {}
    assert referred(rest["Profile"], "person_id") is None

    with pytest.raises(SetupError) as caught:
        await reflect(old, only=["poeple"])
    assert (caught.value.code, caught.value.mend) == ("db.reflect-table", 'only=["people"]')


async def test_they_are_apart_from_other_models(old: Database, found: Reflected) -> None:
    again = await reflect(old)

    assert again["Person"] is not found["Person"]
    async with old.transaction():
        assert await again["Person"].where().count() == await found["Person"].where().count() == 3
    async with own_database("sqlite://", "other") as other, other.transaction():
        with pytest.raises(SetupError, match="belongs to none"):
            await found["Person"].where()


async def test_a_database_may_be_opened_for_them_alone(old: Database, found: Reflected) -> None:
    url = old.engine.url.render_as_string(hide_password=False)
    own = Database(url, models=found.base)

    async with own.transaction():
        assert await found["Person"].where(first_name="Ann").exists()
    await own.close()


async def test_columns_called_like_passwords_are_private() -> None:
    async with own_database("sqlite://", "secrets") as database:
        async with database.engine.begin() as connection:
            await connection.exec_driver_sql(
                "CREATE TABLE accounts (id INTEGER PRIMARY KEY, email TEXT, passwordHash TEXT,"
                " API_KEY TEXT, passwords_changed TEXT, passport TEXT)"
            )
        found = await reflect(database)

    private = [one.name for one in describe(found["Account"]).columns if one.is_private]
    assert private == ["password_hash", "api_key", "passwords_changed"]
