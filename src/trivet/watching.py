"""What happens inside of parts, told to who watches: queries, jobs, look-ups in caches, mails.

A part that does something worth knowing keeps a list of watchers, empty unless somebody watches,
and tells them when it begins and when it ends. Who watches (metrics, traces, the pages of
development) knows nothing of the part. Facts have the names of OpenTelemetry's semantic
conventions where those have one (https://opentelemetry.io/docs/specs/semconv/), so that all who
read them share one vocabulary; those that begin with ``trivet.`` are ours, and objects, not texts,
where that is said below. What is told today:

========== ======================== ===================================================
kind       name                     facts, beside those that hold for all of one part
========== ======================== ===================================================
request    ``GET /books/{number}``  http.request.method, http.route (not where no route
                                    fits), http.response.status_code (once answered),
                                    trivet.exchange: the `Exchange` itself
websocket  ``WS /chat/{room}``      http.route, trivet.scope: its ASGI scope
query      ``SELECT books``         db.query.text, db.operation.name, db.collection.name,
                                    db.system.name, db.namespace, server.address,
                                    db.response.returned_rows, db.operation.batch.size,
                                    trivet.values: what is bound, for development alone,
                                    trivet.streamed: true where rows are read piece by piece
transaction ``COMMIT``              db.system.name, db.namespace, server.address
connection ``wait``                 db.client.connection.pool.name: somebody had to wait
job        the job's name           messaging.system, messaging.destination.name,
                                    messaging.message.id, trivet.job.attempt,
                                    trivet.job.outcome at the end: done, later (it failed
                                    and is tried again), dead, cancelled, lost
cache      ``get, set, delete``     trivet.cache.key, trivet.cache.store,
                                    trivet.cache.outcome of a get: hit, stale, miss
enqueue    the job's name           messaging.system, messaging.destination.name,
                                    messaging.message.id, where one row was written alone,
                                    messaging.batch.message_count where it is several,
                                    trivet.carried: set by who traces it, for the row
                                    to carry; a job has the same
call       ``GET``                  http.request.method, server.address, server.port,
                                    http.response.status_code, trivet.url,
                                    trivet.headers: those of the request, to be added to
mail       the transport's name     messaging.message.id, messaging.destination.name,
                                    trivet.mail.recipients: how many
generation ``chat alice``           gen_ai.request.model, gen_ai.usage.output_tokens, …,
                                    gen_ai.server.time_to_first_token: in seconds,
                                    trivet.pieces: how many, trivet.cost: where it is known
========== ======================== ===================================================
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, Protocol, runtime_checkable

__all__ = [
    "Choosing",
    "Count",
    "Counting",
    "Gauge",
    "Happening",
    "Probe",
    "Reading",
    "Waiting",
    "Watcher",
    "begun",
    "ended",
    "has_failed",
    "told",
]

_log = logging.getLogger("trivet.watching")


@dataclass(slots=True, eq=False)
class Happening:
    """One thing that a part does, from its beginning to its end."""

    kind: str
    """What sort of thing it is, one word: see the table above."""
    name: str
    """What it is called, of few different values: it becomes a label of metrics."""
    facts: dict[str, Any] = field(default_factory=dict)  # Any: texts, numbers, as each fact says
    began: float = field(default_factory=perf_counter)
    """In seconds, by `time.perf_counter`; may be a while ago when the beginning is told."""
    ended: float | None = None
    error: BaseException | None = None
    explain: Callable[[], Awaitable[str]] | None = None
    """Asks afterwards how it is done, in words for a developer: a query's EXPLAIN."""

    @property
    def seconds(self) -> float:
        """How long it took, or has taken so far."""
        return (perf_counter() if self.ended is None else self.ended) - self.began


class Watcher(Protocol):
    """Is told what happens, in the task in which it happens; it must neither wait nor raise.

    What a handler without `async` does is told on its worker thread. Of what begins, most ends; a
    task that is thrown away, as at the end of a process, may leave some that does not.
    """

    def begins(self, happening: Happening) -> None:
        """Note that something begins."""

    def ends(self, happening: Happening) -> None:
        """Note that it has ended: `ended` is set, and `error` where it failed."""


@runtime_checkable
class Choosing(Watcher, Protocol):
    """A watcher that wants few of the requests; nothing is made that tells of the others."""

    def wants(self, exchange: Any) -> bool:  # Any: an `Exchange`, which stands above this shelf
        """Decide whether it is told of a request, in the context in which that is served."""


@runtime_checkable
class Counting(Watcher, Protocol):
    """A watcher that only counts requests, and is told of everything else as others are."""

    def counting(self, name: str, facts: Mapping[str, Any]) -> Count:
        """Give what counts the requests of this name; asked once for each route and method."""


@runtime_checkable
class Waiting(Counting, Protocol):
    """One that counts which requests are waited for, too; what is answered at once never is."""

    def note_waiting(self, by: int) -> None:
        """Note that one more is waited for (1), or one less (-1), on the event loop."""


Count = Callable[[Any, int, float, BaseException | None], None]
"""Counts one request: its exchange, its status (0 without an answer), seconds, what it ended by."""


@dataclass(frozen=True)
class Probe:
    """A question whether something that the application stands on is there."""

    name: str
    ask: Callable[[], Awaitable[str]]
    """Gives a word on it, such as ``PostgreSQL 15.4``; raises where it is not ready."""
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


def begun(watchers: Sequence[Watcher], happening: Happening) -> Happening:
    """Tell `watchers` that something begins."""
    for watcher in watchers:
        try:
            watcher.begins(happening)
        except Exception as error:
            has_failed(watcher, happening.kind, error)
    return happening


def ended(
    watchers: Sequence[Watcher], happening: Happening, error: BaseException | None = None
) -> None:
    """Tell `watchers`, the last one first, that something has ended, by `error` if it failed."""
    if happening.ended is None:
        happening.ended = perf_counter()
    if error is not None:
        happening.error = error
    for watcher in watchers if len(watchers) == 1 else reversed(watchers):
        try:
            watcher.ends(happening)
        except Exception as failure:
            has_failed(watcher, happening.kind, failure)


def has_failed(watcher: object, kind: str, error: Exception) -> None:
    """Log that a watcher has raised: whoever is watched does not fail by it."""
    _log.error("%r failed on a %s", watcher, kind, exc_info=error)


@contextmanager
def told(watchers: Sequence[Watcher], happening: Happening) -> Iterator[Happening]:
    """Tell `watchers` of what the block does; for what happens less often than a query."""
    begun(watchers, happening)
    try:
        yield happening
    except BaseException as error:
        ended(watchers, happening, error)
        raise
    ended(watchers, happening)
