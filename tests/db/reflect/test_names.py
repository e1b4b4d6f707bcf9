"""Names for tables and columns of any name, and what rows are called."""

from __future__ import annotations

import keyword
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import ForeignKey, MetaData
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from trivet.db import BareModel, Database, field
from trivet.db.describe import describe
from trivet.db.labels import label_column, label_of
from trivet.db.reflect import reflect
from trivet.db.reflect.names import (
    ATTRIBUTES,
    attribute,
    class_name,
    class_names,
    plural,
    singular,
)

NAMES = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=20
) | st.sampled_from(["class", "where", "metadata", "get", "1st", "a b", "a__b", "_x", "id", "İ"])


@pytest.mark.parametrize(
    ("many", "one"),
    [
        ("albums", "album"), ("companies", "company"), ("people", "person"), ("boxes", "box"),
        ("addresses", "address"), ("employees", "employee"), ("invoices", "invoice"),
        ("databases", "database"), ("branches", "branch"), ("categories", "category"),
        ("movies", "movie"), ("keys", "key"), ("files", "file"), ("images", "image"),
        ("sales", "sale"), ("prices", "price"), ("messages", "message"), ("roles", "role"),
    ],
)  # fmt: skip
def test_a_plural_that_is_sure_becomes_one(many: str, one: str) -> None:
    assert singular(many) == one
    assert plural(one) == many


@pytest.mark.parametrize(
    "word", ["status", "address", "news", "data", "series", "analysis", "gps", "kunde", "bus", "os"]
)
def test_what_is_not_sure_is_kept(word: str) -> None:
    assert singular(word) == word


def test_words_of_a_table_are_kept() -> None:
    assert class_name("order_lines") == "OrderLine"
    assert class_name("OrderLines") == "OrderLine"
    assert class_name("CUSTOMER_ORDERS") == "CustomerOrder"
    assert class_name("2024-sales") == "Table2024Sale"
    assert class_name("None") == "TableNone"
    assert class_name("用户") == "用户"
    names = class_names([(None, "album"), (None, "albums"), (None, "Album"), ("old", "album")])
    assert list(names.values()) == ["Album", "Albums", "Album2", "OldAlbum"]


@given(st.lists(NAMES, max_size=8))
def test_attributes_are_free_identifiers(names: list[str]) -> None:
    used: set[str] = set()
    for name in names:
        found = attribute(name, used)
        assert found.isidentifier()
        assert not keyword.iskeyword(found)
        assert "__" not in found
        assert found not in used | ATTRIBUTES
        used.add(found)


@given(st.lists(st.tuples(st.none() | NAMES, NAMES), max_size=8, unique=True))
def test_classes_have_names_of_their_own(tables: list[tuple[str | None, str]]) -> None:
    found = class_names(tables)

    assert len(set(found.values())) == len(tables)
    assert all(name.isidentifier() and not keyword.iskeyword(name) for name in found.values())


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    table=NAMES.filter(lambda name: not name.lower().startswith("sqlite_")),
    columns=st.lists(NAMES, min_size=1, max_size=4, unique_by=lambda name: name.lower()),
)
async def test_a_table_of_any_names_is_read_and_written(
    tmp_path: Path, table: str, columns: list[str]
) -> None:
    # SQLite folds ASCII letters alone, and Python more: what it takes for doubled is no example.
    file = tmp_path / "any.db"
    file.unlink(missing_ok=True)
    with sqlite3.connect(file) as raw:
        listed = ", ".join(f"{_quoted(name)} TEXT" for name in columns)
        raw.execute(
            f"CREATE TABLE {_quoted(table)} ({listed}, PRIMARY KEY ({_quoted(columns[0])}))"
        )
    raw.close()
    database = Database(f"sqlite:///{file}")
    try:
        (model,) = await reflect(database)
        names = [column.name for column in describe(model).columns]
        values = {name: f"value {name}" for name in names}

        async with database.transaction():
            await model.create(**values)
        async with database.transaction():
            row = await model.where(**values).order_by(f"-{names[-1]}").one()
            assert {name: getattr(row, name) for name in names} == values
    finally:
        await database.close()


class LabelBase(BareModel, apart=True):
    pass


class LabelPoet(LabelBase):
    id: Mapped[int] = field(primary_key=True)
    title: Mapped[str | None]
    first_name: Mapped[str]
    last_name: Mapped[str]


class LabelPoem(LabelBase):
    id: Mapped[int] = field(primary_key=True)
    secret: Mapped[str] = field(info={"private": True})
    poet_id: Mapped[int] = field(ForeignKey(LabelPoet.id))
    first_line: Mapped[str]


class LabelVerse(LabelBase):
    id: Mapped[int] = field(primary_key=True)
    name: Mapped[str]

    def __str__(self) -> str:
        return f"verse {self.id}"


class LabelNumber(LabelBase):
    id: Mapped[int] = field(primary_key=True)


class LabelForeign(DeclarativeBase):
    metadata = MetaData()


class LabelThing(LabelForeign):
    __tablename__ = "label_thing"

    code: Mapped[str] = mapped_column(primary_key=True)
    product_name: Mapped[str]


def test_a_column_names_the_rows_of_any_model() -> None:
    assert label_column(LabelPoet) == "last_name"
    assert label_column(LabelPoem) == "first_line"
    assert label_column(LabelVerse) is None
    assert label_column(LabelNumber) is None
    assert label_column(LabelThing) == "code"


def test_rows_are_called_by_it() -> None:
    poet: Any = LabelPoet
    poem: Any = LabelPoem
    assert label_of(poet(first_name="Emily", last_name="Dickinson")) == "Emily Dickinson"
    assert label_of(poem(first_line="  I'm\nNobody ")) == "I'm Nobody"
    assert label_of(poem(first_line="x" * 200)) == "x" * 99 + "…"
    assert label_of(LabelVerse(id=3, name="x")) == "verse 3"
    assert label_of(LabelNumber(id=4)) == "LabelNumber"
    assert label_of(LabelThing(product_name="Pen")) == "LabelThing"
