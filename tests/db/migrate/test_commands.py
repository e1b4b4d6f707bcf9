"""Migrations as a user types them, on each kind of database."""

from __future__ import annotations

import os
import pty
import subprocess
import sys

import pytest

from tests.cli.typed import SCRIPT, environment
from tests.db.migrate.conftest import ALBUM, ARTIST, HEAD, Make, Shop

EVERY_TYPE = """
import datetime, decimal, enum, uuid
from typing import Any
from pydantic import BaseModel
from trivet.db import Created, Email, FileRef, Money, UuidModel
from trivet.db import check, created, foreign_key, generated, index, unique

class Grade(enum.IntEnum):
    LOW = 1
    HIGH = 2

class Size(BaseModel):
    width: int

class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"

class Thing(UuidModel):
    text: Mapped[str]
    short: Mapped[str | None] = field(max_length=20, server_default="x")
    colour: Mapped[Colour]
    data: Mapped[dict[str, Any]]
    price: Mapped[Money]
    made: Mapped[Created]
    email: Mapped[Email | None]
    day: Mapped[datetime.date | None]
    at: Mapped[datetime.time | None]
    took: Mapped[datetime.timedelta | None]
    token: Mapped[uuid.UUID | None]
    blob: Mapped[bytes | None]
    weight: Mapped[float | None]
    amount: Mapped[decimal.Decimal | None]
    is_new: Mapped[bool] = field(default=False)

class Part(Model):
    thing_id: Mapped[uuid.UUID] = foreign_key(Thing, on_delete="CASCADE")
    size: Mapped[Size]
    sizes: Mapped[list[Size] | None]
    scan: Mapped[FileRef | None]
    grade: Mapped[Grade | None]
    row: Mapped[int] = field(server_default="1")
    place: Mapped[str] = field(max_length=10)
    twice: Mapped[int] = generated("row * 2")
    made: Mapped[Created] = created()

    __table_args__ = (
        unique("row", "place"),
        check("row > 0", name="row_positive"),
        index("place", where=row > 5),
        index(place.desc(), name="ix_part_backwards"),
    )

class Special(Thing):
    __tablename__ = "special"
    id: Mapped[uuid.UUID] = foreign_key(Thing, primary_key=True)
    more: Mapped[int]
"""

IN_A_SCHEMA = """
class Stored(Model):
    name: Mapped[str] = field(max_length=20)
    __table_args__ = {"schema": "store"}
"""


def test_models_become_tables_forwards_and_back(shop: Shop) -> None:
    shop.models(ARTIST, ALBUM)

    written = shop.fine("makemigrations")
    planned = shop.fine("migrate", "--plan")
    waiting = shop.typed("migrate", "--check")
    applied = shop.fine("migrate")
    state = shop.fine("migrations")
    shop.sql("INSERT INTO artist (name) VALUES ('Ann')")
    undone = shop.fine("migrate", "zero")

    assert written.startswith("Wrote migrations/0001_initial.py\n  make table artist\n")
    assert planned == "  apply 0001_initial\n"
    assert (waiting.code, "0001_initial" in waiting.out) == (1, True)
    assert "  applied 0001_initial (" in applied
    assert state == "[x] 0001_initial  Make table artist, and 2 more.\n"
    assert "  undone 0001_initial (" in undone
    assert shop.fine("migrate", "--plan") == planned
    assert "applied 0001_initial" in shop.fine("migrate")
    assert shop.fine("migrate") == "Nothing to do.\n"


def test_nothing_differs_after_every_type_was_migrated(shop: Shop) -> None:
    shop.models(EVERY_TYPE)
    shop.fine("makemigrations")
    shop.fine("migrate")

    again = shop.fine("makemigrations")
    shop.fine("migrate", "zero")
    shop.fine("migrate")

    assert again == "No changes: the database is as the models are.\n"
    assert shop.fine("migrate", "--check").startswith("Models, migrations and the database are")
    assert shop.files() == ["0001_initial.py"]


def test_a_schema_is_made_with_its_tables(make_shop: Make) -> None:
    shop = make_shop("postgresql")
    shop.models(IN_A_SCHEMA)

    shop.fine("makemigrations")
    shop.fine("migrate")
    shop.sql("INSERT INTO store.stored (name) VALUES ('a')")

    assert shop.fine("makemigrations") == "No changes: the database is as the models are.\n"
    shop.fine("migrate", "zero")
    shop.fine("migrate")
    assert shop.sql("SELECT count(*) FROM store.stored") == [(0,)]


def test_rows_and_their_children_outlive_a_change_of_their_table(shop: Shop) -> None:
    shop.models(ARTIST, ALBUM)
    shop.fine("makemigrations")
    shop.fine("migrate")
    shop.sql("INSERT INTO artist (id, name) VALUES (7, 'Ann')")
    shop.sql("INSERT INTO album (id, title, artist_id) VALUES (1, 'One', 7)")

    shop.models(ARTIST.replace("=100", "=150") + "    town: Mapped[str | None]\n", ALBUM)
    shop.fine("makemigrations")
    shop.fine("migrate")
    there = shop.sql("SELECT name, town FROM artist")
    shop.fine("migrate", "1")

    assert there == [("Ann", None)]
    assert shop.sql("SELECT name FROM artist") == [("Ann",)]
    assert shop.sql("SELECT title, artist_id FROM album") == [("One", 7)]


def on_a_terminal(shop: Shop, answers: str) -> str:
    """Type `trivet makemigrations` where somebody answers, and give what was written."""
    ours, theirs = pty.openpty()
    os.write(ours, answers.encode())
    try:
        done = subprocess.run(
            [SCRIPT, "makemigrations"],
            cwd=shop.folder,
            stdin=theirs,
            capture_output=True,
            text=True,
            env=environment({"DATABASE": shop.url}),
            check=True,
        )
    finally:
        os.close(ours)
        os.close(theirs)
    return done.stdout


@pytest.mark.parametrize("answer", ["y", "n"])
def test_a_terminal_is_asked_about_renames(small: Shop, answer: str) -> None:
    small.models(ARTIST)
    small.fine("makemigrations")
    small.fine("migrate")
    small.sql("INSERT INTO artist (name) VALUES ('Ann')")
    small.models(ARTIST.replace("name:", "alias:"))

    asked = on_a_terminal(small, f"{answer}\n")

    assert "Was the column artist.name renamed to alias? [y/N]" in asked
    assert ("rename column artist.name to alias" in asked) is (answer == "y")
    assert ("drop column artist.name" in asked) is (answer == "n")
    if answer == "y":
        small.fine("migrate")
        assert small.sql("SELECT alias FROM artist") == [("Ann",)]
        small.fine("migrate", "--check")


def test_nobody_is_asked_without_a_terminal(small: Shop) -> None:
    small.models(ARTIST)
    small.fine("makemigrations")
    small.fine("migrate")
    small.models(ARTIST.replace("name:", "alias:"))

    written = small.fine("makemigrations", "other name")

    assert "drop column artist.name" in written
    assert "[migrations.drops-column]" in written
    assert small.files() == ["0001_initial.py", "0002_other_name.py"]


def test_a_data_migration_is_plain_operations(shop: Shop) -> None:
    shop.models(ARTIST)
    shop.fine("makemigrations")
    written = shop.fine("makemigrations", "first artists", "--empty")
    path = shop.folder / "migrations" / "0002_first_artists.py"
    path.write_text(
        path.read_text().replace(
            "    pass", "    op.execute(\"INSERT INTO artist (name) VALUES ('Ann')\")", 1
        )
    )

    shop.fine("migrate")

    assert written == "Wrote migrations/0002_first_artists.py\n"
    assert shop.sql("SELECT name FROM artist") == [("Ann",)]


def test_an_index_that_holds_nobody_up_is_made_everywhere(shop: Shop) -> None:
    shop.models(ARTIST)
    shop.fine("makemigrations")
    shop.write(
        "0002_index",
        "0001_initial",
        "with op.get_context().autocommit_block():\n"
        "        op.create_index('by_name', 'artist', ['name'], postgresql_concurrently=True)",
    )

    shop.fine("migrate")

    assert shop.fine("migrations").splitlines()[1].startswith("[x] 0002_index")


def test_a_renamed_table_keeps_its_rows(shop: Shop) -> None:
    shop.models(ARTIST)
    shop.fine("makemigrations")
    shop.fine("migrate")
    shop.sql("INSERT INTO artist (name) VALUES ('Ann')")
    shop.models(ARTIST.replace("Artist", "Singer"))

    asked = on_a_terminal(shop, "y\n")
    shop.fine("migrate")
    there = shop.sql("SELECT name FROM singer")
    shop.fine("migrate", "--check")
    shop.fine("migrate", "1")

    assert "Was the table artist renamed to singer? [y/N]" in asked
    assert there == shop.sql("SELECT name FROM artist") == [("Ann",)]


def test_a_failing_migration_says_which_and_what_is_left(shop: Shop) -> None:
    shop.models(ARTIST)
    shop.fine("makemigrations")
    shop.write(
        "0002_bad",
        "0001_initial",
        "op.add_column('artist', sa.Column('a', sa.Integer))\n    op.execute('SELECT nothing')",
    )

    done = shop.typed("migrate")

    assert done.code == 1
    assert done.err.startswith("0002_bad failed: ")
    assert "migrations/0002_bad.py:10\n" in done.err
    assert "These before it stay: 0001_initial." in done.err
    assert "type `trivet migrate` again" in done.err
    assert shop.fine("migrations").splitlines()[1].startswith("[ ] 0002_bad")
    assert shop.sql("SELECT name FROM artist") == []
    if shop.kind == "mariadb":
        assert "committed and stay" in done.err
        assert "\n  ALTER TABLE artist ADD COLUMN a INTEGER\nThese before it" in done.err
    else:
        assert "All of it was rolled back" in done.err
        with pytest.raises(Exception, match=r"\ba\b"):
            shop.sql("SELECT a FROM artist")


def test_what_postgresql_committed_on_the_way_is_told(make_shop: Make) -> None:
    shop = make_shop("postgresql")
    shop.models(ARTIST)
    shop.fine("makemigrations")
    shop.write(
        "0002_index",
        "0001_initial",
        "op.add_column('artist', sa.Column('a', sa.Integer))\n"
        "    with op.get_context().autocommit_block():\n"
        "        op.create_index('by_name', 'artist', ['name'], postgresql_concurrently=True)\n"
        "    op.add_column('artist', sa.Column('b', sa.Integer))\n"
        "    op.execute('SELECT nothing')",
    )

    done = shop.typed("migrate")

    assert "\n  ALTER TABLE artist ADD COLUMN a INTEGER\n" in done.err
    assert "\n  CREATE INDEX CONCURRENTLY by_name ON artist (name)\n" in done.err
    assert "COLUMN b" not in done.err
    assert shop.sql("SELECT a FROM artist") == []


def test_nothing_is_left_where_nothing_was_committed(make_shop: Make) -> None:
    shop = make_shop("mariadb")
    shop.models(ARTIST)
    shop.fine("makemigrations")
    insert = "op.execute(\"INSERT INTO artist (name) VALUES ('Ann')\")"
    shop.write("0002_bad", "0001_initial", f"{insert}\n    op.execute('SELECT nothing')")

    done = shop.typed("migrate")

    assert "All of it was rolled back" in done.err
    assert shop.sql("SELECT name FROM artist") == []


CIRCLE = """

class Person(Model):
    name: Mapped[str] = field(max_length=50)
    boss_id: Mapped[int | None] = field(ForeignKey("person.id"))
    team_id: Mapped[int | None] = field(ForeignKey("team.id"))

class Team(Model):
    name: Mapped[str] = field(max_length=50)
    leader_id: Mapped[int] = field(ForeignKey(Person.id))
"""


def test_tables_that_refer_to_one_another_come_and_go(shop: Shop) -> None:
    shop.models(CIRCLE)
    shop.fine("makemigrations")
    shop.fine("migrate")
    shop.fine("migrate", "--check")
    shop.sql("INSERT INTO person (id, name) VALUES (1, 'Ann')")
    with pytest.raises(Exception, match=r"(?i)foreign key"):
        shop.sql("UPDATE person SET team_id = 7")

    shop.models()
    dropped = shop.fine("makemigrations")
    shop.fine("migrate")
    shop.fine("migrate", "1")

    assert "drop constraint fk_" in dropped
    shop.models(CIRCLE)
    assert shop.typed("migrate", "1").out == "Nothing to do.\n"
    assert shop.sql("SELECT team_id FROM person") == []
    shop.fine("migrate", "zero")


COLOURED = """
import enum
from sqlalchemy import CheckConstraint, Enum

class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"

class Thing(Model):
    colour: Mapped[Colour] = field(Enum(Colour), server_default="RED")
    size: Mapped[int] = field(default=1)
"""


def test_other_names_of_an_enumeration_are_found(shop: Shop) -> None:
    shop.models(COLOURED)
    shop.fine("makemigrations")
    shop.fine("migrate")
    shop.sql("INSERT INTO thing (size) VALUES (1)")

    shop.models(COLOURED.replace('BLUE = "blue"', 'GREEN = "green"\n    BLUE = "blue"'))
    shop.fine("makemigrations")
    shop.fine("migrate")
    shop.sql("INSERT INTO thing (size, colour) VALUES (2, 'GREEN')")
    shop.fine("migrate", "--check")
    refused = shop.typed("migrate", "1")
    shop.sql("DELETE FROM thing WHERE size = 2")
    shop.fine("migrate", "1")

    assert (refused.code == 0) is (shop.kind == "sqlite")  # where it is a text
    assert shop.sql("SELECT colour FROM thing") == [("RED",)]


def test_a_check_is_found_and_outlives_other_changes(shop: Shop) -> None:
    shop.models(COLOURED)
    shop.fine("makemigrations")
    shop.fine("migrate")

    check = '    __table_args__ = (CheckConstraint("size > 0", name="size"),)\n'
    shop.models(COLOURED + check)
    added = shop.fine("makemigrations")
    shop.fine("migrate")
    shop.models(COLOURED.replace("[int]", "[int | None]") + check)
    shop.fine("makemigrations")
    shop.fine("migrate")
    shop.fine("migrate", "--check")
    with pytest.raises(Exception, match="ck_thing_size"):
        shop.sql("INSERT INTO thing (size) VALUES (0)")
    shop.models(COLOURED.replace("[int]", "[int | None]"))
    dropped = shop.fine("makemigrations")
    shop.fine("migrate")
    shop.fine("migrate", "--check")

    assert "make constraint ck_thing_size of thing" in added
    assert "drop constraint ck_thing_size of thing" in dropped


def test_two_at_once_migrate_once(shop: Shop) -> None:
    shop.models(ARTIST)
    wait = "__import__('time').sleep(3)"
    shop.write("0001_slow", None, f"op.create_table('a', sa.Column('b', sa.Integer)); {wait}")

    both = [
        subprocess.Popen(
            [SCRIPT, "migrate"],
            cwd=shop.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment({"DATABASE": shop.url}),
        )
        for _ in range(2)
    ]
    ends = [(*one.communicate(timeout=50), one.returncode) for one in both]

    assert [code for _, _, code in ends] == [0, 0], ends
    told = sorted("applied 0001_slow" in out for out, _, _ in ends)
    assert told == [False, True]
    assert any("Another migration is running" in out for out, _, _ in ends)


def test_sql_is_written_and_nothing_is_done(shop: Shop) -> None:
    shop.models(ARTIST)
    shop.fine("makemigrations")

    written = shop.fine("migrate", "--sql")

    assert "CREATE TABLE artist" in written
    assert "INSERT INTO alembic_version" in written
    assert shop.fine("migrations").startswith("[ ] 0001_initial")


def test_branches_are_merged(small: Shop) -> None:
    small.models()
    small.write("0001_first", None, "pass")
    small.write("0002_left", "0001_first", "pass")
    small.write("0002_right", "0001_first", "pass")

    refused = small.typed("makemigrations")
    small.fine("makemigrations", "--merge")
    small.fine("migrate")

    assert "trivet makemigrations --merge" in refused.err
    assert small.files()[-1] == "0003_merge.py"
    assert small.fine("migrations").count("[x]") == 4


def test_check_fails_where_models_differ(small: Shop) -> None:
    small.models(ARTIST)
    small.fine("makemigrations")
    small.fine("migrate")
    small.models(ARTIST, ALBUM)

    done = small.typed("migrate", "--check")

    assert done.code == 1
    assert "make table album" in done.out


@pytest.mark.parametrize(
    ("words", "code", "mend"),
    [
        (["migrate", "0009"], "db.migration-target", "zero, or one of: 0001_initial"),
        (["makemigrations"], "db.migrations-waiting", "trivet migrate"),
    ],
)
def test_what_cannot_be_says_why(small: Shop, words: list[str], code: str, mend: str) -> None:
    small.models(ARTIST)
    small.fine("makemigrations")

    done = small.typed(*words)

    assert done.code == 3
    assert f"[{code}]" in done.err
    assert mend in done.err


def test_a_broken_migration_is_told_with_its_line(small: Shop) -> None:
    small.models(ARTIST)
    small.write("0001_broken", None, "pass")
    path = small.folder / "migrations" / "0001_broken.py"
    path.write_text(f"import nowhere\n{path.read_text()}")

    done = small.typed("migrate")

    assert "[db.migration-broken]" in done.err
    assert "0001_broken.py:1" in done.err


def test_a_migration_that_lost_its_predecessor_is_told(small: Shop) -> None:
    small.models(ARTIST)
    small.write("0002_alone", "0001_gone", "pass")

    assert "[db.migration-files]" in small.typed("migrate").err


def test_a_database_of_another_branch_is_told(small: Shop) -> None:
    small.models(ARTIST)
    small.fine("makemigrations")
    small.fine("migrate")
    small.sql("UPDATE alembic_version SET version_num = '0007_theirs'")

    assert "[db.migration-unknown]" in small.typed("migrate").err


def test_a_rebuild_has_no_sql_alone(small: Shop) -> None:
    small.models(ARTIST)
    small.fine("makemigrations")
    small.fine("migrate")
    small.models(ARTIST.replace("=100", "=150"))
    small.fine("makemigrations")

    assert "[db.migration-sql]" in small.typed("migrate", "--sql").err


def test_no_server_is_told(make_shop: Make) -> None:
    shop = make_shop("sqlite")
    shop.models(ARTIST)
    shop.url = "postgresql://nobody:secret@127.0.0.1:1/none"

    done = shop.typed("migrate")

    assert "[db.no-connection]" in done.err
    assert "secret" not in done.err


def test_check_tells_what_is_risky_about_the_newest(small: Shop) -> None:
    small.models(ARTIST)
    small.write("0001_old", None, "op.drop_table('old')")
    small.write("0002_new", "0001_old", "op.drop_table('new')")

    done = small.typed("check")

    assert "[migrations.drops-table]" in done.out
    assert "0002_new.py:9" in done.out
    assert "0001_old" not in done.out


def test_a_service_does_not_load_alembic(small: Shop) -> None:
    small.models(ARTIST)
    code = "import main, sys; sys.exit('alembic' in sys.modules)"

    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=small.folder,
        env={**os.environ, "DATABASE": small.url},
        check=False,
    )

    assert "Database(" in HEAD
    assert done.returncode == 0
