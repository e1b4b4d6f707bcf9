"""The editor of rich text in Chromium: written in by hand, and what is stored of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from tests.admin.browser.test_site import serious
from tests.examples.browser import Page, browsing
from tests.examples.serving import serving

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]

APP = """
from contextlib import asynccontextmanager

from trivet import App
from trivet.admin import Admin, Fieldset, Inline, ModelAdmin, RichText
from trivet.auth import Auth
from trivet.db import Database, ForeignKey, Mapped, Model, field, relationship
from trivet.i18n import I18n


class Leaf(Model):
    title: Mapped[str] = field(max_length=80)
    body: Mapped[str]
    note: Mapped[str | None]
    seal: Mapped[str | None]
    scraps: Mapped[list["Scrap"]] = relationship(cascade="all, delete-orphan")


class Scrap(Model):
    text: Mapped[str | None]
    leaf_id: Mapped[int] = field(ForeignKey(Leaf.id))


@asynccontextmanager
async def filled(app):
    await db.create_tables()
    async with db.transaction():
        await auth.accounts.make(
            email="ann@example.org", password="correct horse battery", is_superuser=True
        )
    yield


async def first():
    seal = "<p><b>Sealed</b></p>"
    return await Leaf.create(title="First", body="<p>Some <b>bold</b> words</p>", seal=seal)


app = App(debug=True, lifespan=filled)
db = app.use(Database("sqlite://"))
app.use(I18n(locales=["en", "ar"]))
auth = app.use(Auth(db))
admin = app.use(Admin())


@app.get("/renewed")
async def renewed() -> int:
    async with db.transaction():
        await Scrap.all().delete()
        await Leaf.all().delete()
        return (await first()).id


@app.get("/stored")
async def stored() -> list[str]:
    return [one.body for one in await Leaf.all().order_by(Leaf.id)]


@app.get("/scraps")
async def scraps() -> list[str]:
    return [one.text for one in await Scrap.all().order_by(Scrap.id)]


@admin.register(Leaf)
class LeafAdmin(ModelAdmin):
    fields = [Leaf.title, Leaf.body, Fieldset("More", [Leaf.note, Leaf.seal], closed=True)]
    widgets = {"body": RichText(), "note": RichText(), "seal": RichText(readonly=True)}
    inlines = [Inline(Scrap, columns=[Scrap.text], widgets={"text": RichText()})]
"""
LINK = '<a href="https://example.org/" rel="noopener noreferrer nofollow">'
HOSTILE = """<!--StartFragment--><p onclick="window.bad=1" style="color:red" class="x">Hi
<img src="javascript:window.bad=2" onerror="window.bad=3"><script>window.bad=4</script>
<a href="javascript:window.bad=5" onmouseover="window.bad=6">no</a>
<a href="https://example.org/" target="_blank">yes</a></p><style>body{display:none}</style>
<iframe srcdoc="<script>parent.bad=7</script>"></iframe><svg onload="window.bad=8"><text>svg</text>
</svg><form action="https://example.org"><input name="csrf_token"></form>
<img/src="/none"/onerror="window.bad=9"><div>one<div>two</div></div>
<font color="red">three</font><!--EndFragment-->"""
KEYS = {"Enter": ("\r", 13), "Backspace": ("", 8), "Tab": ("", 9), "Escape": ("", 27)}
KEYS |= {"ArrowLeft": ("", 37), "ArrowRight": ("", 39), "Home": ("", 36), "End": ("", 35)}
KEYS |= {"F10": ("", 121)}


class Desk:
    """A page with the editor, and somebody's hands."""

    def __init__(self, page: Page, url: str) -> None:
        self.page, self.url = page, url
        self.run, self.wait_for = page.run, page.wait_for

    def open(self, path: str = "leaf/add") -> None:
        """Open a form, and wait for its editors."""
        self.run("window.isBefore = true; localStorage.clear(); 1")
        self.page.open(f"{self.url}/admin/{path}")
        self.wait_for(
            "!window.isBefore && document.readyState === 'complete'"
            " && !!document.querySelector('#form-body-rich')"
        )

    def key(self, key: str, *held: str) -> None:
        """Press a key, with others that are held down."""
        text, code = KEYS.get(key, (key, ord(key[0].upper())))
        number = sum({"alt": 1, "control": 2, "shift": 8}[one] for one in held)
        about: dict[str, Any] = {"key": key, "windowsVirtualKeyCode": code, "modifiers": number}
        told = {} if held and held != ("shift",) else {"text": text}
        self.page._ask("Input.dispatchKeyEvent", type="keyDown", **told, **about)
        self.page._ask("Input.dispatchKeyEvent", type="keyUp", **about)

    def type(self, text: str) -> None:
        """Type where the focus is."""
        self.page._ask("Input.insertText", text=text)

    def press(self, tool: str, field: str = "body") -> None:
        """Click a tool of an editor."""
        self.run(f"{self.tool(tool, field)}.click()", by_person=True)

    def tool(self, tool: str, field: str = "body") -> str:
        """Give an expression for a tool."""
        box = f"document.getElementById('form-{field}').previousElementSibling"
        return f"{box}.querySelector('[data-does={tool}]')"

    def go(self, field: str = "body") -> None:
        """Put the caret at the end of an editor."""
        editor = f"document.getElementById('form-{field}-rich')"
        self.run(
            f"{editor}.focus(); getSelection().selectAllChildren({editor}.lastElementChild);"
            "getSelection().collapseToEnd(); 1"
        )

    def select(self, selector: str) -> None:
        """Select what is in an element of the editor."""
        one = f"document.querySelector('#form-body-rich {selector}')"
        self.run("document.getElementById('form-body-rich').focus(); 1")
        self.run(f"getSelection().selectAllChildren({one}); 1")

    def paste(self, text: str, html: str = "") -> None:
        """Paste what a clipboard would have."""
        self.run(
            "(() => { const data = new DataTransfer();"
            f" data.setData('text/plain', {json.dumps(text)});"
            f" if ({json.dumps(bool(html))}) data.setData('text/html', {json.dumps(html)});"
            " document.activeElement.dispatchEvent(new ClipboardEvent('paste',"
            " { clipboardData: data, bubbles: true, cancelable: true })) })()"
        )

    def text(self, field: str = "body") -> Any:
        """Give what would be sent, once the hands are off the keys."""
        self.run("document.activeElement.blur(); 1")
        return self.run(f"document.getElementById('form-{field}').value")

    def save(self) -> None:
        """Save by the keyboard, and wait for the next page."""
        self.run("window.isBefore = true; 1")
        self.key("s", "control")
        self.wait_for("!window.isBefore && !!document.querySelector('.notice.success')")

    def stored(self, what: str = "stored") -> Any:
        """Give what is in the database."""
        with urlopen(f"{self.url}/{what}") as answer:
            return json.loads(answer.read())


@pytest.fixture(scope="module")
def signed_in(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """Serve the admin, and sign in."""
    folder = tmp_path_factory.mktemp("rich")
    (folder / "leaves.py").write_text(APP)
    with serving(str(folder / "leaves.py")) as example, browsing(chromium, folder) as page:
        page.open(f"{example.url}/admin/leaf/add")
        page.wait_for(
            "document.querySelector('[name=log_in]') && document.readyState === 'complete'"
        )
        page.run("document.querySelector('[name=log_in]').value = 'ann@example.org'")
        page.run("document.querySelector('[name=password]').value = 'correct horse battery'")
        page.run("document.querySelector('[name=password]').form.requestSubmit()")
        page.wait_for("!!document.querySelector('#form-body-rich')")
        # As a window that somebody looks at: another one has no events of the focus.
        page._ask("Emulation.setFocusEmulationEnabled", enabled=True)
        yield Desk(page, example.url)


@pytest.fixture
def desk(signed_in: Desk) -> Desk:
    """Give a page with a new form, and a database with one row."""
    assert signed_in.stored("renewed") == 1
    signed_in.run("document.cookie = 'locale=en; path=/'")
    signed_in.page.prefer("light")
    signed_in.page._ask("Emulation.clearDeviceMetricsOverride")
    signed_in.page._ask("Emulation.setScriptExecutionDisabled", value=False)
    signed_in.open()
    signed_in.page.dialogs.clear()
    signed_in.page._entries.clear()
    return signed_in


def test_text_is_written_by_keys_and_tools_and_stored(desk: Desk) -> None:
    desk.run("document.getElementById('form-title').value = 'Second'")
    desk.go()
    desk.press("h2")
    desk.type("Tea")
    desk.key("Enter")
    desk.type("It is ")
    desk.key("b", "control")
    desk.type("hot")
    desk.key("b", "control")
    desk.type(" & good, ")
    desk.press("italic")
    desk.type("here")
    desk.press("italic")
    desk.type(" and ")
    desk.key("k", "control")
    desk.wait_for("document.getElementById('rich-link').open")
    desk.type("example.org/")
    desk.key("Enter")
    desk.wait_for("!!document.querySelector('#form-body-rich a')")
    desk.key("Enter")
    desk.press("ul")
    desk.type("green")
    desk.key("Enter")
    desk.type("black")
    desk.key("Enter")
    desk.key("Enter")
    desk.press("quote")
    desk.type("Sip")
    desk.save()

    assert desk.stored()[-1] == (
        "<h2>Tea</h2>\n"
        f"<p>It is <b>hot</b> &amp; good, <i>here</i> and {LINK}https://example.org/</a> </p>\n"
        "<ul><li>green</li><li>black</li></ul>\n"
        "<blockquote><p>Sip</p></blockquote>"
    )
    assert desk.page.complaints() == []


def test_every_tool_does_and_undoes_its_thing(desk: Desk) -> None:
    made = {
        "h2": "<h2>Some <b>bold</b> words</h2>",
        "h3": "<h3>Some <b>bold</b> words</h3>",
        "bold": "<p><b>Some bold words</b></p>",
        "italic": "<p><i>Some <b>bold</b> words</i></p>",
        "underline": "<p><u>Some <b>bold</b> words</u></p>",
        "strikeThrough": "<p><s>Some <b>bold</b> words</s></p>",
        "ul": "<ul><li>Some <b>bold</b> words</li></ul>",
        "ol": "<ol><li>Some <b>bold</b> words</li></ol>",
        "quote": "<blockquote><p>Some <b>bold</b> words</p></blockquote>",
        "code": "<p><code>Some <b>bold</b> words</code> </p>",
        "clear": "<p>Some bold words</p>",
    }
    before = "<p>Some <b>bold</b> words</p>"
    desk.open("leaf/1")
    for tool, html in made.items():
        desk.select("p")
        desk.press(tool)
        if tool != "clear":
            desk.wait_for(f"{desk.tool(tool)}.getAttribute('aria-pressed') === 'true'")
        assert desk.text() == html, tool
        assert desk.run("document.querySelector('[data-dirty]').hidden") is False, tool
        desk.press("undo")
        assert desk.text() == before, tool
        assert desk.run("document.querySelector('[data-dirty]').hidden") is True, tool
        desk.press("redo")
        assert desk.text() == html, tool
        desk.key("z", "control")
        desk.press("undo")
        assert desk.text() == before, tool

    desk.go()
    desk.press("code")  # nothing is selected: the whole line
    desk.key("Enter")
    desk.type("next")
    assert desk.text() == "<pre>Some <b>bold</b> words\nnext</pre>"
    assert desk.page.complaints() == []


def test_a_link_leads_to_no_script(desk: Desk) -> None:
    box = "document.getElementById('rich-link')"
    wrong = "document.getElementById('rich-link-wrong').hidden"
    link = "document.querySelector('#form-body-rich a')"
    desk.open("leaf/1")
    desk.select("b")
    desk.key("k", "control")
    desk.wait_for(f"{box}.open")
    for address in ("javascript:alert(1)", " JaVa\tscript:alert(1)", "data:text/html,x", "x y"):
        desk.run("document.getElementById('rich-link-address').select(); 1")
        desk.type(address)
        desk.key("Enter")
        assert desk.run(f"{box}.open && !{wrong}") is True, address
    desk.type("/about")
    assert desk.run(wrong) is True
    desk.key("Escape")
    desk.wait_for(f"!{box}.open")
    assert desk.run("document.activeElement.id") == "form-body-rich"
    desk.wait_for("getSelection().toString() === 'bold'")
    assert desk.text() == "<p>Some <b>bold</b> words</p>"

    for typed, address in {
        "/about": "/about",
        "example.org": "https://example.org",
        "ann@example.org": "mailto:ann@example.org",
    }.items():
        desk.select("b")
        desk.press("link")
        desk.wait_for(f"{box}.open")
        desk.type(typed)
        desk.run(f"{box}.querySelector('[value=set]').click()")
        desk.wait_for(f"{link}?.getAttribute('href') === {json.dumps(address)}")
        assert f'<a href="{address}">' in desk.text()
    desk.select("a")
    desk.press("link")
    desk.wait_for(f"{box}.open")
    desk.run(f"{box}.querySelector('[data-unlink]').click()")
    desk.wait_for(f"!{link}")
    assert desk.text() == "<p>Some <b>bold</b> words</p>"


def test_of_what_is_pasted_only_text_stays(desk: Desk) -> None:
    kept = (
        '<p>Some <b>bold</b> words</p>\n<p>Hi no <a href="https://example.org/">yes</a></p>\n'
        '<p><img src="/none">one</p>\n<p>two</p>\n<p>three</p>'
    )
    # Without the policy, which would keep it from running anyway.
    desk.page._ask("Page.setBypassCSP", enabled=True)
    desk.open("leaf/1")
    desk.page._ask("Page.setBypassCSP", enabled=False)
    assert desk.run("window.eval('6 * 7')") == 42
    desk.go()
    desk.paste("plain", HOSTILE)
    assert desk.text() == kept
    assert desk.run("window.bad") is None
    desk.run("document.getElementById('form-body-rich').innerHTML += '<p style=x>s</p>'; 1")
    desk.go()
    desk.type("!")
    desk.save()
    assert desk.stored() == [kept.replace('<a href="https://example.org/">', LINK) + "\n<p>s!</p>"]

    desk.open("leaf/add")
    desk.go()
    desk.paste("one\ntwo\n\n<b>three</b>")
    assert desk.text() == "<p>one<br>two</p>\n<p>&lt;b&gt;three&lt;/b&gt;</p>"
    desk.go()
    desk.key("a", "control")
    desk.paste(
        "x",
        '<b style="font-weight:normal"><p><span style="font-weight:700">Big</span> deal</p>'
        "<ul><li><p>one</p></li></ul></b>",
    )
    assert desk.text() == "<p><b>Big</b> deal</p>\n<ul><li>one</li></ul>"


def test_lines_are_joined_and_left(desk: Desk) -> None:
    desk.go()
    desk.type("one")
    desk.key("Enter")
    desk.press("h2")
    desk.type("two")
    desk.key("Home")
    desk.key("Backspace")
    desk.type(" ")
    assert desk.text() == "<p>one two</p>"
    desk.go()
    desk.press("quote")
    desk.key("Enter")
    desk.key("Enter")
    desk.type("out")
    desk.key("Enter", "shift")
    desk.type("side")
    assert desk.text() == "<blockquote><p>one two</p></blockquote>\n<p>out<br>side</p>"
    desk.go()
    desk.key("a", "control")
    desk.key("Backspace")
    assert desk.text() == ""
    desk.key("z", "control")
    assert desk.page.complaints() == []


def test_the_editor_is_used_by_the_keyboard_alone(desk: Desk) -> None:
    here = "document.activeElement"
    tab_stops = (
        "document.querySelectorAll('.rich-bar')[0].querySelectorAll('[tabindex=\"0\"]').length"
    )
    desk.run("document.getElementById('form-title').focus(); 1")
    assert desk.run(tab_stops) == 1
    desk.key("Tab")
    assert desk.run(f"{here}.dataset.does") == "p"
    for key, tool in {"ArrowLeft": "source", "ArrowRight": "p", "End": "source"}.items():
        desk.key(key)
        assert desk.run(f"{here}.dataset.does") == tool
    desk.key("Home")
    for _ in range(3):
        desk.key("ArrowRight")
    assert desk.run(tab_stops) == 1
    desk.key("Enter")
    assert desk.run(f"{here}.id") == "form-body-rich"
    desk.type("bold")
    desk.wait_for(f"{desk.tool('bold')}.getAttribute('aria-pressed') === 'true'")
    desk.key("F10", "alt")
    assert desk.run(f"{here}.dataset.does") == "bold"
    desk.key("Escape")
    assert desk.run(f"{here}.id") == "form-body-rich"
    desk.key("Tab")
    assert desk.run(f"{here}.localName") == "summary"
    assert desk.text() == "<p><b>bold</b></p>"

    desk.run("document.cookie = 'locale=ar; path=/'")
    desk.open()
    desk.run("document.getElementById('form-title').focus(); 1")
    desk.key("Tab")
    desk.key("ArrowLeft")  # onwards, where one reads from right to left
    assert desk.run(f"{here}.dataset.does") == "h2"
    assert desk.run(f"{here}.getAttribute('aria-label')") not in ("", "Heading")


def test_a_draft_comes_back_into_the_editor(desk: Desk) -> None:
    desk.go()
    desk.press("bold")
    desk.type("Half a thought")
    desk.wait_for("Object.values(localStorage).some((one) => one.includes('Half a thought'))")

    desk.page.open(f"{desk.url}/admin/")
    desk.wait_for("location.pathname === '/admin/' && document.readyState === 'complete'")
    assert desk.page.dialogs == ["beforeunload"]
    desk.page.open(f"{desk.url}/admin/leaf/add")
    desk.wait_for(
        "!!document.querySelector('.notice.info button') && document.readyState === 'complete'"
    )
    desk.run("document.querySelector('.notice.info button').click()")

    assert desk.run("document.querySelector('#form-body-rich b').textContent") == "Half a thought"
    assert desk.text() == "<p><b>Half a thought</b></p>"


def test_rows_of_a_form_have_editors_too(desk: Desk) -> None:
    desk.open("leaf/1")
    desk.run("document.querySelector('.form-add').click()")
    desk.run("document.querySelector('.form-add').click()")
    desk.wait_for("document.activeElement.id === 'form-scraps-1-text-rich'")
    desk.type("second")
    desk.go("scraps-0-text")
    desk.key("b", "control")
    desk.type("first")
    desk.save()

    assert desk.stored("scraps") == ["<p><b>first</b></p>", "<p>second</p>"]
    assert desk.stored() == ["<p>Some <b>bold</b> words</p>"]


def test_what_is_missing_is_told_at_the_editor(desk: Desk) -> None:
    desk.run("document.getElementById('form-title').value = 'Second'")
    desk.run("document.querySelector('[data-save]').click()")
    desk.wait_for("document.activeElement.id === 'form-body-rich'")
    assert desk.run("document.getElementById('form-body-rich-wrong').textContent")
    assert desk.run("document.activeElement.getAttribute('aria-invalid')") == "true"
    assert desk.run("document.activeElement.getAttribute('aria-required')") == "true"

    desk.type("Now")
    desk.save()
    assert desk.stored()[-1] == "<p>Now</p>"

    desk.open()
    desk.run("document.querySelector('label[for=form-body]').click()")
    assert desk.run("document.activeElement.id") == "form-body-rich"


def test_what_is_only_read_has_no_tools(desk: Desk) -> None:
    editor = "document.getElementById('form-seal-rich')"
    desk.open("leaf/1")

    assert desk.run(f"{editor}.querySelector('b').textContent") == "Sealed"
    assert desk.run(f"{editor}.isContentEditable") is False
    assert desk.run(f"{editor}.getAttribute('aria-readonly')") == "true"
    assert desk.run(f"{editor}.parentElement.querySelectorAll('button').length") == 0


def test_the_html_is_written_by_hand(desk: Desk) -> None:
    area = "document.getElementById('form-body')"
    desk.open("leaf/1")
    desk.press("source")
    assert desk.run("document.activeElement.id") == "form-body"
    assert desk.run(f"{area}.offsetHeight > 50 && !{area}.hasAttribute('aria-hidden')")
    assert desk.run("document.getElementById('form-body-rich').hidden") is True
    desk.press("bold")  # does nothing here
    desk.run(f"{area}.select(); 1")
    desk.type("<h3>By hand</h3><script>window.bad = 1</script><p>text</p>")
    desk.press("source")
    assert desk.run("document.getElementById('form-body-rich').innerHTML") == (
        "<h3>By hand</h3><p>text</p>"
    )
    desk.go()
    desk.type("!")
    desk.save()

    assert desk.stored() == ["<h3>By hand</h3>\n<p>text!</p>"]


def test_a_long_text_is_written_in(desk: Desk) -> None:
    lines = "\n".join(f"<p>{'word ' * 40}{number}</p>" for number in range(2000))
    desk.run("document.getElementById('form-title').value = 'Long'")
    desk.go()
    desk.paste("x", lines)
    assert desk.text() == lines
    desk.go()
    told = "window.told = 0; document.getElementById('form').addEventListener('input',"
    desk.run(f"{told} () => {{ window.told += 1 }}); 1")
    desk.run("for (let at = 0; at < 20; at += 1) document.execCommand('insertText', false, 'x'); 1")
    assert desk.run("window.told") == 0  # the form hears of it when the hands are off the keys
    desk.save()

    assert desk.stored()[-1] == lines[: -len("</p>")] + "x" * 20 + "</p>"


@pytest.mark.parametrize(
    ("locale", "scheme", "width"),
    [("en", "light", 1200), ("en", "dark", 390), ("ar", "light", 390), ("ar", "dark", 1200)],
)
def test_the_editor_is_for_everybody(
    desk: Desk, tmp_path: Path, locale: str, scheme: str, width: int
) -> None:
    page = desk.page
    desk.run(f"document.cookie = 'locale={locale}; path=/'")
    page.prefer(scheme)
    page._ask(
        "Emulation.setDeviceMetricsOverride",
        width=width,
        height=844,
        deviceScaleFactor=1,
        mobile=width < 500,
    )
    desk.open("leaf/1")
    desk.select("b")
    page.photograph(tmp_path / "text.png")
    assert serious(page) == []
    assert not desk.run("document.documentElement.scrollWidth > innerWidth + 1")

    desk.press("source")
    page.photograph(tmp_path / "html.png")
    assert serious(page) == []

    desk.press("source")
    desk.press("link")
    desk.wait_for("document.getElementById('rich-link').open")
    page.photograph(tmp_path / "link.png")
    assert serious(page) == []
    assert page.complaints() == []


def test_without_a_script_the_textarea_is_all_there_is(desk: Desk) -> None:
    desk.page._ask("Emulation.setScriptExecutionDisabled", value=True)
    desk.run("window.isBefore = true; 1")
    desk.page.open(f"{desk.url}/admin/leaf/1")
    desk.wait_for("!window.isBefore && document.readyState === 'complete'")

    assert desk.run("document.querySelectorAll('main .rich').length") == 0
    assert desk.run("document.getElementById('form-body').offsetHeight") > 50
