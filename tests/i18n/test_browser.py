"""A page in Arabic, and the browser's time zone, in a real browser."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.examples.browser import browsing
from tests.examples.serving import serving
from tests.i18n.conftest import Write

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(180)]

APP = """
from datetime import UTC, datetime
from trivet import App, Request
from trivet.i18n import I18n, lazy
from trivet.middleware.headers import SecureHeaders
from trivet.static import Static
from trivet.templates import Templates

app = App(hooks=[SecureHeaders(content_security_policy={"default-src": "'self'"})])
app.use(I18n("locale", locales=["en", "ar"]))
app.use(Static())
templates = app.use(Templates())

@app.get("/")
@templates.page("page.html")
async def page() -> dict[str, object]:
    return {"at": datetime(2026, 7, 1, 12, tzinfo=UTC), "label": lazy("Books"), "count": 3}
"""
PAGE = """<!doctype html>
<html lang="{{ locale() }}" dir="{{ dir() }}"><meta charset="utf-8">
<title>{{ label }}</title>
<link rel="stylesheet" href="{{ static('site.css') }}">
<script src="{{ static('trivet/timezone.js') }}"></script>
<h1>{{ label }}</h1>
<p id="count">{% trans num=count %}<b>{{ num }}</b> book{% pluralize %}<b>{{ num }}</b> books
{% endtrans %}</p>
<p id="at">{{ format_datetime(at, "long") }}</p>
<p id="hour">{{ format_time(at, "HH:mm") }}</p>
<p id="money">{{ format_currency(1234.5, "EUR") }}</p>
<ul><li id="row">{{ format_list([label, label]) }}</li></ul>
"""
BOOKS = ["<b>%(num)s</b> كتب"] * 6


def test_page_in_arabic_reads_from_the_right(chromium: str, tmp_path: Path, write: Write) -> None:
    for folder in ("static", "templates"):
        (tmp_path / folder).mkdir()
    (tmp_path / "shop_pages.py").write_text(APP)
    (tmp_path / "templates" / "page.html").write_text(PAGE)
    (tmp_path / "static" / "site.css").write_text("body { font: 20px sans-serif }")
    plural = "nplurals=6; plural=(n==0 ? 0 : n==1 ? 1 : n==2 ? 2 : 3)"
    singular, several = "<b>%(num)s</b> book", "<b>%(num)s</b> books\n"
    write("ar", {"Books": "الكتب", (singular, several): BOOKS}, plural=plural)

    target = str(tmp_path / "shop_pages.py")
    with serving(target) as example, browsing(chromium, tmp_path) as page:
        page.open(f"{example.url}/")
        page.wait_for("document.cookie.includes('timezone=')")
        page.run("document.cookie = 'locale=ar; path=/'")
        page.run("document.cookie = 'timezone=' + encodeURIComponent('Asia/Tokyo') + '; path=/'")
        page.open(f"{example.url}/?again")
        page.wait_for("document.documentElement?.dir === 'rtl' && !!document.getElementById('row')")
        if "SHOW" in os.environ:
            page.photograph(Path(os.environ["SHOW"]))

        assert page.run("document.title") == "الكتب"
        assert page.run("document.getElementById('count').innerHTML.trim()") == "<b>3</b> كتب"
        assert page.run("document.getElementById('hour').textContent") == "21:00"
        # The bullet and the words stand at the right edge.
        edge = "document.getElementById('row').getBoundingClientRect().right"
        assert page.run(edge) > page.run("window.innerWidth") * 0.9
        assert page.run("getComputedStyle(document.querySelector('h1')).direction") == "rtl"
