"""Jobs that wait for others: chains, and groups with one job behind them.

All rows are written in the caller's transaction. A job that waits is `BLOCKED` until those before
it are done; it is told their results by `run.results(…)`. Where one of them is dead it goes on
waiting, as that one may be given new attempts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from trivet.errors import SetupError
from trivet.jobs.enqueueing import Entry, enqueue_many, store
from trivet.jobs.handles import Queued
from trivet.jobs.tables import unit_with_board

__all__ = ["chain", "group"]


async def chain(*steps: Entry) -> Queued[Any]:
    """Put in jobs that run one after the other; gives the last, whose result is the chain's.

    ``await chain(fetch.step(7), resize.step(width=200), publish.step())``
    """
    if not steps:
        raise SetupError("a chain needs jobs", code="jobs.group", mend="chain(first.step(…), …)")
    for step in steps:
        _check(step)
    unit, board = unit_with_board()
    last: Queued[Any] | None = None
    following: Queued[Any] | None = None
    for index in range(len(steps) - 1, -1, -1):
        next_id = None if following is None else following.id
        following = await store(unit, board, steps[index], next_id, missing=min(index, 1))
        last = last or following
    assert last is not None, "there is one step at least"
    return last


async def group(steps: Sequence[Entry], *, then: Entry) -> Queued[Any]:
    """Put in jobs that run side by side, and one that runs when they are all done; gives that one.

    ``await group([score.step(x) for x in papers], then=total.step())``
    """
    for step in (*steps, then):
        _check(step)
    unit, board = unit_with_board()
    last = await store(unit, board, then, missing=len(steps))
    if steps:
        await enqueue_many(steps, next_id=last.id)
    return last


def _check(step: Entry) -> None:
    if step.options.unique is not None:
        raise SetupError(
            f"the job {step.options.name!r} is unique, and may be the one that is there already:"
            " it cannot be a part of two chains or groups",
            code="jobs.group",
            mend="@job without unique=, or a job that calls it",
        )
