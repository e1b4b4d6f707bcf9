"""The lifespan of a router: a context manager around the time in which it serves.

Generators, context managers and start and stop functions all become one shape here: a function
from the application to an async context manager whose value, if any, is the state.
"""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from typing import Any, Protocol

__all__ = ["Lifespan", "lifespan_of", "merged"]

Lifespan = Callable[[Any], AbstractAsyncContextManager[Any]]


class HasEvents(Protocol):
    """A router, as far as its start and stop functions go."""

    on_startup: list[Callable[[], Any]]
    on_shutdown: list[Callable[[], Any]]


def lifespan_of(router: HasEvents, lifespan: Any) -> Lifespan:
    """Give the lifespan of `router`: the one that was declared, or its start and stop functions."""
    if lifespan is None:
        return _from_events(router)
    if inspect.isasyncgenfunction(lifespan):
        return asynccontextmanager(lifespan)
    if inspect.isgeneratorfunction(lifespan):
        return _from_generator(lifespan)
    return lifespan  # type: ignore[no-any-return]  # a function to an async context manager


def merged(outer: Lifespan, inner: Lifespan) -> Lifespan:
    """Give a lifespan of both: `inner` starts later and stops earlier; their states are joined."""

    @asynccontextmanager
    async def both(app: Any) -> AsyncIterator[Any]:
        async with outer(app) as first, inner(app) as second:
            if first is None and second is None:
                yield None
            else:
                yield {**(second or {}), **(first or {})}

    return both


def _from_events(router: HasEvents) -> Lifespan:
    @asynccontextmanager
    async def events(app: Any) -> AsyncIterator[None]:
        for start in router.on_startup:
            await _called(start)
        try:
            yield
        finally:
            for stop in router.on_shutdown:
                await _called(stop)

    return events


def _from_generator(lifespan: Callable[[Any], Iterator[Any]]) -> Lifespan:
    manager = contextmanager(lifespan)

    @asynccontextmanager
    async def lifted(app: Any) -> AsyncIterator[Any]:
        with manager(app) as state:
            yield state

    return lifted


async def _called(function: Callable[[], Any]) -> None:
    result = function()
    if inspect.isawaitable(result):
        await result
