"""Two people change the same row: nobody's change is lost, and nobody's is overwritten unseen."""

from __future__ import annotations

import asyncio
import re
from html import unescape

import httpx2
import pytest

from tests.admin.forms.press import AdfBook, AdfChapter, AdfTag, Desk, book, stored
from tests.admin.shop import Shop
from trivet.db import Database


def hidden_in(page: str) -> dict[str, list[str]]:
    """Give what the page of a conflict sends, with what is chosen on it."""
    found: dict[str, list[str]] = {}
    form = page[page.index('<form method="post" data-guard') :]
    for name, value in re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', form):
        found.setdefault(unescape(name), []).append(unescape(value))
    for name, value in re.findall(
        r'<input type="radio" name="([^"]*)" value="(\w+)" checked', form
    ):
        found[unescape(name)] = [value]
    return found


async def change(database: Database, key: int, **values: object) -> None:
    async with database.own_transaction():
        found = await AdfBook.where(id=key).one()
        await found.update(**values)


async def test_fields_that_only_others_changed_keep_their_value(press: Shop) -> None:
    first = await book(press.database)
    client = await press.root()
    desk = await Desk(client, f"/admin/adf-book/{first.id}").open()
    await change(press.database, first.id, pages=500)

    answer = await desk.type(title="Mine").send()

    assert answer.status_code == 303, answer.text
    found = await stored(press.database, AdfBook, first.id)
    assert (found.title, found.pages) == ("Mine", 500)


async def test_what_both_changed_is_asked(press: Shop) -> None:
    first = await book(press.database)
    client = await press.root()
    url = f"/admin/adf-book/{first.id}"
    desk = await Desk(client, url).open()
    await change(press.database, first.id, title="Theirs <i>", pages=500)

    asked = await desk.type(title="Mine <b>", story="long").send()

    assert asked.status_code == 409
    assert "Theirs &lt;i&gt;" in asked.text
    assert "Mine &lt;b&gt;" in asked.text
    assert "keep-pages" not in asked.text
    assert (await stored(press.database, AdfBook, first.id)).story is None
    values = hidden_in(asked.text)
    assert values["keep-title"] == ["mine"]

    theirs = await client.post(url, data={**values, "keep-title": ["theirs"]})
    found = await stored(press.database, AdfBook, first.id)
    assert theirs.status_code == 303, theirs.text
    assert (found.title, found.story, found.pages) == ("Theirs <i>", "long", 500)

    mine = await client.post(url, data=values)
    found = await stored(press.database, AdfBook, first.id)
    assert mine.status_code == 303, mine.text
    assert (found.title, found.story, found.pages) == ("Mine <b>", "long", 500)


async def test_a_third_change_is_noticed_again(press: Shop) -> None:
    first = await book(press.database)
    client = await press.root()
    url = f"/admin/adf-book/{first.id}"
    desk = await Desk(client, url).open()
    await change(press.database, first.id, title="Theirs")
    asked = await desk.type(title="Mine").send()
    await change(press.database, first.id, title="Somebody else's")

    again = await client.post(url, data=hidden_in(asked.text))

    assert again.status_code == 409
    assert "Somebody else" in again.text
    assert (await stored(press.database, AdfBook, first.id)).title == "Somebody else's"


async def test_both_may_change_it_in_the_same_way(press: Shop) -> None:
    first = await book(press.database)
    client = await press.root()
    desk = await Desk(client, f"/admin/adf-book/{first.id}").open()
    await change(press.database, first.id, title="Same")

    answer = await desk.type(title="Same").send()

    assert answer.status_code == 303


async def test_children_that_both_changed_are_asked_too(press: Shop) -> None:
    first = await book(press.database)
    client = await press.root()
    desk = await Desk(client, f"/admin/adf-book/{first.id}").open()
    async with press.database.own_transaction():
        for one in await AdfChapter.where(book_id=first.id):
            await one.update(title=f"Theirs {one.number}")

    asked = await desk.type(chapters__0__title="Mine").drop("chapters-1").send()
    assert asked.status_code == 409
    values = hidden_in(asked.text)
    assert sorted(one[0] for name, one in values.items() if name.startswith("keep-")) == [
        "mine",
        "theirs",
    ]
    answer = await client.post(desk.url, data=values)

    assert answer.status_code == 303, answer.text
    async with press.database.own_transaction():
        found = await AdfChapter.where(book_id=first.id).order_by(AdfChapter.number)
    assert [one.title for one in found] == ["Mine", "Theirs 2"]


@pytest.mark.timeout(240)
async def test_a_hundred_people_at_once_lose_no_change(press: Shop) -> None:
    """All have the same form open, and change one of four fields: one of each field is first."""
    first = await book(press.database)
    client = await press.root()
    fields = ("title", "story", "pages", "price")
    desk = await Desk(client, f"/admin/adf-book/{first.id}").open()
    people = []
    for number in range(100):
        one = Desk(client, desk.url)
        one.values = {**desk.values, fields[number % 4]: [str(100 + number)]}
        people.append(one)

    async def sent(one: Desk) -> httpx2.Response:
        while (answer := await one.send()).status_code == 503:
            pass  # nobody had time for it
        return answer

    answers = await asyncio.gather(*(sent(one) for one in people))

    saved = [number for number, one in enumerate(answers) if one.status_code == 303]
    assert {one.status_code for one in answers} == {303, 409}
    assert sorted(number % 4 for number in saved) == [0, 1, 2, 3]
    found = await stored(press.database, AdfBook, first.id)
    for number in saved:
        assert str(getattr(found, fields[number % 4])).startswith(str(100 + number))


async def test_fingerprints_are_believed_in_nothing_else(press: Shop) -> None:
    first = await book(press.database)
    async with press.database.own_transaction():
        await AdfTag.create(name="one")
    client = await press.root()
    desk = await Desk(client, f"/admin/adf-book/{first.id}").open()

    for version in ("", "{", "[]", "null", '{"title": 1}', '{"a": {}}', "[" * 3000, "x" * 300_000):
        answer = await desk.type(title="Mine").send(version=version)
        assert answer.status_code in (303, 409), answer.text
