"""A page with what an attacker would write, in a real browser: nothing of it runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.examples.browser import browsing
from tests.examples.serving import serving
from tests.templates.test_escaping import ATTACKS

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(180)]

APP = f"""
from trivet import App
from trivet.static import Static
from trivet.templates import Templates

app = App()
static = app.use(Static())
templates = app.use(Templates())

@app.get("/")
@templates.page("page.html", fragments=["rows"])
async def page() -> dict[str, list[str]]:
    return {{"values": {[one for one in ATTACKS if chr(0) not in one]!r}}}
"""
PAGE = """<!doctype html><title>Shop</title>
<link rel="stylesheet" href="{{ static('site.css') }}">
<ul id="rows">{% block rows %}{% for value in values %}
<li title="{{ value }}" data-value='{{ value|tojson }}'
 {{ {"lang": value}|xmlattr }}>{{ value }}</li>
{% endfor %}{% endblock %}</ul>
<script nonce="{{ csp_nonce() }}">window.told = {{ values|tojson }};
window.alert = () => { window.attacked = true; };</script>
<script src="{{ static('app.js') }}"></script>
<script>window.smuggled = true;</script><b onclick="window.smuggled = true">x</b>
"""
SCRIPT = """
const rows = [...document.querySelectorAll("li")];
const same = (read) => rows.every((row, at) => read(row) === window.told[at]);
window.whole = rows.length === window.told.length && same((row) => row.textContent)
  && same((row) => row.title) && same((row) => row.lang)
  && same((row) => JSON.parse(row.dataset.value));
const htmx = {"HX-Request": "true", "HX-Target": "rows"};
fetch("/", {headers: htmx}).then((answer) => answer.text()).then((text) => {
  document.getElementById("rows").innerHTML = text;
  window.swapped = document.querySelectorAll("li").length;
});
fetch("/", {headers: {Accept: "application/json"}}).then((answer) => answer.json())
  .then((told) => { window.json = told.values.length; });
"""


def test_values_stay_values_in_a_browser(chromium: str, tmp_path: Path) -> None:
    for folder in ("static", "templates"):
        (tmp_path / folder).mkdir()
    (tmp_path / "shop_pages.py").write_text(APP)
    (tmp_path / "templates" / "page.html").write_text(PAGE)
    (tmp_path / "static" / "app.js").write_text(SCRIPT)
    (tmp_path / "static" / "site.css").write_text("li { color: rgb(0, 128, 128) }")
    count = len(ATTACKS) - 1

    with serving(str(tmp_path / "shop_pages.py")) as example, browsing(chromium, tmp_path) as page:
        page.open(example.url)
        page.wait_for("window.swapped && window.json")

        assert page.run("window.whole") is True
        assert page.run("[window.swapped, window.json]") == [count, count]
        assert page.run("window.attacked === undefined") is True
        assert page.run("document.querySelectorAll('img, script').length") == 3
        page.run("document.querySelector('b').click()")
        assert page.run("window.smuggled === undefined") is True
        assert len(page.complaints()) == 2
        style = "getComputedStyle(document.querySelector('li')).color"
        assert page.run(style) == "rgb(0, 128, 128)"
