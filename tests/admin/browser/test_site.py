"""The site in Chromium: axe on each page, the palette by keys, cells, news of changes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from tests.examples.browser import Page, browsing
from tests.examples.serving import serving

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]

APP = """
from contextlib import asynccontextmanager

from trivet import App
from trivet.admin import Admin, Card, Chart, Figure, ModelAdmin
from trivet.auth import Auth
from trivet.db import Database, Mapped, Model, field
from trivet.realtime import Realtime


class Ware(Model):
    name: Mapped[str] = field(max_length=80)
    price: Mapped[int]
    is_sold_out: Mapped[bool] = field(default=False)


@asynccontextmanager
async def filled(app):
    await db.create_tables()
    async with db.transaction():
        for number in range(12):
            await Ware.create(name=f"Ware {number:02}", price=number)
        for name in ("ann", "bob"):
            await auth.accounts.make(
                email=f"{name}@example.org", name=name.title(), password="correct horse battery",
                is_superuser=True,
            )
    yield


app = App(title="Wares", debug=True, lifespan=filled)
db = app.use(Database("sqlite://"))
auth = app.use(Auth(db))
app.use(Realtime())
admin = app.use(Admin())


@app.post("/change")
async def change() -> None:
    await (await Ware.get(12)).update(price=99)


async def sales(visit):
    return {"Mon": 3, "Tue": 9, "Wed": 4}


admin.card(Card("Wares", Ware.all(), icon="box", link="ware/"))
for kind in ("bar", "line", "donut"):
    admin.chart(Chart(f"Sales as {kind}", rows=sales, kind=kind))
admin.link("Handbook", "https://example.org/", group="Help")


@admin.register(Ware)
class WareAdmin(ModelAdmin):
    columns = [Ware.name, Ware.price, Ware.is_sold_out]
    editable = [Ware.price, Ware.is_sold_out]
    search = [Ware.name]
    filters = [Ware.is_sold_out]
"""
READY = "document.readyState === 'complete' && window.trivetAdmin && "


@contextmanager
def looking(chromium: str, folder: Path, app: str = APP) -> Iterator[tuple[Page, str]]:
    """Serve the admin, and sign in."""
    (folder / "wares.py").write_text(app)
    with serving(str(folder / "wares.py")) as example, browsing(chromium, folder) as page:
        site = f"{example.url}/admin/"
        signed_in(page, site, "ann")
        yield page, site


def signed_in(page: Page, site: str, name: str) -> None:
    page.open(site)
    page.wait_for("document.querySelector('[name=log_in]') && document.readyState === 'complete'")
    page.run(f"document.querySelector('[name=log_in]').value = '{name}@example.org'")
    page.run("document.querySelector('[name=password]').value = 'correct horse battery'")
    page.run("document.querySelector('[name=password]').form.requestSubmit()")
    page.wait_for(f"{READY}!!document.querySelector('.figures')")


def serious(page: Page) -> list[str]:
    """Give what axe finds that is serious or critical."""
    # The policy allows no script but ours: the tool comes by the browser's own protocol.
    page.run(files("axe_core_python").joinpath("axe.min.js").read_text(encoding="utf-8") + "; 1")
    page.run("axe.run().then((found) => { window.found = JSON.stringify(found.violations) }); 1")
    found: list[dict[str, Any]] = json.loads(page.wait_for("window.found"))
    page.run("window.found = null")
    return [
        f"{one['id']}: {one['nodes'][0]['html']}"
        for one in found
        if one["impact"] in ("serious", "critical")
    ]


def press(page: Page, key: str, **more: bool) -> None:
    about = json.dumps({"key": key, "bubbles": True, "cancelable": True, **more})
    page.run(f"document.activeElement.dispatchEvent(new KeyboardEvent('keydown', {about}))")


def test_the_site_is_for_everybody(chromium: str, tmp_path: Path) -> None:
    with looking(chromium, tmp_path) as (page, site):
        pages = {
            "home": ("", ".figures"),
            "list": ("ware/?order=-price", "#rows .cell input"),
            "views": ("ware/views", ".empty, .kept"),
        }
        for name, (path, shown) in pages.items():
            page.open(site + path)
            page.wait_for(f"{READY}!!document.querySelector({json.dumps(shown)})")
            page.photograph(tmp_path / f"{name}-light.png")
            assert serious(page) == [], name
            page.run("document.documentElement.dataset.theme = 'dark'; 1")
            page.photograph(tmp_path / f"{name}-dark.png")
            assert serious(page) == [], f"{name} in the dark"
            page._ask(
                "Emulation.setDeviceMetricsOverride",
                width=390,
                height=844,
                deviceScaleFactor=1,
                mobile=True,
            )
            page.photograph(tmp_path / f"{name}-phone.png")
            wide = page.run("document.documentElement.scrollWidth > innerWidth + 1")
            page._ask("Emulation.clearDeviceMetricsOverride")
            assert not wide, f"{name} on a phone"


def test_keys_cells_and_news(chromium: str, tmp_path: Path) -> None:
    with looking(chromium, tmp_path) as (page, site):
        press(page, "k", ctrlKey=True)
        page.wait_for("!!document.querySelector('#palette[open]')")
        page.run("document.querySelector('#palette input').value = 'ware 07'")
        page.run("document.querySelector('#palette input').dispatchEvent(new Event('input'))")
        page.wait_for("document.querySelector('#found [role=option]')?.href.endsWith('/ware/8')")
        press(page, "Escape")

        page.open(f"{site}ware/?order=name")
        page.wait_for(f"{READY}!!document.querySelector('#cell-0-price')")
        page.run("document.querySelector('#cell-0-price').value = '41'")
        page.run("document.querySelector('#cell-1-is_sold_out').click()")
        page.run("document.querySelector('[data-save]').click()")
        page.wait_for(f"{READY}!!document.querySelector('.notice.success')")
        assert page.run("document.querySelector('#cell-0-price').value") == "41"
        assert page.run("document.querySelector('#cell-1-is_sold_out').checked") is True

        page.wait_for("!!document.querySelector('[data-live]')")
        page.wait_for(
            "(fetch('/change', {method: 'POST'}), !!document.querySelector('.notice.live'))"
        )
        page.run("document.querySelector('.notice.live a').click()")
        page.wait_for(
            f"{READY}!document.querySelector('.notice.live')"
            " && document.querySelector('#cell-11-price')?.value === '99'"
        )


def test_who_else_has_a_row_open_is_told(chromium: str, tmp_path: Path) -> None:
    here = "document.querySelector('.here')"
    (tmp_path / "bob").mkdir()
    with looking(chromium, tmp_path) as (ann, site), browsing(chromium, tmp_path / "bob") as bob:
        signed_in(bob, site, "bob")
        ann.open(f"{site}ware/3")
        ann.wait_for(f"{READY}!!{here}")
        bob.open(f"{site}ware/3")

        bob.wait_for(f"{here}?.innerText.trim() === 'Also here: Ann'")
        ann.wait_for(f"{here}.innerText.trim() === 'Also here: Bob'")
        ann.photograph(tmp_path / "presence.png")
        assert serious(ann) == []

        bob.open(f"{site}ware/4")
        ann.wait_for(f"{here}.hidden")
        bob.wait_for(f"{READY}!!{here}")
        assert bob.run(f"{here}.hidden") is True
