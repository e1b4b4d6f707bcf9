"""Mutated requests, split anywhere: always a 2xx or a 4xx or an end, and nobody else suffers."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.adapters.bad_requests import BAD
from tests.adapters.serving import RunningServer, read_all, read_answer, request, running
from trivet.adapters.limits import Limits

SEEDS = [
    request("/ready"),
    request("/x?a=b", "X-Mark: 1", "Accept: */*", "Cookie: a=b"),
    request("/x", method="POST", body=b"hello"),
    request("/count", "Transfer-Encoding: chunked", method="POST", body=b"3\r\nabc\r\n0\r\n\r\n"),
    request("/stream", "Connection: close"),
    request("/late") + request("/x", method="POST", body=b"abc") + request("/empty"),
    *[data for data, _ in BAD.values() if len(data) < 500],
]
PARTS = [
    b"\r\n", b"\n", b"\r", b"\0", b" ", b"\t", b":", b";", b",", b"%", b"#", b"\xff", b"0", b"-1",
    b"chunked", b"Transfer-Encoding: chunked\r\n", b"Content-Length: 5\r\n", b"Host: a\r\n",
    b"Expect: 100-continue\r\n", b"Upgrade: websocket\r\nConnection: Upgrade\r\n", b"HTTP/1.0",
    b"ffffffff", b"\r\n\r\n", b"a" * 300, b"_", b"HEAD ", b"CONNECT ", b"*", b"http://test/",
]  # fmt: skip


@pytest.fixture(scope="module")
def server() -> Iterator[RunningServer]:
    with running(limits=Limits(sweep=0.05, max_head=4096)) as found:
        yield found


@st.composite
def mutated(draw: st.DrawFn) -> list[bytes]:
    """Give the pieces of a request that was changed in up to four places."""
    data = draw(st.sampled_from(SEEDS))
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(data)))
        to = min(len(data), at + draw(st.integers(0, 8)))
        kind = draw(st.integers(0, 3))
        if kind == 0:
            data = data[:at] + data[to:]
        elif kind == 1:
            data = data[:at] + draw(st.sampled_from(PARTS)) + data[at:]
        elif kind == 2:
            data = data[:at] + draw(st.binary(min_size=1, max_size=4)) + data[to:]
        else:
            data = data[:at] + data[at:to] * 2 + data[to:]
    cuts = sorted(draw(st.sets(st.integers(1, max(len(data), 2)), max_size=4)))
    edges = [0, *cuts, len(data)]
    return [data[a:b] for a, b in itertools.pairwise(edges) if a < b]


@settings(
    max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(mutated())
def test_whatever_comes_is_answered_or_refused(server: RunningServer, pieces: list[bytes]) -> None:
    with server.connect() as other:
        other.sendall(b"GET /ready HTTP/1.1\r\n")
        with server.connect() as sock:
            try:
                for piece in pieces:
                    sock.sendall(piece)
                # The end of what we send makes the server end, so that nothing is waited for.
                sock.shutdown(1)
            except OSError:
                # It has refused and left already.
                pass
            answer = read_all(sock)
        other.sendall(b"Host: test\r\n\r\n")
        assert read_answer(other)[2] == b'{"ready":true}'

    statuses = [int(s) for s in re.findall(rb"HTTP/1\.1 (\d{3}) [A-Z]", answer)]
    assert all(s < 500 for s in statuses), answer
    assert bool(answer) == bool(statuses)
