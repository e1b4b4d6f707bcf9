"""The rows of the databases are known from their numbers, and both databases hold them."""

from __future__ import annotations

import os
import socket
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import rows, stores
from benchmarks.servers import free_port
from benchmarks.stores import Postgres, Sqlite, Store

SERVER = os.environ.get("TEST_POSTGRESQL", "postgresql://postgres@127.0.0.1:5432/test")


@pytest.fixture(autouse=True, scope="module")
def few() -> Iterator[None]:
    """Let databases be made quickly."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rows, "POSTS", 200)
        patch.setattr(rows, "DRAFTS", 20)
        yield


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    made: Store = Sqlite() if request.param == "sqlite" else postgres()
    yield made
    made.close()


def postgres() -> Postgres:
    url = urlsplit(SERVER)
    try:
        socket.create_connection((url.hostname or "127.0.0.1", url.port or 5432), 1).close()
    except OSError:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(f"no PostgreSQL at {url.hostname}:{url.port}")
    return Postgres(SERVER)


@given(st.integers(1, 10_000))
def test_a_post_is_the_same_each_time_and_has_three_tags(number: int) -> None:
    assert rows.post(number) == rows.post(number)
    assert len(set(rows.tags_of(number))) == 3
    assert set(rows.tags_of(number)) <= set(range(1, rows.TAGS + 1))
    assert 1 <= rows.post(number)["author_id"] <= rows.AUTHORS


def test_what_is_listed_is_published_and_the_newest_comes_first() -> None:
    listed = rows.listing()

    assert [post["id"] for post in listed] == sorted((p["id"] for p in listed), reverse=True)
    assert all(post["published"] for post in listed)
    assert len(listed) == rows.LISTED


def test_one_fortune_is_added_and_all_are_in_the_order_of_their_texts() -> None:
    texts = [text for _, text in rows.shown_fortunes()]

    assert len(texts) == len(rows.fortunes()) + 1 == 13
    assert texts == sorted(texts)
    assert any("<script>" in text for text in texts)
    assert any(not text.isascii() for text in texts)


def test_a_database_holds_the_rows_as_they_are_known(store: Store) -> None:
    found = store.rows("SELECT id, title, body, published, views, author_id FROM post ORDER BY id")

    assert len(found) == rows.POSTS
    for number in (1, rows.DRAFTS, rows.POSTS):
        known = rows.post(number)
        del known["created"]
        assert found[number - 1] == tuple(known.values())
    assert store.rows("SELECT id, randomnumber FROM world ORDER BY id") == rows.worlds()
    assert store.rows("SELECT id, message FROM fortune ORDER BY id") == rows.fortunes()
    assert store.rows("SELECT tag_id FROM post_tag WHERE post_id = 7 ORDER BY tag_id") == [
        (tag,) for tag in rows.tags_of(7)
    ]


def test_a_table_is_empty_once_it_was_emptied(store: Store) -> None:
    store.run("INSERT INTO remark (title, body, score, author_id) VALUES ('a', '', 1, 1)")
    assert store.rows("SELECT title FROM remark") == [("a",)]

    store.empty("remark")
    store.tidy()

    assert store.rows("SELECT title FROM remark") == []


def test_the_readings_add_up_to_what_is_known(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "READINGS", 1000)

    stores.need_readings(store)
    stores.need_readings(store)

    assert store.rows("SELECT count(*), sum(value) FROM reading") == [(1000, rows.readings_total())]


def test_a_closed_store_leaves_nothing_behind() -> None:
    store = Sqlite()
    file = Path(store.url.removeprefix("sqlite:///"))
    assert sqlite3.connect(file).execute("SELECT count(*) FROM tag").fetchone() == (rows.TAGS,)

    store.close()

    assert not file.parent.exists()


def test_a_database_on_a_server_is_dropped() -> None:
    store = postgres()
    name = urlsplit(store.url).path.lstrip("/")
    query = f"SELECT 1 FROM pg_database WHERE datname = '{name}'"
    assert store.rows(query) == [(1,)]

    store.close()

    with pytest.raises(OSError, match="does not exist"):
        store.rows(query)


def test_a_server_that_is_not_there_is_an_error_of_the_system() -> None:
    with pytest.raises(OSError, match=r"refused|failed"):
        Postgres(f"postgresql://postgres@127.0.0.1:{free_port()}/postgres")
