"""The commands of data as a user types them."""

from __future__ import annotations

import json
import os
import pty
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from tests.cli.typed import SCRIPT, environment
from tests.db.migrate.conftest import ALBUM, ARTIST, Make, Shop

SEED = """

@db.seed
async def fill() -> None:
    ann = await Artist.create(name="Ann")
    await Album.create(title="One", artist=ann)
"""
FAILING = """

@db.seed
async def more() -> None:
    await Artist.create(name="Bob")
    raise ValueError("no more")
"""


def made(shop: Shop, *parts: str) -> Shop:
    """Make the tables of the application's models."""
    shop.models(ARTIST, ALBUM, *parts)
    shop.fine("makemigrations")
    shop.fine("migrate")
    return shop


def test_a_dump_is_written_and_loaded(shop: Shop) -> None:
    made(shop, SEED)
    shop.fine("seed")

    shown = shop.fine("dumpdata", "Artist")
    wrote = shop.fine("dumpdata", "--output", "all.jsonl")
    shop.fine("migrate", "zero")
    shop.fine("migrate")
    read = shop.fine("loaddata", "all.jsonl")
    again = shop.typed("loaddata", "all.jsonl")

    assert '{"table":"artist","row":{"id":1,"name":"Ann"}}\n' in shown
    assert wrote == "Wrote all.jsonl: 2 rows.\n"
    assert read == "Loaded 2 rows.\n"
    assert shop.sql("SELECT title, artist_id FROM album") == [("One", 1)]
    assert again.code == 1
    assert again.err.startswith("all.jsonl: line 2: the database refuses this Artist: ")
    assert again.err.endswith("Nothing was loaded.\n")


def test_a_dump_goes_from_one_command_into_another(small: Shop) -> None:
    made(small, SEED)
    small.fine("seed")
    lines = small.fine("dumpdata")
    small.sql("DELETE FROM album")
    small.sql("DELETE FROM artist")

    done = small.typed("loaddata", "-", text=lines)

    assert done.out == "Loaded 2 rows.\n"


def test_a_dump_that_fails_leaves_the_file_that_was_there(small: Shop) -> None:
    made(small)
    (small.folder / "all.jsonl").write_text("before")

    done = small.typed("dumpdata", "Nobody", "--output", "all.jsonl")

    assert "[db.dump-model]" in done.err
    assert (small.folder / "all.jsonl").read_text() == "before"
    assert [path.name for path in small.folder.glob("*.partial")] == []


def test_a_file_that_is_not_there_is_told(small: Shop) -> None:
    made(small)

    done = small.typed("loaddata", "none.jsonl")

    assert "[db.dump-file]" in done.err
    assert "none.jsonl cannot be read" in done.err


def test_a_terminal_is_told_how_far_it_is(small: Shop) -> None:
    made(small, SEED)
    small.fine("seed")
    ours, theirs = pty.openpty()

    done = subprocess.run(
        [SCRIPT, "dumpdata"],
        cwd=small.folder,
        stdout=subprocess.PIPE,
        stderr=theirs,
        env=environment({"DATABASE": small.url}),
        check=True,
    )
    os.close(theirs)
    shown = os.read(ours, 10_000).decode()
    os.close(ours)

    assert "  artist: 1" in shown
    assert len(done.stdout.splitlines()) == 4


# -- seeds ---------------------------------------------------------------------------------------


def test_a_seed_fills_an_empty_database_alone(shop: Shop) -> None:
    made(shop, SEED.replace('"Ann"', "str(await Artist.all().count())"))

    first = shop.fine("seed")
    refused = shop.typed("seed")
    shop.fine("seed", "--again")

    assert first == "Done: the database is filled.\n"
    assert refused.code == 3
    assert "[db.seed-rows]" in refused.err
    assert "in album, artist" in refused.err
    assert shop.sql("SELECT name FROM artist ORDER BY id") == [("0",), ("1",)]


def test_a_seed_that_fails_leaves_nothing(small: Shop) -> None:
    made(small, SEED, FAILING)

    done = small.typed("seed")

    assert "no more" in done.err
    assert done.code != 0
    assert small.sql("SELECT name FROM artist") == []


@pytest.mark.parametrize(
    ("part", "code"),
    [
        ("", "db.seed-missing"),
        (SEED, "db.seed-tables"),
        (SEED.replace("async ", "").replace("await ", ""), "db.seed-function"),
    ],
)
def test_a_seed_that_cannot_be_says_why(small: Shop, part: str, code: str) -> None:
    small.models(ARTIST, ALBUM, part)

    assert f"[{code}]" in small.typed("seed").err


def test_one_connection_is_enough_for_a_seed(small: Shop) -> None:
    made(small, SEED)
    main = small.folder / "main.py"
    main.write_text(main.read_text().replace("timeout=5.0", "timeout=1.0, pool_size=1"))

    assert small.fine("seed") == "Done: the database is filled.\n"


# -- the prompt ----------------------------------------------------------------------------------


def test_the_databases_own_prompt_opens(make_shop: Make, kind: str) -> None:
    shop = make_shop(kind)
    made(shop)
    shop.sql("INSERT INTO artist (name) VALUES ('Ann')")

    done = shop.typed("dbshell", text="SELECT name FROM artist;\n")

    if shutil.which({"sqlite": "sqlite3", "postgresql": "psql"}.get(kind, "mariadb")) is None:
        assert "[db.shell-program]" in done.err or "Ann" in done.out
    else:
        assert done.code == 0, done.err
        assert "Ann" in done.out


def test_words_go_to_the_program_and_its_end_is_ours(small: Shop, tmp_path: Path) -> None:
    made(small)
    program = tmp_path / "bin" / "sqlite3"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\necho "$@"\nexit 7\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)

    done = forked_with(small, f"{program.parent}:{os.environ['PATH']}", "dbshell", "--", "-csv")

    assert done.stdout == f"{small.folder}/shop.db -csv\n"
    assert done.returncode == 7


def forked_with(shop: Shop, path: str, *words: str) -> subprocess.CompletedProcess[str]:
    """Type `trivet` where programs are looked for in a path."""
    return subprocess.run(
        [SCRIPT, *words],
        cwd=shop.folder,
        capture_output=True,
        text=True,
        env=environment({"DATABASE": shop.url, "PATH": path}),
        check=False,
    )


def test_the_listing_names_the_commands(small: Shop) -> None:
    made(small)

    listed = small.fine("--help")

    for command in ("seed", "dumpdata", "loaddata", "dbshell", "makemigrations", "migrate"):
        assert f" {command} " in listed


def test_a_dump_names_a_format_that_any_program_reads(small: Shop) -> None:
    made(small, SEED)
    small.fine("seed")

    lines = [json.loads(line) for line in small.fine("dumpdata").splitlines()]

    assert lines == [
        {"dump": 1, "tables": ["artist", "album"]},
        {"table": "artist", "row": {"id": 1, "name": "Ann"}},
        {"table": "album", "row": {"id": 1, "title": "One", "artist_id": 1}},
        {"rows": 2},
    ]


TWO = """

class Other(Model, apart=True):
    pass

class Visit(Other):
    path: Mapped[str] = field(max_length=50)

second = app.use(Database("sqlite:///second.db", name="second", models=Other, migrations="more"))

@second.seed
async def visits() -> None:
    await Visit.create(path="/")
"""


def test_a_second_database_is_named(small: Shop) -> None:
    made(small, TWO, SEED)
    small.fine("makemigrations", "--database", "second")
    small.fine("migrate", "--database", "second")

    small.fine("seed", "--database", "second")
    first = small.fine("dumpdata")
    second = small.fine("dumpdata", "Visit", "--database", "second")
    shown = small.typed("dbshell", "--database", "second", text="SELECT path FROM visit;\n")

    assert '"visit"' not in first
    assert '{"table":"visit","row":{"id":1,"path":"/"}}\n' in second
    assert "/\n" in shown.out or "[db.shell-program]" in shown.err
