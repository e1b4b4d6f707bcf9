"""Conditions of a list in Chromium: put together by keys and with a script, and without one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.admin.browser.test_doing import opened, pressed
from tests.admin.browser.test_site import APP, READY, looking, serious
from tests.examples.browser import Page

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]

ASKING = APP.replace("filters = [Ware.is_sold_out]", "filters = [Ware.is_sold_out, Ware.price]")
ROWS = "[...document.querySelectorAll('tbody th a')].map((one) => one.textContent).join()"


def put(page: Page, name: str, value: str) -> None:
    """Choose or type something, as a person does."""
    page.wait_for(f"!!document.querySelector('[name={json.dumps(name)}]')")
    page.run(
        f"(() => {{ const one = document.querySelector('[name={json.dumps(name)}]');"
        f" one.focus(); one.value = {json.dumps(value)};"
        " one.dispatchEvent(new Event('change', {bubbles: true})) })()"
    )


def focused(page: Page) -> str:
    return str(page.run("document.activeElement.name + ' ' + document.activeElement.value"))


def test_conditions_are_put_together(chromium: str, tmp_path: Path) -> None:
    with looking(chromium, tmp_path, ASKING) as (page, site):
        opened(page, f"{site}ware/?order=name", "#rows")
        pressed(page, ".filters > a")
        page.wait_for(f"{READY}!!document.querySelector('#conditions')")
        page.run("window.isSame = true; 1")

        put(page, "of.0", "is_sold_out")
        page.wait_for("!!document.querySelector('select[name=\"is.0\"]')")
        assert focused(page) == "of.0 is_sold_out"
        put(page, "is.0", "false")
        pressed(page, '[value="group"]')
        put(page, "of.1.0", "price")
        put(page, "by.1.0", "between")
        put(page, "is.1.0", "3")
        put(page, "to.1.0", "4")
        pressed(page, '[value="add.1"]')
        page.wait_for("document.activeElement.name === 'of.1.1'")
        put(page, "of.1.1", "name")
        put(page, "is.1.1", "ware 11")
        assert serious(page) == []
        page.photograph(tmp_path / "conditions.png")
        assert page.run("window.isSame") is True
        pressed(page, '.save [value="show"]')

        page.wait_for(f"{READY}!!document.querySelector('.chips .asked')")
        assert page.run(ROWS) == "Ware 03,Ware 04,Ware 11"
        told = page.run("document.querySelector('.chips').innerText.replace(/\\s+/g, ' ')")
        assert "Is sold out is No" in told
        assert "and ( Price is between 3 and 4 or Name contains “ware 11” )" in told
        assert serious(page) == []
        page.photograph(tmp_path / "list.png")
        pressed(page, ".asked:nth-child(2) a")
        page.wait_for(f"{READY}{ROWS} === 'Ware 11'")


def test_conditions_are_put_together_without_a_script(chromium: str, tmp_path: Path) -> None:
    with looking(chromium, tmp_path, ASKING) as (page, site):
        page._ask("Emulation.setScriptExecutionDisabled", value=True)
        page.open(f"{site}ware/conditions")
        page.wait_for("!!document.querySelector('[name=\"of.0\"]')")
        page.run("document.querySelector('[name=\"of.0\"]').value = 'price'; 1")
        page.run("document.querySelector('[value=again]').click(); 1")
        page.wait_for("!!document.querySelector('[name=\"is.0\"]')")
        page.run("document.querySelector('[name=\"is.0\"]').value = '7'; 1")
        # Enter in an input presses the first button of the form.
        page.run("document.querySelector('#conditions button').click(); 1")

        page.wait_for("location.search.includes('where=price')")
        page.wait_for(f"{ROWS} === 'Ware 07'")
