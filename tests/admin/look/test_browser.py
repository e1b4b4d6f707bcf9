"""The admin's pages in a browser: by keyboard, on a phone, right to left, without a script."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from tests.admin.look.site import PAGES
from tests.examples.browser import Page, browsing
from tests.examples.serving import REPOSITORY, serving

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(180)]

SITE = Path(__file__).with_name("site.py").relative_to(REPOSITORY)
KEYS = {
    "Enter": ("\r", 13),
    "Escape": ("", 27),
    "ArrowDown": ("", 40),
    "ArrowRight": ("", 39),
    "Tab": ("", 9),
}


def texts(selector: str, value: str = "value") -> str:
    """Give an expression for what elements have, joined."""
    return f"[...document.querySelectorAll('{selector}')].map((one) => one.{value}).join()"


class Seen:
    """A page of the site, with hands."""

    def __init__(self, page: Page, url: str) -> None:
        self.page, self.url = page, url

    def open(self, path: str) -> None:
        """Open a page, and wait until its scripts have run."""
        self.page.run("window.isBefore = true; 1")
        self.page.open(f"{self.url}{path}")
        self.page.wait_for(
            "!window.isBefore && document.readyState === 'complete' && document.title"
        )

    def key(self, key: str, *, control: bool = False) -> None:
        """Press a key."""
        text, code = KEYS.get(key, ("" if control else key, ord(key[0].upper())))
        common: dict[str, Any] = {
            "key": key,
            "windowsVirtualKeyCode": code,
            "modifiers": 2 if control else 0,
        }
        self.page._ask("Input.dispatchKeyEvent", type="keyDown", text=text, **common)
        self.page._ask("Input.dispatchKeyEvent", type="keyUp", **common)

    def type(self, text: str) -> None:
        """Type a text where the focus is."""
        self.page._ask("Input.insertText", text=text)

    def run(self, script: str) -> Any:
        """Give the value of an expression."""
        return self.page.run(script)

    def wait_for(self, script: str) -> Any:
        """Wait until an expression is true."""
        return self.page.wait_for(script)

    def phone(self) -> None:
        """Be a phone from now on."""
        self.page._ask(
            "Emulation.setDeviceMetricsOverride",
            width=390,
            height=844,
            deviceScaleFactor=1,
            mobile=True,
        )

    def dark(self) -> None:
        """Be dark from now on."""
        media = [{"name": "prefers-color-scheme", "value": "dark"}]
        self.page._ask("Emulation.setEmulatedMedia", features=media)

    def violations(self) -> list[tuple[str, Any]]:
        """Give what axe finds."""
        self.run(
            files("axe_core_python").joinpath("axe.min.js").read_text(encoding="utf-8") + "; 1"
        )
        self.run(
            "window.found = undefined;"
            "axe.run().then((found) => { window.found = JSON.stringify(found.violations) }); 1"
        )
        found = json.loads(self.wait_for("window.found"))
        return [(one["id"], [node["html"] for node in one["nodes"]]) for one in found]


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with serving(str(SITE)) as example:
        yield example.url


@pytest.fixture
def seen(address: str, chromium: str, tmp_path: Path) -> Iterator[Seen]:
    with browsing(chromium, tmp_path) as page:
        yield Seen(page, address)


LOOKS = ["light", "dark on a phone", "right to left", "right to left on a phone"]


@pytest.mark.parametrize("look", LOOKS)
def test_axe_finds_nothing_on_any_page(seen: Seen, look: str) -> None:
    if look.startswith("dark"):
        seen.dark()
    if look.endswith("phone"):
        seen.phone()
    for name in PAGES:
        seen.open(f"/{name}{'?rtl' if look.startswith('right') else ''}")

        assert seen.run("document.documentElement.scrollWidth <= innerWidth"), name
        assert seen.violations() == [], name


def test_a_list_is_used_by_the_keyboard_alone(seen: Seen) -> None:
    focus = "document.activeElement.textContent"
    chosen = "document.querySelectorAll('[name=key]:checked').length"
    seen.open("/list")

    seen.key("j")
    seen.key("j")
    assert seen.run(focus) == "Order 1041"
    seen.key("k")
    seen.key("x")
    assert seen.run(chosen) == 1
    assert seen.run("document.querySelector('[data-chosen]').textContent") == "1 chosen"
    seen.key("Escape")
    assert seen.run(chosen) == 0
    seen.key("/")
    assert seen.run("document.activeElement.name") == "q"
    seen.key("k")  # is a letter here
    assert seen.run("document.activeElement.value") == "k"


def test_rows_are_chosen_by_range_and_all_that_match_is_offered(seen: Seen) -> None:
    chosen = "document.querySelectorAll('[name=key]:checked').length"
    seen.open("/list")

    seen.run("boxes = document.querySelectorAll('[name=key]'); boxes[2].click()")
    seen.run("boxes[6].dispatchEvent(new MouseEvent('click', { shiftKey: true, bubbles: true }))")
    assert seen.run(chosen) == 5
    assert seen.run("document.querySelector('[data-all]').hidden") is True
    seen.run("document.querySelector('[data-every]').click()")
    assert seen.run(chosen) == 50
    assert seen.run("document.querySelector('[data-all]').hidden") is False


def test_the_palette_finds_pages_and_rows(seen: Seen) -> None:
    labels = texts("#found [role=option] span", "textContent")
    active = "document.querySelector('#palette input').getAttribute('aria-activedescendant')"
    seen.open("/list")

    seen.key("k", control=True)
    seen.type("order")
    seen.wait_for(f"{labels} === 'Orders,Order about order'")
    seen.key("ArrowDown")
    assert seen.run(active) == "found-1"
    seen.key("Enter")
    seen.wait_for("location.pathname === '/form'")


def test_a_row_is_picked_by_typing_its_name(seen: Seen) -> None:
    focus = "document.getElementById('form-customer_id')"
    seen.open("/form")
    assert seen.run(f"{focus}.value") == "Ann Example"

    seen.run(f"{focus}.focus(); {focus}.select()")
    seen.type("bern")
    seen.wait_for(f"{focus}.getAttribute('aria-activedescendant')")
    seen.key("Enter")

    assert seen.run("document.querySelector('[name=customer_id]').value") == "2"
    assert seen.run(f"{focus}.value") == "Bernd Beispiel"
    assert seen.run("document.querySelector('[data-dirty]').hidden") is False


def test_what_was_typed_and_not_saved_is_kept(seen: Seen) -> None:
    number = "document.getElementById('form-number')"
    seen.open("/form")
    seen.run(f"{number}.focus(); {number}.select()")
    seen.type("77")
    seen.run("document.querySelector('.form-add').click()")

    seen.wait_for("(localStorage.getItem('admin-draft:order:1042') ?? '').includes('items-2')")
    assert seen.run("localStorage.getItem('admin-draft:order:1042').includes('77')")


def test_rows_are_moved_by_keys_and_numbered(seen: Seen) -> None:
    products = texts("#form-items [name$=product]")
    numbers = texts("#form-items [name$=position]")
    seen.open("/form")

    seen.run("document.querySelector('.grip').focus()")
    seen.key("ArrowDown")

    assert (seen.run(products), seen.run(numbers)) == ("Cup,Tea", "0,1")


def test_a_field_is_seen_only_where_another_says_so(seen: Seen) -> None:
    is_hidden = "document.getElementById('form-reason').closest('.form-field').hidden"
    seen.open("/form")
    assert seen.run(is_hidden) is True

    seen.run(
        "state = document.getElementById('form-state'); state.value = 'draft';"
        "state.dispatchEvent(new Event('change', { bubbles: true }))"
    )

    assert seen.run(is_hidden) is False


def test_tabs_go_by_arrows_and_show_what_is_wrong(seen: Seen) -> None:
    shown = texts(".panel:not([hidden])", "id")
    seen.open("/tabs")
    assert seen.run(shown) == "tab-one"

    seen.run("document.querySelector('[role=tab]').focus()")
    seen.key("ArrowRight")
    assert seen.run(shown) == "tab-two"
    seen.run("document.getElementById('form-number').value = ''")
    seen.key("s", control=True)
    assert seen.run(shown) == "tab-one"


def test_light_and_dark_are_switched_and_kept(seen: Seen) -> None:
    theme = "document.documentElement.dataset.theme"
    ground = "getComputedStyle(document.body).backgroundColor"
    seen.open("/list")
    light = seen.run(ground)

    seen.run("document.querySelector('[data-theme-switch]').click()")
    assert seen.run(theme) == "dark"
    assert seen.run(ground) != light
    seen.open("/home")
    assert seen.run(theme) == "dark"
    seen.run("document.querySelector('[data-theme-switch]').click()")
    assert seen.run("localStorage.getItem('admin-theme')") is None


def test_without_a_script_the_menu_opens_and_filters_are_sent(seen: Seen) -> None:
    place = "document.querySelector('.side').getBoundingClientRect().left"
    seen.page._ask("Emulation.setScriptExecutionDisabled", value=True)
    seen.phone()
    seen.open("/list")
    assert seen.run(place) < 0

    seen.run("document.querySelector('.burger').click()")
    seen.wait_for(f"{place} === 0")
    seen.run("document.querySelector('.shut').click()")
    seen.wait_for(f"{place} < 0")
    assert seen.run("getComputedStyle(document.querySelector('.bulk')).display") == "flex"
    seen.run("document.querySelector('#filter-city').value = 'Bern'")
    seen.run("document.querySelector('.ins button').click()")
    seen.wait_for(
        "location.search.includes('city=Bern') && location.search.includes('sort=-placed')"
    )
