"""A press with books of many kinds of columns, for the tests of forms."""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from html import unescape
from typing import Any
from uuid import UUID

import httpx2
from pydantic import BaseModel
from sqlalchemy import DateTime, ForeignKeyConstraint, Table, UniqueConstraint
from sqlalchemy.orm import Mapped, validates

from tests.admin.shop import Shop, shop_on
from trivet.admin import (
    Admin,
    Colour,
    Fieldset,
    Files,
    Inline,
    Markdown,
    ModelAdmin,
    RichText,
    Url,
)
from trivet.auth import Group, SecurityEvent, User
from trivet.auth.groups import membership_table
from trivet.auth.links import StoredLink
from trivet.db import (
    Created,
    Database,
    FileRef,
    ForeignKey,
    Model,
    Money,
    Updated,
    check,
    field,
    link_table,
    relationship,
)
from trivet.sessions.tables import sessions_in
from trivet.storage import Media, MemoryStorage


class Kind(enum.Enum):
    """What a book is sold as."""

    new = "new"
    sale = "sale"


class Size(BaseModel):
    """How large a book is, in millimetres."""

    width: int
    height: int
    note: str = ""


class AdfAuthor(Model):
    """Somebody who writes; may be somebody's pupil."""

    __tablename__ = "adf_author"

    name: Mapped[str] = field(max_length=80)
    is_active: Mapped[bool] = field(default=True)
    teacher_id: Mapped[int | None] = field(ForeignKey("adf_author.id"), default=None)
    teacher: Mapped[AdfAuthor | None] = relationship(remote_side="AdfAuthor.id")
    books: Mapped[list[AdfBook]] = relationship(back_populates="author")


class AdfShelf(Model):
    """A place, with a key of two columns."""

    __tablename__ = "adf_shelf"

    id: Mapped[int] = field(primary_key=True, autoincrement=False)
    room: Mapped[str] = field(primary_key=True, max_length=20)
    name: Mapped[str] = field(max_length=40)


class AdfTag(Model):
    """A word."""

    __tablename__ = "adf_tag"

    name: Mapped[str] = field(max_length=40, unique=True)


book_tags = link_table("adf_book_tag", book_id="adf_book.id", tag_id="adf_tag.id")


class AdfBook(Model):
    """A book, with columns of all kinds."""

    __tablename__ = "adf_book"
    __table_args__ = (
        ForeignKeyConstraint(
            ["shelf_id", "shelf_room"], ["adf_shelf.id", "adf_shelf.room"], name="adf_book_shelf"
        ),
        check("pages > 0", name="adf_book_has_pages"),
    )

    title: Mapped[str] = field(max_length=100, description="As it stands on the spine")
    slug: Mapped[str] = field(max_length=100, unique=True)
    kind: Mapped[Kind] = field(default=Kind.new)
    discount: Mapped[int | None] = field(default=None)
    pages: Mapped[int] = field(default=1)
    price: Mapped[Money] = field(default=Decimal("9.90"))
    weight: Mapped[float | None] = field(default=None)
    is_out: Mapped[bool] = field(default=False)
    is_good: Mapped[bool | None] = field(default=None)
    out_on: Mapped[date | None] = field(default=None)
    at: Mapped[time | None] = field(default=None)
    sold_at: Mapped[datetime | None] = field(default=None)
    naive_at: Mapped[datetime | None] = field(DateTime(), default=None)
    takes: Mapped[timedelta | None] = field(default=None)
    number: Mapped[UUID | None] = field(default=None)
    words: Mapped[list[str]] = field(default_factory=list)
    more: Mapped[dict[str, Any] | None] = field(default=None)
    size: Mapped[Size | None] = field(default=None)
    raw: Mapped[bytes | None] = field(default=None)
    cover: Mapped[FileRef | None] = field(default=None)
    story: Mapped[str | None] = field(default=None)
    html: Mapped[str | None] = field(default=None)
    colour: Mapped[str | None] = field(max_length=7, default=None)
    link: Mapped[str | None] = field(max_length=200, default=None)
    key_hash: Mapped[str] = field(max_length=100, default="never-shown")
    hidden: Mapped[str] = field(max_length=100, default="private", info={"private": True})
    made: Mapped[Created]
    changed: Mapped[Updated]
    author_id: Mapped[int] = field(ForeignKey(AdfAuthor.id), index=True)
    author: Mapped[AdfAuthor] = relationship(back_populates="books")
    shelf_id: Mapped[int | None] = field(default=None)
    shelf_room: Mapped[str | None] = field(max_length=20, default=None)
    shelf: Mapped[AdfShelf | None] = relationship()
    tags: Mapped[list[AdfTag]] = relationship(secondary=book_tags)
    chapters: Mapped[list[AdfChapter]] = relationship(
        back_populates="book", cascade="all, delete-orphan"
    )

    @validates("title")
    def _no_shouting(self, key: str, value: str) -> str:
        if value and value.isupper() and len(value) > 3:
            raise ValueError("Do not shout.")
        return value


class AdfChapter(Model):
    """A part of a book; its number is there once."""

    __tablename__ = "adf_chapter"
    __table_args__ = (UniqueConstraint("book_id", "number", name="adf_chapter_number"),)

    title: Mapped[str] = field(max_length=80)
    number: Mapped[int]
    words: Mapped[int] = field(default=100)
    book_id: Mapped[int] = field(ForeignKey(AdfBook.id, ondelete="CASCADE"), index=True)
    book: Mapped[AdfBook] = relationship(back_populates="chapters")
    editor_id: Mapped[int | None] = field(ForeignKey(AdfAuthor.id), default=None)
    editor: Mapped[AdfAuthor | None] = relationship()
    notes: Mapped[list[AdfNote]] = relationship(
        back_populates="chapter", cascade="all, delete-orphan"
    )


class AdfNote(Model):
    """A word to a chapter."""

    __tablename__ = "adf_note"

    text: Mapped[str] = field(max_length=80)
    chapter_id: Mapped[int] = field(ForeignKey(AdfChapter.id, ondelete="CASCADE"), index=True)
    chapter: Mapped[AdfChapter] = relationship(back_populates="notes")


MODELS: tuple[Any, ...] = (AdfAuthor, AdfShelf, AdfTag, AdfBook, AdfChapter, AdfNote)


def press_tables(database: Database) -> Sequence[Table]:
    """Give the tables of the press and of its accounts."""
    models: list[Any] = [User, Group, SecurityEvent, StoredLink, *MODELS]
    return [
        *(model.__table__ for model in models),
        membership_table(User),
        sessions_in(database.metadata),
        book_tags,
        *Admin.tables(database),
    ]


class BookAdmin(ModelAdmin):
    """All that can be said of a form."""

    columns = [AdfBook.title]
    search = [AdfBook.title]
    fields = [
        AdfBook.title,
        AdfBook.slug,
        AdfBook.author,
        AdfBook.kind,
        AdfBook.discount,
        AdfBook.pages,
        AdfBook.price,
        Fieldset(
            "Kinds",
            [
                AdfBook.weight,
                AdfBook.is_out,
                AdfBook.is_good,
                AdfBook.out_on,
                AdfBook.at,
                AdfBook.sold_at,
                AdfBook.naive_at,
                AdfBook.takes,
                AdfBook.number,
            ],
            tab="More",
        ),
        Fieldset(
            "Long",
            [
                AdfBook.words,
                AdfBook.more,
                AdfBook.size,
                AdfBook.story,
                AdfBook.html,
                AdfBook.colour,
                AdfBook.link,
            ],
            tab="More",
            hint="What is long",
        ),
        Fieldset("Files", [AdfBook.raw, AdfBook.cover], tab="Files"),
        Fieldset("Where", [AdfBook.shelf, AdfBook.tags], closed=True),
        AdfBook.made,
    ]
    readonly = [AdfBook.made]
    hints = {"pages": "With the cover"}
    shown_when = {"discount": ("kind", Kind.sale)}
    slug_from = {"slug": "title"}
    widgets = {
        "story": Markdown(),
        "html": RichText(),
        "colour": Colour(),
        "link": Url(),
    }
    picks = {"author": lambda query: query.where(is_active=True)}
    files = {"cover": Files(types=["image/*"], max_size=100_000)}
    inlines = [
        Inline(
            AdfBook.chapters,
            columns=[AdfChapter.title, AdfChapter.number, AdfChapter.words, AdfChapter.editor],
            order_by=AdfChapter.number,
            inlines=[Inline(AdfNote, kind="stack")],
        )
    ]


class PlainBookAdmin(ModelAdmin):
    """A book with the fields that suit it."""


def press_on(database: Database, by: type[ModelAdmin] = BookAdmin) -> Shop:
    """Make the admin of a press over a database, with a storage in memory."""
    shop = shop_on(database)
    shop.app.use(Media(MemoryStorage(), secrets="a secret that is long enough for a test"))
    shop.admin.add(AdfAuthor, AdfShelf, AdfTag, AdfChapter, AdfNote)
    shop.admin.add(AdfBook, by=by)
    return shop


async def book(database: Database, **values: Any) -> AdfBook:
    """Store a book with two chapters, of an author who is there or made for it."""
    async with database.own_transaction():
        author = await AdfAuthor.all().first() or await AdfAuthor.create(name="Ann Arch")
        given = {"title": "Birds", "slug": "birds", "pages": 10, "author_id": author.id}
        made: AdfBook = await AdfBook.create(**given | values)
        for number in (1, 2):
            await AdfChapter.create(title=f"Chapter {number}", number=number, book_id=made.id)
    return made


async def stored(database: Database, model: Any, key: Any) -> Any:
    """Read a row anew."""
    async with database.own_transaction():
        return await model.where(id=key).first()


_FIELD = re.compile(
    r"<(input|textarea|select)\b([^>]*)>(.*?)(?=<(?:input|textarea|select)\b|$)", re.S
)


def form_in(page: str) -> dict[str, list[str]]:
    """Give what a browser would send of the form of a page, but for rows that are to be copied."""
    form = page[
        page.index('<form class="main"') : page.index("</form>", page.index('<form class="main"'))
    ]
    form = re.sub("<noscript>.*?</noscript>", "", form, flags=re.S)
    while "<template>" in form:
        form = _without_template(form)
    found: dict[str, list[str]] = {}
    for tag, attributes, inner in _FIELD.findall(form):
        name = _attribute(attributes, "name")
        if name is None or _attribute(attributes, "type") in ("submit", "file"):
            continue
        if "checkbox" in attributes and " checked" not in attributes:
            continue
        if tag == "textarea":
            value = unescape(inner.partition("</textarea>")[0].removeprefix("\n"))
        elif tag == "select":
            chosen = re.findall(
                r'<option value="([^"]*)" selected', inner.partition("</select>")[0]
            )
            first = re.findall(r'<option value="([^"]*)"', inner.partition("</select>")[0])
            value = unescape((chosen or first or [""])[0])
        else:
            value = _attribute(attributes, "value") or ""
        found.setdefault(name, []).append(value)
    return found


def _without_template(form: str) -> str:
    """Take the innermost template away."""
    end = form.index("</template>")
    start = form.rindex("<template>", 0, end)
    return form[:start] + form[end + len("</template>") :]


def _attribute(attributes: str, name: str) -> str | None:
    found = re.search(rf'(?:^|\s){name}="([^"]*)"', attributes)
    return None if found is None else unescape(found[1])


class Desk:
    """Somebody at a form: what stands in it, and what is sent of it."""

    def __init__(self, client: httpx2.AsyncClient, url: str) -> None:
        self.client = client
        self.url = url
        self.page = ""
        self.values: dict[str, list[str]] = {}

    async def open(self) -> Desk:
        """Get the form."""
        answer = await self.client.get(self.url)
        assert answer.status_code == 200, answer.text
        self.page = answer.text
        self.values = form_in(self.page)
        return self

    def type(self, **values: Any) -> Desk:
        """Fill fields in; names of rows have a double underscore for the dash."""
        for name, value in values.items():
            texts = value if isinstance(value, list) else [value]
            self.values[name.replace("__", "-")] = [] if value is None else texts
        return self

    def drop(self, prefix: str) -> Desk:
        """Take a row away, as the script does."""
        self.values = {
            name: texts
            for name, texts in self.values.items()
            if name != prefix and not name.startswith(f"{prefix}-")
        }
        return self

    async def send(self, files: Mapping[str, Any] | None = None, **more: str) -> httpx2.Response:
        """Send the form."""
        data = {**self.values, **{name: [text] for name, text in more.items()}}
        options: dict[str, Any] = {} if files is None else {"files": files}
        return await self.client.post(self.url, data=data, **options)
