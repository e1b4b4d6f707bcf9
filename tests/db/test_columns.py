"""What columns keep and give back, on every database."""

from __future__ import annotations

import asyncio
import datetime
import hashlib

import pytest
from pydantic import ValidationError
from sqlalchemy import inspect, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from tests.db.gallery import Grade, Picture, Seat, Size, State
from trivet.db import (
    BareModel,
    Database,
    FileRef,
    Mapped,
    UuidModel,
    field,
    func,
    index,
    schema,
    unique,
)
from trivet.db.migrate.differences import differences
from trivet.db.model import _uuid7
from trivet.errors import SetupError
from trivet.storage import MemoryStorage


class Elsewhere(BareModel, apart=True):
    """What only the tests below make."""


class PartlyUnique(Elsewhere):
    id: Mapped[int] = field(primary_key=True)
    name: Mapped[str] = field(max_length=20)
    gone: Mapped[bool] = field(default=False)

    __table_args__ = (
        index("name", unique=True, where=~gone, name="ix_partly"),
        index(func.lower(name), name="ix_lower"),
    )


class InSchemas(BareModel, apart=True):
    """What stands in a schema."""


def beside(database: Database, models: type[BareModel]) -> Database:
    """Give other models in the same database."""
    url = database.engine.url.render_as_string(hide_password=False)
    return Database(url, models=models)


class Stored(InSchemas):
    id: Mapped[int] = field(primary_key=True)
    name: Mapped[str] = field(max_length=20)

    __table_args__ = (unique("name"), {"schema": "store"})


def picture(slug: str = "one", **values: object) -> Picture:
    given = {"title": "A tree", "slug": slug, "size": Size(width=2, height=3), **values}
    return Picture(**given)  # type: ignore[arg-type]


async def test_what_a_storage_keeps_is_put_into_a_column_and_read_back(database: Database) -> None:
    storage = MemoryStorage()
    async with database.transaction():
        await picture(scan=await storage.save(b"text", filename="a b.txt")).save()

    async with database.transaction():
        found = await Picture.all().one()

    assert found.scan is not None
    assert await storage.read(found.scan.name) == b"text"
    assert (found.scan.filename, found.scan.size) == ("a b.txt", 4)
    assert found.scan.checksum == hashlib.sha256(b"text").hexdigest()


async def test_shaped_json_and_files_come_back_as_objects(database: Database) -> None:
    file = FileRef(name="a/b.png", size=12, content_type="image/png")
    async with database.transaction():
        await picture(scan=file, thumbnails=[Size(width=1, height=1)]).save()

    async with database.transaction():
        found = await Picture.all().one()

    assert found.size == Size(width=2, height=3)
    assert found.thumbnails == [Size(width=1, height=1)]
    assert found.scan == file


async def test_none_in_a_json_column_is_null(database: Database) -> None:
    async with database.transaction():
        await picture().save()

        assert await Picture.where(scan__isnull=True).count() == 1
        assert await Picture.where(Picture.scan.is_(None)).count() == 1


async def test_what_has_another_shape_is_refused_before_it_is_stored(database: Database) -> None:
    with pytest.raises(Exception, match="width") as caught:
        async with database.transaction():
            await picture(size={"height": 1}).save()

    assert isinstance(caught.value.__cause__ or caught.value, ValidationError)


async def test_enumerations_of_texts_are_kept_by_value_and_others_by_name(
    database: Database,
) -> None:
    async with database.transaction():
        await picture(state=State.shown, grade=Grade.high).save()
        rows = await database.sql("select state, grade from picture")
        found = await Picture.where(state=State.shown).one()

    assert tuple(rows[0]) == ("s", "high")
    assert (found.state, found.grade) == (State.shown, Grade.high)


async def test_defaults_are_there_from_the_start_or_come_with_the_row(database: Database) -> None:
    made = picture()

    assert (made.rank, made.state, made.label, made.thumbnails) == (3, State.draft, "none", None)
    async with database.transaction():
        await made.save()
        assert (made.copies, made.rank, made.twice, made.thumbnails) == (1, 3, 6, [])
        assert await made.update(rank=5) is made
        assert made.twice == 10


async def test_the_database_gives_its_defaults_to_rows_of_others(
    database: Database, kind: str
) -> None:
    # MariaDB wants no zone.
    moment = "'2026-01-02 00:00:00+00'" if kind == "postgresql" else "'2026-01-02 00:00:00'"
    columns = "created, updated, title, slug, size, thumbnails, state, label"
    size = """'{"width"\\:1,"height"\\:1}'"""
    values = f"{moment}, {moment}, 't', 'x', {size}, '[]', 'd', ''"
    async with database.transaction() as unit:
        await unit.execute(text(f"insert into picture ({columns}) values ({values})"))
        found = await Picture.all().one()

    assert (found.copies, found.rank, found.twice) == (1, 3, 6)


async def test_a_row_knows_when_it_was_made_and_changed_in_utc(database: Database) -> None:
    before = datetime.datetime.now(datetime.UTC)
    async with database.transaction():
        made = await picture().save()
        first = made.updated
        await asyncio.sleep(0.002)
        await made.update(title="Another")

        assert before <= made.created <= first < made.updated
        assert made.created.tzinfo is datetime.UTC
        old = datetime.datetime(2001, 1, 1, tzinfo=datetime.UTC)
        assert (await picture("old", created=old).save()).created == old


async def test_an_object_may_have_a_key_of_its_own(database: Database) -> None:
    async with database.transaction():
        assert (await picture(id=77).save()).id == 77
        assert (await Picture.get(77)).slug == "one"


def test_a_uuid_key_is_of_version_7_and_in_order_of_time() -> None:
    keys = [_uuid7() for _ in range(3)]

    assert all(key.version == 7 and key.variant == "specified in RFC 4122" for key in keys)
    assert UuidModel.__abstract__


async def test_constraints_hold_in_the_database(database: Database) -> None:
    async with database.transaction():
        await Seat.create(row="A", number=1)

    for wrong in ({"number": 1}, {"number": 2, "price": 0}, {"number": 100}):
        with pytest.raises(
            DBAPIError, match=r"(?i)constraint|duplicate"
        ):  # not all drivers call it the same
            async with database.transaction():
                await Seat.bulk_create([{"row": "A", "price": 10, **wrong}])


async def test_constraints_and_indexes_are_named_by_rule(database: Database, kind: str) -> None:
    def looked(connection: object) -> tuple[set[str], set[str], list[str]]:
        found = inspect(connection)
        return (
            {str(one["name"]) for one in found.get_check_constraints("seat")},
            {str(one["name"]) for one in found.get_indexes("seat")},
            [str(one["name"]) for one in found.get_unique_constraints("seat")],
        )

    async with database.engine.connect() as connection:
        checks, indexes, uniques = await connection.run_sync(looked)

    assert {"ck_seat_price_positive", "ck_seat_number_small"} <= checks
    assert "ix_seat_price" in indexes
    assert uniques == ["uq_seat_row_number"]
    if kind != "sqlite":  # SQLite does not tell of indexes with expressions
        assert "ix_seat_backwards" in indexes


async def test_a_partial_index_leaves_rows_out_where_the_database_can(
    database: Database, kind: str
) -> None:
    if kind == "mariadb":
        return  # it has none: a plain index stands in for it, and a unique one is refused below
    asked = {
        "sqlite": "select sql from sqlite_master where name = 'ix_seat_price'",
        "postgresql": "select indexdef from pg_indexes where indexname = 'ix_seat_price'",
    }[kind]
    async with database.engine.connect() as connection:
        found = (await connection.execute(text(asked))).scalar_one()

    assert "WHERE" in found
    assert "price > 5" in found


async def test_indexes_that_a_database_cannot_have_are_refused(
    database: Database, kind: str
) -> None:
    other = beside(database, Elsewhere)
    if kind == "mariadb":
        with pytest.raises(SetupError, match=r"ix_(partly|lower)") as caught:
            await other.create_tables()
        assert caught.value.code == "db.index-impossible"
    else:
        await other.create_tables()
        async with other.transaction():
            await PartlyUnique.bulk_create([{"name": "a", "gone": True}, {"name": "a"}])
        with pytest.raises(IntegrityError):
            async with other.transaction():
                await PartlyUnique.bulk_create([{"name": "a"}])
    await other.close()


async def test_values_in_constraints_are_kept_as_those_of_their_columns(
    database: Database,
) -> None:
    async with database.transaction():
        await picture(state=State.shown).save()

    with pytest.raises(DBAPIError, match="state_known"):
        async with database.transaction():
            await database.sql("update picture set state = 'x'").execute()


def test_an_index_of_an_expression_needs_a_name() -> None:
    with pytest.raises(SetupError) as caught:
        index(func.lower("title"))

    assert caught.value.code == "db.index-name"


@pytest.mark.parametrize("kind", ["postgresql"])  # it alone has schemas in a database
async def test_a_table_may_stand_in_a_schema(database: Database) -> None:
    other = beside(database, InSchemas)

    await other.create_tables()
    async with other.transaction():
        await Stored(name="a").save()

    async with other.transaction():
        assert (await Stored.get(1)).name == "a"
        assert len(await Stored.where(name="a")) == 1
    async with other.engine.connect() as connection:
        found = await connection.run_sync(differences, other.metadata, None)
    assert "store" not in {getattr(op, "schema", None) for op in found.ops}
    await other.close()


def test_a_schema_tells_what_a_client_gives() -> None:
    new = schema(Picture, "create")

    assert "twice" not in new.model_fields
    assert "id" not in new.model_fields
    required = {name for name, one in new.model_fields.items() if one.is_required()}
    assert required == {"title", "slug", "size"}
    made = new.model_validate(
        {"title": "t", "slug": "s", "size": {"width": 1, "height": 2}, "state": "s"}
    )
    assert made.model_dump()["state"] is State.shown


async def test_tables_of_models_need_no_migration_once_they_are_made(database: Database) -> None:
    await database.create_tables(BareModel)  # whatever else this process of tests has imported

    async with database.engine.connect() as connection:
        found = await connection.run_sync(differences, BareModel.metadata, None)

    assert found.as_diffs() == []
