from __future__ import annotations

import asyncio
from typing import Any

import pytest
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import PlainTextResponse

from tests.middleware.exchanges import MemoryExchange, answered, one, ready
from trivet.errors import SetupError
from trivet.http.exchange import Answer, Head
from trivet.middleware.hosts import AllowedHosts

HOSTS = [
    "example.com", "EXAMPLE.com:8000", "www.example.com", "a.b.example.com", "badexample.com",
    "evil.test", "[::1]", "[::1]:80", "example.com.evil.test", "only.test", "only.test:81",
    "example.com@evil.test", "example.com/evil", "",
]  # fmt: skip


def starlettes_answer(allowed: list[str], exchange: MemoryExchange) -> Answer:
    middleware = TrustedHostMiddleware(PlainTextResponse("ok"), allowed)
    asyncio.run(middleware(exchange.scope, exchange.receive, exchange.send))
    start, body = exchange.sent
    return Answer(Head(start["status"], start["headers"]), body["body"])


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize(
    "allowed",
    [["example.com"], ["*.example.com"], ["www.only.test"], ["[::1]", "evil.test"]],
    ids=str,
)
def test_verdicts_are_those_of_starlettes_middleware(allowed: list[str], host: str) -> None:
    def exchange() -> MemoryExchange:
        return MemoryExchange(path="/a b", headers=[("Host", host)], query=b"x=1")

    theirs = starlettes_answer(allowed, exchange())
    hook = AllowedHosts(allowed_hosts=allowed)

    for _ in range(2):  # a good host is remembered
        ours = answered(hook, exchange(), ready("ok"))
        assert (ours.status, ours.body) == (theirs.status, theirs.body)
        assert one(ours, "location") == one(theirs, "location")


def test_a_leading_dot_allows_the_domain_and_its_subdomains() -> None:
    hook = AllowedHosts(allowed_hosts=[".example.com"])

    assert hook.allows("example.com")
    assert hook.allows("a.b.example.com")
    assert not hook.allows("badexample.com")


def test_a_request_without_host_is_refused() -> None:
    answer = answered(AllowedHosts(allowed_hosts=["example.com"]), MemoryExchange(), ready("ok"))

    assert answer.status == 400


def test_a_star_allows_everything() -> None:
    hook = AllowedHosts(allowed_hosts=["*"])

    for headers in ([], [("Host", "any.test:99")]):
        assert answered(hook, MemoryExchange(headers=headers), ready("ok")).status == 200


def test_a_websocket_for_another_host_is_refused() -> None:
    hook = AllowedHosts(allowed_hosts=["example.com"])
    scope: dict[str, Any] = {"type": "websocket", "scheme": "ws", "path": "/"}

    refused = hook.connect({**scope, "headers": [(b"host", b"evil.test")]})

    assert refused is not None
    assert refused.status == 400
    assert hook.connect({**scope, "headers": [(b"host", b"example.com")]}) is None


def test_more_subdomains_than_are_remembered_are_all_served() -> None:
    hook = AllowedHosts(allowed_hosts=["*.example.com"])

    for number in range(600):
        exchange = MemoryExchange(headers=[("Host", f"{number}.example.com")])
        assert hook.before(exchange) is None


@pytest.mark.parametrize(
    ("allowed", "mend"),
    [
        ("example.com", r"allowed_hosts=\['example.com'\]"),
        ([], r"\['\*'\] for any"),
        (["*example.com"], "first label"),
        (["a.*.example.com"], "first label"),
        (["example.com:80"], "without scheme, port"),
        (["https://example.com"], "without scheme, port"),
        (["münchen.example"], "xn--"),
    ],
)
def test_what_is_not_a_host_is_refused_at_once(allowed: Any, mend: str) -> None:
    with pytest.raises(SetupError, match=mend):
        AllowedHosts(allowed_hosts=allowed)
