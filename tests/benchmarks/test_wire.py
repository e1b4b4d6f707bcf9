"""Queries are counted by what a client really sends."""

from __future__ import annotations

import asyncio
import os
import socket
import struct
from itertools import pairwise
from urllib.parse import urlsplit

import asyncpg  # type: ignore[import-untyped]
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.case import LoadCase, Request
from benchmarks.check import WrongAnswer
from benchmarks.data_runs import compare_queries
from benchmarks.wire import Reader, Wire

SERVER = os.environ.get("TEST_POSTGRESQL", "postgresql://postgres@127.0.0.1:5432/test")


def message(letter: bytes, body: bytes) -> bytes:
    return letter + struct.pack("!i", len(body) + 4) + body


def parsed(name: bytes, text: bytes) -> bytes:
    return message(b"P", name + b"\0" + text + b"\0" + b"\0\0")


def executed(name: bytes) -> bytes:
    return message(b"B", b"\0" + name + b"\0" + b"\0" * 6) + message(b"E", b"\0" + b"\0" * 4)


OPENING = message(b"", struct.pack("!i", 196608) + b"user\0ann\0\0")
TALK = (
    OPENING
    + message(b"Q", b"BEGIN;\0")
    + parsed(b"one", b"SELECT 1")
    + executed(b"one")
    + executed(b"one")
    + message(b"Q", b"INSERT INTO a VALUES (1)\0")
    + message(b"Q", b"COMMIT\0")
    + message(b"S", b"")
)
COUNTED = ["SELECT 1", "SELECT 1", "INSERT INTO a VALUES (1)"]


def test_a_prepared_statement_counts_each_time_it_is_run() -> None:
    assert Reader().feed(TALK) == COUNTED


@given(st.lists(st.integers(0, len(TALK)), max_size=8))
def test_it_does_not_matter_how_the_bytes_were_split(cuts: list[int]) -> None:
    reader = Reader()
    places = [0, *sorted(cuts), len(TALK)]

    found = [text for start, end in pairwise(places) for text in reader.feed(TALK[start:end])]

    assert found == COUNTED


@pytest.mark.parametrize("text", ["BEGIN", "commit;", "ROLLBACK", "SET a = 1", "", ";"])
def test_what_only_frames_queries_is_not_one(text: str) -> None:
    assert Reader().feed(OPENING + message(b"Q", text.encode() + b"\0")) == []


def test_another_number_of_queries_than_the_case_asks_for_is_refused() -> None:
    case = LoadCase("data-x", "x", Request("/x"), queries=2)

    compare_queries(case, ["SELECT 1", "SELECT 1"])
    with pytest.raises(WrongAnswer, match="1 queries in place of 2: SELECT 1"):
        compare_queries(case, ["SELECT 1"])


def test_a_real_client_is_served_and_counted() -> None:
    url = urlsplit(SERVER)
    try:
        socket.create_connection((url.hostname or "127.0.0.1", url.port or 5432), 1).close()
    except OSError:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(f"no PostgreSQL at {url.hostname}:{url.port}")

    async def talk(address: str) -> int:
        connection = await asyncpg.connect(address)
        async with connection.transaction():
            found = await connection.fetchval("SELECT $1::int", 4)
            found += await connection.fetchval("SELECT $1::int", 5)
        await connection.close()
        return int(found)

    with Wire(SERVER) as wire:
        assert asyncio.run(talk(wire.url)) == 9

        assert wire.queries == ["SELECT $1::int", "SELECT $1::int"]
