"""examples/flask_inside: the old shop works under its prefix, and what has moved is Trivet's."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests.examples.schema_testing import check_schema
from tests.examples.serving import Example, serving


@pytest.fixture(scope="module")
def example() -> Iterator[Example]:
    with serving("examples/flask_inside/app.py") as running:
        yield running


@pytest.fixture
def shop(example: Example) -> Iterator[httpx2.Client]:
    """A browser: it keeps cookies and follows redirects."""
    with httpx2.Client(base_url=example.url, follow_redirects=True) as client:
        yield client


def test_every_link_of_the_old_page_works_under_the_prefix(shop: httpx2.Client) -> None:
    page = shop.get("/shop/").text

    links = re.findall(r'href="([^"]+)"', page)
    assert "/shop/static/shop.css" in links
    assert len(links) == 4
    assert [shop.get(link).status_code for link in links] == [200] * 4


def test_old_static_files_are_served_and_not_sent_twice(shop: httpx2.Client) -> None:
    style = shop.get("/shop/static/shop.css")
    again = shop.get("/shop/static/shop.css", headers={"If-None-Match": style.headers["ETag"]})

    assert style.headers["content-type"].startswith("text/css")
    assert "font:" in style.text
    assert (again.status_code, again.content) == (304, b"")


def test_the_old_session_lives_on_from_request_to_request(shop: httpx2.Client) -> None:
    welcome = shop.post("/shop/login", data={"name": "Åsa"})

    assert welcome.url.path == "/shop/"
    assert "Welcome, Åsa" in welcome.text
    assert "Welcome" not in shop.get("/shop/").text  # said once
    assert shop.post("/shop/cart/2").url.path == "/shop/"
    assert shop.get("/shop/api/cart").json() == ["Darjeeling"]
    assert "In the cart: 1" in shop.get("/shop/").text


def test_a_route_that_has_moved_is_answered_by_trivet(shop: httpx2.Client) -> None:
    assert shop.get("/shop/api/teas").json()[1] == {"id": 2, "name": "Darjeeling", "in_stock": 3}
    assert shop.get("/shop/api/teas/3").json()["in_stock"] == 0
    assert shop.get("/shop/api/teas/4").json() == {"detail": "There is no tea 4"}
    assert shop.get("/shop/api/teas/x").status_code == 422


def test_a_new_route_knows_who_logged_in_to_the_old_application(shop: httpx2.Client) -> None:
    assert shop.get("/shop/api/me").status_code == 401

    shop.post("/shop/login", data={"name": "Ada"})
    shop.post("/shop/cart/1")

    assert shop.get("/shop/api/me").json() == {"name": "Ada", "cart": ["Assam"]}
    shop.post("/shop/logout")
    assert shop.get("/shop/api/me").status_code == 401


@pytest.mark.parametrize("cookie", ["", "x", "eyJuYW1lIjoiRXZlIn0.aR9x.forged", "é"])
def test_a_session_that_flask_did_not_sign_is_nobody(shop: httpx2.Client, cookie: str) -> None:
    answer = shop.get("/shop/api/me", headers={"Cookie": f"session={cookie}".encode("latin-1")})

    assert answer.status_code == 401


def test_old_errors_are_the_old_application_s(shop: httpx2.Client) -> None:
    assert shop.get("/shop/nothing").headers["content-type"].startswith("text/html")
    assert shop.get("/shop/nothing").status_code == 404
    assert shop.post("/shop/login", data={"name": " "}).status_code == 400
    assert shop.post("/shop/cart/9").status_code == 404
    assert shop.delete("/shop/login").status_code == 405


def test_the_document_has_what_has_moved_and_nothing_else(shop: httpx2.Client) -> None:
    paths = shop.get("/openapi.json").json()["paths"]

    assert set(paths) == {"/shop/api/teas", "/shop/api/teas/{tea_id}", "/shop/api/me"}


@pytest.mark.slow
@pytest.mark.timeout(180)  # bounded by the number of requests, on a busy machine too
def test_generated_requests_are_answered(example: Example, tmp_path: Path) -> None:
    check_schema(example, tmp_path, has_mount=True)
