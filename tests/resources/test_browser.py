"""The pages of a resource in a real browser: filtered, paged, written to, in light and in dark."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.auth.pages.test_browser import Person
from tests.examples.browser import browsing
from tests.examples.serving import serving

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]

APP = """
from contextlib import asynccontextmanager
from trivet import App
from trivet.db import Database, Mapped, Model, field
from trivet.resources import resource

class Kettle(Model):
    __tablename__ = "browsed_kettles"
    name: Mapped[str] = field(max_length=20, unique=True)
    price: Mapped[int] = field(default=0)
    is_sold_out: Mapped[bool] = field(default=False)

@asynccontextmanager
async def lifespan(app):
    await db.create_tables()
    async with db.own_transaction():
        for number in range(30):
            await Kettle.create(name=f"Kettle {number}", price=number, is_sold_out=number % 2 == 0)
    yield

app = App(title="Shop", debug=True, lifespan=lifespan)
db = app.use(Database("sqlite://"))
app.include_router(resource(
    Kettle, open_writing=True, search=[Kettle.name],
    filters=[Kettle.price, Kettle.is_sold_out], orders=[Kettle.price],
))
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    path = tmp_path_factory.mktemp("shop") / "kettle_shop.py"
    path.write_text(APP)
    with serving(str(path)) as example:
        yield example.url


@pytest.fixture
def person(chromium: str, tmp_path: Path, shop: str) -> Iterator[Person]:
    photographs = Path(os.environ.get("PHOTOGRAPHS", tmp_path))
    with browsing(chromium, tmp_path) as page:
        yield Person(page, shop, photographs)


def write(person: Person, body: object) -> None:
    """Put a body into the form that writes."""
    text = json.dumps(json.dumps(body))
    person.page.run(f"document.querySelector('.write textarea').value = {text}")


def test_rows_are_looked_through_and_written(person: Person) -> None:
    page = person.page
    person.open("/kettles")
    assert "Kettle 0" in person.text
    person.looked_at("list")

    person.click("nav a[rel=next]")
    assert "Kettle 29" in person.text
    assert "Kettle 0" not in person.text
    person.open("/kettles")
    page.run("document.querySelector('select[name=is_sold_out]').value = 'false'")
    person.fill(search="Kettle 2")
    person.click(".filters button")
    assert "Kettle 21" in person.text
    assert "Kettle 20" not in person.text

    write(person, {"name": "x" * 21})
    page.run("document.querySelector('.write button').click()")
    told = page.wait_for("document.querySelector('.write output').innerText")
    assert "422" in told
    assert "name" in told
    person.looked_at("refused")
    write(person, {"name": "Whistling", "price": 7})
    person.click(".write button.post")
    page.wait_for("location.pathname === '/kettles/31'")
    page.wait_for("document.readyState === 'complete'")
    assert "Whistling" in person.text
    person.looked_at("row")

    write(person, {"name": "Silent", "price": 8})
    person.click(".write button.put")
    page.wait_for("document.body.innerText.includes('Silent')")
    person.click("h1 a")
    assert person.path == "/kettles"
    assert page.complaints() == []
