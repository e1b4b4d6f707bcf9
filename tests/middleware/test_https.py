from __future__ import annotations

import asyncio

import pytest
from starlette.middleware.httpsredirect import HTTPSRedirectMiddleware
from starlette.responses import PlainTextResponse

from tests.middleware.exchanges import MemoryExchange, answered, one, ready
from trivet.errors import SetupError
from trivet.http.exchange import Answer, Head
from trivet.middleware.https import HttpsRedirect


def starlettes_answer(exchange: MemoryExchange) -> Answer:
    middleware = HTTPSRedirectMiddleware(PlainTextResponse("ok"))
    asyncio.run(middleware(exchange.scope, exchange.receive, exchange.send))
    start, body = exchange.sent
    return Answer(Head(start["status"], start["headers"]), body["body"])


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("host", ["example.com", "example.com:80", "example.com:8000", "[::1]:443"])
def test_answers_are_those_of_starlettes_middleware(scheme: str, host: str) -> None:
    def exchange() -> MemoryExchange:
        headers = [("Host", host)]
        return MemoryExchange(path="/a%20b", headers=headers, query=b"q=1&r=%41", scheme=scheme)

    theirs = starlettes_answer(exchange())
    ours = answered(HttpsRedirect(), exchange(), ready("ok"))

    assert ours.status == theirs.status
    expected = one(theirs, "location")
    # Starlette takes the brackets from an IPv6 host, which leaves no address at all.
    assert one(ours, "location") == (
        expected.replace("://::1/", "://[::1]/") if expected else expected
    )


def test_a_permanent_redirect_is_308() -> None:
    exchange = MemoryExchange(headers=[("Host", "example.com")])

    assert answered(HttpsRedirect(permanent=True), exchange, ready("ok")).status == 308


def test_exempt_paths_are_served_in_the_clear() -> None:
    exchange = MemoryExchange(path="/health", headers=[("Host", "example.com")])

    assert answered(HttpsRedirect(exempt=["/health"]), exchange, ready("ok")).status == 200


def test_a_request_without_host_cannot_be_redirected() -> None:
    assert answered(HttpsRedirect(), MemoryExchange(), ready("ok")).status == 400


def test_a_websocket_is_sent_to_wss() -> None:
    scope = MemoryExchange(headers=[("Host", "example.com")], path="/live").scope
    scope["scheme"] = "ws"

    answer = HttpsRedirect().connect(scope)

    assert answer is not None
    assert one(answer, "location") == "wss://example.com/live"


@pytest.mark.parametrize("exempt", ["/health", ["health"]])
def test_an_exempt_path_must_be_whole(exempt: list[str]) -> None:
    with pytest.raises(SetupError, match="whole paths"):
        HttpsRedirect(exempt=exempt)
