"""Files in columns: kept in a storage or in the row itself, looked at first, shown to who may."""

from __future__ import annotations

import struct
import zlib

from tests.admin.forms.press import AdfBook, Desk, book, press_on, stored
from tests.admin.shop import Shop
from trivet.admin import Files, ModelAdmin
from trivet.db import Database, FileRef


def png() -> bytes:
    """Give the smallest image."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        whole = kind + data
        return struct.pack(">I", len(data)) + whole + struct.pack(">I", zlib.crc32(whole))

    head = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    body = zlib.compress(b"\0\0")
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


async def test_a_file_is_kept_shown_replaced_and_taken_away(press: Shop) -> None:
    first = await book(press.database)
    client = await press.root()
    url = f"/admin/adf-book/{first.id}"

    answer = await (await Desk(client, url).open()).send(
        files={
            "cover": ("my cover.png", png(), "image/png"),
            "raw": ("x.bin", b"\x00\xff", "application/octet-stream"),
        }
    )
    assert answer.status_code == 303, answer.text
    found = await stored(press.database, AdfBook, first.id)
    assert (found.cover.filename, found.cover.content_type) == ("my cover.png", "image/png")
    assert found.raw == b"\x00\xff"

    shown = await client.get(f"{url}/file/cover")
    saved = await client.get(f"{url}/file/raw")
    assert (shown.content, shown.headers["content-type"]) == (png(), "image/png")
    assert "sandbox" in shown.headers["content-security-policy"]
    assert saved.content == b"\x00\xff"
    assert saved.headers["content-disposition"].startswith("attachment")

    desk = await Desk(client, url).open()
    assert "my cover.png" in desk.page
    kept = await desk.type(title="Other").send()
    assert kept.status_code == 303, kept.text
    assert (await stored(press.database, AdfBook, first.id)).cover == found.cover

    gone = await (await Desk(client, url).open()).send(**{"cover-clear": "1", "raw-clear": "1"})
    assert gone.status_code == 303, gone.text
    found = await stored(press.database, AdfBook, first.id)
    assert (found.cover, found.raw) == (None, None)
    assert (await client.get(f"{url}/file/cover")).status_code == 404
    assert (await client.get(f"{url}/file/title")).status_code == 404


async def test_a_file_of_another_kind_is_refused(press: Shop) -> None:
    first = await book(press.database)
    client = await press.root()
    url = f"/admin/adf-book/{first.id}"

    for name, content, kind in (
        ("a.png", b"<script>alert(1)</script>", "image/png"),
        ("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg' onload='x()'/>", "image/svg+xml"),
        ("a.png", png() + b"x" * 200_000, "image/png"),
    ):
        answer = await (await Desk(client, url).open()).send(files={"cover": (name, content, kind)})
        assert answer.status_code == 422, answer.text
        assert 'id="form-cover-errors"' in answer.text

    assert (await stored(press.database, AdfBook, first.id)).cover is None


class CoverAdmin(ModelAdmin):
    """Books by their covers."""

    columns = [AdfBook.title, AdfBook.cover]
    files = {"cover": Files()}


async def test_a_list_shows_images_and_names_other_files(database: Database) -> None:
    press = press_on(database, CoverAdmin)
    drawn = FileRef(name="2026/a.png", size=1, content_type="image/png", filename="<my> cover.png")
    told = FileRef(name="2026/b.svg", size=1, content_type="image/svg+xml", filename="my drawing")
    first = await book(database, cover=drawn)
    await book(database, slug="second", cover=told)
    client = await press.root()

    page = (await client.get("/admin/adf-book/")).text
    sheet = (await client.get("/admin/adf-book/export?format=csv")).text

    assert f'<img class="thumb" src="/admin/adf-book/{first.id}/file/cover"' in page
    assert 'alt="&lt;my&gt; cover.png"' in page
    assert "<td>my drawing" in page
    assert "content_type" not in page
    assert "2026/a.png" in sheet
    assert "content_type" not in sheet
