"""Calls that come together go to the model together; each has its own result."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import anyio
import pytest

from trivet.ai import BatchError, Busy, batched
from trivet.errors import SetupError


class Model:
    """Counts letters, many texts at a time."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.go = anyio.Event()
        self.go.set()
        self.ended = 0

    async def lengths(self, texts: list[str]) -> Sequence[int | Exception]:
        self.batches.append(texts)
        try:
            await self.go.wait()
        finally:
            self.ended += 1
        if "break" in texts:
            raise RuntimeError("broken")
        return [ValueError(text) if text == "bad" else len(text) for text in texts]


@pytest.fixture
def model() -> Model:
    return Model()


async def _settled() -> None:
    for _ in range(5):
        await anyio.lowlevel.checkpoint()


async def test_calls_at_one_moment_are_one_call(model: Model) -> None:
    lengths = batched(max_size=10, max_wait=0.01)(model.lengths)
    found: dict[str, int] = {}

    async def ask(text: str) -> None:
        found[text] = await lengths(text)

    async with anyio.create_task_group() as group:
        for text in ("a", "bb", "ccc"):
            group.start_soon(ask, text)

    assert found == {"a": 1, "bb": 2, "ccc": 3}
    assert model.batches == [["a", "bb", "ccc"]]


async def test_a_full_batch_does_not_wait_and_the_order_is_kept(model: Model) -> None:
    lengths = batched(max_size=2, max_wait=3600)(model.lengths)

    async with anyio.create_task_group() as group:
        for text in ("a", "b", "c", "d"):
            group.start_soon(lengths, text)

    assert model.batches == [["a", "b"], ["c", "d"]]


async def test_what_comes_while_the_model_works_goes_together_afterwards(model: Model) -> None:
    lengths = batched(max_size=3, max_wait=0)(model.lengths)
    model.go = anyio.Event()

    async with anyio.create_task_group() as group:
        for text in ("a", "b", "c", "d", "e"):
            group.start_soon(lengths, text)
        await _settled()
        assert model.batches == [["a"]]
        model.go.set()

    assert model.batches == [["a"], ["b", "c", "d"], ["e"]]


async def test_each_has_its_own_error(model: Model) -> None:
    lengths = batched(max_size=2, max_wait=3600)(model.lengths)

    async with anyio.create_task_group() as group:
        group.start_soon(lengths, "fine")
        with pytest.raises(ValueError, match="bad"):
            await lengths("bad")


async def test_an_error_of_the_whole_is_everybodys(model: Model) -> None:
    lengths = batched(max_size=2, max_wait=3600)(model.lengths)
    failed: list[str] = []

    async def ask(text: str) -> None:
        with pytest.raises(RuntimeError, match="broken"):
            await lengths(text)
        failed.append(text)

    async with anyio.create_task_group() as group:
        group.start_soon(ask, "fine")
        group.start_soon(ask, "break")

    assert sorted(failed) == ["break", "fine"]
    assert await batched(max_wait=0)(model.lengths)("later") == 5


async def test_one_who_leaves_takes_nothing_from_the_others(model: Model) -> None:
    lengths = batched(max_size=2, max_wait=3600)(model.lengths)
    model.go = anyio.Event()
    found: list[int] = []

    async def ask() -> None:
        found.append(await lengths("stays"))

    async with anyio.create_task_group() as group:
        async with anyio.create_task_group() as leaving:
            group.start_soon(ask)
            leaving.start_soon(lengths, "leaves")
            await _settled()
            leaving.cancel_scope.cancel()
        model.go.set()

    assert found == [5]


async def test_one_who_leaves_before_the_batch_begins_is_not_in_it(model: Model) -> None:
    lengths = batched(max_size=2, max_wait=3600)(model.lengths)

    async with anyio.create_task_group() as leaving:
        leaving.start_soon(lengths, "leaves")
        await _settled()
        leaving.cancel_scope.cancel()
    async with anyio.create_task_group() as group:
        group.start_soon(lengths, "a")
        group.start_soon(lengths, "b")

    assert model.batches == [["a", "b"]]


async def test_a_batch_that_nobody_waits_for_is_ended(model: Model) -> None:
    lengths = batched(max_size=1)(model.lengths)
    model.go = anyio.Event()

    async with anyio.create_task_group() as leaving:
        leaving.start_soon(lengths, "leaves")
        await _settled()
        leaving.cancel_scope.cancel()
    await _settled()
    model.go.set()

    assert model.ended == 1
    assert await lengths("next") == 4


async def test_a_blocking_function_runs_on_a_thread() -> None:
    @batched(max_size=2)
    def shout(texts: list[str]) -> list[str]:
        """Shout."""
        return [f"{text}! {threading.current_thread().name}" for text in texts]

    said = await shout("hey")

    assert said.startswith("hey! trivet-worker")
    assert (shout.__name__, shout.__doc__) == ("shout", "Shout.")  # type: ignore[attr-defined]


async def test_too_few_results_are_an_error_that_counts_them() -> None:
    @batched(max_size=1)
    async def lose(texts: list[str]) -> list[str]:
        return []

    with pytest.raises(BatchError, match=r"lose\(\) was given 1 items and gave 0 results"):
        await lose("a")


async def test_more_than_may_wait_are_told_to_come_later(model: Model) -> None:
    lengths = batched(max_size=1, max_pending=1)(model.lengths)
    model.go = anyio.Event()

    async with anyio.create_task_group() as group:
        group.start_soon(lengths, "runs")
        group.start_soon(lengths, "waits")
        await _settled()
        with pytest.raises(Busy):
            await lengths("too much")
        model.go.set()


def test_it_works_on_one_event_loop_after_the_other(model: Model) -> None:
    lengths = batched(max_wait=0)(model.lengths)

    assert [anyio.run(lengths, "ab"), anyio.run(lengths, "abc")] == [2, 3]


def test_a_batch_of_none_is_refused() -> None:
    with pytest.raises(SetupError) as caught:
        batched(max_size=0)(len)  # type: ignore[arg-type]
    assert caught.value.code == "ai.batched"
