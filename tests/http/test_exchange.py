"""Heads, answers and exchanges: what every face reads."""

from __future__ import annotations

import pytest

from trivet.adapters.asgi import AsgiExchange
from trivet.http.exchange import Answer, Head, status_line


def test_a_head_is_encoded_once_as_http() -> None:
    head = Head(200, [(b"content-type", b"text/plain"), (b"x-own", b"1")])

    assert head.block == b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\nx-own: 1\r\n"
    assert status_line(799) == b"HTTP/1.1 799 \r\n"


@pytest.mark.parametrize("bad", [b"\r", b"\n", b"\0", b"\r\nset-cookie: a=b"])
def test_header_that_would_begin_another_line_is_refused_when_a_head_is_made(bad: bytes) -> None:
    with pytest.raises(ValueError, match=r"the header 'x-own'.*line break or a NUL"):
        Head(200, [(b"a", b"1"), (b"x-own", b"1" + bad)])
    with pytest.raises(ValueError, match="line break or a NUL"):
        Head(200, [(b"x" + bad, b"1")])


@pytest.mark.parametrize(
    ("status", "has_body"), [(200, True), (404, True), (100, False), (204, False), (304, False)]
)
def test_only_answers_with_a_body_have_a_length(status: int, has_body: bool) -> None:
    answer = Answer(Head(status), b"abc" if has_body else b"")

    assert answer.head.has_body is has_body
    assert answer.headers() == ([(b"content-length", b"3")] if has_body else [])


def test_headers_of_one_answer_leave_the_shared_head_alone() -> None:
    head = Head(200, [(b"a", b"1")])

    first = Answer(head, b"", [(b"b", b"2")])

    assert first.headers() == [(b"a", b"1"), (b"b", b"2"), (b"content-length", b"0")]
    assert Answer(head).headers() == [(b"a", b"1"), (b"content-length", b"0")]


def test_the_first_of_equal_headers_is_given() -> None:
    scope = {"method": "GET", "path": "/", "headers": [(b"a", b"1"), (b"a", b"2")]}
    exchange = AsgiExchange(scope, None, None)  # type: ignore[arg-type]

    assert exchange.header(b"a") == b"1"
    assert exchange.header(b"b") is None
