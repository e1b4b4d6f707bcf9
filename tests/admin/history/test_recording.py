"""What is changed in a site is written down, in the transaction of the change."""

from __future__ import annotations

from tests.admin.history.conftest import keys_in, written
from tests.admin.shop import AdmArtist, AdmRecord, Shop, filled, shop_on, usual_shop
from trivet.admin import ModelAdmin
from trivet.admin.history import changes_of
from trivet.db import Database

FORM = {"title": "Innuendo", "format": "lp", "year": "1991", "price": "12.50"}
RECORDS = "/admin/adm-record"
KEPT = {"title": "Record 000", "format": "lp", "year": "1970", "price": "9.90"}


async def keys_of(database: Database) -> tuple[str, str, str]:
    """Give the keys of Queen, of ABBA and of the first record."""
    found = await keys_in(database)
    return found.queen, found.abba, found.record


async def test_a_new_row_is_written_down(shop: Shop) -> None:
    await filled(shop.database, 1)
    queen, _, key = await keys_of(shop.database)
    client = await shop.root()

    answer = await client.post(f"{RECORDS}/add", data={**FORM, "artist": queen})

    assert answer.status_code == 303, answer.text
    (entry,) = await written(shop.database)
    assert (entry.model, entry.key, entry.label) == ("adm_record", str(int(key) + 1), "Innuendo")
    assert (entry.action, entry.name) == ("add", "Ruth")
    assert entry.handle
    assert entry.changes["title"] == [None, "Innuendo"]
    assert entry.changes["artist"] == [None, {"row": {"key": queen, "name": "Queen"}}]
    assert entry.address == "127.0.0.1"
    assert "secret" not in entry.changes


async def test_only_what_was_changed_is_written_down(shop: Shop) -> None:
    await filled(shop.database, 1)
    queen, abba, key = await keys_of(shop.database)
    client = await shop.root()

    answer = await client.post(f"{RECORDS}/{key}", data={**KEPT, "title": "Jazz", "artist": queen})

    assert answer.status_code == 303, answer.text
    (entry,) = await written(shop.database)
    assert entry.action == "change"
    assert entry.changes == {
        "title": ["Record 000", "Jazz"],
        "artist": [
            {"row": {"key": abba, "name": "ABBA"}},
            {"row": {"key": queen, "name": "Queen"}},
        ],
    }


async def test_nothing_is_written_down_where_nothing_was_changed(shop: Shop) -> None:
    await filled(shop.database, 1)
    _, abba, key = await keys_of(shop.database)
    client = await shop.root()

    answer = await client.post(f"{RECORDS}/{key}", data={**KEPT, "artist": abba})

    assert answer.status_code == 303, answer.text
    assert await written(shop.database) == []


async def test_a_deleted_row_is_written_down_with_all_that_it_was(shop: Shop) -> None:
    await filled(shop.database, 1)
    _, _, key = await keys_of(shop.database)
    client = await shop.root()

    answer = await client.post(f"{RECORDS}/{key}/delete")

    assert answer.status_code == 303
    (entry,) = await written(shop.database)
    assert (entry.action, entry.label) == ("delete", "Record 000")
    assert entry.changes["year"] == [1970, None]
    assert entry.changes["price"] == ["9.90", None]
    assert entry.changes["secret"] == [{"hidden": True}, {"hidden": True}]


async def test_what_is_refused_is_not_written_down(shop: Shop) -> None:
    await filled(shop.database, 1)
    client = await shop.root()

    answer = await client.post("/admin/adm-artist/add", data={"name": "Queen"})

    assert answer.status_code == 422
    assert await written(shop.database) == []


async def test_a_site_without_history_writes_nothing(database: Database) -> None:
    shop = usual_shop(database, history=False)
    await filled(database, 1)
    _, abba, key = await keys_of(database)
    client = await shop.root()

    answer = await client.post(f"{RECORDS}/{key}", data={**KEPT, "title": "Jazz", "artist": abba})

    assert answer.status_code == 303
    assert await written(database) == []


async def test_a_private_column_that_is_edited_is_noted_without_its_values(
    database: Database,
) -> None:
    class Secrets(ModelAdmin):
        fields = [AdmRecord.title, AdmRecord.secret]

    shop = shop_on(database)
    shop.admin.add(AdmRecord, by=Secrets)
    await filled(database, 1)
    _, _, key = await keys_of(database)
    client = await shop.root()

    answer = await client.post(f"{RECORDS}/{key}", data={"title": "Jazz", "secret": "sesame"})

    assert answer.status_code == 303, answer.text
    (entry,) = await written(database)
    assert "sesame" not in str(entry)
    assert entry.changes["secret"] == [{"hidden": True}, {"hidden": True}]


async def test_a_long_text_is_cut_and_its_length_kept(shop: Shop) -> None:
    await filled(shop.database, 1)
    _, abba, key = await keys_of(shop.database)
    client = await shop.root()

    await client.post(f"{RECORDS}/{key}", data={**KEPT, "artist": abba, "story": "x" * 3000})

    (entry,) = await written(shop.database)
    assert entry.changes["story"] == [None, {"text": "x" * 1000, "length": 3000}]


async def test_changes_are_read_from_a_row_before_it_is_saved(shop: Shop) -> None:
    await filled(shop.database, 1)
    plan = shop.admin.site.plan.of(AdmRecord)
    assert plan is not None

    async with shop.database.own_transaction():
        row = await AdmRecord.where().with_(AdmRecord.artist).first()
        queen = await AdmArtist.where(name="Queen").first()
        assert row is not None
        assert queen is not None
        row.title, row.artist = "Jazz", queen

        found = changes_of(plan, row)

    assert found["title"] == ("Record 000", "Jazz")
    assert found["artist"][1] is queen
    assert "artist_id" not in found
