"""The history of a row, the log of a site, and what is brought back from them."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

from tests.admin.history.conftest import Keys, written
from tests.admin.shop import AdmArtist, AdmRecord, Shop
from trivet.db import Database


def told(page: str) -> str:
    """Give the words of a page's content."""
    content = page[page.index('<main id="content"') :]
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", content)).split())


async def the_record(database: Database) -> Any:
    async with database.own_transaction():
        return await AdmRecord.where().order_by(AdmRecord.id).first()


def restore_urls(page: str) -> list[str]:
    return re.findall(r'href="([^"]*/restore/\d+)"', page)


async def posted(client: Any, url: str) -> Any:
    """Send the form of a page as it stands there."""
    page = (await client.get(url)).text
    form = page[page.index("<form", page.index('<main id="content"')) :]
    data = {}
    for tag in re.findall(r"<input[^>]*>", form):
        name = re.search(r' name="([^"]*)"', tag)
        value = re.search(r' value="([^"]*)"', tag)
        is_off = 'type="checkbox"' in tag and " checked" not in tag
        if name and not is_off:
            data[unescape(name[1])] = unescape(value[1]) if value else ""
    for name, text in re.findall(r'<textarea[^>]* name="([^"]*)"[^>]*>\n?([^<]*)<', form):
        data[name] = unescape(text)
    for name, options in re.findall(r'<select[^>]* name="([^"]*)"[^>]*>(.*?)</select>', form, re.S):
        chosen = re.search(r'value="([^"]*)"[^>]*selected', options)
        data[name] = unescape(chosen[1]) if chosen else ""
    return await client.post(url, data=data)


async def test_the_history_of_a_row_says_who_changed_what(shop: Shop, keys: Keys) -> None:
    client = await shop.root()
    await client.post(keys.url, data=keys.form(title="Jazz", artist=keys.queen))

    page = (await client.get(f"{keys.url}/history")).text

    words = told(page)
    assert "Ruth changed" in words
    assert "Title Record 000 Jazz" in words
    assert "Artist ABBA Queen" in words


async def test_a_change_is_brought_back(shop: Shop, keys: Keys) -> None:
    client = await shop.root()
    await client.post(keys.url, data=keys.form(title="Jazz", artist=keys.queen, is_sold_out="on"))
    await client.post(keys.url, data=keys.form(title="Game", artist=keys.queen, year="1980"))
    page = (await client.get(f"{keys.url}/history")).text
    newest, oldest = restore_urls(page)

    answer = await posted(client, oldest)

    assert answer.status_code == 303, told(answer.text)
    row = await the_record(shop.database)
    assert (row.title, row.artist_id, row.year) == ("Record 000", int(keys.abba), 1970)
    assert row.is_sold_out is False
    assert newest != oldest
    assert (await written(shop.database))[-1].action == "restore"


async def test_what_is_stored_now_stands_beside_what_was_there(shop: Shop, keys: Keys) -> None:
    client = await shop.root()
    await client.post(keys.url, data=keys.form(title="Jazz", artist=keys.queen))
    (url,) = restore_urls((await client.get(f"{keys.url}/history")).text)

    page = (await client.get(url)).text

    beside = told(page[: page.index("</aside>")]).partition("Stored now")[2]
    assert "Title Jazz" in beside
    assert "Artist Queen" in beside
    assert "Year" not in beside  # it is not brought back
    assert 'value="Record 000"' in page


async def test_what_was_changed_while_one_looked_is_not_overwritten(shop: Shop, keys: Keys) -> None:
    client = await shop.root()
    await client.post(keys.url, data=keys.form(title="Jazz"))
    (url,) = restore_urls((await client.get(f"{keys.url}/history")).text)
    page = (await client.get(url)).text
    version = re.search(r'name="version" value="([^"]*)"', page)
    assert version is not None
    await client.post(keys.url, data=keys.form(title="Game"))

    answer = await client.post(url, data={"title": "Record 000", "version": unescape(version[1])})

    assert answer.status_code == 409
    assert (await the_record(shop.database)).title == "Game"


async def test_a_value_that_another_row_has_by_now_is_a_conflict(shop: Shop, keys: Keys) -> None:
    client = await shop.root()
    artist = f"/admin/adm-artist/{keys.queen}"
    await client.post(artist, data={"name": "Smile"})
    await client.post("/admin/adm-artist/add", data={"name": "Queen"})
    urls = restore_urls((await client.get(f"{artist}/history")).text)

    answer = await posted(client, urls[0])

    assert answer.status_code == 409
    assert "There is one with this already" in told(answer.text)


async def test_a_deleted_row_is_brought_back_under_its_key(shop: Shop, keys: Keys) -> None:
    client = await shop.root()
    await client.post("/admin/adm-artist/add", data={"name": "Smile", "notes": "Early\nyears"})
    async with shop.database.own_transaction():
        smile = await AdmArtist.where(name="Smile").first()
    assert smile is not None
    url = f"/admin/adm-artist/{smile.id}"
    assert (await client.post(f"{url}/delete")).status_code == 303
    page = (await client.get(f"{url}/history")).text
    (again,) = restore_urls(page)
    assert again in (await client.get("/admin/log")).text

    answer = await posted(client, again)

    assert answer.status_code == 303, told(answer.text)
    async with shop.database.own_transaction():
        found = await AdmArtist.get(smile.id)
    assert (found.name, found.notes) == ("Smile", "Early\nyears")


async def test_a_deleted_row_whose_values_were_not_kept_is_gone(shop: Shop, keys: Keys) -> None:
    """Its secret is private: nobody knows it any more."""
    client = await shop.root()
    await client.post(f"{keys.url}/delete")
    page = (await client.get(f"{keys.url}/history")).text
    (url,) = restore_urls(page)

    answer = await client.get(url)

    assert answer.status_code == 409
    assert "secret" in answer.text


async def test_the_history_shows_no_field_that_may_not_be_seen(shop: Shop, keys: Keys) -> None:
    @shop.auth.rules.deny("view", AdmRecord, fields=["price"])
    def never(user: Any) -> bool:
        return True

    root = await shop.root()
    await root.post(keys.url, data=keys.form(title="Jazz", price="77.70", year="1988"))
    ann = await shop.staff("adm_record.view", "history.view")

    pages = [(await ann.get(url)).text for url in (f"{keys.url}/history", "/admin/log")]

    for page in pages:
        assert "Jazz" in page
        assert "77.70" not in page
        assert "9.90" not in page


async def test_of_rows_that_may_not_be_seen_the_log_says_nothing(shop: Shop, keys: Keys) -> None:
    root = await shop.root()
    await root.post(keys.url, data=keys.form(title="Jazz"))
    await root.post(f"/admin/adm-artist/{keys.queen}", data={"name": "Smile"})
    ann = await shop.staff("adm_artist.view", "history.view")

    page = (await ann.get("/admin/log")).text

    assert "Smile" in page
    assert "Jazz" not in page


async def test_rows_that_are_seen_by_a_rule_alone_are_not_told_of_once_they_are_gone(
    shop: Shop, keys: Keys
) -> None:
    @shop.auth.rules.allow("view", AdmArtist)
    def named_so(user: Any) -> Any:
        return AdmArtist.name == "Smile"

    root = await shop.root()
    await root.post(f"/admin/adm-artist/{keys.queen}", data={"name": "Smile"})
    await root.post("/admin/adm-artist/add", data={"name": "Larry Lurex"})
    async with shop.database.own_transaction():
        larry = await AdmArtist.where(name="Larry Lurex").first()
    assert larry is not None
    await root.post(f"/admin/adm-artist/{larry.id}/delete")
    ann = await shop.staff("history.view")

    page = (await ann.get("/admin/log")).text

    assert "Smile" in page
    assert "Larry" not in page
    assert (await ann.get(f"/admin/adm-artist/{larry.id}/history")).status_code == 404


async def test_the_log_is_for_who_may_see_it(shop: Shop, keys: Keys) -> None:
    ann = await shop.staff("adm_record.*")

    answer = await ann.get("/admin/log")

    assert answer.status_code == 403


async def test_the_log_is_narrowed_and_gone_through(shop: Shop, keys: Keys) -> None:
    client = await shop.root()
    for number in range(60):
        await client.post(f"/admin/adm-artist/{keys.queen}", data={"name": f"Queen {number:02}"})
    await client.post(keys.url, data=keys.form(title="Jazz"))

    await client.get("/admin/")  # what is to be told of them is told
    first = (await client.get("/admin/log?who=Ruth&model=adm-artist&action=change")).text
    older = re.search(r'rel="next" href="([^"]*)"', first)
    assert older is not None
    second = (await client.get(unescape(older[1]))).text
    newer = re.search(r'rel="prev" href="([^"]*)"', second)
    assert newer is not None
    back = (await client.get(unescape(newer[1]))).text

    assert first.count('class="changes"') == 50
    assert second.count('class="changes"') == 10
    assert told(back) == told(first)
    assert "Jazz" not in first
    assert "Nothing happened" in (await client.get("/admin/log?who=nobody")).text
    assert "Nothing happened" in (await client.get("/admin/log?to=2020-01-01")).text
    assert "Jazz" in (await client.get("/admin/log?from=2020-01-01&model=adm-record")).text


async def test_who_may_not_change_a_row_brings_nothing_back(shop: Shop, keys: Keys) -> None:
    root = await shop.root()
    await root.post(keys.url, data=keys.form(title="Jazz"))
    (entry,) = await written(shop.database)
    ann = await shop.staff("adm_record.view", "adm_artist.view")

    page = (await ann.get(f"{keys.url}/history")).text
    shown = await ann.get(f"{keys.url}/restore/{entry.id}")
    sent = await ann.post(f"{keys.url}/restore/{entry.id}", data={"title": "Record 000"})

    assert restore_urls(page) == []
    assert (shown.status_code, sent.status_code) == (403, 403)
    assert (await the_record(shop.database)).title == "Jazz"


async def test_a_change_of_another_row_is_not_found(shop: Shop, keys: Keys) -> None:
    client = await shop.root()
    await client.post(keys.url, data=keys.form(title="Jazz"))
    (entry,) = await written(shop.database)

    for url in (
        f"/admin/adm-artist/{keys.queen}/restore/{entry.id}",
        f"{keys.url}/restore/999999",
        f"{keys.url}/restore/x",
        f"{keys.url}/restore/{'9' * 40}",
    ):
        assert (await client.get(url)).status_code == 404
        assert (await client.post(url)).status_code == 404


async def test_a_conflict_says_who_saved_meanwhile(shop: Shop, keys: Keys) -> None:
    client = await shop.root()
    page = (await client.get(keys.url)).text
    version = re.search(r'name="version" value="([^"]*)"', page)
    assert version is not None
    await client.post(keys.url, data=keys.form(title="Jazz"))

    answer = await client.post(keys.url, data=keys.form(title="Game", version=unescape(version[1])))

    assert answer.status_code == 409
    assert "Ruth saved this while you were writing" in told(answer.text)
