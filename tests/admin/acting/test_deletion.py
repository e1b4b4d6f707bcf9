"""Deletion: what goes, what stays, what stands in the way; the trash, and back."""

from __future__ import annotations

from typing import Any

import pytest

from tests.admin.acting.store import (
    AdxBolt,
    AdxCrate,
    AdxGood,
    AdxMaker,
    AdxNote,
    AdxPart,
    AdxSeal,
    AdxTag,
    goods,
    hidden,
    rows_of,
    text_of,
)
from tests.admin.acting.test_actions import lists
from tests.admin.shop import Shop
from trivet.admin.deleting.bonds import bonds_of
from trivet.db import Database

CRATES = "/admin/adx-crate/"
GOODS = "/admin/adx-good/"


async def crate(database: Database, **more: Any) -> AdxCrate:
    """Store a crate in which another stands, with parts, bolts, a tag and a note."""
    async with database.own_transaction():
        outer = await AdxCrate.create(name="Outer", tags=[await AdxTag.create(word="heavy")])
        inner = await AdxCrate.create(name="Inner", in_id=outer.id)
        part = await AdxPart.create(name="Part A", crate_id=outer.id)
        await AdxPart.create(name="Part B", crate_id=inner.id)
        await AdxBolt.create(name="Bolt", part_id=part.id)
        await AdxNote.create(name="Note", crate_id=inner.id)
        return outer


def test_what_a_foreign_key_means_is_known_from_relations_and_tables() -> None:
    found = {(one.table.name, one.effect) for one in bonds_of(AdxCrate)}

    assert found == {
        ("adx_crate", "gone"),
        ("adx_crate_tag", "gone"),
        ("adx_part", "gone"),
        ("adx_note", "kept"),
        ("adx_seal", "held"),
    }


async def test_the_page_shows_all_that_would_go(store: Shop) -> None:
    outer = await crate(store.database)
    client = await store.root()

    page = text_of((await client.get(f"{CRATES}{outer.id}/delete")).text)

    for said in ("Outer", "Inner", "Part A", "Part B", "Note", "Adx bolt: 1", "Adx parts: 2"):
        assert said in page
    assert await rows_of(store.database, AdxCrate.all())


async def test_a_row_goes_with_what_hangs_on_it(store: Shop) -> None:
    outer = await crate(store.database)
    client = await store.root()

    answer = await client.post(f"{CRATES}{outer.id}/delete", data={"confirmed": "yes"})

    assert answer.status_code == 303
    for model in (AdxCrate, AdxPart, AdxBolt):
        assert await rows_of(store.database, model.all()) == []
    (note,) = await rows_of(store.database, AdxNote.all())
    assert note.crate_id is None
    assert len(await rows_of(store.database, AdxTag.all())) == 1


async def test_what_holds_a_row_is_shown_and_nothing_is_deleted(store: Shop) -> None:
    outer = await crate(store.database)
    async with store.database.own_transaction():
        (inner,) = await AdxCrate.where(name="Inner")
        await AdxSeal.create(name="Waxen", crate_id=inner.id)
    client = await store.root()
    url = f"{CRATES}{outer.id}/delete"

    page = (await client.get(url)).text
    answer = await client.post(url, data={"confirmed": "yes"})

    assert "Waxen" in page
    assert 'name="confirmed"' not in page
    assert answer.status_code == 409
    assert len(await rows_of(store.database, AdxPart.all())) == 2
    assert len(await rows_of(store.database, AdxNote.where(AdxNote.crate_id.is_not(None)))) == 1


async def test_one_needs_the_permission_for_what_goes_along(store: Shop) -> None:
    outer = await crate(store.database)
    names = [f"adx_crate.{one}" for one in ("view", "delete")]
    client = await store.staff(*names, "adx_part.view", "adx_bolt.delete")
    url = f"{CRATES}{outer.id}/delete"

    page = (await client.get(url)).text
    answer = await client.post(url, data={"confirmed": "yes"})

    assert "Adx parts that you may not delete: 2" in text_of(page)
    assert answer.status_code == 409
    assert len(await rows_of(store.database, AdxCrate.all())) == 2


async def test_rows_that_one_may_not_see_are_counted_and_not_named(store: Shop) -> None:
    outer = await crate(store.database)
    names = [f"adx_{one}.delete" for one in ("crate", "part", "bolt")]
    client = await store.staff("adx_crate.view", *names)

    page = (await client.get(f"{CRATES}{outer.id}/delete")).text

    assert "Adx parts: 2" in text_of(page)
    assert "Part A" not in page
    assert "Note: 1" in text_of(page) or "Adx notes: 1" in text_of(page)


async def test_a_row_that_holds_itself_in_a_ring_is_deleted(store: Shop) -> None:
    async with store.database.own_transaction():
        one = await AdxCrate.create(name="One")
        two = await AdxCrate.create(name="Two", in_id=one.id)
        await one.update(in_id=two.id)
    client = await store.root()

    page = text_of((await client.get(f"{CRATES}{one.id}/delete")).text)

    assert "Adx crates: 1" in page


async def test_too_much_at_once_is_not_deleted(
    store: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trivet.admin.deleting.collecting.MOST", 3)
    outer = await crate(store.database)
    client = await store.root()

    answer = await client.post(f"{CRATES}{outer.id}/delete", data={"confirmed": "yes"})

    assert answer.status_code == 409
    assert "hang on this" in text_of(answer.text)


async def test_many_are_deleted_but_those_that_are_held(store: Shop) -> None:
    await goods(store.database, 2)
    async with store.database.own_transaction():
        await AdxMaker.create(name="Cid")
    makers = await rows_of(store.database, AdxMaker.all().order_by("name"))
    client = await store.root()
    said = {"action": "delete", "key": [str(one.id) for one in makers], "confirmed": "yes"}

    refused = await client.post("/admin/adx-maker/", data=said)
    asked = await client.post("/admin/adx-maker/", data={"action": "delete", "key": said["key"][2]})
    done = await client.post(
        "/admin/adx-maker/", data=lists([*hidden(asked.text), ("confirmed", "yes")])
    )

    assert refused.status_code == 409
    assert "Adx goods: 2" in text_of(refused.text)
    assert done.status_code == 303
    assert [one.name for one in await rows_of(store.database, AdxMaker.all())] == ["Ann", "Bob"]


async def test_a_soft_deleted_row_goes_to_the_trash_and_comes_back_by_undo(store: Shop) -> None:
    await goods(store.database, 3)
    (good,) = await rows_of(store.database, AdxGood.where(code="c00001"))
    client = await store.root()

    asked = await client.get(f"{GOODS}{good.id}/delete")
    answer = await client.post(f"{GOODS}{good.id}/delete", data={"confirmed": "yes"})
    page = (await client.get(answer.headers["location"])).text

    assert "To the trash" in asked.text
    assert "c00001" not in page
    assert len(await rows_of(store.database, AdxGood.only_deleted())) == 1
    undo = [one for one in hidden(page) if one[0] in ("action", "kept-trash", "confirmed", "key")]
    await client.post(GOODS, data=lists(undo))
    assert await rows_of(store.database, AdxGood.only_deleted()) == []
    assert "Undo" not in (await client.get(GOODS)).text


async def test_the_trash_lists_what_was_deleted_alone(store: Shop) -> None:
    await goods(store.database, 3)
    async with store.database.own_transaction():
        await (await AdxGood.where(code="c00001").one()).delete()
    client = await store.root()

    page = (await client.get(f"{GOODS}?trash=1")).text

    assert "c00001" in page
    assert "c00002" not in page
    assert 'value="restore"' in page
    assert 'value="erase"' in page
    assert 'value="delete"' not in page


async def test_the_trash_is_for_who_may_delete(store: Shop) -> None:
    client = await store.staff("adx_good.view")

    assert (await client.get(f"{GOODS}?trash=1")).status_code == 403
    assert "trash=1" not in (await client.get(GOODS)).text


async def test_to_erase_is_a_permission_of_its_own(store: Shop) -> None:
    await goods(store.database, 3)
    async with store.database.own_transaction():
        gone = await AdxGood.where(code="c00001").one()
        await gone.delete()
    client = await store.staff("adx_good.view", "adx_good.delete")
    said = {"key": str(gone.id), "kept-trash": "1", "confirmed": "yes"}

    refused = await client.post(GOODS, data=said | {"action": "erase"})
    again = await client.post(GOODS, data=said | {"action": "delete"})

    assert (refused.status_code, again.status_code) == (403, 404)
    root = await store.root()
    done = await root.post(GOODS, data=said | {"action": "erase"})
    assert done.status_code == 303
    assert await rows_of(store.database, AdxGood.only_deleted()) == []
    assert len(await rows_of(store.database, AdxGood.all())) == 2


async def test_only_what_is_in_the_trash_is_erased(store: Shop) -> None:
    await goods(store.database, 2)
    rows = await rows_of(store.database, AdxGood.all())
    client = await store.root()
    keys = [str(one.id) for one in rows]

    answer = await client.post(
        GOODS, data={"action": "erase", "key": keys, "kept-trash": "1", "confirmed": "yes"}
    )

    assert answer.status_code == 404
    assert len(await rows_of(store.database, AdxGood.all())) == 2


async def test_a_row_that_one_may_not_delete_is_not_asked_about(store: Shop) -> None:
    outer = await crate(store.database)
    client = await store.staff("adx_crate.view")
    url = f"{CRATES}{outer.id}/delete"

    assert (await client.get(url)).status_code == 403
    assert (await client.post(url, data={"confirmed": "yes"})).status_code == 403
    other = await store.staff("adx_part.view", email="x@example.org")
    assert (await other.get(url)).status_code in (403, 404)
