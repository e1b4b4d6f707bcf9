"""Conditional requests: what a client has not seen, it does not overwrite."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest

from tests.resources.conftest import app_of, client_of
from tests.resources.models import Draft, Novel, Writer
from trivet import App, Depends
from trivet.db import Database
from trivet.resources import CursorPages, Resource, action, resource
from trivet.security.idempotency import Idempotency
from trivet.security.rate_limit import RateLimit
from trivet.testing import async_client

Client = httpx2.AsyncClient


class Careful(Resource[Novel]):
    """Novels whose hook waits for others, so that two writers meet."""

    prefix = "/careful"
    open_writing = True
    must_match = True

    async def before_change(self, row: Novel, values: dict[str, Any], asking: Any) -> None:
        await asyncio.sleep(0.05)


@pytest.fixture(scope="module")
def site(made_database: Database) -> App:
    return app_of(
        made_database,
        resource(Novel, open_writing=True),
        resource(Draft, open_writing=True),
        resource(Careful),
    )


@pytest.mark.parametrize("path", ["/novels", "/drafts"])
async def test_a_row_that_changed_meanwhile_is_not_overwritten(client: Client, path: str) -> None:
    made = await client.post(path, json={"title": "One"})
    seen = made.headers["etag"]
    row = f"{path}/{made.json()['id']}"
    assert (await client.patch(row, json={"title": "Two"})).status_code == 200

    for method in ("PUT", "PATCH", "DELETE"):
        body = None if method == "DELETE" else {"title": "Three"}
        answer = await client.request(method, row, json=body, headers={"if-match": seen})
        assert answer.status_code == 412, method

    assert (await client.get(row)).json()["title"] == "Two"
    seen = (await client.get(row)).headers["etag"]
    answer = await client.patch(row, json={"title": "Three"}, headers={"if-match": seen})
    assert answer.status_code == 200
    assert answer.headers["etag"] != seen


async def test_of_two_who_saw_the_same_row_one_writes(client: Client) -> None:
    made = await client.post("/careful", json={"title": "One"})
    row = f"/careful/{made.json()['id']}"
    headers = {"if-match": made.headers["etag"]}

    answers = await asyncio.gather(
        *(client.patch(row, json={"title": name}, headers=headers) for name in ("A", "B", "C"))
    )

    statuses = sorted(answer.status_code for answer in answers)
    assert statuses in ([200, 412, 412], [200, 409, 412], [200, 409, 409])
    (written,) = [one.json()["title"] for one in answers if one.status_code == 200]
    assert (await client.get(row)).json()["title"] == written


async def test_whoever_must_say_what_they_saw_is_told_so(client: Client) -> None:
    made = await client.post("/careful", json={"title": "One"})
    row = f"/careful/{made.json()['id']}"

    assert (await client.patch(row, json={"title": "Two"})).status_code == 428
    assert (await client.delete(row)).status_code == 428
    assert (await client.delete(row, headers={"if-match": "*"})).status_code == 204


async def test_what_a_client_has_is_not_sent_again(client: Client) -> None:
    made = await client.post("/novels", json={"title": "One"})
    row = f"/novels/{made.json()['id']}"

    for path in (row, "/novels"):
        first = await client.get(path)
        again = await client.get(path, headers={"if-none-match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b""), path
    await client.patch(row, json={"title": "Two"})
    for path in (row, "/novels"):
        changed = await client.get(path, headers={"if-none-match": made.headers["etag"]})
        assert changed.status_code == 200


async def test_a_resource_that_goes_away_says_so(lite: Database) -> None:
    old = resource(
        Writer,
        open_writing=True,
        deprecated=datetime(2026, 1, 1, tzinfo=UTC),
        sunset=datetime(2027, 1, 1, tzinfo=UTC),
        successor="/v2/writers",
    )
    async with client_of(lite, old) as client:
        made = await client.post("/writers", json={"name": "Jane"})
        answers = [made, await client.get("/writers"), await client.get(made.headers["location"])]

    for answer in answers:
        assert answer.headers["deprecation"] == "@1767225600"
        assert answer.headers["sunset"] == "Fri, 01 Jan 2027 00:00:00 GMT"
        assert '</v2/writers>; rel="successor-version"' in answer.headers["link"]


async def test_pages_of_what_goes_away_lead_on_and_to_its_successor(lite: Database) -> None:
    old = resource(Writer, open_writing=True, successor="/v2/writers", pages=CursorPages(size=1))
    async with client_of(lite, old) as client:
        for name in ("Ann", "Bob"):
            await client.post("/writers", json={"name": name})
        answer = await client.get("/writers")

    assert set(answer.links) == {"successor-version", "next"}


async def test_refusals_and_actions_of_what_goes_away_say_so_too(lite: Database) -> None:
    class Old(Resource[Writer]):
        prefix = "/old"
        open_writing = True
        deprecated = datetime(2026, 1, 1, tzinfo=UTC)

        @action("GET")
        async def count(self) -> int:
            return 3

    async with client_of(lite, resource(Old)) as client:
        answers = [
            await client.get("/old/7"),
            await client.get("/old?size=x"),
            await client.post("/old", json={}),
            await client.get("/old/count"),
            await client.get("/old", headers={"accept": "text/csv"}),
        ]

    assert [answer.status_code for answer in answers] == [404, 422, 422, 200, 200]
    assert {answer.headers["deprecation"] for answer in answers} == {"@1767225600"}


async def test_a_rate_is_limited_and_told(lite: Database) -> None:
    limit = Depends(RateLimit("2/minute", name="writers"))
    async with client_of(lite, resource(Writer, dependencies=[limit])) as client:
        first = await client.get("/writers")
        await client.get("/writers")
        third = await client.get("/writers")

    assert "ratelimit" in first.headers
    assert third.status_code == 429


async def test_what_was_made_once_is_not_made_again(lite: Database) -> None:
    app = app_of(lite, resource(Writer, open_writing=True))
    app.use(Idempotency())
    headers = {"idempotency-key": "8e03978e-40d5-43dd-bc93-6894a57f9324"}
    async with async_client(app) as client:
        first, second = [
            await client.post("/writers", json={"name": "Jane"}, headers=headers) for _ in range(2)
        ]
        found = await client.get("/writers")

    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    assert len(found.json()["items"]) == 1
