"""A job: a function that is called later, by a worker, as often as it takes.

A `Job` is data: what it is called, how it is tried, what it is called with. `enqueue` puts a row
into the database of the present unit of work, in its transaction.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar, overload

from typing_extensions import Unpack

from trivet.errors import place_of
from trivet.jobs.arguments import Arguments
from trivet.jobs.enqueueing import Entry, When, enqueue, enqueue_many
from trivet.jobs.handles import Queued
from trivet.jobs.options import JobArgs, JobOptions, options_of
from trivet.jobs.run import Run

__all__ = ["Declare", "Job", "job", "job_of", "place"]

P = ParamSpec("P")
R = TypeVar("R")


class Job(Generic[P, R]):
    """What `@job` makes of a function; calling it calls the function."""

    def __init__(self, function: Callable[..., Any], options: JobOptions) -> None:
        self.function = function
        self.options = options
        self.arguments = Arguments(function, options.name, place(function))
        self.when = When()
        self.__name__ = getattr(function, "__name__", options.name)
        self.__doc__ = function.__doc__
        self.__module__ = function.__module__

    @property
    def name(self) -> str:
        """What it is called in the tables."""
        return self.options.name

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function, here and now: all of its parameters are given by the caller."""
        return self.function(*args, **kwargs)

    def __repr__(self) -> str:
        return f"<job {self.name}>"

    def using(
        self,
        *,
        delay: float | timedelta | None = None,
        at: datetime | None = None,
        queue: str | None = None,
        priority: int | None = None,
    ) -> Job[P, R]:
        """Give the same job to be put in differently: later, elsewhere, before or behind others.

        `delay` is in seconds from now; `at` is a moment with a time zone.
        """
        made = object.__new__(type(self))
        made.__dict__.update(self.__dict__)
        options = self.options
        made.options = replace(
            options,
            queue=options.queue if queue is None else queue,
            priority=options.priority if priority is None else priority,
        )
        made.when = self.when if delay is None and at is None else When.given(delay, at)
        return made

    async def enqueue(self, *args: P.args, **kwargs: P.kwargs) -> Queued[R]:
        """Put one in, in the present transaction: it is there if, and only if, that commits.

        Raises `BadArguments` for arguments that do not fit, and `OutsideUnitError` where there is
        no unit of work.
        """
        return await enqueue(self.entry(args, kwargs))

    async def enqueue_many(self, calls: Iterable[tuple[Any, ...]]) -> int:
        """Put one in for each tuple of arguments, by few statements; gives how many."""
        return await enqueue_many([self.entry(args, {}) for args in calls])

    def step(self, *args: P.args, **kwargs: P.kwargs) -> Entry:
        """Give a call as a part of a `chain` or a `group`."""
        return self.entry(args, kwargs)

    def unique_key(self, text: str) -> str | None:
        """Give the key of one that was kept, by its arguments; None where it is not unique."""
        if self.options.unique is None:
            return None
        kept = self.arguments.read(text)
        return Entry(self.options, self.when, self.arguments, text, (), kept).unique_key()

    def entry(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Entry:
        """Give what is written for a call; raises `BadArguments`."""
        return Entry(
            self.options, self.when, self.arguments, self.arguments.write(args, kwargs),
            args, kwargs,
        )  # fmt: skip


@dataclass(frozen=True)
class Declare:
    """Declares a function, async or not, as a job: ``@job`` or ``@job(queue="mail")``.

    The options are those of `JobArgs`. `known` is told of each job: workers of an application know
    those that are declared with its ``@jobs.job``, or given to `jobs.add`.
    """

    known: Callable[[Job[..., Any]], object] | None = None
    options: JobArgs = field(default_factory=JobArgs)

    @overload
    def __call__(self, function: Callable[Concatenate[Run, P], Awaitable[R]], /) -> Job[P, R]: ...
    @overload
    def __call__(self, function: Callable[Concatenate[Run, P], R], /) -> Job[P, R]: ...
    @overload
    def __call__(self, function: Callable[P, Awaitable[R]], /) -> Job[P, R]: ...
    @overload
    def __call__(self, function: Callable[P, R], /) -> Job[P, R]: ...
    @overload
    def __call__(self, **options: Unpack[JobArgs]) -> Declare: ...
    def __call__(self, *function: Callable[..., Any], **options: Any) -> Any:
        """Make the job, or take its options."""
        if not function:
            merged: Any = {**self.options, **options}
            return replace(self, options=merged)
        made = job_of(function[0], self.options)
        if self.known is not None:
            self.known(made)
        return made


job = Declare()


def job_of(function: Callable[..., Any], given: JobArgs) -> Job[..., Any]:
    """Make a job of a function."""
    name = f"{function.__module__}.{function.__qualname__}"
    return Job(function, options_of(name, place(function), given))


def place(function: Callable[..., Any]) -> str | None:
    """Say where a function is written."""
    found = place_of(function)
    return f"{found['file']}:{found['line']}" if "file" in found else None
