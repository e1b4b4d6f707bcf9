"""What dependencies opened and who closes it when: before the answer goes out, or after it.

A `Lifetimes` is made for a request whose plan has `yield` dependencies. Everything is closed in
the opposite order, with the error that is under way, if there is one, thrown into each in turn.
"""

from __future__ import annotations

import inspect
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from typing import Any

import anyio
import anyio.lowlevel

from trivet.concurrency import Limit, clean_in_thread, run_in_thread
from trivet.errors import SetupError

__all__ = ["Lifetimes"]

_END = object()


class _Open:
    """One open thing and how it is closed."""

    __slots__ = ("close", "on_thread", "semaphore", "throw")

    def __init__(
        self,
        close: Callable[[], Awaitable[None]],
        throw: Callable[[BaseException], Awaitable[None]] | None = None,
        semaphore: anyio.Semaphore | None = None,
        *,
        on_thread: bool = False,
    ) -> None:
        self.on_thread = on_thread
        self.close = close
        self.throw = throw  # None: closed in the same way whether there is an error or not
        self.semaphore = semaphore


class Lifetimes:
    """The open generators of one request, in the two groups in which they end.

    `shielded` says that cleaning up is protected from a cancellation that is repeated until it is
    obeyed, as anyio's scopes do; a task that can only be cancelled once at a time needs it not.
    """

    __slots__ = ("_function", "_request", "_scope", "_shielded")

    def __init__(self, shielded: bool = True) -> None:
        self._function: list[_Open] = []
        self._request: list[_Open] = []
        self._shielded = shielded
        self._scope: anyio.CancelScope | None = None

    async def enter_async(
        self, generator: AsyncGenerator[Any, None], in_function: bool, limit: Limit | None = None
    ) -> Any:
        """Run an async generator to its `yield` and give what it yields."""
        if self._shielded and self._scope is None:
            # Entered before the generator opens scopes of its own, so that they nest.
            self._scope = anyio.CancelScope()
            self._scope.__enter__()
        semaphore = await _acquired(limit)
        try:
            value = await anext(generator, _END)
            if value is _END:
                raise RuntimeError("generator didn't yield")
        except BaseException:
            if semaphore is not None:
                semaphore.release()
            raise

        async def close() -> None:
            if await anext(generator, _END) is not _END:
                await generator.aclose()
                raise RuntimeError("generator didn't stop")

        async def throw(error: BaseException) -> None:
            try:
                await generator.athrow(error)
            except StopAsyncIteration:
                return
            await generator.aclose()
            raise RuntimeError("generator didn't stop after athrow()")

        group = self._function if in_function else self._request
        group.append(_Open(close, throw, semaphore))
        return value

    async def enter_sync(
        self, generator: Generator[Any, None, None], in_function: bool, limit: Limit | None = None
    ) -> Any:
        """Run a plain generator to its `yield`, on a worker thread, and give what it yields."""
        semaphore = await _acquired(limit)
        try:
            value = await run_in_thread(next, generator, _END)
            if value is _END:
                raise RuntimeError("generator didn't yield")
        except BaseException as error:
            # A cancelled caller gets no value, yet the generator may have opened what it opens.
            if inspect.getgeneratorstate(generator) == inspect.GEN_SUSPENDED:
                with anyio.CancelScope(shield=True):
                    await clean_in_thread(_thrown, generator, error)
            if semaphore is not None:
                semaphore.release()
            raise

        async def close() -> None:
            if await clean_in_thread(next, generator, _END) is not _END:
                generator.close()
                raise RuntimeError("generator didn't stop")

        async def throw(error: BaseException) -> None:
            if await clean_in_thread(_thrown, generator, error):
                return
            raise RuntimeError("generator didn't stop after throw()")

        group = self._function if in_function else self._request
        group.append(_Open(close, throw, semaphore, on_thread=True))
        return value

    def on_close(self, callback: Callable[[], Awaitable[None]]) -> None:
        """Await `callback` after the answer, when all else is closed."""
        self._request.insert(0, _Open(callback))

    async def close_function(self) -> None:
        """End what ends with the function; called when its answer is ready."""
        if self._function:
            error = await self._closed(self._function, None)
            if error is not None:
                raise error

    async def close(self) -> None:
        """End everything; called when the answer has been sent."""
        error = await self._closed(self._function, None)
        error = await self._closed(self._request, error)
        self._leave(error)
        if error is not None:
            raise error

    async def fail(self, error: BaseException) -> None:
        """End everything with `error` thrown into it, and raise what remains of it.

        A generator may raise another error, which takes the place of the first for those that are
        closed after it. Raises `SetupError` where one swallows the error: there is no answer then.
        """
        remaining = await self._closed(self._function, error)
        remaining = await self._closed(self._request, remaining)
        self._leave(remaining)
        if remaining is None:
            raise SetupError(
                "Response not awaited. There's a high chance that the application code is raising"
                " an exception and a dependency with yield has a block with a bare except, or a"
                " block with except Exception, and is not raising the exception again.",
                code="binding.swallowed-error",
                mend="raise the exception again after handling it",
            ) from error
        raise remaining

    def _leave(self, error: BaseException | None) -> None:
        if self._scope is not None:
            scope, self._scope = self._scope, None
            scope.__exit__(type(error) if error else None, error, None)

    async def _closed(
        self, group: list[_Open], error: BaseException | None
    ) -> BaseException | None:
        """Close a group, latest first, and give the error that is under way afterwards."""
        while group:
            item = group.pop()
            if self._scope is not None:
                self._scope.shield = True
            try:
                if self._shielded and item.on_thread:
                    # It cannot have opened a scope in this task: one of its own nests.
                    with anyio.CancelScope(shield=True):
                        await _end(item, error)
                else:
                    await _end(item, error)
                error = None
            except BaseException as raised:
                error = raised
            finally:
                if self._scope is not None:
                    self._scope.shield = False
                if item.semaphore is not None:
                    item.semaphore.release()
        if self._scope is not None and error is None:
            try:
                await anyio.lowlevel.checkpoint_if_cancelled()
            except BaseException as cancelled:
                error = cancelled
        return error


async def _end(item: _Open, error: BaseException | None) -> None:
    if error is None or item.throw is None:
        await item.close()
        if error is not None:
            raise error
    else:
        await item.throw(error)


async def _acquired(limit: Limit | None) -> anyio.Semaphore | None:
    if limit is None:
        return None
    semaphore = limit.get_semaphore()
    await semaphore.acquire()
    return semaphore


def _thrown(generator: Generator[Any, None, None], error: BaseException) -> bool:
    """Throw `error` into a plain generator; True when it ended without raising."""
    try:
        generator.throw(error)
    except StopIteration:
        return True
    return False
