"""The time in which an application serves: its own lifespan and those of what it mounts.

The ASGI lifespan protocol is spoken here; what is started first is stopped last. An application
that is mounted twice is started once.
"""

from __future__ import annotations

import traceback
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import Any

from starlette import routing as starlette

from trivet.adapters.lifespan import spoken
from trivet.http.exchange import Receive, Scope, Send
from trivet.routing.contexts import contexts

__all__ = ["run_lifespan", "running"]


@asynccontextmanager
async def running(app: Any) -> AsyncIterator[dict[str, Any]]:
    """Keep `app` and all that it mounts started; gives the state that their lifespans yielded."""
    state: dict[str, Any] = {}
    async with AsyncExitStack() as stack:
        for context in _with_mounted(app, set()):
            given = await stack.enter_async_context(context)
            if given is not None:
                state = {**given, **state}
        yield state


def _with_mounted(app: Any, seen: set[int]) -> Iterator[AbstractAsyncContextManager[Any]]:
    """Give the lifespan of `app`, then those of all that is mounted somewhere below it."""
    if id(app) in seen:
        return
    seen.add(id(app))
    # An application of our kind or Starlette's, or a bare router, as a mount with routes makes.
    router = getattr(app, "router", app)
    if not hasattr(router, "lifespan_context"):
        yield spoken(app)
        return
    # Parts first: what they open is there when the application's own lifespan begins.
    for part in getattr(app, "parts", {}).values():
        opened = part.lifespan(app)
        if opened is not None:
            yield opened
    yield router.lifespan_context(app)
    for part in getattr(app, "parts", {}).values():
        opened = part.serving(app)
        if opened is not None:
            yield opened
    for context in contexts(router.routes):
        route = context.original_route
        if isinstance(route, starlette.Mount | starlette.Host):
            yield from _with_mounted(route.app, seen)


async def run_lifespan(app: Any, scope: Scope, receive: Receive, send: Send) -> None:
    """Speak the ASGI lifespan protocol for `app`; a failed start is told to the server."""
    started = False
    await receive()
    try:
        async with running(app) as state:
            if state:
                if "state" not in scope:
                    raise RuntimeError('The server does not support "state" in the lifespan scope.')
                scope["state"].update(state)
            await send({"type": "lifespan.startup.complete"})
            started = True
            await receive()
    except BaseException:
        message = traceback.format_exc()
        kind = "lifespan.shutdown.failed" if started else "lifespan.startup.failed"
        await send({"type": kind, "message": message})
        raise
    await send({"type": "lifespan.shutdown.complete"})
