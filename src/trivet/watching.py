"""What happens inside of parts, told to who watches: queries, jobs, look-ups in caches, mails.

A part that does something worth knowing keeps a tuple of watchers, empty unless somebody watches,
and tells them when it begins and when it ends. Who watches (metrics, traces, the pages of
development) knows nothing of the part. Facts have the names of OpenTelemetry's semantic
conventions where those have one (https://opentelemetry.io/docs/specs/semconv/), so that all who
read them share one vocabulary.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, Protocol

__all__ = ["Gauge", "Happening", "Probe", "Reading", "Watcher"]


@dataclass(slots=True, eq=False)
class Happening:
    """One thing that a part does, from its beginning to its end."""

    kind: str
    """What sort of thing, one word: ``query``, ``job``, ``cache``, ``mail``, ``request``, ``call``,
    ``generation``."""
    name: str
    """What it is called, of few different values: it becomes a label of metrics."""
    facts: dict[str, Any] = field(default_factory=dict)  # Any: texts, numbers, as each fact says
    began: float = field(default_factory=perf_counter)
    """In seconds, by `time.perf_counter`."""
    ended: float | None = None
    error: BaseException | None = None
    explain: Callable[[], Awaitable[str]] | None = None
    """Asks afterwards how it is done, in words for a developer: a query's EXPLAIN."""

    @property
    def seconds(self) -> float:
        """How long it took, or has taken so far."""
        return (perf_counter() if self.ended is None else self.ended) - self.began


class Watcher(Protocol):
    """Is told what happens, in the task in which it happens; it must neither wait nor raise."""

    def begins(self, happening: Happening) -> None:
        """Note that something begins."""

    def ends(self, happening: Happening) -> None:
        """Note that it has ended: `ended` is set, and `error` where it failed."""


@dataclass(frozen=True)
class Probe:
    """A question whether something that the application stands on is there."""

    name: str
    ask: Callable[[], Awaitable[str]]
    """Gives a word on it, such as ``PostgreSQL 15.4``; raises where it is not there or not ready."""
    needed: bool = True
    """Whether the application cannot serve without it: it is not ready then."""


@dataclass(frozen=True)
class Reading:
    """One value of a gauge."""

    value: float
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Gauge:
    """A number that goes up and down, read when somebody asks for it."""

    name: str
    """As Prometheus names it, with its unit: ``trivet_jobs_oldest_seconds``."""
    help: str
    read: Callable[[], Awaitable[Sequence[Reading]]]
    counts: bool = False
    """Whether it only ever goes up: a counter."""
