"""examples/shop.py as `make demo` serves it: where it leads to, and what is seen of it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx2
import pytest

from tests.examples.serving import Example, serving

CLERK = {"log_in": "clerk@example.org", "password": "seven green ladders"}


@pytest.fixture(scope="module")
def example() -> Iterator[Example]:
    with serving("examples/shop.py", ("dev", "--no-reload")) as running:
        yield running


@pytest.fixture
def shop(example: Example) -> Iterator[httpx2.Client]:
    headers = {"origin": example.url, "accept": "text/html"}
    with httpx2.Client(base_url=example.url, headers=headers, follow_redirects=True) as client:
        yield client


def test_the_start_page_leads_to_all_that_is_there(shop: httpx2.Client) -> None:
    page = shop.get("/").text
    links = re.findall(r'<li><a href="(/[^"]*)"><b>([^<]+)</b>', page)

    assert {title for _, title in links} == {
        *("API docs", "Mail", "Account", "Admin", "Dashboard", "Jobs"),
    }
    for path, _ in links:
        assert shop.get(path).status_code == 200, path
    assert "toolbar.js" in page


def test_an_order_puts_a_job_in_which_sends_a_letter(example: Example, shop: httpx2.Client) -> None:
    assert shop.post("/account/sign-in", data=CLERK).status_code == 200
    made = shop.post("/orders", json={"lines": [{"track_id": 3}]})

    example.wait_for(f"Your order {made.json()['id']}")
    request = shop.get(made.headers["x-trivet-request"]).text
    assert "INSERT INTO shop_order" in request
    assert "shop.confirm" in request
    assert "JOB" in shop.get("/_dev/jobs").text
    assert "seven green" not in shop.get("/_dev/requests").text
