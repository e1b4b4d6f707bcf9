"""Rows within a form: their parent's alone, stored with it, in the order that they were given."""

from __future__ import annotations

import re
from typing import Any

from tests.admin.forms.press import AdfBook, AdfChapter, AdfNote, Desk, book, press_on, stored
from tests.admin.shop import Shop
from trivet.admin import Inline, ModelAdmin
from trivet.db import Database


async def chapters(database: Database, key: Any) -> list[tuple[str, int]]:
    async with database.own_transaction():
        found = await AdfChapter.where(book_id=key).order_by(AdfChapter.number)
    return [(one.title, one.number) for one in found]


async def test_children_are_changed_added_and_taken_away_at_once(press: Shop) -> None:
    first = await book(press.database)
    client = await press.root()
    desk = await Desk(client, f"/admin/adf-book/{first.id}").open()

    answer = (
        await desk.drop("chapters-0")
        .type(
            chapters__1__title="Second",
            chapters__2="",
            chapters__2__row_key_="",
            chapters__2__title="Third",
            chapters__2__number="",
            chapters__2__words="1",
        )
        .send()
    )

    assert answer.status_code == 303, answer.text
    assert await chapters(press.database, first.id) == [("Second", 2), ("Third", 3)]


async def test_children_of_another_parent_are_not_touched(press: Shop) -> None:
    first = await book(press.database)
    other = await book(press.database, slug="other")
    async with press.database.own_transaction():
        foreign = await AdfChapter.where(book_id=other.id).order_by(AdfChapter.number).first()
        assert foreign is not None
    client = await press.root()
    desk = await Desk(client, f"/admin/adf-book/{first.id}").open()
    mine = desk.values["chapters-0-row_key_"][0]
    version = desk.values["version"][0].replace(f"chapters.{mine}.", f"chapters.{foreign.id}.")

    changed = await desk.type(
        chapters__0__row_key_=str(foreign.id), chapters__0__title="Stolen", version=version
    ).send()
    dropped = await desk.drop("chapters-0").send(version=version)

    assert changed.status_code == 422
    assert "This is not there any more." in changed.text
    assert dropped.status_code == 303
    expected = [("Chapter 1", 1), ("Chapter 2", 2)]
    assert await chapters(press.database, other.id) == expected
    assert await chapters(press.database, first.id) == expected


async def test_children_that_were_not_shown_are_not_taken_away(press: Shop) -> None:
    first = await book(press.database)
    client = await press.root()
    desk = await Desk(client, f"/admin/adf-book/{first.id}").open()
    async with press.database.own_transaction():
        await AdfChapter.create(title="Meanwhile", number=9, book_id=first.id)

    answer = await desk.type(chapters__0__title="Mine").send()
    without = await desk.drop("chapters-0").drop("chapters-1").type(version=None).send()

    assert answer.status_code == 303, answer.text
    assert without.status_code == 303, without.text
    expected = [("Mine", 1), ("Chapter 2", 2), ("Meanwhile", 9)]
    assert await chapters(press.database, first.id) == expected


async def test_numbers_are_changed_with_each_other(press: Shop) -> None:
    first = await book(press.database)
    client = await press.root()
    desk = await Desk(client, f"/admin/adf-book/{first.id}").open()

    answer = await desk.type(chapters__0__number="2", chapters__1__number="1").send()

    assert answer.status_code == 303, answer.text
    assert await chapters(press.database, first.id) == [("Chapter 2", 1), ("Chapter 1", 2)]


async def test_what_is_wrong_stands_at_the_child(press: Shop) -> None:
    first = await book(press.database)
    client = await press.root()
    desk = await Desk(client, f"/admin/adf-book/{first.id}").open()

    answer = await desk.type(
        title="Not stored", chapters__1__title="", chapters__0__editor="Nobody at all"
    ).send()

    assert answer.status_code == 422
    assert 'id="form-chapters-1-title-errors"' in answer.text
    assert 'id="form-chapters-0-editor-errors"' in answer.text
    assert (await stored(press.database, AdfBook, first.id)).title == "Birds"


async def test_an_empty_row_is_none(press: Shop) -> None:
    first = await book(press.database)
    client = await press.root()
    desk = await Desk(client, f"/admin/adf-book/{first.id}").open()

    answer = await desk.type(
        chapters__2="",
        chapters__2__row_key_="",
        chapters__2__title="  ",
        chapters__2__number="3",
        chapters__2__words="100",
        chapters__2__editor="",
    ).send()

    assert answer.status_code == 303, answer.text
    assert len(await chapters(press.database, first.id)) == 2


async def test_rows_are_added_and_taken_away_without_a_script(press: Shop) -> None:
    first = await book(press.database)
    client = await press.root()
    desk = await Desk(client, f"/admin/adf-book/{first.id}").open()

    more = await desk.type(title="Typed").send(**{"chapters-add": "1"})
    less = await desk.send(**{"chapters-remove": "0"})

    assert more.status_code == 200
    assert 'name="chapters-2-title"' in more.text
    assert 'value="Typed"' in more.text
    assert 'name="chapters-1-title"' not in less.text
    assert len(await chapters(press.database, first.id)) == 2
    after = Desk(client, desk.url)
    after.values = _form_of(less.text)
    answer = await after.send()
    assert answer.status_code == 303, answer.text
    assert await chapters(press.database, first.id) == [("Chapter 2", 2)]


def _form_of(page: str) -> dict[str, list[str]]:
    from tests.admin.forms.press import form_in

    return form_in(page)


async def test_children_of_children_are_stored_too(press: Shop) -> None:
    first = await book(press.database)
    client = await press.root()
    url = f"/admin/adf-book/{first.id}"
    desk = await Desk(client, url).open()

    answer = await desk.type(
        chapters__1__notes__0="",
        chapters__1__notes__0__text="A note",
        chapters__1__notes__0__row_key_="",
    ).send()
    assert answer.status_code == 303, answer.text

    desk = await Desk(client, url).open()
    assert desk.values["chapters-1-notes-0-text"] == ["A note"]
    await desk.type(chapters__1__notes__0__text="Another").send()
    async with press.database.own_transaction():
        assert [one.text for one in await AdfNote.all()] == ["Another"]

    desk = await Desk(client, url).open()
    await desk.drop("chapters-1-notes-0").send()
    async with press.database.own_transaction():
        assert await AdfNote.all().count() == 0
    assert len(await chapters(press.database, first.id)) == 2


async def test_children_are_changed_as_far_as_one_may(press: Shop) -> None:
    first = await book(press.database)

    @press.auth.rules.deny("change", AdfChapter)
    def first_chapters(user: Any) -> Any:
        return AdfChapter.number == 1

    @press.auth.rules.allow("change", AdfChapter, fields=["words"])
    def nobody(user: Any) -> Any:
        return False

    client = await press.staff(
        "adf_book.*", "adf_author.view", "adf_chapter.view", "adf_chapter.change"
    )
    desk = await Desk(client, f"/admin/adf-book/{first.id}").open()

    answer = await desk.type(
        chapters__0__title="No",
        chapters__1__title="Yes",
        chapters__1__words="999",
        chapters__2="",
        chapters__2__row_key_="",
        chapters__2__title="New",
    ).send()
    await (await Desk(client, desk.url).open()).drop("chapters-1").send()

    assert answer.status_code == 303, answer.text
    assert await chapters(press.database, first.id) == [("Chapter 1", 1), ("Yes", 2)]
    async with press.database.own_transaction():
        assert {one.words for one in await AdfChapter.all()} == {100}


async def test_too_many_children_are_left_to_their_list(press: Shop) -> None:
    first = await book(press.database)
    async with press.database.own_transaction():
        for number in range(3, 103):
            await AdfChapter.create(title=f"More {number}", number=number, book_id=first.id)
    client = await press.root()

    desk = await Desk(client, f"/admin/adf-book/{first.id}").open()
    answer = await desk.type(title="Long").send()

    assert "More 50" not in desk.page
    assert f"/admin/adf-chapter/?f.book={first.id}" in desk.page
    assert answer.status_code == 303, answer.text
    assert len(await chapters(press.database, first.id)) == 102


class ReadyBookAdmin(ModelAdmin):
    """A book below which an empty chapter stands ready."""

    fields = [AdfBook.title]
    inlines = [Inline(AdfBook.chapters, columns=[AdfChapter.title, AdfChapter.editor], extra=1)]


async def test_no_browser_insists_on_a_row_that_stands_ready(database: Database) -> None:
    press = press_on(database, ReadyBookAdmin)
    first = await book(database)
    client = await press.root()
    desk = await Desk(client, f"/admin/adf-book/{first.id}").open()
    insisted = set(re.findall(r'name="([^"]+)"[^>]* required', desk.page))

    answer = await desk.type(title="Later").send()

    assert {"title", "chapters-0-title", "chapters-1-title"} <= insisted
    assert "chapters-2-title" in desk.values
    assert "chapters-2-title" not in insisted
    assert answer.status_code == 303, answer.text
    assert await chapters(database, first.id) == [("Chapter 1", 1), ("Chapter 2", 2)]
