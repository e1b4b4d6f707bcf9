"""What a client sends beyond what it may write changes nothing, whatever the mixture."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.resources.conftest import client_of
from tests.resources.models import Novel
from trivet.db import Database
from trivet.resources import resource

NAMES = [
    *(column.key for column in Novel.__table__.columns if column.key != "title"),
    "tenant", "tenant_id", "is_superuser", "__class__", "_sa_instance_state", "metadata",
    "writer", "topics", "version", "deleted", "title ", "Title",
]  # fmt: skip
VALUES: st.SearchStrategy[Any] = st.one_of(
    st.integers(-1, 99),
    st.booleans(),
    st.none(),
    st.sampled_from(["1", "taken", "2001-01-01", "0.01", ""]),
    st.lists(st.integers(0, 3), max_size=2),
    st.dictionaries(st.sampled_from(["id", "name"]), st.integers(0, 3), max_size=2),
)


async def row_of(database: Database, key: Any) -> dict[str, Any]:
    async with database.own_transaction():
        found = await Novel.get(key)
        return {column.key: getattr(found, column.key) for column in Novel.__table__.columns}


@pytest.fixture
async def client(lite: Database) -> AsyncIterator[httpx2.AsyncClient]:
    async with client_of(lite, resource(Novel, open_writing=True, writable=[Novel.title])) as found:
        yield found


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(more=st.dictionaries(st.sampled_from(NAMES), VALUES, min_size=1, max_size=5))
async def test_only_what_is_writable_is_written(
    lite: Database, client: httpx2.AsyncClient, more: dict[str, Any]
) -> None:
    """A refusal changes nothing; a success, nothing but what may be written."""
    made = (await client.post("/novels", json={"title": "Emma"})).json()
    before = await row_of(lite, made["id"])

    for verb in ("PATCH", "PUT"):
        answer = await client.request(verb, f"/novels/{made['id']}", json={"title": "Emma", **more})
        assert answer.status_code in (200, 422), answer.text
        now = await row_of(lite, made["id"])
        assert now | {"updated": None} == before | {"updated": None}


async def test_a_new_row_has_nothing_that_its_client_may_not_write(
    client: httpx2.AsyncClient,
) -> None:
    own = dict.fromkeys(["id", "created", "updated"])
    plain = (await client.post("/novels", json={"title": "Emma"})).json()

    for name in NAMES:
        for value in ("1", 7, True):
            answer = await client.post("/novels", json={"title": "Emma", name: value})
            assert answer.status_code in (201, 422)
            if answer.status_code == 201:
                assert answer.json() | own == plain | own, name
