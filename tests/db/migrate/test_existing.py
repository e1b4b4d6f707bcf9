"""Models are written for tables that are there, and nothing differs from them then."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.db.migrate.conftest import HEAD, Make, Shop

TABLES = [
    "CREATE TABLE person (id INTEGER PRIMARY KEY, full_name VARCHAR(80) NOT NULL, boss_id INTEGER,"
    " UNIQUE (full_name), FOREIGN KEY (boss_id) REFERENCES person (id) ON DELETE SET NULL)",
    "CREATE TABLE line (order_no INTEGER NOT NULL, place INTEGER NOT NULL, price NUMERIC(10, 2),"
    " PRIMARY KEY (order_no, place))",
    "CREATE TABLE note (id INTEGER PRIMARY KEY, order_no INTEGER NOT NULL, place INTEGER NOT NULL,"
    " body TEXT, made DATE, person_id INTEGER NOT NULL REFERENCES person (id),"
    " FOREIGN KEY (order_no, place) REFERENCES line (order_no, place))",
    "CREATE INDEX by_person ON note (person_id, made)",
]
CHINOOK = Path(__file__).parents[4] / "shared" / "data" / "chinook.sqlite"


def written(shop: Shop) -> str:
    """Write the models beside the application, and give their text."""
    shop.models()
    text = shop.fine("inspectdb", shop.url)
    (shop.folder / "models.py").write_text(text)
    (shop.folder / "main.py").write_text(f"{HEAD}\nimport models\n")
    return text


def used(shop: Shop, code: str) -> str:
    """Run code with the application, in a process of its own."""
    lines = ["import asyncio", "from main import db", "from models import *", "async def go():"]
    lines += ["    async with db.transaction():"]
    lines += [f"        {line}" for line in code.splitlines()]
    lines += ["    await db.close()", "asyncio.run(go())"]
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(lines)],
        cwd=shop.folder,
        env={**os.environ, "DATABASE": shop.url},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_tables_become_models(make_shop: Make) -> None:
    shop = make_shop("sqlite")
    for statement in TABLES:
        shop.sql(statement)

    text = written(shop)

    assert "class Person(Model):" in text
    assert "full_name: Mapped[str] = field(max_length=80, unique=True)" in text
    assert 'field(ForeignKey("person.id", ondelete="SET NULL"))' in text
    assert "boss: Mapped[Person | None] = relationship(" in text
    assert "class Line(BareModel):" in text
    assert 'ForeignKeyConstraint(["order_no", "place"], ["line.order_no", "line.place"])' in text
    assert 'Index("by_person", "person_id", "made")' in text


@pytest.mark.parametrize("kind", ["sqlite", "postgresql", "mariadb"])
def test_written_models_work_and_differ_in_nothing(make_shop: Make, kind: str) -> None:
    shop = make_shop(kind)
    for statement in TABLES:
        shop.sql(statement)
    shop.sql("INSERT INTO person (id, full_name) VALUES (1, 'Ann')")
    shop.sql("INSERT INTO person (id, full_name, boss_id) VALUES (2, 'Bob', 1)")
    written(shop)

    out = used(
        shop,
        "bob, = await Person.where(full_name='Bob').with_(Person.boss)\nprint(bob.boss.full_name)\n"
        "await Line.create(order_no=1, place=2, price=3)\n"
        "print((await Line.get((1, 2))).price)",
    )

    assert out.split() == ["Ann", "3.00"]
    assert shop.fine("makemigrations") == "No changes: the database is as the models are.\n"


@pytest.mark.skipif(
    os.environ.get("CI") == "true" or not CHINOOK.exists(), reason="a database beside the project"
)
def test_a_real_database_is_read_by_its_models(make_shop: Make) -> None:
    shop = make_shop("sqlite")
    shutil.copy(CHINOOK, shop.folder / "shop.db")

    written(shop)
    out = used(
        shop,
        "print(await PlaylistTrack.all().count(), await Track.all().count())\n"
        "rows = await Employee.where(reports_to=None).order_by('employee_id')\n"
        "print(rows[0].last_name)",
    )

    assert out.split() == ["8715", "3503", "Adams"]
    assert shop.fine("makemigrations") == "No changes: the database is as the models are.\n"
