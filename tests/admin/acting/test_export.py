"""Exports: what is in a file, what is not, and that no spreadsheet takes it for a program."""

from __future__ import annotations

import csv
import io
import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from python_calamine import load_workbook

from tests.admin.acting.store import AdxGood, goods
from tests.admin.shop import Shop
from trivet.admin.exporting.sheets import sheet_of
from trivet.admin.exporting.writing import escaped
from trivet.errors import SetupError

EXPORT = "/admin/adx-good/export"


def read_csv(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


def read_xlsx(content: bytes) -> list[list[Any]]:
    return load_workbook(io.BytesIO(content)).get_sheet_by_index(0).to_python()


async def test_a_list_is_exported_as_it_is_filtered_sorted_and_shown(store: Shop) -> None:
    await goods(store.database)
    client = await store.root()
    said = "f.stock__gte=7&order=-stock&columns=code,maker,worth"

    rows = read_csv((await client.get(f"{EXPORT}?as=csv&{said}")).content)

    assert rows == [
        {"code": "c00009", "maker": "Ann", "worth": "9.00"},
        {"code": "c00008", "maker": "Bob", "worth": "8.00"},
        {"code": "c00007", "maker": "Ann", "worth": "7.00"},
    ]


async def test_all_formats_say_the_same(store: Shop) -> None:
    await goods(store.database, 3)
    client = await store.root()
    said = "columns=code,stock,is_open"

    found = {
        one: (await client.get(f"{EXPORT}?as={one}&{said}")).content
        for one in ("csv", "json", "jsonl", "xlsx")
    }

    expected = [{"code": f"c0000{n}", "stock": n, "is_open": False} for n in range(3)]
    assert json.loads(found["json"]) == expected
    assert [json.loads(line) for line in found["jsonl"].splitlines()] == expected
    assert [one["code"] for one in read_csv(found["csv"])] == ["c00000", "c00001", "c00002"]
    head, *rows = read_xlsx(found["xlsx"])
    assert [dict(zip(head, row, strict=True)) for row in rows] == expected


async def test_more_rows_than_are_in_memory_at_once_come_whole(store: Shop) -> None:
    await goods(store.database, 1203)
    client = await store.root()

    rows = read_csv((await client.get(f"{EXPORT}?as=csv&columns=code,maker&order=code")).content)

    assert [one["code"] for one in rows] == [f"c{number:05}" for number in range(1203)]
    assert {one["maker"] for one in rows} == {"Ann", "Bob"}


async def test_all_that_may_be_seen_is_exported_if_asked_for(store: Shop) -> None:
    await goods(store.database, 1)
    client = await store.root()

    (row,) = json.loads((await client.get(f"{EXPORT}?as=json&all=1")).content)

    assert row["cost"] == 1000
    assert row["price"] == "1.00"
    assert "secret" not in row
    assert "deleted" not in row


async def test_headers_keep_the_file_from_being_kept_or_shown(store: Shop) -> None:
    client = await store.root()

    headers = (await client.get(f"{EXPORT}?as=csv")).headers

    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-disposition"].startswith('attachment; filename="adx-good-')


@pytest.mark.parametrize("ending", ["csv", "json", "jsonl", "xlsx"])
async def test_nothing_is_a_file_too(store: Shop, ending: str) -> None:
    client = await store.root()

    answer = await client.get(f"{EXPORT}?as={ending}")

    assert answer.status_code == 200


async def test_to_export_is_a_permission(store: Shop) -> None:
    client = await store.staff("adx_good.view")

    assert (await client.get(f"{EXPORT}?as=csv")).status_code == 403
    assert "as=csv" not in (await client.get("/admin/adx-good/")).text


async def test_what_one_may_not_see_is_not_in_the_file(store: Shop) -> None:
    await goods(store.database, 4)
    store.auth.rules.allow("view", AdxGood)(lambda user: AdxGood.stock > 0)
    store.auth.rules.allow("view", AdxGood, fields=["cost"])(lambda user: AdxGood.stock > 1)
    store.auth.rules.deny("view", AdxGood, fields=["title"])(lambda user: AdxGood.id > 0)
    client = await store.staff("adx_good.export")

    rows = json.loads((await client.get(f"{EXPORT}?as=json&all=1")).content)

    assert [one["code"] for one in rows] == ["c00001", "c00002", "c00003"]
    assert [one["cost"] for one in rows] == [None, 1002, 1003]
    assert all(one.get("title") is None for one in rows)


async def test_a_formula_is_a_text(store: Shop) -> None:
    async with store.database.own_transaction():
        await AdxGood.create(code="=1+1", title="@SUM(A1)", stock=-5, price=Decimal("-2.50"))
    client = await store.root()

    (row,) = read_csv((await client.get(f"{EXPORT}?as=csv")).content)
    book = (await client.get(f"{EXPORT}?as=xlsx")).content

    assert (row["code"], row["title"]) == ("'=1+1", "'@SUM(A1)")
    assert (row["stock"], row["price"]) == ("-5", "-2.50")
    assert read_xlsx(book)[1][:4] == ["=1+1", "@SUM(A1)", -2.5, -5]


@given(st.text())
def test_no_text_begins_as_a_formula_does(text: str) -> None:
    assert not str(escaped(text)).startswith(("=", "+", "-", "@", "\t", "\r"))


@pytest.mark.parametrize("asked", ["as=exe", "as=", "as=csv&f.stock=x"])
async def test_what_cannot_be_exported_is_a_clear_no(store: Shop, asked: str) -> None:
    client = await store.root()

    assert (await client.get(f"{EXPORT}?{asked}")).status_code in (400, 404)


async def test_without_its_library_excel_is_a_setup_error(
    store: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trivet.admin.exporting.sheets.xlsxwriter", None)

    with pytest.raises(SetupError) as error:
        await anext(sheet_of(["a"], None))

    assert error.value.code == "admin.xlsx"
