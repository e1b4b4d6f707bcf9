from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Annotated

import pytest

from trivet import App, Depends, Request
from trivet.errors import SetupError

events: list[str] = []


@pytest.fixture(autouse=True)
def no_events() -> None:
    events.clear()


async def connection() -> AsyncIterator[str]:
    events.append("opened")
    try:
        yield "connection"
    finally:
        events.append("closed")


def session(connection: Annotated[str, Depends(connection)]) -> Iterator[str]:
    events.append("begun")
    yield f"session on {connection}"
    events.append("ended")


async def test_a_dependency_and_what_it_depends_on_are_given_outside_a_request() -> None:
    async with App().resolve(session) as value:
        events.append("used")

    assert value == "session on connection"
    assert events == ["opened", "begun", "used", "ended", "closed"]


async def test_an_error_in_the_block_reaches_the_dependencies() -> None:
    with pytest.raises(ZeroDivisionError):
        async with App().resolve(connection):
            raise ZeroDivisionError

    assert events == ["opened", "closed"]


async def test_overrides_hold_outside_a_request_too() -> None:
    app = App()
    app.dependency_overrides[connection] = lambda: "another"

    async with app.resolve(session) as value:
        assert value == "session on another"


async def test_a_dependency_that_reads_a_request_is_named() -> None:
    def address(request: Request) -> str:
        return str(request.client)

    with pytest.raises(SetupError, match="'address' reads 'request'") as caught:
        async with App().resolve(address):
            pytest.fail("there is no request to read")

    assert caught.value.code == "binding.needs-request"
