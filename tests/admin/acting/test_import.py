"""Imports: what is new, changed and the same, what is wrong, and files that mean harm."""

from __future__ import annotations

import io
import json
import re
import zipfile
from html import unescape
from typing import Any

import httpx2
import pytest
import xlsxwriter

from tests.admin.acting.store import AdxGood, AdxMaker, goods, hidden, rows_of, text_of
from tests.admin.shop import Shop
from trivet.admin.history import changes_in
from trivet.admin.importing import reading
from trivet.admin.importing.reading import again, packed, read_upload
from trivet.admin.importing.unread import Unread
from trivet.db import Database

IMPORT = "/admin/adx-good/import"


async def sent(client: httpx2.AsyncClient, content: bytes, name: str = "x.csv") -> httpx2.Response:
    return await client.post(IMPORT, files={"file": (name, content)})


def chosen(page: str, **changes: str) -> dict[str, Any]:
    """Give the form of a page as a browser sends it."""
    found: dict[str, Any] = dict(hidden(page))
    for name, inner in re.findall(r'<select[^>]* name="([^"]+)"[^>]*>(.*?)</select>', page, re.S):
        picked = re.findall(r'<option value="([^"]*)" selected', inner)
        found[name] = unescape(picked[0]) if picked else ""
    return found | changes


async def imported(client: httpx2.AsyncClient, content: bytes, **changes: str) -> httpx2.Response:
    """Go all the way."""
    matched = await sent(client, content)
    assert matched.status_code == 200, text_of(matched.text)
    tried = await client.post(IMPORT, data=chosen(matched.text, **changes))
    if tried.status_code != 200:
        return tried
    return await client.post(IMPORT, data=chosen(tried.text, confirmed="yes"))


async def all_goods(database: Database) -> list[AdxGood]:
    return await rows_of(database, AdxGood.all().with_(AdxGood.maker).order_by("code"))


async def test_a_file_is_tried_before_anything_is_stored(store: Shop) -> None:
    await goods(store.database, 2)
    client = await store.root()
    content = b"code,title,stock\nc00000,Good 0,0\nc00001,New title,1\nc9,Nine,9\n"

    matched = await sent(client, content)
    tried = await client.post(IMPORT, data=chosen(matched.text))

    assert "New: 1 Changed: 1 As it is: 1" in text_of(tried.text)
    assert [one.title for one in await all_goods(store.database)] == ["Good 0", "Good 1"]
    done = await client.post(IMPORT, data=chosen(tried.text, confirmed="yes"))
    assert done.status_code == 303
    assert [one.title for one in await all_goods(store.database)] == ["Good 0", "New title", "Nine"]
    table = changes_in(store.database.metadata)
    async with store.database.own_transaction() as unit:
        assert [one.action for one in await unit.rows(table.select())] == ["import", "import"]


async def test_what_is_exported_can_be_imported_again(store: Shop) -> None:
    await goods(store.database, 4)
    client = await store.root()

    for ending in ("csv", "json", "jsonl", "xlsx"):
        content = (await client.get(f"/admin/adx-good/export?as={ending}&all=1")).content
        matched = await sent(client, content, f"x.{ending}")
        tried = await client.post(IMPORT, data=chosen(matched.text))

        assert "New: 0 Changed: 0 As it is: 4" in text_of(tried.text), ending


async def test_values_are_read_as_the_form_reads_them(store: Shop) -> None:
    async with store.database.own_transaction():
        await AdxMaker.create(name="Ann")
    client = await store.root()
    content = (
        "code;title;price;stock;grade;is open;made on;seen at;Maker\n"
        "a;Ä;2.50;7;fair;true;2026-03-01;2026-03-01T10:00:00;Ann\n"
    ).encode("utf-8-sig")

    answer = await imported(client, content)

    assert answer.status_code == 303, text_of(answer.text)
    (row,) = await all_goods(store.database)
    assert (row.title, str(row.price), row.stock, row.grade.name) == ("Ä", "2.50", 7, "fair")
    assert row.is_open
    assert str(row.made_on) == "2026-03-01"
    assert row.maker is not None
    assert row.maker.name == "Ann"


async def test_one_wrong_row_keeps_all_out_and_is_told_with_its_line(store: Shop) -> None:
    client = await store.root()
    content = b"code,title,stock,Maker\na,A,1,\nb,B,many,\nc,C,1,Nobody\na,D,1,\n"

    answer = await imported(client, content)

    said = text_of(answer.text)
    assert answer.status_code == 422
    assert "Wrong: 3" in said
    assert "3 Stock Enter a whole number." in said
    assert "4 Maker Choose one that there is." in said
    assert "5 code Another line has the same." in said
    assert await all_goods(store.database) == []
    forced = chosen(answer.text, confirmed="yes")
    assert (await client.post(IMPORT, data=forced)).status_code == 422
    assert await all_goods(store.database) == []


async def test_all_that_is_wrong_with_a_row_is_told_at_once(store: Shop) -> None:
    client = await store.root()
    content = b"code,title,stock,Maker\na,,many,Nobody\n"

    said = text_of((await imported(client, content)).text)

    assert "2 Title Fill this in." in said
    assert "2 Stock Enter a whole number." in said
    assert "2 Maker Choose one that there is." in said
    assert "Wrong: 1" in said


async def test_what_is_taken_already_is_said(store: Shop) -> None:
    await goods(store.database, 1)
    client = await store.root()

    answer = await imported(client, b"code,title\nc00000,Again\nnew,New\n", by="")

    assert "There is one with this already." in text_of(answer.text)
    assert len(await all_goods(store.database)) == 1


async def test_rows_are_found_by_their_key(store: Shop) -> None:
    await goods(store.database, 1)
    (row,) = await all_goods(store.database)
    client = await store.root()

    done = await imported(client, f"id,stock\n{row.id},42\n".encode())
    lost = await imported(client, f"id,stock\n{row.id + 9},1\n".encode())

    assert done.status_code == 303, text_of(done.text)
    assert [one.stock for one in await all_goods(store.database)] == [42]
    assert "There is no such row." in text_of(lost.text)


async def test_to_import_is_a_permission_beside_those_to_add_and_change(store: Shop) -> None:
    await goods(store.database, 1)
    names = ["adx_good.view", "adx_good.add", "adx_good.change"]
    without = await store.staff(*names)
    bare = await store.staff("adx_good.view", "adx_good.import", email="b@example.org")
    adds = await store.staff(
        "adx_good.view", "adx_good.import", "adx_good.add", email="c@example.org"
    )

    assert (await without.get(IMPORT)).status_code == 403
    assert (await bare.get(IMPORT)).status_code == 403
    refused = await imported(adds, b"code,stock\nc00000,5\n")
    assert "You may not do this with this row." in text_of(refused.text)
    assert (await imported(adds, b"code,title\nx,X\n")).status_code == 303


async def test_rows_and_fields_are_asked_about_one_by_one(store: Shop) -> None:
    await goods(store.database, 3)
    store.auth.rules.allow("change", AdxGood)(lambda user: AdxGood.stock > 0)
    store.auth.rules.allow("change", AdxGood, fields=["price"])(lambda user: AdxGood.stock > 1)
    client = await store.staff("adx_good.view", "adx_good.import")

    row = await imported(client, b"code,stock\nc00000,9\nc00002,9\n")
    field = await imported(client, b"code,price\nc00001,9\nc00002,9\n")

    assert "Wrong: 1" in text_of(row.text)
    assert "2 Price You may not change this." in text_of(field.text)
    assert [one.stock for one in await all_goods(store.database)] == [0, 1, 2]


async def test_a_relation_is_found_among_rows_that_one_may_see_alone(store: Shop) -> None:
    await goods(store.database, 1)
    client = await store.staff("adx_good.view", "adx_good.import", "adx_good.change")
    content = b"code,maker\nc00000,Ann\n"

    answer = await imported(client, content)

    assert "Choose one that there is." in text_of(answer.text)


async def test_what_is_no_field_of_the_form_is_not_filled_in(store: Shop) -> None:
    client = await store.root()
    matched = await sent(client, b"code,title,secret,deleted\na,A,x,2026-01-01\n")
    said = chosen(matched.text) | {"column-2": "secret", "column-3": "deleted", "confirmed": "yes"}

    answer = await client.post(IMPORT, data=said)

    assert answer.status_code == 303
    (row,) = await all_goods(store.database)
    assert row.secret == "hush"
    assert "secret" not in matched.text.replace("secret</th>", "").split("<option")[1:]


async def test_a_file_that_cannot_be_read_is_told_on_the_page(store: Shop) -> None:
    client = await store.root()

    wrong = await sent(client, b"code\n\xff\xfe\xfa")
    none = await client.post(IMPORT, data={})

    assert wrong.status_code == 422
    assert "not in UTF-8 (line 2)" in text_of(wrong.text)
    assert none.status_code == 422


@pytest.mark.parametrize("data", ["", "x", "eJw=", "////", "eJyLjgUAARUAuQ=="])
async def test_what_comes_back_is_trusted_no_more_than_the_file(store: Shop, data: str) -> None:
    client = await store.root()

    assert (await client.post(IMPORT, data={"data": data})).status_code == 422


def book(**parts: bytes) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        for name, content in parts.items():
            archive.writestr(name, content)
    return held.getvalue()


HOSTILE = {
    "utf-16": ("a,b\n1,2\n".encode("utf-16"), "UTF-16"),
    "latin-1": ("naïve\nx\n".encode("latin-1"), "UTF-8"),
    "nul": (b"a\n\0\n", "no text"),
    "picture": (b"\x89PNG\r\n\x1a\n\0\0", "UTF-8"),
    "open quote": (b'a,b\n"x', "CSV"),
    "long cell": (b"a\n" + b"x" * 120_000, "too long"),
    "huge cell": (b"a\n" + b"x" * 200_000, "CSV|too long"),
    "many columns": (b",".join(b"c%d" % n for n in range(300)), "columns"),
    "twice": (b"a,a\n1,2\n", "same name"),
    "no heads": (b",,\n1,2,3\n", "first line"),
    "too many cells": (b"a\n1,2\n", "more cells"),
    "deep json": (b"[" * 100_000, "JSON"),
    "nan": (b'[{"a": NaN}]', "JSON"),
    "no objects": (b"[1, 2]", "objects"),
    "long number": (b'[{"a": ' + b"9" * 10_000 + b"}]", "JSON"),
    "no book": (b"PK\x03\x04 nothing", "Excel"),
    "empty book": (book(), "Excel"),
    "bomb": (book(bomb=b"\0" * 120_000_000), "unpacks"),
    "entities": (book(**{"xl/workbook.xml": b'<!DOCTYPE x [<!ENTITY a "b">]><x/>'}), "Excel"),
    "empty": (b" \n", "empty"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_file_that_means_harm_is_refused_in_words(name: str) -> None:
    content, said = HOSTILE[name]

    with pytest.raises(Unread, match=said):
        read_upload(content)


def test_a_file_has_a_size_and_a_number_of_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST_ROWS", 2)
    assert len(read_upload(b"a\n1\n2\n").rows) == 2
    for content in (b"a\n1\n2\n3\n", json.dumps([{"a": n} for n in range(3)]).encode()):
        with pytest.raises(Unread, match="rows"):
            read_upload(content)
    with pytest.raises(Unread, match="rows"):
        again(packed(reading.Cells(("a",), [["1"], ["2"], ["3"]])))

    monkeypatch.setattr(reading, "MOST_BYTES", 5)
    with pytest.raises(Unread, match="larger"):
        read_upload(b"a\n1\n2\n")


def test_a_sheet_is_read_with_its_types() -> None:
    held = io.BytesIO()
    with xlsxwriter.Workbook(held, {"in_memory": True}) as made:
        sheet = made.add_worksheet()
        for number, row in enumerate([["a", "b", "c"], ["x", 5, True], ["", "", ""], ["y", 1.5]]):
            sheet.write_row(number, 0, row)

    cells = read_upload(held.getvalue())

    assert cells.heads == ("a", "b", "c")
    assert cells.rows == [["x", 5, True], ["y", 1.5, ""]]
