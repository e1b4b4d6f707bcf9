"""Blocking functions on worker threads, and limits on how much runs at once.

`run_in_thread` is the cheap hand-over that sync handlers and dependencies use: a queue in C, one
wake-up of the event loop for all that finished meanwhile, and no cancel scope. Threads are started
when needed, at most `MOST_THREADS`, and are daemons: they never keep a process alive.
"""

from __future__ import annotations

import asyncio
import contextvars
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from queue import SimpleQueue
from threading import Lock, Thread
from typing import Any, ParamSpec, TypeVar
from weakref import WeakKeyDictionary

import anyio
import anyio.lowlevel
import anyio.to_thread
from anyio._core._eventloop import threadlocals  # what `anyio.from_thread` looks at; see `_work`

__all__ = ["MOST_THREADS", "Limit", "iterate_in_thread", "run_in_thread"]

MOST_THREADS = 40  # as many as anyio's default, which programs were tuned for

P = ParamSpec("P")
T = TypeVar("T")


class _Job:
    """One call on its way to a thread and back."""

    __slots__ = ("call", "context", "done", "error", "future", "loop", "result", "started", "token")

    def __init__(
        self, call: Callable[[], Any], loop: asyncio.AbstractEventLoop, future: asyncio.Future[Any]
    ) -> None:
        self.call = call
        self.token: Any = None
        self.context = contextvars.copy_context()
        self.loop = loop
        self.future = future
        self.result: Any = None
        self.error: BaseException | None = None
        self.started = False
        self.done = False


class _Workers:
    """The threads of this process and the jobs that wait for them."""

    def __init__(self) -> None:
        self._jobs: SimpleQueue[_Job] = SimpleQueue()
        self._lock = Lock()
        self._threads = 0
        self._idle = 0
        self._finished: WeakKeyDictionary[asyncio.AbstractEventLoop, deque[_Job]] = (
            WeakKeyDictionary()
        )
        self._tokens: WeakKeyDictionary[asyncio.AbstractEventLoop, Any] = WeakKeyDictionary()

    def put(self, job: _Job) -> None:
        token = self._tokens.get(job.loop)
        if token is None:
            token = self._tokens[job.loop] = anyio.lowlevel.current_token()
        job.token = token
        # Read without the lock: at worst one thread more than needed is started.
        if self._idle <= self._jobs.qsize() and self._threads < MOST_THREADS:
            with self._lock:
                if self._threads < MOST_THREADS:
                    self._threads += 1
                    Thread(
                        target=self._work, name=f"trivet-worker-{self._threads}", daemon=True
                    ).start()
        self._jobs.put(job)

    def _work(self) -> None:
        while True:
            with self._lock:
                self._idle += 1
            job = self._jobs.get()
            with self._lock:
                self._idle -= 1
            job.started = True
            # So that `anyio.from_thread.run` finds its way back from our threads as from its own.
            threadlocals.current_token = job.token
            if not job.future.cancelled():
                try:
                    job.result = job.context.run(job.call)
                except StopIteration as error:
                    # A future cannot carry it: it would end the generator that awaits.
                    job.error = RuntimeError("a function on a worker thread raised StopIteration")
                    job.error.__cause__ = error
                except BaseException as error:
                    job.error = error
            self._finish(job)
            del job

    def _finish(self, job: _Job) -> None:
        with self._lock:
            finished = self._finished.get(job.loop)
            if finished is None:
                finished = self._finished[job.loop] = deque()
            finished.append(job)
            first = len(finished) == 1
        if first:  # later ones go with the wake-up that is already under way
            try:
                job.loop.call_soon_threadsafe(self._deliver, job.loop)
            except RuntimeError:  # the loop has been closed: nobody waits any more
                with self._lock:
                    self._finished.pop(job.loop, None)

    def _deliver(self, loop: asyncio.AbstractEventLoop) -> None:
        with self._lock:
            finished = self._finished.pop(loop, ())
        for job in finished:
            job.done = True
            future = job.future
            if future.done():
                continue
            if job.error is not None:
                future.set_exception(job.error)
            else:
                future.set_result(job.result)
            job.error = None


_workers = _Workers()


async def run_in_thread(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call a blocking function on a worker thread, with a copy of the caller's context variables.

    A cancelled caller waits until a function that already runs has ended, because nobody can stop
    it; one that still waits for a thread is given up at once.
    """
    call = partial(function, *args, **kwargs) if args or kwargs else function
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:  # trio
        return await anyio.to_thread.run_sync(call)
    job = _Job(call, loop, loop.create_future())
    _workers.put(job)
    try:
        return await job.future  # type: ignore[no-any-return]
    except asyncio.CancelledError:
        if job.started and not job.done:
            job.future = loop.create_future()
            with anyio.CancelScope(shield=True):
                await asyncio.wait([job.future])
            if not job.future.cancelled():
                job.future.exception()  # nobody asks for it any more
        raise


_END = object()


async def iterate_in_thread(iterator: Iterator[T]) -> AsyncIterator[T]:
    """Iterate over a blocking iterator, each step on a worker thread."""
    while True:
        item = await run_in_thread(next, iterator, _END)  # type: ignore[arg-type]
        if item is _END:
            break
        yield item  # type: ignore[misc]


class Limit:
    """At most `most` at once, counted for each event loop of the process."""

    __slots__ = ("__weakref__", "_semaphores", "most")

    def __init__(self, most: int) -> None:
        self.most = most
        self._semaphores: WeakKeyDictionary[Any, anyio.Semaphore] = WeakKeyDictionary()

    def semaphore(self) -> anyio.Semaphore:
        """Give the semaphore of the running loop."""
        try:
            key: Any = asyncio.get_running_loop()
        except RuntimeError:  # trio: its token is the run
            key = anyio.lowlevel.current_token()
        found = self._semaphores.get(key)
        if found is None:
            found = self._semaphores[key] = anyio.Semaphore(self.most)
        return found
