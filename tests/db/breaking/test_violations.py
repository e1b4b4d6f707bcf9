"""Rules of the tables: who breaks one is told which, and nothing of anybody else's."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from tests.db.breaking import stall
from tests.db.breaking.conftest import opened, serving
from tests.db.breaking.load import stored
from trivet import App, JSONResponse
from trivet.db import (
    CheckViolation,
    Database,
    ForeignKeyViolation,
    UniqueViolation,
    Violation,
)
from trivet.openapi.error_shape import PROBLEM_DETAILS, ErrorShape
from trivet.testing import async_client


def shop(database: Database, **options: Any) -> App:
    app = App(**options)
    app.use(database)
    app.include_router(stall.app.router)
    return app


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    async with opened(url) as found:
        yield found


@pytest.fixture
async def client(database: Database) -> AsyncIterator[httpx2.AsyncClient]:
    async with async_client(shop(database)) as found:
        yield found


async def test_what_is_taken_is_a_409_that_names_the_field(client: httpx2.AsyncClient) -> None:
    assert (await client.post("/orders/secret")).status_code == 201

    refused = await client.post("/orders/secret")

    assert refused.status_code == 409
    assert refused.json() == {
        "detail": [
            {"type": "unique", "loc": ["body", "number"], "msg": "This is taken already"},
        ]
    }


async def test_a_combination_that_is_taken_names_all_its_fields(client: httpx2.AsyncClient) -> None:
    made = (await client.post("/orders/a")).json()["id"]

    refused = await client.post("/lines", json={"order_id": made, "place": 1})

    assert refused.status_code == 409
    told = refused.json()["detail"]
    assert [error["loc"] for error in told] == [["body", "order_id"], ["body", "place"]]
    assert {e["msg"] for e in told} == {"This combination of order_id and place is taken already"}


async def test_what_is_named_and_not_there_is_a_422(client: httpx2.AsyncClient, url: str) -> None:
    refused = await client.post("/lines", json={"order_id": 4711})

    assert refused.status_code == 422
    (told,) = refused.json()["detail"]
    assert told["type"] == "foreign_key"
    assert told["msg"] == "What is named here does not exist"
    # SQLite does not say which key it is.
    assert told["loc"] == (["body"] if url.startswith("sqlite") else ["body", "order_id"])


async def test_what_others_still_name_stays_and_is_a_409(client: httpx2.AsyncClient) -> None:
    made = (await client.post("/orders/a")).json()["id"]

    refused = await client.delete(f"/orders/{made}")

    assert refused.status_code == 409
    (told,) = refused.json()["detail"]
    assert told == {
        "type": "foreign_key",
        "loc": ["body"],
        "msg": "Something else still refers to this",
    }
    assert (await client.get(f"/orders/{made}")).status_code == 200


async def test_a_broken_rule_is_a_422_that_names_it(client: httpx2.AsyncClient) -> None:
    made = (await client.post("/orders/a")).json()["id"]

    refused = await client.post("/lines", json={"order_id": made, "place": 9, "amount": -1})

    assert refused.status_code == 422
    (told,) = refused.json()["detail"]
    assert told == {
        "type": "check",
        "loc": ["body", "amount"],
        "msg": "This breaks the rule 'ck_stall_line_amount_is_positive'",
    }


async def test_the_answer_has_the_shape_of_the_applications_errors(database: Database) -> None:
    shape: ErrorShape = PROBLEM_DETAILS
    async with async_client(shop(database, error_shape=shape)) as client:
        await client.post("/orders/a")
        refused = await client.post("/orders/a")
        missing = await client.get("/orders/4711")

    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json()["errors"][0]["pointer"] == "#/number"
    assert missing.json()["title"] == "Not Found"


@pytest.mark.parametrize("kind", [UniqueViolation, Violation, IntegrityError, SQLAlchemyError])
async def test_handlers_of_the_application_come_first(
    database: Database, kind: type[Exception]
) -> None:
    app = shop(database)

    @app.exception_handler(kind)
    async def own(request: object, error: Exception) -> JSONResponse:
        return JSONResponse({"own": True}, 418)

    async with async_client(app) as client:
        await client.post("/orders/a")
        assert (await client.post("/orders/a")).status_code == 418


async def test_errors_tell_code_what_was_broken(database: Database, url: str) -> None:
    async def break_rule(**values: Any) -> IntegrityError:
        with pytest.raises(IntegrityError) as caught:
            async with database.transaction():
                await stall.StallLine.create(**values)
        return caught.value

    async with database.transaction():
        made = await stall.StallOrder.create(number="a")
        await stall.StallLine.create(order_id=made.id, place=1)

    taken = await break_rule(order_id=made.id, place=1)
    assert isinstance(taken, UniqueViolation)
    assert taken.fields == ("order_id", "place")
    nowhere = await break_rule(order_id=4711, place=1)
    assert isinstance(nowhere, ForeignKeyViolation)
    assert nowhere.fields == (() if url.startswith("sqlite") else ("order_id",))
    wrong = await break_rule(order_id=made.id, place=2, amount=-1)
    assert isinstance(wrong, CheckViolation)
    assert wrong.rule == "ck_stall_line_amount_is_positive"


@pytest.mark.slow
async def test_of_twenty_who_want_the_same_through_two_processes_one_gets_it(url: str) -> None:
    with serving(url) as one, serving(url) as other:
        async with httpx2.AsyncClient(timeout=15) as client:
            for name, count in (("pair", 2), ("crowd", 20)):
                answers = await asyncio.gather(
                    *[client.post(f"{(one, other)[i % 2].url}/orders/{name}") for i in range(count)]
                )
                assert Counter(a.status_code for a in answers) == {201: 1, 409: count - 1}

    assert sorted(await stored(url)) == ["crowd", "pair"]
