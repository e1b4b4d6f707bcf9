"""Writing down what became of jobs, many at a time; and who waits for them may run.

Every statement asks for the token of the claim: what a worker says of a job that is not its any
more, as its lease had lapsed, changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Update, bindparam, case, delete, null, tuple_, update

from trivet.db import Unit
from trivet.jobs.held import LeaseLost, Outcome
from trivet.jobs.moments import database_now, milliseconds
from trivet.jobs.tables import Board, State

__all__ = ["conclude", "finish"]

_LONGEST_ERROR = 20_000  # characters, of the end of a traceback


async def finish(unit: Unit, board: Board, outcomes: Sequence[Outcome]) -> None:
    """Write down what became of jobs."""
    forgotten = [one for one in outcomes if _is_forgotten(one)]
    followed = [one for one in outcomes if _is_followed(one)]
    others = [one for one in outcomes if not (_is_forgotten(one) or _is_followed(one))]
    if forgotten:
        jobs = board.jobs
        keys = [(one.held.id, one.held.token) for one in forgotten]
        await unit.execute(delete(jobs).where(tuple_(jobs.c.id, jobs.c.token).in_(keys)))
    over = [one for one in others if one.state.is_over]
    again = [one for one in others if not one.state.is_over]
    for some, statement in ((over, _ending(board)), (again, _returning(board))):
        if some:
            await unit.execute(statement, [_values(one) for one in some])
    for one in followed:
        # One who has lost it must not count for those that wait.
        if (await unit.execute(_ending(board), _values(one))).rowcount == 1:
            await _release(unit, board, one)


async def conclude(unit: Unit, board: Board, outcome: Outcome) -> None:
    """Write down that a job is done in its own transaction, so that both are there or neither.

    Raises `LeaseLost` where somebody else has it by now.
    """
    if (await unit.execute(_ending(board), _values(outcome))).rowcount != 1:
        raise LeaseLost(outcome.held.id)
    if _is_followed(outcome):
        await _release(unit, board, outcome)


def _is_forgotten(outcome: Outcome) -> bool:
    held = outcome.held
    return outcome.state is State.DONE and held.keep == 0 and held.next_id is None


def _is_followed(outcome: Outcome) -> bool:
    return outcome.state is State.DONE and outcome.held.next_id is not None


async def _release(unit: Unit, board: Board, outcome: Outcome) -> None:
    """Let the job that waits for this one run, if this was the last that it waited for."""
    jobs = board.jobs
    is_last = jobs.c.missing == 1
    starts = case((jobs.c.due > database_now(), State.LATER), else_=State.READY)
    await unit.execute(
        update(jobs)
        .where(jobs.c.id == outcome.held.next_id, jobs.c.state == State.BLOCKED)
        # In this order: MariaDB reads a column as it has just set it.
        .ordered_values(
            (jobs.c.state, case((is_last, starts), else_=State.BLOCKED)),
            (jobs.c.missing, jobs.c.missing - 1),
        )
    )
    unit.on_commit(board.tell)


def _ending(board: Board) -> Update:
    return _of_holder(board).values(
        state=bindparam("b_state"),
        due=database_now() + bindparam("b_due", type_=board.jobs.c.due.type),
        result=bindparam("b_result"),
        error=bindparam("b_error"),
        unique_key=null(),
        token=null(),
        worker=null(),
        finished=database_now(),
    )


def _returning(board: Board) -> Update:
    jobs = board.jobs
    return _of_holder(board).values(
        state=bindparam("b_state"),
        due=database_now() + bindparam("b_due", type_=jobs.c.due.type),
        error=bindparam("b_error"),
        attempt=jobs.c.attempt - bindparam("b_uncounted", type_=jobs.c.attempt.type),
        token=null(),
        worker=null(),
    )


def _of_holder(board: Board) -> Update:
    jobs = board.jobs
    return update(jobs).where(jobs.c.id == bindparam("b_id"), jobs.c.token == bindparam("b_token"))


def _values(outcome: Outcome) -> dict[str, object]:
    held = outcome.held
    pause = held.keep if outcome.state.is_over else outcome.pause
    error = outcome.error
    values: dict[str, object] = {
        "b_id": held.id,
        "b_token": held.token,
        "b_state": outcome.state,
        "b_due": milliseconds(pause),
        "b_error": error and error[-_LONGEST_ERROR:],
    }
    if outcome.state.is_over:
        values["b_result"] = outcome.result
    else:
        values["b_uncounted"] = 0 if outcome.is_counted else 1
    return values
