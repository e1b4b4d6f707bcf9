"""Rich text in a form: a textarea as ever, with what its editor needs, and nowhere else."""

from __future__ import annotations

import json
import re
from html import unescape
from typing import Any

import pytest

from tests.admin.forms.press import (
    AdfBook,
    AdfNote,
    Desk,
    book,
    press_on,
    stored,
)
from tests.admin.forms.test_conflicts import change, hidden_in
from tests.admin.forms.test_markup import EVIL, Seen
from tests.admin.shop import Shop
from trivet.admin import Inline, ModelAdmin, RichText
from trivet.admin.markup import ALLOWED, cleaned
from trivet.db import Database

SCRIPT = "rich.js"


class RichChapters(ModelAdmin):
    """A book whose rows within rows alone are rich text."""

    fields = [AdfBook.title, AdfBook.slug, AdfBook.author, AdfBook.html]
    inlines = [
        Inline(AdfBook.chapters, inlines=[Inline(AdfNote, widgets={"text": RichText()})]),
    ]


class FixedBook(ModelAdmin):
    """A book whose rich text nobody changes."""

    fields = [AdfBook.title, AdfBook.slug, AdfBook.author, AdfBook.html]
    widgets = {"html": RichText()}
    readonly = [AdfBook.html]


def allowed_in(page: str) -> Any:
    found = re.search('<template id="rich" data-allowed="([^"]*)"', page)
    return None if found is None else json.loads(unescape(found[1]))


async def test_the_editor_is_on_pages_with_rich_text_alone(press: Shop) -> None:
    first = await book(press.database)
    client = await press.root()

    for path in ("add", f"{first.id}", f"{first.id}/copy"):
        page = (await client.get(f"/admin/adf-book/{path}")).text
        assert page.count(f"/{SCRIPT}") == page.count('id="rich"') == 1, path
        assert page.count("/rich.css") == page.count('id="rich-link"') == 1, path
        assert allowed_in(page) == json.loads(ALLOWED), path
    for path in ("adf-book/", "adf-author/add", "", f"adf-book/{first.id}/history"):
        assert "rich" not in (await client.get(f"/admin/{path}")).text, path


async def test_without_a_script_there_is_a_textarea_with_the_html(press: Shop) -> None:
    first = await book(press.database, html="<p>Hi & <b>ho</b></p>")
    client = await press.root()

    page = (await client.get(f"/admin/adf-book/{first.id}")).text

    found = re.search(r'<textarea id="form-html" name="html"([^>]*)>\n(.*?)</textarea>', page)
    assert found is not None
    assert "hidden" not in found[1]
    assert unescape(found[2]) == "<p>Hi & <b>ho</b></p>"


async def test_rows_that_may_be_added_bring_the_editor(database: Database) -> None:
    press = press_on(database, by=RichChapters)
    client = await press.root()

    page = (await client.get("/admin/adf-book/add")).text

    assert f"/{SCRIPT}" in page
    assert re.search(r'name="chapters-[^"]*-notes-[^"]*-text"[^>]*data-kind="html"', page)


async def test_what_the_editor_lets_stay_is_what_is_stored() -> None:
    known = json.loads(ALLOWED)

    for tag, names in known["tags"].items():
        given = "".join(
            f' {name}="{"https://example.org" if name in ("href", "src") else 1}"' for name in names
        )
        inside = f"<{tag}{given}>x"
        around = {"td": "table", "th": "table", "tr": "table", "tbody": "table", "thead": "table"}
        html = f"<{around[tag]}>{inside}" if tag in around else inside
        made = cleaned(html)
        assert f"<{tag}" in made, tag
        assert [name for name in names if f' {name}="' not in made] == [], tag
    for scheme in known["schemes"]:
        assert "href=" in cleaned(f'<a href="{scheme}:x">x</a>')
    for scheme in ("javascript", "data", "vbscript", "file"):
        assert scheme not in known["schemes"]
        assert "href=" not in cleaned(f'<a href="{scheme}:x">x</a>')
    assert "style" not in cleaned('<p style="color:red" onclick="x()" class="a">x</p>')


@pytest.mark.parametrize("address", ["javascript:alert(1)", "JaVa\tScript:alert(1)", "data:x,y"])
async def test_the_server_keeps_no_link_to_a_script(press: Shop, address: str) -> None:
    first = await book(press.database)
    client = await press.root()
    desk = await Desk(client, f"/admin/adf-book/{first.id}").open()

    answer = await desk.type(html=f'<p><a href="{address}">x</a></p>').send()

    assert answer.status_code == 303, answer.text
    found = await stored(press.database, AdfBook, first.id)
    assert "href" not in found.html


async def test_rich_text_that_nobody_may_change_is_shown_as_it_looks(database: Database) -> None:
    press = press_on(database, by=FixedBook)
    first = await book(press.database, html=f"<h2>Hi</h2><p onclick='x()'><b>you</b></p>{EVIL}")
    client = await press.root()

    page = (await client.get(f"/admin/adf-book/{first.id}")).text

    assert '<div class="preview"><h2>Hi</h2><p><b>you</b></p>' in page
    assert [one for one in Seen(page).found if "'src': 'x'" not in one] == []
    assert "onerror" not in page
    assert "rich.js" not in page


async def test_a_conflict_shows_both_texts_and_keeps_the_chosen_one(press: Shop) -> None:
    first = await book(press.database, html="<p>before</p>")
    client = await press.root()
    url = f"/admin/adf-book/{first.id}"
    desk = await Desk(client, url).open()
    await change(press.database, first.id, html="<p>theirs</p>")

    asked = await desk.type(html="<p>mine</p>\n<ul><li>one</li></ul>").send()

    assert asked.status_code == 409
    assert "&lt;p&gt;theirs&lt;/p&gt;" in asked.text
    assert "&lt;p&gt;mine&lt;/p&gt;" in asked.text
    assert SCRIPT not in asked.text
    answer = await client.post(url, data=hidden_in(asked.text))
    assert answer.status_code == 303, answer.text
    found = await stored(press.database, AdfBook, first.id)
    assert found.html == "<p>mine</p>\n<ul><li>one</li></ul>"


async def test_a_form_that_only_shows_has_no_editor(press: Shop) -> None:
    first = await book(press.database, html="<p><b>seen</b></p>")
    client = await press.staff("adf_book.view")

    page = (await client.get(f"/admin/adf-book/{first.id}")).text

    assert '<div class="preview"><p><b>seen</b></p></div>' in page
    assert SCRIPT not in page
