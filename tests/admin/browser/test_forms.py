"""A form of the admin in Chromium: pickers, rows, tabs, conditions, drafts, under its policy."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.examples.browser import Page, browsing
from tests.examples.serving import serving

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(240)]

APP = """
from contextlib import asynccontextmanager

from trivet import App
from trivet.admin import Admin, Fieldset, Inline, Markdown, ModelAdmin
from trivet.auth import Auth
from trivet.db import Database, ForeignKey, Mapped, Model, field, link_table, relationship


class Writer(Model):
    name: Mapped[str] = field(max_length=80)


class Mood(Model):
    name: Mapped[str] = field(max_length=80)


moods = link_table("novel_mood", novel_id="novel.id", mood_id="mood.id")


class Novel(Model):
    title: Mapped[str] = field(max_length=100)
    slug: Mapped[str] = field(max_length=100)
    kind: Mapped[str] = field(max_length=10, default="new")
    discount: Mapped[int | None]
    story: Mapped[str | None]
    writer_id: Mapped[int] = field(ForeignKey(Writer.id))
    writer: Mapped[Writer] = relationship()
    moods: Mapped[list[Mood]] = relationship(secondary=moods)
    parts: Mapped[list["Part"]] = relationship(cascade="all, delete-orphan")


class Part(Model):
    title: Mapped[str] = field(max_length=80)
    number: Mapped[int]
    novel_id: Mapped[int] = field(ForeignKey(Novel.id))


@asynccontextmanager
async def filled(app):
    await db.create_tables()
    async with db.transaction():
        for name in ("Ann", "Bob", "Cid"):
            await Writer.create(name=name)
        await auth.accounts.make(
            email="ann@example.org", password="correct horse battery", is_superuser=True
        )
    yield


app = App(debug=True, lifespan=filled)
db = app.use(Database("sqlite://"))
auth = app.use(Auth(db))
admin = app.use(Admin())
admin.add(Writer, Mood)


@admin.register(Novel)
class NovelAdmin(ModelAdmin):
    search = [Novel.title]
    fields = [
        Novel.title, Novel.slug, Novel.kind, Novel.discount, Novel.writer,
        Fieldset("Text", [Novel.story], tab="Text"),
        Fieldset("None", [Novel.id, Novel.moods], tab="Other"),
    ]
    slug_from = {"slug": "title"}
    shown_when = {"discount": ("kind", "sale")}
    widgets = {"story": Markdown()}
    inlines = [Inline(Novel.parts, order_by=Part.number)]
"""


def enter(page: Page, name: str, value: str) -> None:
    page.run(
        f"(() => {{ const one = document.querySelector('[name={json.dumps(name)}]');"
        f" one.value = {json.dumps(value)};"
        " one.dispatchEvent(new Event('input', {bubbles: true})) })()"
    )


@contextmanager
def editing(chromium: str, folder: Path) -> Iterator[tuple[Page, str]]:
    """Serve the admin, sign in, and open a new novel."""
    (folder / "novels.py").write_text(APP)
    with serving(str(folder / "novels.py")) as example, browsing(chromium, folder) as page:
        add = f"{example.url}/admin/novel/add"
        page.open(add)
        page.wait_for(
            "document.querySelector('[name=log_in]') && document.readyState === 'complete'"
        )
        page.run("document.querySelector('[name=log_in]').value = 'ann@example.org'")
        page.run("document.querySelector('[name=password]').value = 'correct horse battery'")
        page.run("document.querySelector('[name=password]').form.requestSubmit()")
        page.wait_for(
            "document.querySelector('#form .combo') && document.readyState === 'complete'"
        )
        yield page, add


def test_a_form_is_filled_in_with_all_its_helpers(chromium: str, tmp_path: Path) -> None:
    with editing(chromium, tmp_path) as (page, _):
        enter(page, "title", "Größe der Fische")
        assert page.run("document.querySelector('[name=slug]').value") == "große-der-fische"

        hidden = "document.querySelector('[name=discount]').closest('.form-field').hidden"
        assert page.run(hidden) is True
        enter(page, "kind", "sale")
        assert page.run(hidden) is False
        enter(page, "discount", "7")

        page.run("document.getElementById('form-writer').focus()")
        page.run("document.getElementById('form-writer').value = 'bo'")
        typed = "new Event('input', {bubbles: true})"
        page.run(f"document.getElementById('form-writer').dispatchEvent({typed})")
        page.wait_for("document.querySelector('[role=option]')?.textContent.includes('Bob')")
        page.run("document.querySelector('[role=option]').click()")
        assert page.run("document.querySelector('[name=writer]').value") == "2"

        assert page.run("document.querySelectorAll('[role=tab]').length") >= 1
        enter(page, "story", "# Hello <script>window.bad = 1</script>")
        page.wait_for("document.querySelector('.preview h1')?.textContent.includes('Hello')")
        assert page.run("window.bad") is None

        page.run("document.querySelector('[name=parts-add]').click()")
        page.run("document.querySelector('[name=parts-add]').click()")
        enter(page, "parts-0-title", "Second")
        enter(page, "parts-1-title", "First")
        page.run(
            "document.querySelectorAll('.form-rows .grip')[1].dispatchEvent("
            "new KeyboardEvent('keydown', {key: 'ArrowUp', bubbles: true, cancelable: true}))"
        )
        page.run("document.querySelector('[data-save]').click()")
        page.wait_for(
            "document.querySelector('.notice.success') && document.readyState === 'complete'"
        )

        page.open(page.run("location.origin") + "/admin/novel/1")
        page.wait_for(
            "document.querySelector('#form .combo') && document.readyState === 'complete'"
        )
        titles = (
            "[...document.querySelectorAll('#form [name^=parts][name$=title]')].map((o) => o.value)"
        )
        assert page.run(titles) == ["First", "Second"]
        assert page.run("document.querySelector('[name=discount]').value") == "7"
        assert page.run("document.getElementById('form-writer').value") == "Bob"


def test_what_was_typed_is_offered_again(chromium: str, tmp_path: Path) -> None:
    with editing(chromium, tmp_path) as (page, add):
        enter(page, "title", "Half a title")
        page.wait_for("Object.values(localStorage).some((one) => one.includes('Half a title'))")
        page.run(
            "document.querySelector('#form').dispatchEvent(new Event('submit', {cancelable: true}))"
        )
        page.open(add)
        page.wait_for(
            "document.querySelector('.notice.info button') && document.readyState === 'complete'"
        )
        page.run("document.querySelector('.notice.info button').click()")

        assert page.run("document.querySelector('[name=title]').value") == "Half a title"


def test_rows_made_in_another_window_join_those_that_are_chosen(
    chromium: str, tmp_path: Path
) -> None:
    ticks = (
        "[...document.querySelectorAll('[name=moods]')]"
        ".map((one) => one.value + one.closest('label').textContent + one.checked).join()"
    )
    with editing(chromium, tmp_path) as (page, _):
        for key, name in ((3, "Sad"), (4, "Mad")):
            told = json.dumps({"field": "moods", "value": str(key), "label": name})
            page.run(
                "new BroadcastChannel('admin-made').postMessage("
                f"{{...{told}, form: location.pathname}})"
            )
            page.wait_for(f"{ticks}.includes('{name}')")

        assert page.run(ticks) == "3Sadtrue,4Madtrue"
