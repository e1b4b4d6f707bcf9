"""A form of the admin is filled in and stored, in every kind of column."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from tests.admin.forms.press import (
    AdfBook,
    AdfChapter,
    AdfTag,
    Desk,
    Kind,
    PlainBookAdmin,
    book,
    press_on,
    stored,
)
from tests.admin.shop import Shop
from trivet.db import Database

ADD = "/admin/adf-book/add"


async def test_every_kind_of_column_is_stored_as_it_was_typed(press: Shop) -> None:
    first = await book(press.database)
    client = await press.root()
    desk = await Desk(client, f"/admin/adf-book/{first.id}").open()

    answer = await desk.type(
        title="  Fishes ",
        slug="fishes",
        kind="sale",
        discount="5",
        pages="12",
        price="10.50",
        weight="1.5",
        is_out="true",
        is_good="false",
        out_on="2026-03-31",
        at="14:30",
        sold_at="2026-03-31T14:30",
        naive_at="2026-01-02T03:04",
        takes="01:30:00",
        number="12345678-1234-5678-1234-567812345678",
        words__0="one",
        words__1="two",
        more='{"a": [1, "<b>"]}',
        size__width="10",
        size__height="20",
        story="# Hello",
        html="<p onclick=x()>Hi<script>bad()</script></p>",
        colour="#1d4ed8",
        link="https://example.org",
    ).send()

    assert answer.status_code == 303, answer.text
    found = await stored(press.database, AdfBook, first.id)
    assert (found.title, found.slug, found.kind) == ("Fishes", "fishes", Kind.sale)
    assert (found.discount, found.pages, found.price) == (5, 12, Decimal("10.50"))
    assert (found.weight, found.is_out, found.is_good) == (1.5, True, False)
    assert (found.out_on, found.at) == (date(2026, 3, 31), time(14, 30))
    assert found.sold_at == datetime(2026, 3, 31, 14, 30, tzinfo=UTC)
    assert found.naive_at == datetime(2026, 1, 2, 3, 4)
    assert found.takes == timedelta(minutes=90)
    assert found.number == UUID("12345678-1234-5678-1234-567812345678")
    assert (found.words, found.more) == (["one", "two"], {"a": [1, "<b>"]})
    assert (found.size.width, found.size.height) == (10, 20)
    assert (found.story, found.html) == ("# Hello", "<p>Hi</p>")
    assert (found.colour, found.link) == ("#1d4ed8", "https://example.org")


async def test_a_form_that_is_sent_as_it_is_changes_nothing(press: Shop) -> None:
    first = await book(
        press.database,
        words=["a", "b"],
        more={"b": 1},
        sold_at=datetime(2026, 1, 1, 1, 1, 1, 123456, UTC),
        takes=timedelta(days=3, seconds=1.5),
        story=" begins with a blank\r\n",
        is_good=True,
        weight=0.1,
    )
    before = await stored(press.database, AdfBook, first.id)
    client = await press.root()

    answer = await (await Desk(client, f"/admin/adf-book/{first.id}").open()).send()

    assert answer.status_code == 303, answer.text
    found = await stored(press.database, AdfBook, first.id)
    for column in AdfBook.__table__.columns:
        assert getattr(found, column.key) == getattr(before, column.key), column.key


async def test_a_new_row_is_stored_with_its_children(press: Shop) -> None:
    first = await book(press.database)
    client = await press.root()
    desk = await Desk(client, ADD).open()

    answer = await desk.type(
        title="Größe der Fische",
        author=str(first.author_id),
        kind="new",
        pages="3",
        chapters__0__row_key_="",
        chapters__0__title="Begin",
        chapters__0__words="5",
        chapters__0__notes__0__text="Nice",
    ).send(chapters="", **{"chapters-0": ""})

    assert answer.status_code == 303, answer.text
    async with press.database.own_transaction():
        made = await AdfBook.where(slug="grosse-der-fische").with_(AdfBook.chapters).first()
        assert made is not None
        assert [(one.title, one.number, one.words) for one in made.chapters] == [("Begin", 1, 5)]
        chapter = await AdfChapter.where(book_id=made.id).with_(AdfChapter.notes).one()
        assert [note.text for note in chapter.notes] == ["Nice"]


async def test_the_fields_that_suit_a_model_are_shown_and_stored(database: Database) -> None:
    press = press_on(database, by=PlainBookAdmin)
    first = await book(database)
    client = await press.root()
    desk = await Desk(client, f"/admin/adf-book/{first.id}").open()

    assert "never-shown" not in desk.page
    assert "private" not in desk.page
    answer = await desk.type(title="Other").send()

    assert answer.status_code == 303, answer.text
    assert (await stored(database, AdfBook, first.id)).title == "Other"


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("title", "", "Fill this in."),
        ("title", "x" * 101, "at most 100 characters"),
        ("title", "SHOUTING", "Do not shout."),
        ("pages", "0", "This breaks the rule"),
        ("pages", "9" * 30, "Enter a smaller number."),
        ("price", "1.234", "at most 2 digits behind the point"),
        ("weight", "nan", "Enter a number."),
        ("kind", "other", "Choose one"),
        ("more", "{", "This is no JSON"),
        ("more", '{"a": "\\u0000"}', "cannot be kept"),
        ("more", "[" * 5000, "no JSON that can be kept"),
        ("more", "[1]", "be taken"),
        ("takes", "P999999999D", "kept"),
        ("at", "10:00+02:00", "without a time zone"),
        ("naive_at", "2026-01-01T10:00+02:00", "without a time zone"),
        ("colour", "red", "Enter a colour"),
        ("link", "javascript:alert(1)", "Enter a web address"),
        ("author", "99999", "Choose one that there is."),
        ("author", "", "Fill this in."),
        ("shelf", "1", "Choose one that there is."),
        ("slug", "taken", "There is one with this already."),
    ],
)
async def test_what_does_not_fit_is_told_at_its_field(
    press: Shop, name: str, text: str, told: str
) -> None:
    first = await book(press.database)
    await book(press.database, slug="taken")
    client = await press.root()
    desk = await Desk(client, f"/admin/adf-book/{first.id}").open()

    answer = await desk.type(**{name: text, "story": "kept, as it was typed"}).send()

    assert answer.status_code == 422, answer.text
    summary = answer.text[answer.text.index("form-summary") :]
    assert told in summary
    assert f'href="#form-{name}"' in summary
    assert "kept, as it was typed" in answer.text
    assert (await stored(press.database, AdfBook, first.id)).story is None


async def test_a_moment_is_typed_in_the_time_zone_of_who_types_it(press: Shop) -> None:
    first = await book(press.database)
    client = await press.signed_in("eva@example.org", is_superuser=True, time_zone="Europe/Berlin")
    desk = await Desk(client, f"/admin/adf-book/{first.id}").open()

    await desk.type(sold_at="2026-07-01T12:00").send()

    found = await stored(press.database, AdfBook, first.id)
    assert found.sold_at == datetime(2026, 7, 1, 10, tzinfo=UTC)
    again = await Desk(client, f"/admin/adf-book/{first.id}").open()
    assert again.values["sold_at"] == ["2026-07-01T12:00"]


async def test_a_field_that_is_not_asked_for_is_neither_taken_nor_missed(press: Shop) -> None:
    first = await book(press.database)
    client = await press.root()
    desk = await Desk(client, f"/admin/adf-book/{first.id}").open()

    answer = await desk.type(kind="new", discount="no number").send()

    assert answer.status_code == 303, answer.text
    assert (await stored(press.database, AdfBook, first.id)).discount is None
    assert 'data-shown-when="kind"' in desk.page
    assert 'data-shown-is="sale"' in desk.page


async def test_an_address_fills_a_new_form_in(press: Shop) -> None:
    first = await book(press.database)
    client = await press.root()
    author = first.author_id

    desk = await Desk(
        client, f"{ADD}?author={author}&title=Given&pages=7&kind=sale&made=2020&id=3&x=1&weight=bad"
    ).open()

    assert desk.values["author"] == [str(author)]
    assert "Ann Arch" in desk.page
    assert (desk.values["title"], desk.values["pages"]) == (["Given"], ["7"])
    assert (desk.values["kind"], desk.values["weight"]) == (["sale"], [""])
    assert "made" not in desk.values


async def test_a_copy_begins_as_the_other_row_but_for_what_is_unique(press: Shop) -> None:
    first = await book(press.database, pages=77)
    client = await press.root()
    desk = await Desk(client, f"/admin/adf-book/{first.id}/copy").open()

    assert desk.values["slug"] == [""]
    assert desk.values["pages"] == ["77"]
    answer = await desk.type(title="Second").send()

    assert answer.status_code == 303, answer.text
    async with press.database.own_transaction():
        made = await AdfBook.where(slug="second").with_(AdfBook.chapters).one()
    assert [one.title for one in made.chapters] == ["Chapter 1", "Chapter 2"]
    assert await stored(press.database, AdfBook, first.id)


@pytest.mark.parametrize(
    ("then", "place"), [("stay", "/admin/adf-tag/"), ("again", "/admin/adf-tag/add")]
)
async def test_one_goes_on_as_one_likes(press: Shop, then: str, place: str) -> None:
    client = await press.root()

    answer = await client.post("/admin/adf-tag/add", data={"name": "red", "_then": then})

    assert answer.headers["location"].startswith(place)


@pytest.mark.parametrize(
    "then",
    [
        "//evil.example",
        "https://evil.example",
        "/elsewhere",
        "/admin/../x",
        "/admin//evil",
        "/admin/\\x",
    ],
)
async def test_one_goes_on_to_pages_of_the_site_alone(press: Shop, then: str) -> None:
    client = await press.root()

    answer = await client.post(
        "/admin/adf-tag/add", params={"then": then, "for": "tags"}, data={"name": "red"}
    )

    assert answer.headers["location"] == "/admin/adf-tag/"


async def test_a_related_row_is_made_in_place_and_comes_back_chosen(press: Shop) -> None:
    await book(press.database)
    client = await press.root()
    page = (await client.get(ADD)).text
    assert "/admin/adf-author/add?then=/admin/adf-book/add&amp;for=author" in page

    answer = await client.post(
        "/admin/adf-author/add?then=/admin/adf-book/add&for=author",
        data={"name": "New One", "is_active": "true"},
    )

    place = answer.headers["location"]
    assert place.startswith(f"{ADD}?author=")
    assert "New One" in (await client.get(place)).text


async def test_a_row_made_in_place_joins_those_that_are_chosen(press: Shop) -> None:
    first = await book(press.database)
    async with press.database.own_transaction():
        red = await AdfTag.create(name="red")
        await (await AdfBook.where(id=first.id).with_(AdfBook.tags).one()).update(tags=[red])
    client = await press.root()
    url = f"/admin/adf-book/{first.id}"

    answer = await client.post(
        "/admin/adf-tag/add", params={"then": url, "for": "tags"}, data={"name": "blue"}
    )
    desk = await Desk(client, answer.headers["location"]).open()

    assert len(desk.values["tags"]) == 2
    assert desk.values["tags"][0] == str(red.id)


async def test_who_may_look_alone_sees_no_form(press: Shop) -> None:
    first = await book(press.database, story="<script>x</script>")
    client = await press.staff("adf_book.view", "adf_chapter.view")

    page = (await client.get(f"/admin/adf-book/{first.id}")).text
    answer = await client.post(f"/admin/adf-book/{first.id}", data={"title": "Mine"})

    assert '<form class="main"' not in page
    assert "Birds" in page
    assert "<script>x" not in page
    assert "Chapter 1" in page
    assert "Ann Arch" not in page  # nobody let them see authors
    assert answer.status_code == 403
