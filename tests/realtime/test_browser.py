"""The client in a real browser: both transports, ends, resuming, refusals."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests.examples.browser import Page, browsing
from tests.realtime.pages import with_page
from tests.realtime.rooms import Rooms
from trivet.realtime.closing import AWAY, Close
from trivet.testing import LiveServer

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(180)]

LINES = '[...document.querySelectorAll("#log li:not(.note)")].map((one) => one.textContent)'
NOTES = '[...document.querySelectorAll("#log li.note")].map((one) => one.textContent)'
SCRIPT = Path(__file__).parents[2] / "src/trivet/realtime/client.js"


@pytest.fixture
def page(chromium: str, tmp_path: Path) -> Iterator[Page]:
    with browsing(chromium, tmp_path) as page:
        yield page


@pytest.mark.parametrize("transport", ["socket", "events"])
def test_a_page_reads_publishes_and_goes_on_after_an_end(
    page: Page, transport: str, tmp_path: Path
) -> None:
    rooms = with_page(Rooms())
    with LiveServer(rooms.app) as server:
        httpx2.post(f"{server.url}/rooms/7?text=before")
        page.open(f"{server.url}/?transport={transport}")
        page.wait_for(f"{LINES}.length === 1 && {NOTES}.length === 1")
        assert page.run(NOTES) == ["refused: 4403"]
        assert page.run('document.querySelector("#people").textContent') == "ann"

        page.run('say("hello")')
        page.wait_for(f"{LINES}.length === 2")
        page.run("say(5)")
        page.wait_for(f"{NOTES}.length === 2")

        for waiting in (*rooms.realtime.clients, *rooms.realtime._streams):
            waiting.end(Close(AWAY, "on purpose"))
        httpx2.post(f"{server.url}/rooms/7?text=missed")
        httpx2.post(f"{server.url}/rooms/7?text=missed too")
        page.wait_for(f"{LINES}.length === 4")
        httpx2.post(f"{server.url}/rooms/7?text=after")
        page.wait_for(f"{LINES}.length === 5")
        page.photograph(tmp_path / f"{transport}.png")

        assert page.run(LINES) == ["before", "hello", "missed", "missed too", "after"]
        assert page.run(NOTES) == ["refused: 4403", "4400 1"]
        page.run("room.close()")
        page.run("realtime.close()")
        assert page.run('document.querySelector("#state").textContent') == "closed"


def test_events_take_the_place_of_websockets_that_do_not_get_through(page: Page) -> None:
    rooms = with_page(Rooms())
    with LiveServer(rooms.app) as server:
        page.open("about:blank")
        page._ask(
            "Page.addScriptToEvaluateOnNewDocument",
            source="window.WebSocket = class { constructor() {"
            " setTimeout(() => this.onclose?.(), 10); } close() {} }",
        )
        page._ask("Page.enable")
        page.open(server.url)
        httpx2.post(f"{server.url}/rooms/7?text=through events")

        page.wait_for(f"{LINES}.length === 1")
        assert page.run('document.querySelector("#state").textContent') == "open"


def test_the_script_is_one_small_file_without_imports() -> None:
    text = SCRIPT.read_text()

    assert len(text) < 11_000
    assert "import {" not in text.replace(' *   import { connect } from "/realtime', "")
