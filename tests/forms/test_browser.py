"""A form in a real browser: filled in, wrong, without JavaScript, on a phone in the dark."""

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

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(180)]

APP = """
import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, EmailStr, Field, SecretStr
from starlette.requests import Request
from starlette.responses import Response

from trivet import App, UploadFile
from trivet.forms import Form, Forms, Posted, Radios, Textarea, Upload
from trivet.static import Static
from trivet.templates import Templates

app = App()
app.use(Static())
templates = app.use(Templates())
app.use(Forms())


class Item(BaseModel):
    title: str = Field(max_length=20)
    count: int = Field(1, ge=1)


class Address(BaseModel):
    street: str
    city: str


class Order(BaseModel):
    name: str = Field(max_length=20, description="As it stands on the door")
    email: EmailStr
    password: SecretStr
    kind: Literal["gift", "own"]
    size: Annotated[Literal["small", "large"], Radios()]
    extras: list[Literal["milk", "sugar"]] = []
    day: datetime.date | None = None
    note: Annotated[str, Textarea()] = ""
    address: Address
    items: list[Item] = Field([], max_length=3)
    words: list[str] = []
    picture: Annotated[UploadFile | None, Upload(types=["image/*"])] = None
    agree: Literal[True] = Field(title="I agree")


@app.get("/")
@templates.page("page.html")
async def new() -> dict[str, Any]:
    return {"form": Form(Order)}


@app.post("/")
async def create(request: Request, form: Posted[Order]) -> Response:
    if not form.is_valid:
        return await templates.render("page.html", request=request, form=form, status_code=422)
    told = form.value.model_dump_json(exclude={"picture"})
    return Response(f"<!doctype html><title>done</title><pre>{told}</pre>", media_type="text/html")
"""
PAGE = """<!doctype html><html lang="en"><head><title>Order</title>
<meta name="color-scheme" content="light dark">
<style>body { background: Canvas }</style>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="{{ static('forms/forms.css') }}">
<script src="{{ static('forms/forms.js') }}" defer></script></head>
<body><main><h1>Order</h1>
<form {{ form.attributes }} id="order">{{ form }}<button id="send">Send</button></form>
</main></body></html>
"""
FILLED = {
    "name": "Ann", "email": "ann@example.com", "password": "hunter22", "kind": "gift",
    "address-street": "Road 1", "address-city": "Bern", "day": "2026-03-31",
}  # fmt: skip


@contextmanager
def ordering(chromium: str, folder: Path) -> Iterator[Page]:
    """Serve the form, and open it in a browser."""
    (folder / "static").mkdir()
    (folder / "templates").mkdir()
    (folder / "templates" / "page.html").write_text(PAGE)
    (folder / "order_pages.py").write_text(APP)
    with (
        serving(str(folder / "order_pages.py")) as example,
        browsing(chromium, folder) as page,
    ):
        page.open(example.url)
        page.wait_for("document.readyState === 'complete' && document.title === 'Order'")
        yield page


def fill(page: Page, values: dict[str, str]) -> None:
    for name, value in values.items():
        page.run(f"document.getElementsByName({json.dumps(name)})[0].value = {json.dumps(value)}")


def tick(page: Page) -> None:
    page.run("document.querySelector('[name=agree]').checked = true")
    page.run("document.querySelector('[name=size]').checked = true")


def send(page: Page, script: str = "document.getElementById('send').click()") -> None:
    page.run("window.before = true")
    page.run(script)
    page.wait_for("!window.before && document.readyState === 'complete' && document.title")


def violations(page: Page) -> list[dict[str, Any]]:
    """Give what axe finds that is serious or critical."""
    page.run(files("axe_core_python").joinpath("axe.min.js").read_text(encoding="utf-8") + "; 1")
    page.run("axe.run().then((found) => { window.found = JSON.stringify(found.violations) }); 1")
    found = json.loads(page.wait_for("window.found"))
    return [one for one in found if one["impact"] in ("serious", "critical")]


def test_form_is_filled_in_and_rows_are_added_on_the_page(chromium: str, tmp_path: Path) -> None:
    with ordering(chromium, tmp_path) as page:
        assert violations(page) == []
        fill(page, FILLED)
        tick(page)
        for _ in range(5):
            page.run("document.getElementsByName('items-add')[0].click()")
        assert page.run("document.querySelectorAll('[name^=items][name$=title]').length") == 3
        assert page.run("document.activeElement.name") == "items-2-title"
        assert page.run("document.getElementsByName('items-add')[0].hidden") is True
        page.run("document.getElementsByName('items-remove')[1].click()")
        assert page.run("document.activeElement.name") == "items-2-title"
        page.run("document.getElementsByName('words-add')[0].click()")
        fill(page, {"items-0-title": "tea", "items-2-title": "milk", "words-0": "soon"})
        send(page)

        told = json.loads(page.run("document.querySelector('pre').textContent"))
        assert told["items"] == [{"title": "tea", "count": 1}, {"title": "milk", "count": 1}]
        assert (told["words"], told["address"]["city"], told["day"]) == (
            ["soon"], "Bern", "2026-03-31",
        )  # fmt: skip


def test_browser_stops_what_is_missing_before_it_is_sent(chromium: str, tmp_path: Path) -> None:
    with ordering(chromium, tmp_path) as page:
        page.run("document.getElementById('send').click()")

        assert page.run("document.querySelector('form').checkValidity()") is False
        assert page.run("document.querySelector(':invalid:not(form, fieldset)').name") == "name"


def test_wrong_input_has_the_focus_on_a_phone_in_the_dark(chromium: str, tmp_path: Path) -> None:
    with ordering(chromium, tmp_path) as page:
        page._ask(
            "Emulation.setDeviceMetricsOverride",
            width=360, height=740, deviceScaleFactor=2, mobile=True,
        )  # fmt: skip
        dark = [{"name": "prefers-color-scheme", "value": "dark"}]
        page._ask("Emulation.setEmulatedMedia", features=dark)
        fill(page, FILLED | {"email": "no", "address-city": ""})
        tick(page)
        page.run("document.querySelector('form').noValidate = true")
        send(page)
        page.photograph(tmp_path / "phone.png")

        assert page.run("document.activeElement.name") == "email"
        assert page.run("document.activeElement.getAttribute('aria-invalid')") == "true"
        assert page.run("document.getElementsByName('email')[0].value") == "no"
        assert page.run("document.getElementsByName('password')[0].value") == ""
        links = "[...document.querySelectorAll('.form-summary a')].map((one) => one.hash)"
        assert page.run(links) == ["#form-email", "#form-address-city"]
        page.run("document.querySelectorAll('.form-summary a')[1].click()")
        assert page.run("location.hash") == "#form-address-city"
        assert page.run("document.documentElement.scrollWidth <= innerWidth") is True
        ground = "getComputedStyle(document.getElementsByName('name')[0]).backgroundColor"
        assert page.run(ground) == "rgb(28, 28, 30)"
        assert violations(page) == []


def test_form_works_without_javascript(chromium: str, tmp_path: Path) -> None:
    with ordering(chromium, tmp_path) as page:
        page._ask("Emulation.setScriptExecutionDisabled", value=True)
        page._ask("Page.reload")
        page.wait_for("!window.before && document.title === 'Order'")
        fill(page, FILLED)
        tick(page)
        send(page, "document.getElementsByName('items-add')[0].click()")

        assert page.run("document.activeElement.name") == "items-0-title"
        assert page.run("document.getElementsByName('name')[0].value") == "Ann"
        assert page.run("document.querySelectorAll('.form-errors').length") == 0
        fill(page, {"items-0-title": "tea", "password": "hunter22"})
        send(page, "document.getElementsByName('items-add')[0].click()")
        send(page, "document.getElementsByName('items-remove')[1].click()")
        fill(page, {"password": "hunter22"})
        # Enter in a line sends the form, and presses none of the buttons of the rows.
        page.run("document.getElementsByName('name')[0].focus()")
        page.run("window.before = true")
        for kind in ("keyDown", "keyUp"):
            page._ask(
                "Input.dispatchKeyEvent", type=kind, key="Enter", code="Enter", text="\r",
                windowsVirtualKeyCode=13,
            )  # fmt: skip
        page.wait_for("!window.before && document.title === 'done'")

        told = json.loads(page.run("document.querySelector('pre').textContent"))
        assert told["items"] == [{"title": "tea", "count": 1}]
