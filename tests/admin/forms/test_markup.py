"""What is stored is text on every page: no value, name, label or notice becomes mark-up."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from typing import Any

import pytest

from tests.admin.forms.press import (
    AdfAuthor,
    AdfBook,
    AdfShelf,
    AdfTag,
    BookAdmin,
    Desk,
    book,
    press_on,
)
from tests.admin.shop import Shop
from trivet.admin import computed
from trivet.db import Database

EVIL = "\"'></title></script><script>alert(1)</script><img src=x onerror=alert(1)>"
LINK = "javascript:alert(1)"


class Seen(HTMLParser):
    """A page as a browser reads it: whatever in it could run."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self._in_script = False
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self._in_script = tag == "script" and "src" not in given
        if tag in ("iframe", "object", "embed", "base") or given.get("src") == "x":
            self.found.append(f"<{tag} {given}>")
        for name, value in attrs:
            if name.startswith("on") or name in ("srcdoc", "style"):
                self.found.append(f"<{tag} {name}={value!r}>")
            leads = (value or "").replace("\t", "").strip().lower()
            if name in ("href", "src", "action", "formaction") and leads.startswith(
                ("javascript:", "data:")
            ):
                self.found.append(f"<{tag} {name}={value!r}>")

    def handle_endtag(self, tag: str) -> None:
        self._in_script = False

    def handle_data(self, data: str) -> None:
        if self._in_script and "alert(1)" in data:
            self.found.append(f"script: {data[:80]}")


class ShownAdmin(BookAdmin):
    """A list of all columns, with a computed one."""

    columns = [
        AdfBook.title, AdfBook.slug, AdfBook.kind, AdfBook.words, AdfBook.more, AdfBook.size,
        AdfBook.story, AdfBook.html, AdfBook.colour, AdfBook.link, AdfBook.author, AdfBook.tags,
        AdfBook.shelf, "told", "marked",
    ]  # fmt: skip
    search = [AdfBook.title]
    filters = [AdfBook.title, AdfBook.author, AdfBook.tags, AdfBook.kind]

    @computed(label=EVIL)
    def told(self, row: AdfBook) -> str:
        """Give what is no mark-up because it looks like some."""
        return EVIL

    @computed(label="Marked", kind="badge")
    def marked(self, row: AdfBook) -> str:
        """The same in another form."""
        return EVIL


@pytest.fixture(scope="module", params=["sqlite"])
def kind(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


@pytest.fixture
def press(database: Database) -> Shop:
    return press_on(database, by=ShownAdmin)


@pytest.fixture
async def evil(press: Shop) -> Any:
    """Give a book in which everything is hostile, in an admin that shows all of it."""
    async with press.database.own_transaction():
        await AdfAuthor.create(name=EVIL[:80])
        tags = [await AdfTag.create(name=EVIL[:40])]
        await AdfShelf.create(id=1, room="<b>'\"&", name=EVIL[:40])
    return await book(
        press.database,
        title=EVIL[:100],
        slug=EVIL[:100],
        words=[EVIL],
        more={EVIL: EVIL},
        story=f"[click]({LINK}) {EVIL}",
        html=f'<a href="{LINK}" onclick="alert(1)">x</a>{EVIL}',
        colour="<b>",
        link=LINK,
        tags=tags,
        shelf_id=1,
        shelf_room="<b>'\"&",
    )


async def test_nothing_that_is_stored_runs_on_any_page(press: Shop, evil: Any) -> None:
    root = await press.root()
    url = f"/admin/adf-book/{evil.id}"
    kept = await root.post("/admin/adf-book/views?q=x", data={"label": EVIL[:60]})
    assert kept.status_code == 303, kept.text
    asked: list[tuple[str, dict[str, str]]] = [
        (kept.headers["location"], {}),  # with the notice
        ("/admin/", {}),
        ("/admin/log", {"who": EVIL}),
        ("/admin/log", {}),
        ("/admin/adf-book/", {}),
        ("/admin/adf-book/", {"q": EVIL}),
        ("/admin/adf-book/", {"f.title": EVIL, "f.author": "1", "f.tags": "1"}),
        ("/admin/adf-book/", {"order": EVIL, "columns": EVIL, "view": EVIL, "after": EVIL}),
        ("/admin/adf-book/views", {}),
        ("/admin/adf-author/", {}),
        ("/admin/adf-shelf/", {}),
        ("/admin/adf-tag/", {}),
        ("/admin/adf-book/add", {"title": EVIL, "story": EVIL, "link": LINK}),
        (url, {}),
        (f"{url}/copy", {}),
        (f"{url}/history", {}),
        (f"{url}/delete", {}),
        ("/admin/adf-book/import", {}),
        (f"/admin/adf-book/{EVIL[:20].replace('/', '')}", {}),
        (f"/admin/{EVIL[:20].replace('/', '')}/", {}),
    ]

    for path, query in asked:
        answer = await root.get(path, params=query or None)
        if answer.headers["content-type"].startswith("text/html"):
            assert Seen(answer.text).found == [], path

    desk = (await Desk(root, url).open()).type(title=EVIL[:90], link="", colour="")
    saved = await desk.send()
    assert saved.status_code == 303, saved.text
    for path in (saved.headers["location"], "/admin/", "/admin/log", f"{url}/history"):
        assert Seen((await root.get(path)).text).found == [], path


async def test_what_is_answered_to_a_post_is_text_as_well(press: Shop, evil: Any) -> None:
    root = await press.root()
    url = f"/admin/adf-book/{evil.id}"
    file = f'title,"{EVIL}"\n"{EVIL}",1\n'.replace("\"'", "'").encode()

    answers = [
        await (await Desk(root, url).open()).type(title=EVIL * 3, pages=EVIL).send(),
        await root.post("/admin/adf-book/", data={"action": "delete", "key": str(evil.id)}),
        await root.post("/admin/adf-book/", data={"action": EVIL, "key": EVIL}),
        await root.post("/admin/adf-book/import", files={"file": (EVIL[:30], file)}),
        await root.post(f"{url}/delete", data={"confirmed": EVIL}),
    ]

    for answer in answers:
        assert Seen(answer.text).found == [], answer.request.url


async def test_json_for_scripts_is_no_page(press: Shop, evil: Any) -> None:
    root = await press.root()

    for path in ("/admin/palette?q=alert", "/admin/adf-author/pick?q=alert"):
        answer = await root.get(path)
        assert json.loads(answer.text), path
        assert answer.headers["content-type"].startswith("application/json")
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_the_reader_of_these_tests_finds_what_would_run() -> None:
    for page in (
        "<img src=x>",
        "<p onclick='x()'>",
        "<a href=' javascript:x'>",
        "<script>alert(1)</script>",
        "<iframe>",
    ):
        assert Seen(page).found, page
