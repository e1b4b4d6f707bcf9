from __future__ import annotations

import re

import pytest

from tests.middleware.exchanges import Headers, MemoryExchange, answered, one, ready, streamed
from trivet.errors import SetupError
from trivet.middleware.request_id import RequestId


def identified(hook: RequestId, headers: Headers = ()) -> tuple[str, str | None]:
    """The id that a handler sees, and the one in the answer."""
    exchange = MemoryExchange(headers=headers)
    answer = answered(hook, exchange, ready("x"))
    return exchange.starlette().state.request_id, one(answer, hook.header.lower())


@pytest.mark.parametrize("given", ["a", "Root=1-67891233-abcdef012345678912345678", "x" * 128])
def test_a_well_formed_id_is_kept(given: str) -> None:
    assert identified(RequestId(), [("X-Request-ID", given)]) == (given, given)


@pytest.mark.parametrize("given", ["", "a b", "x" * 129, "a\tb", "<script>", "é"])
def test_any_other_is_replaced(given: str) -> None:
    seen, sent = identified(RequestId(), [("X-Request-ID", given)])

    assert re.fullmatch("[0-9a-f]{32}", seen)
    assert sent == seen


def test_each_request_gets_its_own() -> None:
    hook = RequestId()

    assert len({identified(hook)[0] for _ in range(50)}) == 50


def test_an_id_from_outside_is_not_kept_unless_accepted() -> None:
    assert identified(RequestId(accept=False), [("X-Request-ID", "abc")])[0] != "abc"


def test_the_header_can_have_another_name() -> None:
    hook = RequestId(header="X-Correlation-ID")

    assert identified(hook, [("x-correlation-id", "abc")]) == ("abc", "abc")


async def test_streamed_answers_are_named_and_exposed_too() -> None:
    exchange = MemoryExchange(headers=[("X-Request-ID", "abc")])

    answer = await streamed(RequestId(expose=True), exchange, [b"a"])

    assert one(answer, "x-request-id") == "abc"
    assert one(answer, "access-control-expose-headers") == "x-request-id"


def test_pages_of_other_origins_may_read_it_where_exposed() -> None:
    answer = answered(RequestId(expose=True), MemoryExchange(), ready("x"))

    assert one(answer, "access-control-expose-headers") == "x-request-id"


def test_an_error_before_this_hook_is_named_too() -> None:
    answer = RequestId().after(MemoryExchange(headers=[("X-Request-ID", "abc")]), ready("x", 500))

    assert one(answer, "x-request-id") == "abc"


def test_the_state_that_a_server_shares_is_left_alone() -> None:
    exchange = MemoryExchange()
    shared = exchange.scope["state"] = {"pool": 1}

    RequestId().before(exchange)

    assert shared == {"pool": 1}
    assert exchange.starlette().state.pool == 1


def test_what_is_no_header_name_is_refused() -> None:
    with pytest.raises(SetupError, match="X-Request-ID"):
        RequestId(header="x id")
