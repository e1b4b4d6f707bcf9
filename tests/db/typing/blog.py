"""What type checkers know of models; `test_typing.py` has it checked and never runs it."""

from __future__ import annotations

from typing import Any, assert_type

from sqlalchemy.orm import InstrumentedAttribute

from trivet.db import (
    Bulk,
    CursorPage,
    Database,
    ForeignKey,
    Mapped,
    Model,
    Page,
    Query,
    SoftDelete,
    field,
    relationship,
)

db = Database("sqlite://")


class Person(Model):
    name: Mapped[str] = field(max_length=50)


class Entry(SoftDelete, Model):
    title: Mapped[str] = field(max_length=200)
    views: Mapped[int] = field(default=0)
    person_id: Mapped[int | None] = field(ForeignKey(Person.id), default=None)
    person: Mapped[Person | None] = relationship(default=None)


async def columns_and_values(entry: Entry) -> None:
    assert_type(Entry.title, InstrumentedAttribute[str])
    assert_type(Entry.person_id, InstrumentedAttribute[int | None])
    assert_type(entry.title, str)
    assert_type(entry.id, int)
    assert_type(entry.person, Person | None)


async def constructors() -> None:
    Person(name="Ann")
    Entry(title="One", views=3, person=Person(name="Ann"))
    Person(nam="Ann")  # error: call-arg
    Entry(title=1)  # error: arg-type


async def queries() -> None:
    query = Entry.where(Entry.views > 1, title__icontains="a").order_by(-Entry.id)[:10]
    assert_type(query, Query[Entry])
    assert_type(await query, list[Entry])
    assert_type(await query.first(), Entry | None)
    assert_type(await query.one(), Entry)
    assert_type(await Person.get(1), Person)
    assert_type(await Entry.find(1), Entry | None)
    assert_type(await Person.all().values_list(Person.name), list[str])
    assert_type(await Person.all().values_list(Person.id, Person.name), list[tuple[int, str]])
    assert_type(await query.page(2), Page[Entry])
    assert_type((await query.cursor_page()).items, list[Entry])
    assert_type(await query.cursor_page(), CursorPage[Entry])
    assert_type(await query.in_bulk([1]), dict[Any, Entry])
    async for entry in query.iterate():
        assert_type(entry, Entry)
    query.union(Person.all())  # error: arg-type


async def writes() -> None:
    assert_type(await Person.create(name="Ann"), Person)
    assert_type(await Person.get_or_create(name="Ann"), tuple[Person, bool])
    assert_type(await Person.bulk_create([{"name": "Ann"}]), int)
    assert_type(await Person.bulk_create([{"name": "Ann"}], returning=True), list[Person])
    assert_type(await db.sql("select * from person").into(Person), list[Person])


@db.signals.after_create(Person)
async def welcome(person: Person) -> None: ...


@db.signals.after_bulk(Person)
def count(bulk: Bulk[Person]) -> None: ...


@db.signals.before_update(Person)  # error: arg-type
def wrong(entry: Entry) -> None: ...


@db.retrying(3)
async def double(value: int) -> int:
    return value * 2


async def decorated() -> None:
    assert_type(await double(2), int)
