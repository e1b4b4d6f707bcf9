"""Blocking functions on worker threads: values, errors, cancellation, context, and limits."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import anyio
import anyio.from_thread
import anyio.to_thread
import pytest

from trivet.concurrency import (
    Limit,
    clean_in_thread,
    contextmanager_in_threadpool,
    iterate_in_thread,
    repeating,
    run_in_thread,
    to_the_end,
)

VALUE: contextvars.ContextVar[str] = contextvars.ContextVar("VALUE", default="none")
WAIT = 10  # seconds, for what happens at once unless something is broken


class OwnError(Exception):
    pass


def _raise(error: BaseException) -> None:
    raise error


async def test_value_comes_back_from_another_thread() -> None:
    assert await run_in_thread(threading.get_ident) != threading.get_ident()
    assert await run_in_thread(lambda a, b=0: a + b, 1, b=2) == 3


async def test_every_name_may_be_an_argument() -> None:
    def names(**given: Any) -> list[str]:
        return sorted(given)

    assert await run_in_thread(names, function=1, self=2, call=3) == ["call", "function", "self"]


@pytest.mark.parametrize("error", [OwnError("x"), KeyError("x"), SystemExit(3)])
async def test_errors_are_raised_where_it_was_awaited(error: BaseException) -> None:
    with pytest.raises(type(error)) as raised:
        await run_in_thread(_raise, error)

    assert raised.value is error


async def test_a_stop_iteration_does_not_end_the_caller() -> None:
    with pytest.raises(RuntimeError, match="StopIteration"):
        await run_in_thread(next, iter(()))


async def test_context_variables_are_a_copy() -> None:
    VALUE.set("mine")

    def look() -> str:
        seen = VALUE.get()
        VALUE.set("changed")
        return seen

    assert await run_in_thread(look) == "mine"
    assert VALUE.get() == "mine"


async def test_a_job_that_waits_for_a_later_one_is_not_starved() -> None:
    for _ in range(50):
        opened = threading.Event()
        waiting = asyncio.ensure_future(run_in_thread(opened.wait, WAIT))
        await asyncio.sleep(0)

        await run_in_thread(opened.set)

        assert await waiting


async def test_more_than_the_limiter_allows_wait_for_their_turn() -> None:
    limiter = anyio.to_thread.current_default_thread_limiter()
    most = int(limiter.total_tokens)
    running = 0
    peak = 0
    lock = threading.Lock()
    full = threading.Barrier(most)

    def work(number: int) -> int:
        nonlocal running, peak
        with lock:
            running += 1
            peak = max(peak, running)
        full.wait(WAIT)
        with lock:
            running -= 1
        return number

    given = await asyncio.gather(*(run_in_thread(work, n) for n in range(3 * most)))

    assert given == list(range(3 * most))
    assert peak == most
    assert limiter.borrowed_tokens == 0


async def test_cleaning_needs_no_free_place() -> None:
    limiter = anyio.to_thread.current_default_thread_limiter()
    release = threading.Event()
    holders = [
        asyncio.ensure_future(run_in_thread(release.wait, WAIT))
        for _ in range(int(limiter.total_tokens))
    ]
    await asyncio.sleep(0)

    await clean_in_thread(release.set)

    assert all(await asyncio.gather(*holders))


async def test_a_cancelled_caller_waits_for_what_already_runs() -> None:
    started, release, done = threading.Event(), threading.Event(), threading.Event()

    def work() -> None:
        started.set()
        release.wait(WAIT)
        done.set()

    task = asyncio.ensure_future(run_in_thread(work))
    await run_in_thread(started.wait, WAIT)
    task.cancel()
    await asyncio.sleep(0)
    assert not task.done()
    release.set()

    with pytest.raises(asyncio.CancelledError):
        await task
    assert done.is_set()


async def test_an_error_of_what_a_cancelled_caller_waits_for_is_dropped() -> None:
    started, release = threading.Event(), threading.Event()

    def work() -> None:
        started.set()
        release.wait(WAIT)
        raise OwnError

    task = asyncio.ensure_future(run_in_thread(work))
    await run_in_thread(started.wait, WAIT)
    task.cancel()
    await asyncio.sleep(0)
    release.set()

    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_cancelled_caller_without_a_place_gives_up_at_once() -> None:
    limiter = anyio.to_thread.current_default_thread_limiter()
    release = threading.Event()
    holders = [
        asyncio.ensure_future(run_in_thread(release.wait, WAIT))
        for _ in range(int(limiter.total_tokens))
    ]
    await asyncio.sleep(0)
    called: list[int] = []
    late = asyncio.ensure_future(run_in_thread(called.append, 1))
    await asyncio.sleep(0)

    late.cancel()
    with pytest.raises(asyncio.CancelledError):
        await late
    release.set()
    await asyncio.gather(*holders)
    await run_in_thread(int)

    assert called == []
    assert limiter.borrowed_tokens == 0


async def test_a_scope_that_is_cancelled_ends_with_the_function() -> None:
    started, release = threading.Event(), threading.Event()

    def work() -> None:
        started.set()
        release.wait(WAIT)

    with anyio.CancelScope() as scope:
        async with anyio.create_task_group() as group:
            group.start_soon(run_in_thread, work)
            await run_in_thread(started.wait, WAIT)
            scope.cancel()
            release.set()

    assert scope.cancelled_caught


async def test_a_thread_may_call_back_into_the_loop() -> None:
    async def double(number: int) -> int:
        await asyncio.sleep(0)
        return 2 * number

    def work() -> int:
        return anyio.from_thread.run(double, 21) + anyio.from_thread.run_sync(int, "1")

    assert await run_in_thread(work) == 43


def test_each_event_loop_gets_its_own_answers() -> None:
    async def ask(name: str) -> list[str]:
        return list(await asyncio.gather(*(run_in_thread(str, f"{name}{n}") for n in range(20))))

    given: dict[str, list[str]] = {}
    threads = [
        threading.Thread(target=lambda name=name: given.update({name: asyncio.run(ask(name))}))
        for name in "abc"
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WAIT)

    assert given == {name: [f"{name}{n}" for n in range(20)] for name in "abc"}


def test_a_loop_that_is_closed_early_harms_nobody() -> None:
    release = threading.Event()

    async def leave() -> None:
        asyncio.get_running_loop().call_soon(release.set)
        task = asyncio.ensure_future(run_in_thread(release.wait, WAIT))
        await asyncio.sleep(0)
        task.cancel()

    asyncio.run(leave())

    assert asyncio.run(run_in_thread(int, "7")) == 7


async def test_an_iterator_runs_on_threads_and_ends() -> None:
    def numbers() -> Iterator[int]:
        assert threading.current_thread() is not threading.main_thread()
        yield 1
        yield 2

    assert [number async for number in iterate_in_thread(numbers())] == [1, 2]


async def test_an_error_of_an_iterator_comes_through() -> None:
    def numbers() -> Iterator[int]:
        yield 1
        raise OwnError

    with pytest.raises(OwnError):
        async for _ in iterate_in_thread(numbers()):
            pass


@contextmanager
def _noting(log: list[str], *, swallow: bool = False) -> Iterator[str]:
    log.append("in")
    try:
        yield "value"
    except OwnError:
        log.append("error")
        if not swallow:
            raise
    finally:
        log.append("out")


async def test_a_context_manager_is_entered_and_left() -> None:
    log: list[str] = []

    async with contextmanager_in_threadpool(_noting(log)) as value:
        assert value == "value"

    assert log == ["in", "out"]


async def test_a_context_manager_sees_the_error_and_may_swallow_it() -> None:
    log: list[str] = []

    with pytest.raises(OwnError):
        async with contextmanager_in_threadpool(_noting(log)):
            raise OwnError
    async with contextmanager_in_threadpool(_noting(log, swallow=True)):
        raise OwnError

    assert log == ["in", "error", "out", "in", "error", "out"]


async def test_a_limit_lets_so_many_in_at_once() -> None:
    limit = Limit(2)
    inside = 0
    peak = 0

    async def work() -> None:
        nonlocal inside, peak
        async with limit.get_semaphore():
            inside += 1
            peak = max(peak, inside)
            await asyncio.sleep(0)
            inside -= 1

    await asyncio.gather(*(work() for _ in range(10)))

    assert peak == 2


def test_a_limit_is_counted_for_each_loop() -> None:
    limit = Limit(1)

    async def take() -> int:
        async with limit.get_semaphore():
            return limit.get_semaphore().value

    assert [asyncio.run(take()) for _ in range(2)] == [0, 0]


async def test_what_runs_to_the_end_does_so_though_it_is_cancelled_again() -> None:
    steps: list[str] = []

    async def clean() -> None:
        await asyncio.sleep(0.02)
        steps.append("clean")

    async def work() -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            await to_the_end(clean())
            steps.append("went on")
            raise

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    for _ in range(3):
        task.cancel()
        await asyncio.sleep(0)
    with pytest.raises(asyncio.CancelledError):
        await task

    assert steps == ["clean"]


async def test_what_runs_to_the_end_gives_and_raises_its_own() -> None:
    async def give() -> int:
        return 7

    async def fail() -> int:
        raise LookupError

    assert await to_the_end(give()) == 7
    with pytest.raises(LookupError):
        await to_the_end(fail())


async def test_work_is_repeated_while_the_block_runs_although_it_fails() -> None:
    begun = 0
    told: list[Exception] = []
    often = asyncio.Event()

    async def work() -> None:
        nonlocal begun
        begun += 1
        if begun >= 3:
            often.set()
        raise ValueError(begun)

    async with asyncio.timeout(20), repeating(work, 0.01, name="work", failed=told.append):
        await often.wait()
    ended = begun
    await asyncio.sleep(0.1)

    assert begun == ended
    assert [error.args for error in told] == [(number,) for number in range(1, ended + 1)]
