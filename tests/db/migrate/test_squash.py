"""Several migrations become one file; databases that had them all do not notice."""

from __future__ import annotations

import pytest

from tests.db.migrate.conftest import Shop

TABLE = "op.create_table('a', sa.Column('b', sa.Integer))"
ROW = "op.execute('INSERT INTO a (b) VALUES (1)')"
LATER = "op.add_column('a', sa.Column('c', sa.Integer))"


def three(shop: Shop) -> None:
    shop.models()
    shop.write("0001_table", None, TABLE, "op.drop_table('a')")
    shop.write("0002_row", "0001_table", ROW, "op.execute('DELETE FROM a')")
    shop.write("0003_column", "0002_row", LATER, "op.drop_column('a', 'c')")


def test_a_database_that_had_them_all_has_nothing_to_do(shop: Shop) -> None:
    three(shop)
    shop.fine("migrate")

    written = shop.fine("squashmigrations", "1", "3", "start")
    nothing = shop.fine("migrate")
    shop.fine("migrate", "zero")
    shop.fine("migrate")

    assert written.startswith("Wrote migrations/0003_start.py, which does what 1 to 3 did")
    assert nothing == "Nothing to do.\n"
    assert shop.files() == ["0003_start.py"]
    assert shop.sql("SELECT b, c FROM a") == [(1, None)]
    assert shop.sql("SELECT version_num FROM alembic_version") == [("0003_column",)]


def test_a_database_in_the_middle_is_told_what_to_do(small: Shop) -> None:
    three(small)
    small.fine("migrate", "2")
    old = {path: path.read_text() for path in (small.folder / "migrations").glob("*.py")}
    small.fine("squashmigrations", "0001_table", "0003_column")

    refused = small.typed("migrate")
    squashed = small.folder / "migrations" / "0003_squashed.py"
    kept = squashed.read_text()
    squashed.unlink()
    for path, text in old.items():
        path.write_text(text)
    small.fine("migrate", "3")
    for path in old:
        path.unlink()
    squashed.write_text(kept)

    assert "[db.migration-squashed]" in refused.err
    assert "the database is at 0002_row, which is a part of 0003_squashed" in refused.err
    assert small.fine("migrate") == "Nothing to do.\n"


def test_what_comes_before_and_behind_stays(small: Shop) -> None:
    three(small)
    small.write("0004_last", "0003_column", "pass")
    small.fine("squashmigrations", "2", "3")

    small.fine("migrate")

    assert small.files() == ["0001_table.py", "0003_squashed.py", "0004_last.py"]
    assert small.fine("migrations").count("[x]") == 3


def test_what_was_squashed_is_squashed_again(small: Shop) -> None:
    three(small)
    small.fine("migrate", "1")
    small.fine("squashmigrations", "1", "2")
    small.fine("squashmigrations", "0002_squashed", "3", "all")

    refused = small.typed("migrate")
    small.sql("DROP TABLE a")
    small.sql("DELETE FROM alembic_version")
    small.fine("migrate")

    assert "which is a part of 0003_all" in refused.err
    assert small.sql("SELECT b, c FROM a") == [(1, None)]


HELPER = "\n\ndef helper() -> int:\n    # {0}\n    return {0}\n"


def test_what_files_define_themselves_comes_along(small: Shop) -> None:
    three(small)
    path = small.folder / "migrations" / "0002_row.py"
    path.write_text(
        "from __future__ import annotations\n"
        + path.read_text().replace("VALUES (1)'", "VALUES (' + str(helper()) + ')'")
        + HELPER.format(5)
    )

    small.fine("squashmigrations", "1", "3")
    small.fine("migrate")

    text = (small.folder / "migrations" / "0003_squashed.py").read_text()
    assert text.count("import sqlalchemy as sa") == 1
    assert "# 5" in text
    assert small.sql("SELECT b FROM a") == [(5,)]


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("3", "1"), "0003_column is not before 0001_table"),
        (("2", "2"), "0002_row is one migration already"),
        (("1", "4"), "0003_column and 0004_more both have 'helper'"),
        (("1", "5"), "is more than the next one's start"),
    ],
)
def test_what_cannot_be_one_says_why_and_stays(
    small: Shop, words: tuple[str, str], why: str
) -> None:
    three(small)
    small.write("0004_more", "0003_column", "pass")
    small.write("0005_left", "0004_more", "pass")
    small.write("0006_right", "0004_more", "pass")
    for number, name in enumerate(("0003_column", "0004_more")):
        with (small.folder / "migrations" / f"{name}.py").open("a") as file:
            file.write(HELPER.format(number))
    before = small.files()

    done = small.typed("squashmigrations", *words)

    assert "[db.migration-squash]" in done.err
    assert why in done.err
    assert small.files() == before
