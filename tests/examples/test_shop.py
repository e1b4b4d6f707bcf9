"""examples/shop.py over its socket: its sample data, its pages, and orders that are whole."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.examples.schema_testing import check_schema
from tests.examples.serving import Example, serving


@pytest.fixture(scope="module")
def example() -> Iterator[Example]:
    with serving("examples/shop.py") as running:
        yield running


@pytest.fixture
def shop(example: Example) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=example.url) as client:
        yield client


def order(shop: httpx2.Client, *tracks: int, customer: int = 1) -> httpx2.Response:
    lines = [{"track_id": track, "quantity": 2} for track in tracks]
    return shop.post("/orders", json={"customer_id": customer, "lines": lines})


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


def test_an_order_is_stored_as_a_whole(shop: httpx2.Client) -> None:
    made = order(shop, 1, 2, 2)

    assert made.status_code == 201, made.text
    taken = made.json()
    assert shop.get(f"/orders/{taken['id']}").json() == taken
    assert float(taken["total"]) == pytest.approx(
        sum(float(line["price"]) * line["quantity"] for line in taken["lines"])
    )


def test_an_order_that_cannot_be_met_leaves_nothing(shop: httpx2.Client) -> None:
    before = order(shop, 1).json()["id"]

    assert order(shop, 1, 10**6).json() == {"detail": "There is no track 1000000"}
    assert order(shop, 1, customer=10**6).status_code == 404
    assert order(shop).status_code == 422
    assert order(shop, 1).json()["id"] == before + 1


def test_what_is_not_there_is_a_404(shop: httpx2.Client) -> None:
    for path in ("/albums/1000000", "/orders/1000000"):
        assert shop.get(path).status_code == 404


def test_the_document_describes_what_happens(example: Example, tmp_path: Path) -> None:
    check_schema(example, tmp_path)
