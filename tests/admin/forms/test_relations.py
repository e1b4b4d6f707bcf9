"""Rows of other models are picked: by their keys, by what is typed, never by reading a table."""

from __future__ import annotations

import pytest

from tests.admin.forms.press import AdfAuthor, AdfBook, AdfShelf, AdfTag, Desk, book, stored
from tests.admin.shop import Shop
from trivet.testing import assert_queries

PICK = "/admin/adf-book/pick"


async def test_a_picker_finds_rows_by_what_is_typed(press: Shop) -> None:
    await book(press.database)
    async with press.database.own_transaction():
        for number in range(30):
            await AdfAuthor.create(name=f"Bob {number:02}")
    client = await press.root()

    found = (await client.get(PICK, params={"of": "author", "q": "bob 07"})).json()
    many = (await client.get(PICK, params={"of": "author", "q": ""})).json()

    assert [one["label"] for one in found] == ["Bob 07"]
    assert len(many) == 20


async def test_a_picker_gives_only_what_may_be_picked(press: Shop) -> None:
    await book(press.database)
    async with press.database.own_transaction():
        await AdfAuthor.create(name="Asleep", is_active=False)
    root = await press.root()
    staff = await press.staff("adf_book.*")

    assert (await root.get(PICK, params={"of": "author", "q": "asleep"})).json() == []
    assert (await root.get("/admin/adf-author/pick?q=asleep")).json() != []
    assert (await staff.get(PICK, params={"of": "author"})).json() == []
    assert (await staff.get("/admin/adf-author/pick")).status_code == 403
    for name in ("title", "nothing", "chapters.nothing", "nothing.editor", "a.b.c.d"):
        assert (await root.get(PICK, params={"of": name})).status_code == 404


async def test_a_picker_in_rows_of_a_form_is_the_form_s_own(press: Shop) -> None:
    await book(press.database)
    client = await press.root()

    found = (await client.get(PICK, params={"of": "chapters.editor", "q": "ann"})).json()

    assert [one["label"] for one in found] == ["Ann Arch"]


@pytest.mark.parametrize("typed", ["Cid", "cid", " cid  smith "])
async def test_a_name_that_means_one_row_is_taken(press: Shop, typed: str) -> None:
    first = await book(press.database)
    async with press.database.own_transaction():
        cid = await AdfAuthor.create(name="Cid Smith")
    client = await press.root()
    desk = await Desk(client, f"/admin/adf-book/{first.id}").open()

    answer = await desk.type(author=typed).send()

    assert answer.status_code == 303, answer.text
    assert (await stored(press.database, AdfBook, first.id)).author_id == cid.id


async def test_a_name_that_means_several_is_asked_again(press: Shop) -> None:
    first = await book(press.database)
    async with press.database.own_transaction():
        made = [await AdfAuthor.create(name=f"Dora <{number}>") for number in range(3)]
    client = await press.root()
    desk = await Desk(client, f"/admin/adf-book/{first.id}").open()

    answer = await desk.type(author="dora", title="Changed").send()

    assert answer.status_code == 422
    assert f'<option value="{made[1].id}">Dora &lt;1&gt;</option>' in answer.text
    assert (await stored(press.database, AdfBook, first.id)).title == "Birds"


async def test_a_row_that_may_not_be_picked_stays_where_it_is(press: Shop) -> None:
    first = await book(press.database)
    async with press.database.own_transaction():
        asleep = await AdfAuthor.create(name="Asleep", is_active=False)
    second = await book(press.database, slug="second", author_id=asleep.id)
    client = await press.root()

    kept = await (await Desk(client, f"/admin/adf-book/{second.id}").open()).type(pages="5").send()
    taken = (
        await (await Desk(client, f"/admin/adf-book/{first.id}").open())
        .type(author=str(asleep.id))
        .send()
    )

    assert kept.status_code == 303, kept.text
    assert taken.status_code == 422
    assert (await stored(press.database, AdfBook, second.id)).author_id == asleep.id
    assert (await stored(press.database, AdfBook, first.id)).author_id == first.author_id


async def test_keys_of_several_columns_are_picked_and_taken_away(press: Shop) -> None:
    first = await book(press.database)
    async with press.database.own_transaction():
        await AdfShelf.create(id=7, room="a,b/c", name="Upper")
    client = await press.root()
    (choice,) = (await client.get(PICK, params={"of": "shelf", "q": "upper"})).json()
    url = f"/admin/adf-book/{first.id}"

    answer = await (await Desk(client, url).open()).type(shelf=choice["value"]).send()
    assert answer.status_code == 303, answer.text
    found = await stored(press.database, AdfBook, first.id)
    assert (found.shelf_id, found.shelf_room) == (7, "a,b/c")

    await (await Desk(client, url).open()).type(shelf="").send()
    found = await stored(press.database, AdfBook, first.id)
    assert (found.shelf_id, found.shelf_room) == (None, None)


async def test_a_row_may_refer_to_one_of_its_own_model(press: Shop) -> None:
    first = await book(press.database)
    client = await press.root()
    desk = await Desk(client, "/admin/adf-author/add").open()

    answer = await desk.type(name="Pupil", teacher="Ann Arch").send()

    assert answer.status_code == 303, answer.text
    async with press.database.own_transaction():
        pupil = await AdfAuthor.where(name="Pupil").one()
    assert pupil.teacher_id == first.author_id


async def test_rows_of_a_relation_to_many_are_added_and_taken_away(press: Shop) -> None:
    async with press.database.own_transaction():
        red = await AdfTag.create(name="red")
        blue = await AdfTag.create(name="blue")
    first = await book(press.database)
    client = await press.root()
    url = f"/admin/adf-book/{first.id}"

    answer = await (await Desk(client, url).open()).type(tags=[str(red.id), "blue"]).send()
    assert answer.status_code == 303, answer.text
    desk = await Desk(client, url).open()
    assert sorted(desk.values["tags"]) == sorted([str(red.id), str(blue.id)])

    await desk.type(tags=[str(blue.id)]).send()
    assert (await Desk(client, url).open()).values["tags"] == [str(blue.id)]

    await (await Desk(client, url).open()).type(tags=None).send()
    assert "tags" not in (await Desk(client, url).open()).values


async def test_related_rows_that_one_may_not_see_stay(press: Shop) -> None:
    async with press.database.own_transaction():
        tags = [await AdfTag.create(name=name) for name in ("open", "closed")]

    @press.auth.rules.deny("view", AdfTag)
    def closed(user: object) -> object:
        return AdfTag.name == "closed"

    first = await book(press.database, tags=tags)
    client = await press.root()
    desk = await Desk(client, f"/admin/adf-book/{first.id}").open()
    assert "closed" not in desk.page
    assert desk.values["tags"] == [str(tags[0].id)]

    answer = await desk.type(tags=None).send()

    assert answer.status_code == 303, answer.text
    async with press.database.own_transaction():
        found = await AdfBook.where(id=first.id).with_(AdfBook.tags).one()
    assert [one.name for one in found.tags] == ["closed"]


async def test_a_related_table_is_never_read_as_a_whole(press: Shop) -> None:
    first = await book(press.database)
    async with press.database.own_transaction():
        for number in range(300):
            await AdfAuthor.create(name=f"Bob {number}")
    client = await press.root()
    await client.get(f"/admin/adf-book/{first.id}")

    with assert_queries(at_most=25):
        page = (await client.get(f"/admin/adf-book/{first.id}")).text

    assert "Bob" not in page


async def test_too_many_related_rows_are_left_to_their_list(press: Shop) -> None:
    async with press.database.own_transaction():
        tags = [await AdfTag.create(name=f"tag {number}") for number in range(201)]
    first = await book(press.database, tags=tags)
    client = await press.root()
    desk = await Desk(client, f"/admin/adf-book/{first.id}").open()

    answer = await desk.type(tags=[str(tags[0].id)]).send()

    assert "tag 7" not in desk.page
    assert answer.status_code == 303, answer.text
    async with press.database.own_transaction():
        found = await AdfBook.where(id=first.id).with_(AdfBook.tags).one()
    assert len(found.tags) == 201
