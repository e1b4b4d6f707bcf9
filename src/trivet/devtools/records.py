"""What is kept of one request, or of one run of a job: text, with no secrets in it any more."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from time import perf_counter
from typing import Any, Literal

from trivet.app.debug_frames import Raised
from trivet.app.places import Place
from trivet.devtools.queries import Fault, Query, faults_in
from trivet.devtools.redacted import Rows

__all__ = ["LogLine", "Received", "Record", "Seen"]

Kind = Literal["request", "job"]


@dataclass(slots=True, eq=False)
class Seen:
    """One happening, as it is shown."""

    number: int
    """Counted through all of the process."""
    kind: str
    name: str
    at: datetime
    began: float
    """In seconds, by `time.perf_counter`."""
    place: Place | None
    facts: Rows = ()
    text: str = ""
    """Of a query: what was asked."""
    values: Rows = ()
    ended: float | None = None
    error: str = ""
    explain: Callable[[], Awaitable[str]] | None = None

    @property
    def seconds(self) -> float:
        """How long it took, or has taken so far."""
        return (perf_counter() if self.ended is None else self.ended) - self.began

    def fact(self, name: str) -> str:
        """Give one fact, empty where it was not told."""
        return next((text for known, text in self.facts if known == name), "")


@dataclass(frozen=True, slots=True)
class LogLine:
    """One record of `logging`."""

    at: datetime
    level: str
    logger: str
    message: str
    place: str
    chain: tuple[Raised, ...] = ()
    record: int | None = None
    """The number of the request in which it was written."""


@dataclass(frozen=True, slots=True)
class Received:
    """What a client sent, by the places where handlers read it."""

    path: Rows = ()
    query: Rows = ()
    headers: Rows = ()
    cookies: Rows = ()
    body: str = ""


@dataclass(slots=True, eq=False)
class Record:
    """One request, or one run of a job outside of requests."""

    number: int
    kind: Kind
    method: str
    """Of a job the word ``JOB``."""
    target: str
    """The path with its query; of a job its name."""
    at: datetime
    began: float
    client: str = ""
    pattern: str | None = None
    route: Any = None  # Any: typed routes, and Starlette's
    received: Received = field(default_factory=Received)
    status: int | None = None
    ended: float | None = None
    outcome: str = ""
    """Of a job: ``done``, ``later`` where it failed and is tried again, ``dead`` …"""
    answer_headers: Rows = ()
    seen: list[Seen] = field(default_factory=list)
    logs: list[LogLine] = field(default_factory=list)
    chain: tuple[Raised, ...] = ()
    """The exception that nobody handled, and those that led to it."""
    hint: str | None = None
    """What to do about it, where that is known."""
    forgotten: int = 0
    """Happenings beyond the most that are kept of one request."""

    @property
    def seconds(self) -> float:
        """How long it took, or has taken so far."""
        return (perf_counter() if self.ended is None else self.ended) - self.began

    @property
    def title(self) -> str:
        """Give the method and the path."""
        return f"{self.method} {self.target}"

    def of_kind(self, *kinds: str) -> Iterator[Seen]:
        """Give what happened of some kinds, in the order in which it began."""
        return (one for one in self.seen if one.kind in kinds)

    @property
    def queries(self) -> list[Seen]:
        """Give the queries, in the order in which they were asked."""
        return list(self.of_kind("query"))

    @property
    def query_seconds(self) -> float:
        """How long the queries took, one by one; some may have run side by side."""
        return sum(one.seconds for one in self.queries)

    @property
    def warnings(self) -> int:
        """Count what was logged as a warning or worse."""
        return sum(line.level in ("WARNING", "ERROR", "CRITICAL") for line in self.logs)

    def faults(self) -> list[Fault]:
        """Find the queries that are more than they need to be."""
        return faults_in(
            [
                Query(one.text, repr(one.values), one.place.text if one.place else "")
                for one in self.queries
            ]
        )
