"""Blocking functions on worker threads, limits on how much runs at once, and work on the side.

`run_in_thread` is the cheap hand-over that sync handlers and dependencies use: a queue in C, one
wake-up of the event loop for all that finished meanwhile, and no cancel scope. How many run at once
is anyio's default limiter's to say; threads are daemons and never keep a process alive.
"""

from __future__ import annotations

import asyncio
import contextvars
import random
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from contextlib import AbstractContextManager, asynccontextmanager
from functools import partial
from queue import SimpleQueue
from threading import Lock, Thread
from typing import Any, ParamSpec, TypeVar
from weakref import WeakKeyDictionary

import anyio
import anyio.lowlevel
import anyio.to_thread
from anyio._core._eventloop import threadlocals  # what `anyio.from_thread` looks at; see `_work`
from anyio.lowlevel import RunVar

__all__ = [
    "Limit",
    "clean_in_thread",
    "contextmanager_in_threadpool",
    "iterate_in_thread",
    "repeating",
    "run_in_thread",
    "to_the_end",
]

P = ParamSpec("P")
T = TypeVar("T")


class _Lent:
    """What one event loop lends to its jobs: the way back to it, and anyio's limiter."""

    __slots__ = ("finished", "limiter", "token")

    def __init__(self) -> None:
        self.finished: deque[_Job] = deque()
        self.limiter = anyio.to_thread.current_default_thread_limiter()
        self.token = anyio.lowlevel.current_token()


class _Job:
    """One call on its way to a thread and back."""

    __slots__ = (
        "call",
        "context",
        "done",
        "error",
        "future",
        "is_limited",
        "lent",
        "loop",
        "result",
        "started",
    )

    def __init__(
        self,
        call: Callable[[], Any],
        loop: asyncio.AbstractEventLoop,
        lent: _Lent,
        *,
        is_limited: bool,
    ) -> None:
        self.is_limited = is_limited
        self.call = call
        self.context = contextvars.copy_context()
        self.loop = loop
        self.lent = lent
        self.future: asyncio.Future[Any] = loop.create_future()
        self.result: Any = None
        self.error: BaseException | None = None
        self.started = False
        self.done = False


class _Workers:
    """The threads of this process and the jobs that wait for them.

    There is a thread for every job that was let through, so none waits for another; threads that
    are no longer needed are kept, asleep, for the next burst.
    """

    def __init__(self) -> None:
        self._jobs: SimpleQueue[_Job] = SimpleQueue()
        self._lock = Lock()
        self._threads = 0
        self._busy = 0
        self._lent: WeakKeyDictionary[asyncio.AbstractEventLoop, _Lent] = WeakKeyDictionary()

    def lent_for(self, loop: asyncio.AbstractEventLoop) -> _Lent:
        found = self._lent.get(loop)
        if found is None:
            found = self._lent[loop] = _Lent()
        return found

    def put(self, job: _Job) -> None:
        with self._lock:
            self._busy += 1
            is_short = self._busy > self._threads
            if is_short:
                self._threads += 1
        if is_short:
            Thread(target=self._work, name="trivet-worker", daemon=True).start()
        self._jobs.put(job)

    def _work(self) -> None:
        while True:
            job = self._jobs.get()
            job.started = True
            # So that `anyio.from_thread.run` finds its way back from our threads as from its own.
            threadlocals.current_token = job.lent.token
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
        lent = job.lent
        with self._lock:
            self._busy -= 1
            is_first = not lent.finished
            lent.finished.append(job)
        if is_first:  # later ones go with the wake-up that is already under way
            try:
                job.loop.call_soon_threadsafe(self._deliver, lent)
            except RuntimeError:  # the loop has been closed: nobody waits any more
                lent.finished.clear()

    def _deliver(self, lent: _Lent) -> None:
        with self._lock:
            finished, lent.finished = lent.finished, deque()
        for job in finished:
            job.done = True
            future = job.future
            if not future.done():
                if job.error is not None:
                    future.set_exception(job.error)
                else:
                    future.set_result(job.result)
            job.error = None
            if job.is_limited:
                lent.limiter.release_on_behalf_of(job)


_workers = _Workers()


async def run_in_thread(function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """Call a blocking function on a worker thread, with a copy of the caller's context variables.

    At most as many run at once as anyio's default limiter allows, which programs tune. A cancelled
    caller waits until a function that already runs has ended, because nobody can stop it; one that
    still waits for a thread is given up at once.
    """
    call: Callable[[], T] = partial(function, *args, **kwargs) if args or kwargs else function
    loop = _running_loop()
    if loop is None:  # trio
        return await anyio.to_thread.run_sync(call)
    lent = _workers.lent_for(loop)
    job = _Job(call, loop, lent, is_limited=True)
    try:
        lent.limiter.acquire_on_behalf_of_nowait(job)
    except anyio.WouldBlock:
        await lent.limiter.acquire_on_behalf_of(job)
    result: T = await _run(job)
    return result


async def clean_in_thread(function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """Call a blocking function that gives something back, as `run_in_thread` does but at once.

    It needs no free place among the workers: those who hold the places may be waiting for it.
    """
    call: Callable[[], T] = partial(function, *args, **kwargs) if args or kwargs else function
    loop = _running_loop()
    if loop is None:
        return await anyio.to_thread.run_sync(call, limiter=anyio.CapacityLimiter(1))
    result: T = await _run(_Job(call, loop, _workers.lent_for(loop), is_limited=False))
    return result


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


async def _run(job: _Job) -> Any:  # Any: what the job's function gives
    _workers.put(job)
    try:
        return await job.future
    except asyncio.CancelledError:
        if job.started and not job.done:
            job.future = job.loop.create_future()
            with anyio.CancelScope(shield=True):
                await asyncio.wait([job.future])
            if not job.future.cancelled():
                job.future.exception()  # nobody asks for it any more
        raise


_END = object()


async def iterate_in_thread(iterator: Iterator[T]) -> AsyncIterator[T]:
    """Iterate over a blocking iterator, each step on a worker thread."""
    while True:
        item = await run_in_thread(next, iterator, _END)
        if item is _END:
            break
        yield item  # type: ignore[misc]


@asynccontextmanager
async def contextmanager_in_threadpool(manager: AbstractContextManager[T]) -> AsyncIterator[T]:
    """Enter and leave a blocking context manager on worker threads.

    Leaving is not given up when the caller is cancelled: what was opened is closed.
    """
    entered = False

    def enter() -> T:
        nonlocal entered
        value = manager.__enter__()
        entered = True
        return value

    try:
        value = await run_in_thread(enter)
    except BaseException as error:
        if entered:  # cancelled while it was being entered
            with anyio.CancelScope(shield=True):
                await clean_in_thread(manager.__exit__, type(error), error, error.__traceback__)
        raise
    try:
        yield value
    except BaseException as error:
        with anyio.CancelScope(shield=True):
            swallowed = await clean_in_thread(
                manager.__exit__, type(error), error, error.__traceback__
            )
        if not swallowed:
            raise
    else:
        with anyio.CancelScope(shield=True):
            await clean_in_thread(manager.__exit__, None, None, None)


# The semaphores of each event loop; a limit that nobody holds any more takes its semaphore along.
_semaphores: RunVar[WeakKeyDictionary[Limit, anyio.Semaphore]] = RunVar("trivet_semaphores")


async def to_the_end(work: Coroutine[Any, Any, T]) -> T:
    """Await what must not be left half done, though the task is cancelled once more meanwhile.

    It runs in a task of its own; the cancellation is raised when it is done. anyio's shields do
    nothing against `asyncio.Task.cancel`.
    """
    task = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError as error:
            cancelled = error
        except BaseException:
            break  # it is the task's own, and raised below
    if cancelled is not None and not task.cancelled() and task.exception() is None:
        raise cancelled
    return task.result()


@asynccontextmanager
async def repeating(
    work: Callable[[], Awaitable[object]],
    every: float,
    *,
    name: str,
    failed: Callable[[Exception], None],
) -> AsyncIterator[None]:
    """Do some work each `every` seconds or so while the block runs.

    Between half of it and one and a half, so that processes do not do it at the same moment. What
    it raises is told to `failed`, and it is done again the next time.
    """
    task = asyncio.create_task(_repeat(work, every, failed), name=name)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _repeat(
    work: Callable[[], Awaitable[object]], every: float, failed: Callable[[Exception], None]
) -> None:
    while True:
        await asyncio.sleep(every * random.uniform(0.5, 1.5))
        try:
            await work()
        except Exception as error:
            failed(error)


class Limit:
    """At most `most` at once, counted for each event loop of the process."""

    __slots__ = ("__weakref__", "most")

    def __init__(self, most: int) -> None:
        self.most = most

    def get_semaphore(self) -> anyio.Semaphore:
        """Give the semaphore of the running loop."""
        semaphores = _semaphores.get(None)
        if semaphores is None:
            semaphores = WeakKeyDictionary()
            _semaphores.set(semaphores)
        found = semaphores.get(self)
        if found is None:
            found = semaphores[self] = anyio.Semaphore(self.most)
        return found
