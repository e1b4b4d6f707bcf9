"""The admin in Chromium: imports, actions on all that match, drafts, and from right to left."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.admin.browser.test_site import APP, READY, looking, serious
from tests.examples.browser import Page

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]

ACTING = (
    APP.replace("import Admin,", "import action, Admin,")
    .replace("import Auth\n", "import Auth\nfrom trivet.i18n import I18n\n")
    .replace("app.use(Realtime())", 'app.use(I18n(locales=["en", "ar"]))')
    + """
    @action(label="Reprice")
    async def reprice(self, rows, values, visit):
        return f"{await rows.update(price=7)} repriced"
"""
)
FILE = "What,Costs\\n" + "".join(f"New {number},{number}\\n" for number in range(30))


def chosen(page: Page, name: str, value: str) -> None:
    """Choose in a list, as a person does."""
    page.run(
        f"(() => {{ const one = document.querySelector('[name={json.dumps(name)}]');"
        f" one.value = {json.dumps(value)};"
        " one.dispatchEvent(new Event('change', {bubbles: true})) })()"
    )


def pressed(page: Page, selector: str) -> None:
    page.run(f"document.querySelector({json.dumps(selector)}).click()", by_person=True)


def opened(page: Page, url: str, shown: str) -> None:
    page.open(url)
    is_shown = f"!!document.querySelector({json.dumps(shown)})"
    page.wait_for(f"{READY}location.href === {json.dumps(url)} && {is_shown}")


def test_rows_come_from_a_file_and_all_that_match_are_acted_on(
    chromium: str, tmp_path: Path
) -> None:
    with looking(chromium, tmp_path, ACTING) as (page, site):
        opened(page, f"{site}ware/import", "#file")
        assert serious(page) == []
        page.run(
            "(() => { const files = new DataTransfer();"
            f" files.items.add(new File(['{FILE}'], 'wares.csv', {{type: 'text/csv'}}));"
            " document.querySelector('#file').files = files.files;"
            " document.querySelector('#file').form.requestSubmit() })()"
        )
        page.wait_for(f"{READY}!!document.querySelector('[name=column-1]')")
        assert serious(page) == []
        assert page.run("document.querySelector('[name=confirmed]')") is None
        chosen(page, "column-0", "name")
        chosen(page, "column-1", "price")
        page.run("document.querySelector('[name=data]').form.requestSubmit()")
        page.wait_for(f"{READY}!!document.querySelector('[name=confirmed]')")
        assert serious(page) == []
        pressed(page, "[name=confirmed]")
        page.wait_for(
            f"{READY}!!document.querySelector('.notice.success') && !!document.forms.length"
        )

        opened(page, f"{site}ware/?size=25", "[data-every]")
        pressed(page, "[data-every]")
        page.wait_for("!document.querySelector('[data-all]').hidden")
        assert page.run("document.querySelectorAll('[name=key]').length") == 25
        pressed(page, "[name=all]")
        pressed(page, "[name=action][value=reprice]")
        page.wait_for(f"{READY}!!document.querySelector('[name=confirmed]')")
        assert serious(page) == []
        pressed(page, "[name=confirmed]")
        page.wait_for(
            f"{READY}document.querySelector('.notice.success')?.textContent.includes('42 repriced')"
        )

        opened(page, f"{site}ware/1/delete", "[name=confirmed]")
        assert serious(page) == []
        opened(page, f"{site}log", "main h1")
        assert serious(page) == []
        opened(page, f"{site}ware/1/history", "main h1")
        assert serious(page) == []


def test_a_draft_is_offered_to_who_left_without_saving(chromium: str, tmp_path: Path) -> None:
    with looking(chromium, tmp_path, ACTING) as (page, site):
        add = f"{site}ware/add"
        opened(page, add, "#form [name=name]")
        assert serious(page) == []
        page.run(
            "(() => { const one = document.querySelector('[name=name]'); one.focus();"
            " one.value = 'Half a name';"
            " one.dispatchEvent(new Event('input', {bubbles: true})) })()",
            by_person=True,
        )
        page.wait_for("Object.values(localStorage).some((one) => one.includes('Half a name'))")

        opened(page, site, ".figures")
        assert page.dialogs == ["beforeunload"]
        opened(page, add, "#form [name=name]")
        assert page.run("document.querySelector('[name=name]').value") == ""
        page.wait_for("!!document.querySelector('.notice.info button')")
        pressed(page, ".notice.info button")

        assert page.run("document.querySelector('[name=name]').value") == "Half a name"


def test_the_site_reads_from_right_to_left(chromium: str, tmp_path: Path) -> None:
    with looking(chromium, tmp_path, ACTING) as (page, site):
        page.run("document.cookie = 'locale=ar; path=/'")
        pages = {
            "home": ("", ".figures"),
            "list": ("ware/", "[data-every]"),
            "form": ("ware/1", "#form [name=name]"),
            "import": ("ware/import", "#file"),
            "history": ("ware/1/history", "main h1"),
        }
        for name, (path, shown) in pages.items():
            for width in (1200, 390):
                page._ask(
                    "Emulation.setDeviceMetricsOverride",
                    width=width,
                    height=844,
                    deviceScaleFactor=1,
                    mobile=width < 500,
                )
                opened(page, site + path, shown)
                page.photograph(tmp_path / f"{name}-{width}-rtl.png")
                wide = page.run("document.documentElement.scrollWidth > innerWidth + 1")
                assert not wide, f"{name} at {width}"
            page._ask("Emulation.clearDeviceMetricsOverride")
            assert page.run("document.documentElement.dir") == "rtl"
            assert page.run("getComputedStyle(document.querySelector('main')).direction") == "rtl"
            assert serious(page) == [], name

        opened(page, f"{site}ware/", "[data-every]")
        middle = (
            "(one => { const at = one.getBoundingClientRect(); return at.left + at.width / 2 })"
        )
        menu = page.run(f"{middle}(document.querySelector('nav'))")
        main = page.run(f"{middle}(document.querySelector('main'))")
        assert menu > main  # on a wide screen the menu is at the right
