from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import PlainTextResponse

from tests.middleware.exchanges import MemoryExchange, answered, one, ready, streamed, values
from trivet.errors import SetupError
from trivet.http.exchange import Answer, Head
from trivet.middleware.cors import Cors

ORIGINS = ["https://a.example", "https://b.example", "https://sub.c.example", "null"]
METHODS = ["GET", "POST", "DELETE", "PURGE"]
FIELDS = ["X-One", "X-Two", "Content-Type", "Authorization"]

settings_of_both = st.fixed_dictionaries(
    {},
    optional={
        "allow_origins": st.one_of(st.just(["*"]), st.lists(st.sampled_from(ORIGINS), max_size=3)),
        "allow_methods": st.one_of(
            st.just(["*"]), st.lists(st.sampled_from(METHODS), min_size=1, max_size=3)
        ),
        "allow_headers": st.one_of(
            st.just(["*"]), st.lists(st.sampled_from(FIELDS), max_size=3, unique=True)
        ),
        "allow_credentials": st.booleans(),
        "allow_origin_regex": st.sampled_from([None, r"https://.*\.c\.example"]),
        "allow_private_network": st.booleans(),
        "expose_headers": st.lists(st.sampled_from(FIELDS), max_size=2),
        "max_age": st.integers(0, 86400),
    },
)
request_headers = st.fixed_dictionaries(
    {},
    optional={
        "origin": st.sampled_from([*ORIGINS, "https://evil.example"]),
        "access-control-request-method": st.sampled_from(METHODS),
        "access-control-request-headers": st.lists(
            st.sampled_from([*FIELDS, "x-one", " X-TWO "]), min_size=1, max_size=3
        ).map(",".join),
        "access-control-request-private-network": st.just("true"),
    },
)
answer_headers = st.lists(
    st.sampled_from(
        [
            ("vary", "Accept"),
            ("x-one", "1"),
            ("access-control-allow-origin", "https://own.example"),
            ("content-type", "text/plain; charset=utf-8"),
        ]
    ),
    unique=True,
)


def starlettes_answer(settings: dict[str, Any], exchange: MemoryExchange, route: Answer) -> Answer:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        response = PlainTextResponse(route.body, route.status)
        response.raw_headers = route.headers()
        await response(scope, receive, send)

    middleware = CORSMiddleware(app, **settings)
    asyncio.run(middleware(exchange.scope, exchange.receive, exchange.send))
    start, body = exchange.sent
    return Answer(Head(start["status"], start["headers"]), body["body"])


def normal(answer: Answer) -> tuple[Any, ...]:
    """What a browser makes of an answer: Vary as a set, other headers in any order."""
    vary = {v.strip().lower() for line in values(answer, "vary") for v in line.split(",")}
    head = sorted({(n, v) for n, v in answer.headers() if n != b"vary"})
    return answer.status, vary, head, answer.body


@given(
    settings=settings_of_both,
    headers=request_headers,
    method=st.sampled_from(["OPTIONS", "GET", "POST"]),
    own=answer_headers,
    repeats=st.integers(1, 3),
)
def test_answers_are_those_of_starlettes_middleware(
    settings: dict[str, Any], headers: dict[str, str], method: str, own: Any, repeats: int
) -> None:
    route = ready("hello", headers=own)
    hook = Cors(**settings)

    theirs = starlettes_answer(settings, MemoryExchange(method, "/", list(headers.items())), route)

    for _ in range(repeats):  # the head of an answer is dressed once and kept
        exchange = MemoryExchange(method, "/", list(headers.items()))
        assert normal(answered(hook, exchange, route)) == normal(theirs)


@given(settings=settings_of_both, headers=request_headers, own=answer_headers)
def test_streamed_answers_have_the_same_headers_as_ready_ones(
    settings: dict[str, Any], headers: dict[str, str], own: Any
) -> None:
    pairs = list(headers.items())
    hook = Cors(**settings)

    whole = answered(hook, MemoryExchange("GET", "/", pairs), ready(b"ab", headers=own))
    parts = asyncio.run(streamed(hook, MemoryExchange("GET", "/", pairs), [b"a", b"b"], own))

    assert normal(whole) == normal(parts)


def test_headers_of_one_answer_are_not_doubled_by_a_shared_head() -> None:
    hook = Cors(allow_origins=["https://a.example"])
    head = Head(200, [(b"content-type", b"text/plain")])
    exchange = MemoryExchange(headers=[("Origin", "https://a.example")])

    for _ in range(3):
        answer = hook.after(exchange, Answer(head, b"x", [(b"vary", b"Accept")]))
        assert one(answer, "vary") == "Accept, Origin"
        assert one(answer, "access-control-allow-origin") == "https://a.example"


def test_a_shared_answer_is_not_changed() -> None:
    shared = ready("x", 404)
    hook = Cors(allow_origins=["*"])

    for _ in range(3):
        hook.after(MemoryExchange(headers=[("Origin", "https://a.example")]), shared)

    assert shared.extra is None
    assert shared.head.headers == ()


def test_many_origins_of_a_pattern_are_each_mirrored() -> None:
    hook = Cors(allow_origin_regex=r"https://\d+\.example")

    for number in range(600):
        origin = f"https://{number}.example"
        answer = hook.after(MemoryExchange(headers=[("Origin", origin)]), ready("x"))
        assert one(answer, "access-control-allow-origin") == origin


@pytest.mark.parametrize(
    ("settings", "mend"),
    [
        ({"allow_origins": "https://a.example"}, "allow_origins=['https://a.example']"),
        ({"allow_origins": ["a.example"]}, "https://example.com"),
        ({"allow_origins": ["https://a.example/"]}, "'https://a.example'"),
        ({"allow_origins": ["https://*.example"]}, "allow_origin_regex"),
        ({"allow_headers": ["x\r\nset-cookie: a"]}, "printable ASCII"),
        ({"allow_origin_regex": "("}, "regular expression"),
        ({"max_age": -1}, "0 or more"),
    ],
)
def test_arguments_that_no_browser_understands_are_refused(
    settings: dict[str, Any], mend: str
) -> None:
    with pytest.raises(SetupError, match=re.escape(mend)):
        Cors(**settings)


def test_it_is_frozen() -> None:
    with pytest.raises(AttributeError):
        Cors().max_age = 1  # type: ignore[misc]
