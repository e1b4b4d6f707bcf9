"""Values of each type: what is kept is what was sent, and what cannot be kept is refused."""

from __future__ import annotations

from decimal import Decimal

import httpx2
import pytest

from tests.resources.conftest import app_of, client_of
from tests.resources.models import Concert, Country
from trivet import App
from trivet.db import Database
from trivet.resources import CursorPages, resource

Client = httpx2.AsyncClient


@pytest.fixture(scope="module")
def site(made_database: Database) -> App:
    concerts = resource(
        Concert,
        open_writing=True,
        filters=[Concert.email, Concert.begins],
        search=[Concert.email],
        orders=[Concert.sold_out],
        pages=CursorPages(size=1),
    )
    return app_of(made_database, concerts, resource(Country, open_writing=True))


@pytest.mark.parametrize("order", ["sold_out", "-sold_out"])
async def test_a_cursor_goes_by_a_truth(client: Client, order: str) -> None:
    for name, sold_out in [("a", True), ("b", False), ("c", True), ("d", False)]:
        await client.post("/concerts", json={"name": name, "sold_out": sold_out})

    found, after = [], ""
    for _ in range(4):
        answer = await client.get("/concerts", params={"order": order, "after": after})
        assert answer.status_code == 200, answer.text
        found += [row["sold_out"] for row in answer.json()["items"]]
        after = answer.json()["next"] or ""

    assert found == sorted([True, False, True, False], reverse=order.startswith("-"))
    assert after == ""


@pytest.mark.parametrize(
    "body",
    [
        '{"extra": {"a": 1e400}}',
        '{"extra": {"a": [{"b": -1e400}]}}',
        '{"hall": {"name": "x", "depth": 1e400}}',
        '{"hall": {"name": "\\u0000"}}',
        '{"extra": {"a": "\\u0000"}}',
        '{"begins": "10:00:00+02:00"}',
        '{"fee": 1e16}',
        '{"fee": "-10000000000000000"}',
    ],
)
async def test_what_no_database_keeps_is_refused_with_its_place(client: Client, body: str) -> None:
    whole = body.replace("{", '{"name": "x", ', 1)

    answer = await client.post(
        "/concerts", content=whole, headers={"content-type": "application/json"}
    )

    assert answer.status_code == 422, answer.text
    assert answer.json()["detail"][0]["loc"][:2] == ["body", body.split('"')[1]]


@pytest.mark.parametrize("fee", ["0", "-0.00", "1234567890123.45", "1e3", "0.000001", "0e20"])
async def test_numbers_that_fit_are_kept(client: Client, fee: str) -> None:
    answer = await client.post("/concerts", json={"name": "x", "fee": fee})

    assert answer.status_code == 201, answer.text
    assert Decimal(answer.json()["fee"]) == Decimal(fee).quantize(Decimal("0.01"))


async def test_a_time_with_a_zone_is_no_filter(client: Client) -> None:
    answer = await client.get("/concerts", params={"begins": "10:00:00+02:00"})

    assert answer.status_code == 422


async def test_a_length_that_is_too_large_is_kept_or_refused(client: Client) -> None:
    answer = await client.post("/concerts", json={"name": "x", "length": "P999999999D"})

    assert answer.status_code in (201, 422), answer.text


async def test_an_address_of_mail_is_a_text_to_look_for(client: Client) -> None:
    await client.post("/concerts", json={"name": "x", "email": "ann@example.org"})
    await client.post("/concerts", json={"name": "y", "email": "bob@example.org"})

    for query in ("email=ann@example.org", "email__istartswith=ANN", "search=ann"):
        answer = await client.get(f"/concerts?{query}")
        assert [row["name"] for row in answer.json()["items"]] == ["x"], answer.text


async def test_a_file_is_named_by_the_program_alone(lite: Database) -> None:
    """Whoever may name any file of a storage may be shown those of others."""
    file = {"name": "../../etc/passwd", "size": 1}
    chosen = resource(Concert, open_writing=True, prefix="/chosen", writable=["name", "poster"])
    async with client_of(lite, resource(Concert, open_writing=True), chosen) as client:
        refused = await client.post("/concerts", json={"name": "x", "poster": file})
        made = await client.post("/chosen", json={"name": "x", "poster": file})
        shown = await client.get("/concerts/1")

    assert refused.status_code == 422
    assert refused.json()["detail"][0]["loc"] == ["body", "poster"]
    assert made.status_code == 201
    assert shown.json()["poster"]["name"] == file["name"]


@pytest.mark.parametrize("code", ["", ".", "..", "/", "a/"])
async def test_a_key_that_can_stand_in_no_address_is_refused(client: Client, code: str) -> None:
    answer = await client.post("/countries", json={"code": code, "name": "x"})

    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["body", "code"]


@pytest.mark.parametrize("code", ["ä%", "?#", "\\", " ", "%2", "a\n", "+&", ";="])
async def test_a_key_of_other_signs_is_found_at_its_address(client: Client, code: str) -> None:
    made = await client.post("/countries", json={"code": code, "name": "x"})

    assert made.status_code == 201
    found = await client.get(made.headers["location"])
    assert found.json() == made.json()
