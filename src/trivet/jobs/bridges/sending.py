"""A job that gives a task to another queue: its row, in the caller's transaction, is an outbox.

Each call has an id of its own from the moment at which it is put in. It is kept in the row, so that
a task that is sent twice, as nobody heard of the first time, has the same id both times.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, TypeVar
from uuid import uuid4

from pydantic import JsonValue

from trivet.jobs.arguments import BadArguments
from trivet.jobs.enqueueing import Entry
from trivet.jobs.job import Job, job_of
from trivet.jobs.options import JobArgs, Unique
from trivet.jobs.part import Jobs

__all__ = ["Send", "SentJob", "sent"]

R = TypeVar("R")

Send = Callable[[str, list[JsonValue], dict[str, JsonValue]], Awaitable[R]]
"""Gives a task to the other queue, with this id and these arguments, and waits until it is kept."""


class SentJob(Job[..., R]):
    """A job for which a worker only sends a task: put in, and called, with the task's arguments.

    They are of JSON's own types: a `datetime` would arrive as text.
    """

    only_names = False

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Send the task here and now, whatever becomes of the present transaction."""
        return self.function(*self._given(args, kwargs))

    def entry(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Entry:
        """Give what is written for a call; raises `BadArguments`."""
        return super().entry(self._given(args, kwargs), {})

    def _given(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...]:
        if args and self.only_names:
            raise BadArguments(
                f"the job {self.name!r}: the tasks of this queue take their arguments by name,"
                f" and this call has {args!r} without names"
            )
        return str(uuid4()), list(args), kwargs


def sent(
    send: Send[R], name: str, given: JobArgs, jobs: Jobs | None, *, only_names: bool = False
) -> SentJob[R]:
    """Make a job of what sends a task, and let the workers of `jobs` know it."""
    # A word with the broker, not an hour of work.
    options: JobArgs = {"name": name, "timeout": 60.0, **given}
    made = job_of(send, options)
    job: SentJob[R] = SentJob(made.function, made.options)
    job.only_names = only_names
    unique, limit_by = job.options.unique, job.options.limit_by
    job.options = replace(
        job.options,
        unique=unique and Unique(_of_task(unique.by or _everything), unique.until),
        limit_by=limit_by and _of_task(limit_by),
    )
    if jobs is not None:
        jobs.add(job)
    return job


def _of_task(by: Callable[..., object]) -> Callable[..., object]:
    """Give what looks at the task's arguments, and not at its id, which no two calls share."""

    def look(id: str, args: list[Any], kwargs: dict[str, Any]) -> object:
        return by(*args, **kwargs)

    return look


def _everything(*args: Any, **kwargs: Any) -> object:
    return args, sorted(kwargs.items())
