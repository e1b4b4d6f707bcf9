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
        "print(f'{(await Line.get((1, 2))).price:.2f}')",
    )

    assert out.split() == ["Ann", "3.00"]
    assert shop.fine("makemigrations") == "No changes: the database is as the models are.\n"


ROWS = {
    "Album": 347,
    "Artist": 275,
    "Customer": 59,
    "Employee": 8,
    "Genre": 25,
    "Invoice": 412,
    "InvoiceLine": 2240,
    "MediaType": 5,
    "Playlist": 18,
    "PlaylistTrack": 8715,
    "Track": 3503,
}
SERVED = """
from models import Album, Employee, PlaylistTrack

@app.get("/albums/{id}")
async def album(id: int) -> Album:
    return await Album.get(id)

@app.get("/playlists/{playlist_id}/{track_id}")
async def entry(playlist_id: int, track_id: int) -> PlaylistTrack:
    return await PlaylistTrack.get((playlist_id, track_id))
"""


@pytest.mark.skipif(not CHINOOK.exists(), reason="a database beside the project")
def test_a_real_database_is_read_and_served_by_its_models(make_shop: Make) -> None:
    shop = make_shop("sqlite")
    shutil.copy(CHINOOK, shop.folder / "shop.db")

    written(shop)
    with (shop.folder / "main.py").open("a") as file:
        file.write(SERVED)
    out = used(
        shop,
        f"for model, count in {ROWS!r}.items():\n"
        "    rows = await globals()[model].where()\n"
        "    assert len(rows) == await globals()[model].all().count() == count, model\n"
        "rows = await Employee.where(reports_to=None)\n"
        "print(rows[0].last_name)\n"
        "found = Employee.where(last_name='Peacock')\n"
        "one = await found.with_(Employee.reports_to_employee).one()\n"
        "print(one.reports_to_employee.last_name)\n"
        "line = await InvoiceLine.where(invoice_line_id=1)"
        ".with_(InvoiceLine.track, InvoiceLine.invoice).one()\n"
        "print(line.track.track_id, line.invoice.total)\n"
        "both = await PlaylistTrack.where(playlist__name='Grunge')"
        ".with_(PlaylistTrack.track, PlaylistTrack.playlist)\n"
        "print(len(both), both[0].playlist.name)\n"
        "print((await PlaylistTrack.get((1, 3402))).track_id)",
    )

    assert out.split() == ["Adams", "Edwards", "2", "1.98", "15", "Grunge", "3402"]
    assert shop.fine("makemigrations") == "No changes: the database is as the models are.\n"
    code = (
        "from trivet.testing import TestClient; from main import app; c = TestClient(app);"
        "print(c.get('/albums/1').json()['title']);"
        "print(c.get('/playlists/1/3402').json(), c.get('/playlists/1/999999').status_code)"
    )
    served = subprocess.run(
        [sys.executable, "-c", code],
        cwd=shop.folder,
        env={**os.environ, "DATABASE": shop.url},
        capture_output=True,
        text=True,
        check=True,
    )
    assert served.stdout.splitlines() == [
        "For Those About To Rock We Salute You",
        "{'playlist_id': 1, 'track_id': 3402} 404",
    ]


@pytest.mark.skipif(not CHINOOK.exists(), reason="a database beside the project")
def test_models_of_a_real_database_are_typed(make_shop: Make) -> None:
    shop = make_shop("sqlite")
    shutil.copy(CHINOOK, shop.folder / "shop.db")
    written(shop)

    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--no-incremental", "models.py"],
        cwd=shop.folder,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout
