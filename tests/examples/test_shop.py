"""examples/shop.py over its socket: its sample data, orders that are whole, and accounts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pyotp
import pytest

from tests.examples.schema_testing import check_schema
from tests.examples.serving import Example, serving


@pytest.fixture(scope="module")
def example() -> Iterator[Example]:
    with serving("examples/shop.py") as running:
        yield running


CLERK = {"log_in": "clerk@example.org", "password": "seven green ladders"}


@pytest.fixture
def shop(example: Example) -> Iterator[httpx2.Client]:
    """Give a browser in which nobody is signed in."""
    headers = {"origin": example.url}
    with httpx2.Client(base_url=example.url, headers=headers, follow_redirects=True) as client:
        yield client


@pytest.fixture
def clerk(shop: httpx2.Client) -> httpx2.Client:
    assert shop.post("/account/sign-in", data=CLERK).status_code == 200
    return shop


def order(shop: httpx2.Client, *tracks: int) -> httpx2.Response:
    lines = [{"track_id": track, "quantity": 2} for track in tracks]
    return shop.post("/orders", json={"lines": lines})


def test_the_sample_data_is_there_and_the_same_each_time(shop: httpx2.Client) -> None:
    first = shop.get("/albums/1").json()

    assert first["title"] == "Lost Orchard"
    assert first["artist"]["name"] == "The Broken Winters"
    assert [track["number"] for track in first["tracks"]] == list(
        range(1, len(first["tracks"]) + 1)
    )


def test_pages_follow_each_other(shop: httpx2.Client) -> None:
    seen: list[dict[str, Any]] = []
    while page := shop.get(
        "/albums", params={"text": "bLUE", "limit": 100, "after": seen[-1]["id"] if seen else 0}
    ).json():
        seen += page

    assert len(seen) > 100
    assert len({album["id"] for album in seen}) == len(seen)
    assert all("blue" in album["title"].lower() for album in seen)


def test_an_order_is_stored_as_a_whole(clerk: httpx2.Client) -> None:
    made = order(clerk, 1, 2, 2)

    assert made.status_code == 201, made.text
    taken = made.json()
    assert clerk.get(f"/orders/{taken['id']}").json() == taken
    assert float(taken["total"]) == pytest.approx(
        sum(float(line["price"]) * line["quantity"] for line in taken["lines"])
    )


def test_an_order_that_cannot_be_met_leaves_nothing(clerk: httpx2.Client) -> None:
    before = order(clerk, 1).json()["id"]

    assert order(clerk, 1, 10**6).json() == {"detail": "There is no track 1000000"}
    assert order(clerk).status_code == 422
    assert order(clerk, 1).json()["id"] == before + 1


def test_an_account_from_its_letter_to_its_second_factor(
    example: Example, shop: httpx2.Client
) -> None:
    ann = {"email": "ann@example.org", "name": "Ann", "password": "eleven blue buckets"}
    signing_in = {"log_in": ann["email"], "password": ann["password"]}
    assert "Look into your mail" in shop.post("/account/sign-up", data=ann).text
    assert shop.post("/account/sign-in", data=signing_in).status_code == 403
    token = re.findall(r"/account/confirm\?token=([\w-]+)", example.wait_for("/account/confirm"))[
        -1
    ]
    assert "One more click" in shop.get("/account/confirm", params={"token": token}).text
    shop.post("/account/confirm")
    assert "Welcome, Ann." in shop.post("/account/sign-in", data=signing_in).text

    begun = shop.post("/account/app", data={"do": "begin"}).text
    app = pyotp.TOTP(re.findall(r"[?&;]secret=([A-Z2-7]+)", begun)[0])
    codes = shop.post("/account/app/confirm", data={"code": app.now()}).text
    code = re.findall(r"<code>([\w-]+)</code>", codes)[0]
    assert "You are signed out." in shop.post("/account/sign-out?next=/account/sign-in").text
    assert "The second step" in shop.post("/account/sign-in", data=signing_in).text
    assert "Welcome, Ann." in shop.post("/account/second-factor", data={"code": code}).text

    own = order(shop, 1).json()["id"]
    assert shop.get(f"/orders/{own}").status_code == 200
    assert f"Order {own}" in shop.get("/").text
    shop.post("/account/sign-out")
    assert shop.get(f"/orders/{own}").status_code == 401


def test_orders_are_for_whose_they_are_and_for_clerks(
    example: Example, clerk: httpx2.Client
) -> None:
    made = order(clerk, 1).json()["id"]

    assert len(clerk.get("/customers").json()) == 20
    assert clerk.get(f"/orders/{made}").status_code == 200
    with httpx2.Client(base_url=example.url) as stranger:
        assert stranger.get(f"/orders/{made}").status_code == 401
        assert stranger.get("/customers").status_code == 401
        assert order(stranger, 1).status_code == 401


def test_what_is_not_there_is_a_404(clerk: httpx2.Client) -> None:
    for path in ("/albums/1000000", "/orders/1000000"):
        assert clerk.get(path).status_code == 404


def test_the_document_describes_what_happens(example: Example, tmp_path: Path) -> None:
    check_schema(example, tmp_path)


def test_the_admin_is_for_the_staff_alone(shop: httpx2.Client, clerk: httpx2.Client) -> None:
    """The clerk sees customers and orders, and no albums."""
    assert clerk.get("/admin/").status_code == 200
    assert "customer1@example.org" in clerk.get("/admin/customer/?q=customer1@").text
    assert clerk.get("/admin/order/").status_code == 200
    assert clerk.get("/admin/album/").status_code == 403
    assert clerk.get("/admin/customer/add").status_code == 403


def test_a_visitor_is_sent_from_the_admin_to_the_sign_in(example: Example) -> None:
    with httpx2.Client(base_url=example.url) as visitor:
        answer = visitor.get("/admin/", headers={"accept": "text/html"})

    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/account/sign-in")
