"""Queries that are slow, and queries that are sent again and again for one request."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Mapped

from trivet import App
from trivet.db import BareModel, Database, field
from trivet.observe import Observe, Queries
from trivet.testing import TestClient


class SlowModel(BareModel, apart=True):
    """Where the table of these tests is registered."""


class SlowBook(SlowModel):
    id: Mapped[int] = field(primary_key=True)
    title: Mapped[str]


def client_of(queries: Queries) -> TestClient:
    app = App()
    database = app.use(Database("sqlite://", models=SlowModel))
    app.use(Observe(health=None, metrics=None, queries=queries))

    @app.get("/books")
    async def books(times: int, session: bool = False) -> int:
        for number in range(times):
            if session:
                found = await database.unit.session()
                await found.execute(select(SlowBook).where(SlowBook.id == number))
            else:
                await SlowBook.where(id=number)
        return times

    asyncio.run(database.create_tables())
    asyncio.run(database.close())
    return TestClient(app)


def said(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Give what the log of observation has."""
    return [one.getMessage() for one in caplog.records if one.name == "trivet.observe"]


@pytest.mark.parametrize("session", [False, True])
def test_repeated_query_is_told_with_its_line_and_the_mend(
    caplog: pytest.LogCaptureFixture, session: bool
) -> None:
    with client_of(Queries(slow=None, repeats=5)) as client:
        client.get("/books", params={"times": 1})  # from the first query on, requests are known
        client.get("/books", params={"times": 7, "session": session})

    (line,) = said(caplog)
    assert line.startswith("GET /books sent the same query 7 times")
    assert "test_slow.py:" in line
    assert "in books: SELECT slow_book.id" in line
    assert ".with_(" in line


def test_repetition_is_told_once_in_a_while(caplog: pytest.LogCaptureFixture) -> None:
    with client_of(Queries(slow=None, repeats=2)) as client:
        for _ in range(4):
            client.get("/books", params={"times": 3})

    assert len(said(caplog)) == 1


def test_query_that_is_sent_less_often_is_not_told(caplog: pytest.LogCaptureFixture) -> None:
    with client_of(Queries(slow=None, repeats=5)) as client:
        for _ in range(3):
            client.get("/books", params={"times": 4})

    assert said(caplog) == []


def test_slow_query_is_told_with_its_route_and_line(caplog: pytest.LogCaptureFixture) -> None:
    with client_of(Queries(slow=0.0, repeats=None)) as client:
        client.get("/books", params={"times": 1})
        caplog.clear()
        client.get("/books", params={"times": 1})

    (line,) = said(caplog)
    assert line.startswith("slow query, ")
    assert "in GET /books, from " in line
    assert "test_slow.py:" in line
    assert "in books: SELECT slow_book.id, slow_book.title FROM slow_book" in line


def test_nothing_is_told_of_queries_that_nobody_wants_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with client_of(Queries(slow=None, repeats=None)) as client:
        client.get("/books", params={"times": 30})

    assert said(caplog) == []
