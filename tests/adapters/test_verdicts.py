"""The gate on the socket: its verdicts, however the bytes arrive."""

from __future__ import annotations

import asyncio
import functools
import itertools
import json
from collections.abc import Iterator
from typing import Any

import pytest
import uvicorn
from hypothesis import given, settings
from hypothesis import strategies as st
from uvicorn.server import ServerState

from tests.adapters.bad_requests import BAD
from tests.adapters.serving import RunningServer, app, request, running
from trivet.adapters.protocol import HttpProtocol


@pytest.fixture(scope="module")
def server() -> Iterator[RunningServer]:
    with running() as found:
        yield found


class Memory(asyncio.Transport):
    """A transport that keeps what is written, for verdicts on many ways to split a request."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.is_ended = False

    def write(self, data: Any) -> None:
        self.written += data

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        self.is_ended = True

    def close(self) -> None:
        self.is_ended = True

    def is_closing(self) -> bool:
        return self.is_ended

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...


@functools.cache
def _config() -> uvicorn.Config:
    config = uvicorn.Config(app, lifespan="off", log_config=None, date_header=False)
    config.load()
    return config


async def verdict(pieces: list[bytes]) -> tuple[bytes, bool]:
    """Give what the protocol answers to pieces of bytes, and whether it ended the connection."""
    protocol = HttpProtocol(_config(), ServerState(), {})
    transport = Memory()
    protocol.connection_made(transport)
    for piece in pieces:
        protocol.data_received(piece)
    await asyncio.sleep(0)  # answers may wait for the end of the loop's turn
    protocol.connection_lost(None)
    return transport.written, transport.is_ended


def split(data: bytes, cuts: list[int]) -> list[bytes]:
    edges = [0, *sorted({cut % len(data) for cut in cuts} - {0}), len(data)]
    return [data[a:b] for a, b in itertools.pairwise(edges)]


@pytest.mark.parametrize("name", BAD)
def test_a_bad_request_is_refused_with_a_reason_and_the_connection_ends(
    server: RunningServer, name: str
) -> None:
    data, status = BAD[name]

    answer = server.ask(data)

    head, _, body = answer.partition(b"\r\n\r\n")
    assert int(head.split(b" ")[1]) == status
    assert b"\r\nconnection: close" in head
    assert json.loads(body)["detail"]


@pytest.mark.parametrize("name", BAD)
def test_the_verdict_is_the_same_byte_by_byte(name: str) -> None:
    data, status = BAD[name]

    whole = asyncio.run(verdict([data]))
    single = asyncio.run(verdict([data[at : at + 1] for at in range(len(data))]))

    assert whole == single
    assert whole[0].startswith(b"HTTP/1.1 %d " % status)
    assert whole[1]


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(sorted(BAD)), st.lists(st.integers(1, 80_000), max_size=6))
def test_the_verdict_is_the_same_however_the_bytes_are_split(name: str, cuts: list[int]) -> None:
    data, _ = BAD[name]

    assert asyncio.run(verdict(split(data, cuts))) == asyncio.run(verdict([data]))


GOOD = [
    request("/ready"),
    b"\r\n" + request("/ready"),
    request("/x?a=1", "X-Mark: 1", "X-Mark: 2"),
    request("/x", method="POST", body=b"hello"),
    request("/x", "Transfer-Encoding: chunked", method="POST", body=b"3\r\nabc\r\n0\r\n\r\n"),
    request(
        "/x", "Transfer-Encoding: chunked", method="PUT",
        body=b'3;a=b;c="d e"\r\nabc\r\n2\r\nde\r\n0\r\nX-Trailer: a\r\n\r\n',
    ),
    request("/x", method="HEAD"),
    request("*", method="OPTIONS"),
    request("http://test/x%20y?z"),
    request("/x", "X_Lone: 1"),
    request("/x", "Upgrade: h2c", "Connection: upgrade"),
    request("/x", "Upgrade: h2c", "Connection: upgrade", method="POST", body=b"hello"),
    request("/x", host="[::1]:80"),
]  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.sampled_from(GOOD), min_size=1, max_size=4),
    st.lists(st.integers(1, 2000), max_size=8),
)
def test_good_requests_are_answered_in_order_however_they_are_split(
    requests: list[bytes], cuts: list[int]
) -> None:
    data = b"".join(requests)

    alone = [asyncio.run(verdict([one])) for one in requests]
    together = asyncio.run(verdict(split(data, cuts)))

    assert all(answer.startswith(b"HTTP/1.1 200 ") for answer, _ in alone)
    assert together == (b"".join(answer for answer, _ in alone), False)


@pytest.mark.parametrize("name", BAD)
def test_a_bad_request_after_a_good_one_gets_its_own_verdict(name: str) -> None:
    data, status = BAD[name]

    answer, is_ended = asyncio.run(verdict([request("/ready") + data]))

    # One empty line may come between two requests, so that a leading line break is no other case.
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b"HTTP/1.1 %d " % status in answer
    assert is_ended
