"""Rows go from one database to another, of any kind, and are the same there."""

from __future__ import annotations

import datetime
import json
import tracemalloc
import uuid
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import JSON, insert, null, select, text

from tests.db.commands.conftest import dumped, loaded, silent
from tests.db.commands.ledger import (
    Booking,
    Colour,
    Every,
    Ledger,
    Person,
    Place,
    Team,
    membership,
)
from trivet.db import Database
from trivet.db.commands.dump import dump
from trivet.db.commands.load import LoadFailed
from trivet.db.commands.tables import Tables
from trivet.errors import SetupError

FULL: dict[str, Any] = {
    "text": "Zoë\u2028\r\n\\ \"quoted\" 'single' %s :name 🎉",
    "number": 2**62,
    "real": 0.1 + 0.2,
    "price": Decimal("12345678.90"),
    "exact": Decimal("-0.000001"),
    "flag": True,
    "day": datetime.date(1, 1, 1),
    "moment": datetime.datetime(2026, 3, 29, 1, 30, 0, 123456, datetime.UTC),
    "local": datetime.datetime(2026, 3, 29, 2, 30),
    "at": datetime.time(23, 59, 59),
    "took": datetime.timedelta(days=3, hours=4, seconds=5),
    "raw": bytes(range(256)),
    "colour": Colour.BLUE,
    "free": {"$json": [None, 1.5, {"a": "é"}]},
    "place": Place(street="Mill Lane", number=5),
    "hidden": "secret",
    "other": uuid.UUID(int=7),
}
LEAST: dict[str, Any] = {
    **FULL,
    **dict.fromkeys(("local", "took", "hidden", "other")),
    "text": "",
    "raw": b"",
    "flag": False,
}


async def fill(database: Database) -> None:
    """Store rows whose references go round in circles, and values of every kind."""
    async with database.transaction() as unit:
        ann = await Person.create(name="Ann")
        bob = await Person.create(name="Bob", boss_id=ann.id)
        await ann.update(boss_id=bob.id)  # each is the other's boss
        await Person.create(id=50, name="Zed", boss_id=50)  # and one his own
        team = await Team.create(name="Blue", leader_id=bob.id)
        await ann.update(team_id=team.id)
        await unit.execute(insert(membership).values(person_id=ann.id, team_id=team.id))
        await Booking.create(person_id=ann.id, place=2, price=21)
        await Every.create(**FULL)
        await unit.execute(insert(Every).values({**LEAST, "free": null(), "place": null()}))
        await unit.execute(insert(Every).values({**LEAST, "free": JSON.NULL, "place": null()}))


async def everything(database: Database) -> dict[str, list[Any]]:
    """Give all rows of all tables, as models read them, and which JSON is NULL."""
    found: dict[str, list[Any]] = {}
    async with database.engine.connect() as connection:
        for table in Ledger.metadata.tables.values():
            extra = [Every.free.is_(null())] if table.name == "ledger_every" else []
            rows = await connection.execute(
                select(*table.columns, *extra).order_by(*table.primary_key)
            )
            found[table.name] = [tuple(row) for row in rows]
    return found


async def test_rows_are_the_same_in_every_other_database(
    ledger: Database, others: list[Database]
) -> None:
    await fill(ledger)
    before = await everything(ledger)
    lines = await dumped(ledger)

    for other in others:
        count = await loaded(other, lines)

        assert count == 9
        assert await everything(other) == before
        # PostgreSQL keeps the names in an object of JSON in an order of its own.
        assert [json.loads(line) for line in await dumped(other)] == list(map(json.loads, lines))
    assert [len(rows) for rows in before.values()] == [3, 1, 1, 1, 3]


async def test_what_is_stored_is_dumped_and_not_what_a_type_makes_of_it(ledger: Database) -> None:
    async with ledger.transaction():
        await Every.create(**FULL)

    (line,) = [line for line in await dumped(ledger, "Every") if '"row"' in line]

    row = json.loads(line)["row"]
    assert row["hidden"] == "terces"
    assert row["other"] == str(uuid.UUID(int=7))
    assert row["moment"] == "2026-03-29T01:30:00.123456Z"
    assert row["price"] == "12345678.90"
    assert row["colour"] == "blue"


async def test_keys_are_counted_on_behind_the_largest(ledger: Database) -> None:
    await loaded(ledger, ['{"table": "Person", "row": {"id": 70, "name": "Ann"}}\n'])

    async with ledger.transaction():
        made = await Person.create(name="Bob")

    assert made.id == 71


async def test_a_key_of_zero_stays_zero(ledger: Database) -> None:
    await loaded(ledger, ['{"table": "Person", "row": {"id": 0, "name": "Ann"}}\n'])

    async with ledger.transaction():
        assert [person.id for person in await Person.all()] == [0]


async def test_models_are_chosen_by_name_and_bring_what_is_between(ledger: Database) -> None:
    await fill(ledger)

    some = await dumped(ledger, "Person", "Team")
    one = await dumped(ledger, "ledger_a_booking")

    assert json.loads(some[0])["tables"] == ["ledger_person", "ledger_a_team", "ledger_membership"]
    assert json.loads(one[1]) == {
        "table": "ledger_a_booking",
        "row": {"person_id": 1, "place": 2, "price": 21},
    }
    assert json.loads(one[2]) == {"rows": 1}


async def test_an_unknown_model_is_told_with_the_nearest(ledger: Database) -> None:
    with pytest.raises(SetupError, match=r"'Persn'") as caught:
        await dumped(ledger, "Persn")

    assert caught.value.code == "db.dump-model"
    assert "Person" in str(caught.value)


async def test_a_row_that_is_not_of_its_columns_type_is_told() -> None:
    database = Database("sqlite://", models=Ledger)
    await database.create_tables(Ledger)
    async with database.engine.begin() as connection:
        await connection.execute(
            text(
                "INSERT INTO ledger_every (id, text, number, real, price, exact, flag, day, moment,"
                " at, raw, colour) VALUES (hex(randomblob(16)), 'a', 1, 1, 1, 1, 1, '2026-01-01',"
                " 'someday', '10:00:00', x'', 'red')"
            )
        )

    with pytest.raises(SetupError, match="ledger_every holds what its column cannot") as caught:
        await dumped(database)
    await database.close()

    assert caught.value.code == "db.dump-row"


ANN = '{"table": "Person", "row": {"id": 1, "name": "Ann"}}'


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([ANN, "{"], "line 2: this is no JSON"),
        ([ANN, "[]"], 'line 2: expected {"table": …, "row": {…}}'),
        ([ANN, '{"table": "Person"}'], "line 2: expected"),
        ([ANN, '{"table": "Persn", "row": {}}'], "no model or table 'Persn'; expected one of: P"),
        (
            [ANN, '{"table": "Person", "row": {"nam": "Bob"}}'],
            "line 2: Person has no column 'nam'; expected one of: name",
        ),
        (
            [ANN, '{"table": "Person", "row": {"id": 2}}'],
            "line 2: Person.name is missing; expected a text",
        ),
        (
            [ANN, '{"table": "Person", "row": {"id": "2", "name": "Bob"}}'],
            "line 2: Person.id is '2'; expected a whole number",
        ),
        ([ANN, ANN], "line 2: the database refuses this Person: "),
        (
            [ANN, '{"table": "Booking", "row": {"person_id": 9, "place": 1, "price": 2}}'],
            "Booking",
        ),
        (['{"dump": 2}'], "line 1: a dump of form 2; this version of Trivet reads 1"),
        (['{"dump": 1, "tables": []}', ANN], "the end: the dump was cut off"),
        (['{"dump": 1, "tables": []}', '{"rows": 1}'], "0 rows were read, and the dump had 1"),
        (['{"dump": 1, "tables": []}', '{"rows": 0}', ANN], "line 3: the dump ended before"),
        ([ANN, '{"table": "Person", "key": {"name": "Ann"}, "set": {}}'], "is not the key of"),
        (
            [ANN, '{"table": "Person", "row": {"id": 99999999999999999999, "name": "Bob"}}'],
            "line 2: the database refuses this Person: ",
        ),
    ],
)
async def test_a_wrong_line_is_named_and_nothing_is_loaded(
    ledger: Database, lines: list[str], message: str
) -> None:
    with pytest.raises(LoadFailed) as caught:
        await loaded(ledger, [f"{line}\n" for line in lines])

    assert message in str(caught.value)
    async with ledger.transaction():
        assert await Person.all().count() == 0


async def test_the_line_is_named_also_in_the_middle_of_many(ledger: Database) -> None:
    names = [f"P{number}" for number in range(3000)]
    names[1499] = "P7"
    lines = [f'{{"table": "Person", "row": {{"name": "{name}"}}}}\n' for name in names]

    with pytest.raises(LoadFailed, match="line 1500: the database refuses this Person"):
        await loaded(ledger, lines)


async def test_rows_that_a_row_refers_to_may_come_later_on_sqlite() -> None:
    database = Database("sqlite://", models=Ledger)
    await database.create_tables(Ledger)
    booking = '{"table": "Booking", "row": {"person_id": 1, "place": 2, "price": 3}}'

    assert await loaded(database, [booking, ANN]) == 2

    with pytest.raises(LoadFailed, match=r"at the end: .*Booking, row 2, which refers to a ledger"):
        await loaded(database, [booking.replace("1", "8")])
    await database.close()


async def test_memory_does_not_grow_with_the_rows(ledger: Database) -> None:
    many, size = 12_000, 500
    row = f'"name": "{{}}{"x" * 30}"'
    lines = (f'{{"table": "Person", "row": {{{row.format(n)}}}}}\n' for n in range(many))
    await loaded(ledger, [f'{{"table": "Person", "row": {{{row.format("first")}}}}}\n'])
    written = 0

    def count(line: str) -> None:
        nonlocal written
        written += len(line)

    tracemalloc.start()
    try:
        await loaded(ledger, lines)
        async with ledger.engine.connect() as connection:
            await dump(connection, Tables(Ledger.metadata), (), count, silent)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert written > many * 60
    assert peak < many * size
