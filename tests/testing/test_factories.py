"""Objects that fit their models, the same ones each time."""

from __future__ import annotations

import datetime
import decimal
import random
from typing import Annotated, Any

import annotated_types
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Column as SqlColumn
from sqlalchemy import (
    DateTime,
    Enum,
    ForeignKey,
    Integer,
    Numeric,
    String,
    Table,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from tests.db.models import Address, Author, Everything, Mood, Post, Tag, Vote
from trivet.db import Database
from trivet.db.describe import Column
from trivet.errors import SetupError
from trivet.testing import Factory, derived, factory, rolled_back, sequence, trait
from trivet.testing.values import value_for


class Plain(DeclarativeBase):
    pass


class Shelf(Plain):
    __tablename__ = "testing_shelf"
    id: Mapped[int] = mapped_column(primary_key=True)
    label: Mapped[str] = mapped_column(String(6), unique=True)


class Book(Plain):
    """A plain model of SQLAlchemy's, with what a factory must mind."""

    __tablename__ = "testing_book"
    __table_args__ = (UniqueConstraint("title", "printed"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(5))
    printed: Mapped[datetime.datetime] = mapped_column(DateTime())
    price: Mapped[decimal.Decimal] = mapped_column(Numeric(4, 2))
    size: Mapped[str] = mapped_column(Enum("small", "large", name="testing_size"))
    note: Mapped[str | None] = mapped_column(String(20))
    shelf_id: Mapped[int] = mapped_column(ForeignKey(Shelf.id))
    shelf: Mapped[Shelf] = relationship()
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("testing_book.id"))


class Loop(Plain):
    __tablename__ = "testing_loop"
    id: Mapped[int] = mapped_column(primary_key=True)
    other_id: Mapped[int] = mapped_column(ForeignKey("testing_loop.id"))
    other: Mapped[Loop] = relationship(remote_side=[id])


shops = Table("testing_shop", Plain.metadata, SqlColumn("id", Integer, primary_key=True))


class Sale(Plain):
    __tablename__ = "testing_sale"
    id: Mapped[int] = mapped_column(primary_key=True)
    shop_id: Mapped[int] = mapped_column(ForeignKey("testing_shop.id"))


class PostFactory(Factory[Post]):
    title = sequence("Post {}")
    body = derived(lambda values: values["title"].upper())
    published = trait(published=True, views=10)


def values_of(instance: Any) -> dict[str, Any]:
    return {name: value for name, value in vars(instance).items() if not name.startswith("_")}


async def test_a_row_of_every_type_is_made_and_stored(database: Database) -> None:
    async with rolled_back(database):
        made = await factory(Everything).create()

        async with database.transaction():
            found = await Everything.get(made.id)
    assert (found.text, found.address, found.mood) == (made.text, made.address, made.mood)
    assert found.moment.tzinfo is not None
    assert found.short is None
    assert isinstance(found.address, Address)
    assert isinstance(found.mood, Mood)


async def test_what_has_a_default_or_may_be_empty_is_left_alone() -> None:
    post = factory(Post).build()

    assert (post.title, post.body, post.views, post.published) == ("title 1", "", 0, False)
    assert post.author is None


async def test_plain_models_are_made_with_what_they_need(database: Database) -> None:
    async with database.engine.begin() as connection:
        await connection.run_sync(Plain.metadata.create_all)

    books = await factory(Book, database).create_many(3)

    assert len({book.shelf.label for book in books}) == 3
    assert all(len(book.shelf.label) <= 6 for book in books)
    assert len({book.title for book in books}) == 3
    assert all(book.printed.tzinfo is None and book.size in ("small", "large") for book in books)
    assert all(book.note is None and book.parent_id is None for book in books)


async def test_a_foreign_key_without_a_relation_gets_its_row(database: Database) -> None:
    vote = await factory(Vote, database).create()

    assert factory(Vote).build().post_id is None
    async with database.transaction():
        assert (await Post.get(vote.post_id)).title.startswith("title ")


async def test_overrides_reach_into_relations(database: Database) -> None:
    made = await factory(Post, database, author__name="Ann").create(title="One")
    other = await factory(Post, database).create(author__name="Bob")
    given = await factory(Post, database).create(author=Author(name="Cid"))

    assert made.author is not None
    assert (made.title, made.author.name) == ("One", "Ann")
    assert other.author is not None
    assert other.author.name == "Bob"
    assert given.author is not None
    assert given.author.name == "Cid"


async def test_a_key_that_is_given_stands_for_the_relation() -> None:
    book = factory(Book).build(shelf_id=7)

    assert (book.shelf_id, book.shelf) == (7, None)


async def test_a_factory_stands_for_the_object_of_a_relation() -> None:
    named = factory(Author, name=sequence(lambda number: f"Author {number}"))

    post = factory(Post, author=named).build(author__email="ann@example.com")

    assert post.author is not None
    assert (post.author.name, post.author.email) == ("Author 1", "ann@example.com")


def test_sequences_traits_and_derived_values() -> None:
    PostFactory.reset()

    first, second = PostFactory.build_many(2, "published")

    assert (first.title, first.body, second.title) == ("Post 1", "POST 1", "Post 2")
    assert (first.published, first.views) == (True, 10)
    assert PostFactory.build("published", views=3).views == 3
    assert PostFactory.build().published is False


def test_a_subclass_has_the_values_of_its_base() -> None:
    class Loud(PostFactory):
        title = "LOUD"

    assert (Loud.build().title, Loud.build().body) == ("LOUD", "LOUD")
    assert Loud.build("published").published is True


def test_the_same_seed_makes_the_same_values() -> None:
    def made(seed: int) -> list[dict[str, Any]]:
        return [values_of(one) for one in factory(Everything, seed=seed).build_many(5)]

    assert made(1) == made(1)
    assert made(1) != made(2)


async def test_every_test_begins_to_count_anew(database: Database) -> None:
    tags = factory(Tag)

    for _ in range(2):
        async with rolled_back(database):
            assert [tag.name for tag in await tags.create_many(2)] == ["name 1", "name 2"]


async def test_what_is_made_in_a_unit_goes_with_it(database: Database) -> None:
    async with rolled_back(database):
        with pytest.raises(ZeroDivisionError):
            await _fail(database)
        async with database.transaction():
            assert await Tag.all().count() == 0


async def _fail(database: Database) -> None:
    async with database.transaction():
        await factory(Tag).create()
        raise ZeroDivisionError


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda: PostFactory.build("nothing"), "testing.factory-trait"),
        (lambda: PostFactory.build(titel="x"), "testing.factory-name"),
        (lambda: PostFactory.build(title__x="x"), "testing.factory-name"),
        (lambda: factory(Post, titel="x"), "testing.factory-name"),
        (lambda: factory(Post).build(author=None, author__name="x"), "testing.factory-both"),
        (lambda: factory(Loop).build(), "testing.factory-circle"),
    ],
)
def test_mistakes_are_told(make: Any, code: str) -> None:
    with pytest.raises(SetupError) as caught:
        make()

    assert caught.value.code == code


async def test_a_foreign_key_to_no_model_is_told(database: Database) -> None:
    with pytest.raises(SetupError) as caught:
        await factory(Sale, database).create()

    assert caught.value.code == "testing.factory-reference"


def test_a_type_that_nobody_knows_is_told() -> None:
    column = Column("shape", complex, False, False, False, False)

    with pytest.raises(SetupError) as caught:
        value_for(Post, column, 1, random.Random(1))

    assert caught.value.code == "testing.factory-value"


@given(
    number=st.integers(1, 10_000),
    length=st.integers(5, 40),
    low=st.integers(-50, 50),
    width=st.integers(1, 100),
    unique=st.booleans(),
)
def test_values_keep_within_their_limits(
    number: int, length: int, low: int, width: int, unique: bool
) -> None:
    """Texts are no longer than their column, and numbers within what Pydantic would take."""
    source = random.Random(number)
    limits = annotated_types.Interval(ge=low, lt=low + width)
    text = Column("a_long_name", str, False, False, False, False, length, is_unique=unique)
    count = Column("n", Annotated[int, limits], False, False, False, False, is_unique=unique)

    assert len(value_for(Post, text, number, source)) <= length
    assert value_for(Post, text, number, source).endswith(str(number))
    assert low <= value_for(Post, count, number, source) < low + width
