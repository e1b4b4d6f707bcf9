"""A test that hangs fails alone: it takes neither its worker nor the whole run with it.

pytest-timeout raises where the main thread happens to be. In an `async def` test that is the event
loop, not the test: the test goes on, and whatever comes after it on that loop waits for ever. So
an asynchronous test is ended from inside, and tidies up after itself. Where even that does not help
(a fixture that waits while it is taken down), the process says where it stands, ends, and
pytest-xdist counts the test as failed and goes on with another worker.
"""

from __future__ import annotations

import asyncio
import faulthandler
import functools
from collections.abc import Awaitable, Callable, Generator
from inspect import iscoroutinefunction
from typing import Any

import pytest
from _pytest.faulthandler import fault_handler_stderr_fd_key  # not captured

__all__ = [
    "pytest_exception_interact",
    "pytest_itemcollected",
    "pytest_pyfunc_call",
    "pytest_runtest_protocol",
]

# Seconds for what a test has to tidy up: before pytest-timeout raises, and again before the end.
GRACE = 60.0
SECONDS = pytest.StashKey[float]()


def seconds_of(item: pytest.Item) -> float:
    """Say how long a test may take, in seconds: by its mark, or as set for all; 0: for ever."""
    marker = item.get_closest_marker("timeout")
    if marker is not None and marker.args:
        return float(marker.args[0])
    option = item.config.getoption("timeout", None)
    return float(item.config.getini("timeout") or 0) if option is None else float(option)


def ended_after(
    seconds: float, test: Callable[..., Awaitable[None]]
) -> Callable[..., Awaitable[None]]:
    """Give the test with an end of its own: it is cancelled where it waits, and tidies up."""

    @functools.wraps(test)
    async def with_an_end(**fixtures: Any) -> None:  # Any: whatever fixtures are
        async with asyncio.timeout(seconds):
            await test(**fixtures)

    return with_an_end


def end_later(item: pytest.Item) -> None:
    if seconds := item.stash[SECONDS]:
        stderr = item.config.stash[fault_handler_stderr_fd_key]
        faulthandler.dump_traceback_later(seconds + 2 * GRACE, exit=True, file=stderr)


def pytest_itemcollected(item: pytest.Item) -> None:
    """Let pytest-timeout come later than the end that an asynchronous test has from inside."""
    item.stash[SECONDS] = seconds = seconds_of(item)
    if seconds and isinstance(item, pytest.Function) and iscoroutinefunction(item.obj):
        item.add_marker(pytest.mark.timeout(seconds + GRACE), append=False)


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, object, object]:
    """End an asynchronous test from inside."""
    seconds = pyfuncitem.stash[SECONDS]
    if seconds and iscoroutinefunction(pyfuncitem.obj):
        pyfuncitem.obj = ended_after(seconds, pyfuncitem.obj)
    return (yield)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Watch over a test with all that is set up and taken down around it."""
    end_later(item)
    try:
        return (yield)
    finally:
        faulthandler.cancel_dump_traceback_later()


@pytest.hookimpl(trylast=True)
def pytest_exception_interact(node: pytest.Item | pytest.Collector) -> None:
    """Watch over what is taken down after a failure too: pytest stops watching there."""
    if isinstance(node, pytest.Item):
        end_later(node)
