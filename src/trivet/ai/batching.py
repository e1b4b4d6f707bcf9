"""Many calls as one: what comes within a moment goes to a model together, as one list.

A model that is given thirty-two texts at once needs hardly longer than for one. Each caller gets
its own result or its own error, and one that leaves takes nothing from the others.
"""

from __future__ import annotations

import asyncio
import contextvars
import inspect
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import update_wrapper
from typing import Any, Generic, TypeVar
from weakref import WeakKeyDictionary

from trivet.ai.busy import Busy
from trivet.concurrency import run_in_thread
from trivet.errors import SetupError, place_of

__all__ = ["BatchError", "Batched", "batched"]

Item = TypeVar("Item")
Result = TypeVar("Result")

Together = Callable[
    [list[Item]], Awaitable[Sequence[Result | Exception]] | Sequence[Result | Exception]
]


class BatchError(RuntimeError):
    """A function of many has not given one result for each."""


@dataclass(frozen=True)
class _Limits:
    max_size: int
    max_wait: float
    at_once: int
    max_pending: int


@dataclass(slots=True, eq=False)
class _Call:
    item: Any
    done: asyncio.Future[Any]


@dataclass(slots=True, eq=False)
class _Queue:
    """What waits on one event loop."""

    pending: deque[_Call] = field(default_factory=deque)
    running: int = 0
    timer: asyncio.TimerHandle | None = None
    is_due: bool = False  # the oldest has waited for long enough
    tasks: set[asyncio.Task[None]] = field(default_factory=set)


class Batched(Generic[Item, Result]):
    """A function of one item, whose calls are gathered; made by `batched`."""

    def __init__(self, function: Together[Item, Result], limits: _Limits) -> None:
        self._function: Any = function  # Any: it is asked at run time whether it may be awaited
        self._limits = limits
        self._queues: WeakKeyDictionary[asyncio.AbstractEventLoop, _Queue] = WeakKeyDictionary()
        self._is_async = inspect.iscoroutinefunction(function)
        self._name = getattr(function, "__name__", "a function of many")
        update_wrapper(self, function)

    async def __call__(self, item: Item) -> Result:
        """Give the result for one item; raises what the function gave for it, or `Busy`."""
        loop = asyncio.get_running_loop()
        queue = self._queues.get(loop)
        if queue is None:
            queue = self._queues[loop] = _Queue()
        if len(queue.pending) >= self._limits.max_pending:
            raise Busy("The model is busy", retry_after=1)
        call = _Call(item, loop.create_future())
        queue.pending.append(call)
        self._look(loop, queue)
        try:
            result: Result = await call.done
        except asyncio.CancelledError:
            if call in queue.pending:
                queue.pending.remove(call)
            raise
        return result

    def _look(self, loop: asyncio.AbstractEventLoop, queue: _Queue) -> None:
        """Begin what can be begun, and see to it that the rest is not forgotten."""
        limits = self._limits
        while queue.pending and queue.running < limits.at_once:
            if len(queue.pending) < limits.max_size and not queue.is_due and limits.max_wait:
                break
            size = min(limits.max_size, len(queue.pending))
            self._begin(loop, queue, [queue.pending.popleft() for _ in range(size)])
        if queue.pending and queue.timer is None and not queue.is_due:
            queue.timer = loop.call_later(limits.max_wait, self._due, loop, queue)

    def _due(self, loop: asyncio.AbstractEventLoop, queue: _Queue) -> None:
        queue.timer = None
        queue.is_due = True
        self._look(loop, queue)

    def _begin(self, loop: asyncio.AbstractEventLoop, queue: _Queue, batch: list[_Call]) -> None:
        queue.running += 1
        queue.is_due = False
        if queue.timer is not None:
            queue.timer.cancel()
            queue.timer = None
        # A context of its own: a batch belongs to none of the requests in it.
        task = loop.create_task(self._run(batch), context=contextvars.Context())
        queue.tasks.add(task)
        alive = len(batch)

        def one_less(future: asyncio.Future[Any]) -> None:
            nonlocal alive
            alive -= future.cancelled()
            if not alive:
                task.cancel()

        for call in batch:
            call.done.add_done_callback(one_less)

        def ended(task: asyncio.Task[None]) -> None:
            queue.tasks.discard(task)
            queue.running -= 1
            if task.cancelled():
                for call in batch:
                    call.done.cancel()
            self._look(loop, queue)

        task.add_done_callback(ended)

    async def _run(self, batch: list[_Call]) -> None:
        items = [call.item for call in batch]
        try:
            if self._is_async:
                results = await self._function(items)
            else:
                results = await run_in_thread(self._function, items)
            if len(results) != len(batch):
                raise BatchError(
                    f"{self._name}() was given {len(batch)} items and gave {len(results)}"
                    " results; give one for each, in their order"
                )
        except Exception as error:
            results = [error] * len(batch)
        for call, result in zip(batch, results, strict=True):
            if call.done.done():
                continue
            if isinstance(result, Exception):
                call.done.set_exception(result)
            else:
                call.done.set_result(result)


def batched(
    *, max_size: int = 32, max_wait: float = 0.005, at_once: int = 1, max_pending: int = 1024
) -> Callable[[Together[Item, Result]], Batched[Item, Result]]:
    """Gather calls of one item to calls of a list: ``@batched(max_size=32, max_wait=0.005)``.

    The function takes a list and gives as many results in the same order; an exception in one's
    place is raised to that caller, one that is raised to all. A `def` runs on a worker thread. The
    first call waits at most `max_wait` seconds for others while the model is free. `at_once` lists
    are worked on at the same time, and at most `max_pending` calls wait; more get 503 (`Busy`).
    """

    def gather(function: Together[Item, Result]) -> Batched[Item, Result]:
        if max_size < 1 or max_wait < 0 or at_once < 1 or max_pending < max_size:
            place = place_of(function)
            raise SetupError(
                f"calls cannot be gathered with max_size={max_size!r}, max_wait={max_wait!r},"
                f" at_once={at_once!r} and max_pending={max_pending!r}",
                code="ai.batched",
                where=f"{place['file']}:{place['line']}" if "file" in place else None,
                mend="@batched(max_size=32, max_wait=0.005, max_pending=1024)",
            )
        return Batched(function, _Limits(max_size, max_wait, at_once, max_pending))

    return gather
