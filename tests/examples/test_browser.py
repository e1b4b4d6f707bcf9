"""What a newcomer sees: the pages of the examples, in a real browser without a network."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.examples.browser import Page, browsing
from tests.examples.serving import serving

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(180)]

OPERATIONS = """
[...document.querySelectorAll(".opblock")].map((block) =>
  [".opblock-summary-method", ".opblock-summary-path"]
    .map((part) => block.querySelector(part).textContent.replace(/\\u200b/g, "")).join(" "))
"""


@pytest.fixture
def page(chromium: str, tmp_path: Path) -> Iterator[Page]:
    with browsing(chromium, tmp_path) as page:
        yield page


def test_swagger_ui_shows_every_operation_and_calls_one(page: Page, tmp_path: Path) -> None:
    with serving("examples/users.py") as example:
        page.open(f"{example.url}/docs")
        page.wait_for('document.querySelectorAll(".opblock").length >= 5')
        page.photograph(tmp_path / "docs.png")

        assert page.run(OPERATIONS) == [
            "GET /users",
            "POST /users",
            "GET /users/{user_id}",
            "PATCH /users/{user_id}",
            "DELETE /users/{user_id}",
        ]

        page.run('document.querySelector(".opblock-post .opblock-summary-control").click()')
        page.wait_for('document.querySelector(".opblock-post .try-out__btn") !== null')
        page.run('document.querySelector(".opblock-post .try-out__btn").click()')
        page.wait_for('document.querySelector(".opblock-post .execute") !== null')
        page.run('document.querySelector(".opblock-post .execute").click()')
        status = ".live-responses-table tbody .response-col_status"
        assert "201" in page.wait_for(f"document.querySelector('{status}')?.textContent")
        page.photograph(tmp_path / "tried.png")


def test_redoc_shows_every_operation(page: Page) -> None:
    with serving("examples/users.py") as example:
        page.open(f"{example.url}/redoc")

        page.wait_for('document.querySelectorAll("h2").length >= 5')

        shown = page.run("document.body.innerText")
        for summary in ("List users", "Create a user", "Change a user", "Delete a user"):
            assert summary in shown


def test_the_form_of_the_first_page_creates_users_and_shows_what_is_wrong(
    page: Page, tmp_path: Path
) -> None:
    with serving("examples/users.py") as example:
        page.open(f"{example.url}/")
        page.wait_for('document.querySelector("#new button") !== null')

        page.run('document.querySelector("#new button").click()')
        page.wait_for('document.querySelector("#answer").textContent.startsWith("201")')

        page.run('document.querySelector("[name=age]").value = "151"')
        page.run('document.querySelector("#new button").click()')
        page.wait_for('document.querySelector("#answer").textContent.startsWith("422")')
        page.photograph(tmp_path / "home.png")

        assert "less than or equal to 150" in page.run(
            'document.querySelector("#answer").textContent'
        )


def test_the_page_of_the_rooms_talks(page: Page, tmp_path: Path) -> None:
    with serving("examples/rooms.py") as example:
        page.open(f"{example.url}/")
        page.wait_for('document.querySelector("#door button") !== null')

        page.run('document.querySelector("#name").value = "Alice"')
        page.run('document.querySelector("#door button").click()')
        page.wait_for('document.body.innerText.includes("Alice joined · 1 here")')

        page.run('document.querySelector("#text").value = "<b>Curiouser</b>"')
        page.run('document.querySelector("#send").click()')
        page.wait_for('document.querySelectorAll("#log li").length === 3')
        page.photograph(tmp_path / "rooms.png")

        said = page.run('document.querySelector("#log li:last-child").textContent')
        assert said == "Alice <b>Curiouser</b>"
