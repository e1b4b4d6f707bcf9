"""What type checkers know of models; `test_typing.py` has it checked and never runs it.

A line that is wrong says so: `# error: CODE RULE` is mypy's code and pyright's rule. Without a
rule, pyright finds nothing there; `-` is for mypy that finds nothing.
"""

from __future__ import annotations

import datetime
import decimal
import uuid
from typing import Any, assert_type

from pydantic import BaseModel
from sqlalchemy.orm import InstrumentedAttribute

from trivet.db import (
    BareModel,
    Bulk,
    Created,
    CursorPage,
    Database,
    Email,
    FileRef,
    ForeignKey,
    Mapped,
    Model,
    Money,
    Page,
    Query,
    Slug,
    SoftDelete,
    Updated,
    UuidModel,
    Versioned,
    check,
    created,
    field,
    foreign_key,
    func,
    generated,
    index,
    relationship,
    schema,
    session,
    unique,
    updated,
)

db = Database("sqlite://")


class Size(BaseModel):
    width: int


class Person(Model):
    name: Mapped[str] = field(max_length=50)
    entries: Mapped[list[Entry]] = relationship(back_populates="person")


class Dated(Model):
    __abstract__ = True

    created: Mapped[Created] = created()
    updated: Mapped[Updated] = updated()


class Entry(SoftDelete, Versioned, Dated):
    title: Mapped[str] = field(max_length=200)
    views: Mapped[int] = field(default=0)
    slug: Mapped[Slug] = field(default="")
    mail: Mapped[Email | None] = field(default=None)
    price: Mapped[Money] = field(default=decimal.Decimal(0))
    size: Mapped[Size | None] = field(default=None)
    sizes: Mapped[list[Size]] = field(default_factory=list)
    file: Mapped[FileRef | None] = field(default=None)
    state: Mapped[str] = field(server_default="draft")
    rank: Mapped[int] = field(default=1, server_default="1")
    twice: Mapped[int] = generated("rank * 2")
    person_id: Mapped[int] = foreign_key(Person, on_delete="CASCADE")
    person: Mapped[Person] = relationship(back_populates="entries")
    editor_id: Mapped[int | None] = field(ForeignKey(Person.id), default=None)

    __table_args__ = (
        unique("title", "person_id"),
        check(views >= 0, name="views_positive"),
        index(title.desc(), name="ix_entry_title", where=views > 10),
        index(func.lower(title), name="ix_entry_lower"),
    )


class Vote(BareModel):
    person_id: Mapped[int] = foreign_key(Person, primary_key=True)
    entry_id: Mapped[int] = foreign_key(Entry, primary_key=True)
    worth: Mapped[int] = field()


class Token(UuidModel):
    text: Mapped[str]


class Special(Entry):
    extra: Mapped[int | None] = field(default=None)


async def rows_with_computed_values() -> None:
    for entry, words in await Entry.all().annotate(words=func.length(Entry.title)):
        assert_type(entry, Any)
        assert_type(words, Any)


async def columns_and_values(entry: Entry, special: Special, token: Token) -> None:
    assert_type(Entry.title, InstrumentedAttribute[str])
    assert_type(Entry.editor_id, InstrumentedAttribute[int | None])
    assert_type(Entry.created, InstrumentedAttribute[datetime.datetime])
    assert_type(entry.title, str)
    assert_type(entry.id, int)
    assert_type(entry.person, Person)
    assert_type(entry.person.entries, list[Entry])
    assert_type(entry.created, datetime.datetime)
    assert_type(entry.price, decimal.Decimal)
    assert_type(entry.slug, str)
    assert_type(entry.size, Size | None)
    assert_type(entry.file, FileRef | None)
    assert_type(entry.twice, int)
    assert_type(entry.deleted, datetime.datetime | None)
    assert_type(entry.version, int)
    assert_type(token.id, uuid.UUID)
    assert_type(special.extra, int | None)
    assert_type(special.title, str)
    _ = entry.titel  # error: attr-defined reportAttributeAccessIssue
    _ = Entry.titel  # error: attr-defined reportAttributeAccessIssue
    entry.title = 1  # error: assignment reportAttributeAccessIssue


async def constructors(person: Person) -> None:
    moment = datetime.datetime.now(datetime.UTC)
    Person(name="Ann")
    Person(name="Ann", id=7)
    Entry(title="One", person=person)
    Entry(title="One", person_id=1, views=3, created=moment, rank=2, slug="x", mail="a@b.example")
    Entry(title="One", size=Size(width=1), file=FileRef(name="a", size=1))
    Special(title="One", extra=1)
    Token(text="a", id=uuid.uuid4())
    Vote(person_id=1, entry_id=2, worth=1)
    Person()  # error: call-arg reportCallIssue
    Person(nam="Ann", name="Ann")  # error: call-arg reportCallIssue
    Person(1)  # error: call-arg reportCallIssue
    Entry(title=1)  # error: arg-type reportArgumentType
    Entry(title="One", person="Ann")  # error: arg-type reportArgumentType
    Entry(title="One", created="today")  # error: arg-type reportArgumentType
    Entry(title="One", twice=2)  # error: call-arg reportCallIssue
    Entry(title="One", state="x")  # error: call-arg reportCallIssue
    Vote(person_id=1, entry_id=2)  # error: call-arg reportCallIssue


def mistakes_in_declarations() -> None:
    field(uniqe=True)  # error: call-overload reportCallIssue
    field(max_length="20")  # error: call-overload reportArgumentType
    foreign_key(Person, on_delete="cascade")  # error: arg-type reportArgumentType
    created(default=1)  # error: call-arg reportCallIssue


async def queries() -> None:
    query = Entry.where(Entry.views > 1, title__icontains="a").order_by(-Entry.id)[:10]
    assert_type(query, Query[Entry])
    assert_type(await query, list[Entry])
    assert_type(await query.first(), Entry | None)
    assert_type(await query.one(), Entry)
    assert_type(await query.find(), Entry | None)
    assert_type(await Person.get(1), Person)
    assert_type(await Entry.find(1), Entry | None)
    assert_type(await Special.get(1), Special)
    assert_type(await Special.where(extra=1), list[Special])
    assert_type(await Entry.with_deleted(), list[Entry])
    assert_type(await Person.all().values_list(Person.name), list[str])
    assert_type(await Person.all().values_list(Person.id, Person.name), list[tuple[int, str]])
    assert_type(
        await Entry.all().values_list(Entry.id, Entry.title, Entry.created),
        list[tuple[int, str, datetime.datetime]],
    )
    assert_type(await Person.all().values("name"), list[dict[str, Any]])
    assert_type(await Person.all().count(), int)
    assert_type(await Person.all().exists(), bool)
    assert_type(await query.page(2), Page[Entry])
    assert_type((await query.cursor_page()).items, list[Entry])
    assert_type(await query.cursor_page(), CursorPage[Entry])
    assert_type(await query.in_bulk([1]), dict[Any, Entry])
    async for entry in query.iterate():
        assert_type(entry, Entry)
    query.union(Person.all())  # error: arg-type reportArgumentType
    await Person.wher(name="Ann")  # error: attr-defined reportAttributeAccessIssue


async def writes(person: Person) -> None:
    assert_type(await Person.create(name="Ann"), Person)
    assert_type(await Entry.create(title="One", person=person), Entry)
    await Person.create()  # error: call-arg reportCallIssue
    await Person.create(name=1)  # error: arg-type reportArgumentType
    await Person.create(nam="Ann", name="Ann")  # error: call-arg reportCallIssue
    assert_type(await person.save(), Person)
    assert_type(await person.update(name="Bob"), Person)
    assert_type(await Person.get_or_create(name="Ann"), tuple[Person, bool])
    assert_type(await Person.update_or_create({"name": "Ann"}, id=1), tuple[Person, bool])
    assert_type(await Person.bulk_create([{"name": "Ann"}]), int)
    assert_type(await Person.bulk_create([{"name": "Ann"}], returning=True), list[Person])
    assert_type(await Person.upsert([{"name": "Ann"}], [Person.name]), int)
    assert_type(await Person.upsert([person], [Person.name], returning=True), list[Person])
    assert_type(await Person.all().update(name="Bob"), int)
    assert_type(await db.sql("select * from person").into(Person), list[Person])
    assert_type(schema(Person), type[BaseModel])
    schema(Person, "make")  # error: arg-type reportArgumentType
    (await session()).add(person)
    await Person.bulk_create([1])  # error: list-item reportArgumentType


@db.signals.after_create(Person)
async def welcome(person: Person) -> None: ...


@db.signals.after_bulk(Person)
def count(bulk: Bulk[Person]) -> None: ...


@db.signals.before_update(Person)  # error: arg-type reportArgumentType
def wrong(entry: Entry) -> None: ...


@db.retrying(3)
async def double(value: int) -> int:
    return value * 2


async def decorated() -> None:
    assert_type(await double(2), int)
