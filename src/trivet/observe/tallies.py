"""What is counted of all that happens, as cheaply as it can be: numbers in lists, found by a key.

Prometheus' own counters cost a microsecond and more each; these become its families when somebody
reads them (`metrics.py`). A row is [seconds in all, how many below the first limit, …, above all].
"""

from __future__ import annotations

from asyncio import CancelledError
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from threading import Lock
from typing import Any

from trivet.watching import Count, Happening

__all__ = ["OTHER", "Rows", "Tallies"]

Key = tuple[str, ...]
Rows = dict[Key, list[float]]

OTHER = "other"
_MOST = 2000  # rows of one kind; what comes after is counted as `OTHER`


class Tallies:
    """A watcher that counts; times are sorted by the limits `buckets`, in seconds."""

    def __init__(self, buckets: Sequence[float]) -> None:
        self.buckets = tuple(buckets)
        self._size = len(self.buckets) + 2
        self.in_flight = 0
        self.requests: dict[tuple[str, int], list[float]] = {}
        """By the request's name and the hundreds of its status; 0 is no answer."""
        self.routes: dict[str, tuple[str, str]] = {}
        """The method and the route of each name."""
        self.exceptions: dict[Key, float] = {}
        self.queries: Rows = {}
        self.waits: Rows = {}
        self.jobs: Rows = {}
        self.mails: Rows = {}
        self._kinds = {
            "query": (self.queries, _query),
            "connection": (self.waits, _wait),
            "job": (self.jobs, _job),
            "mail": (self.mails, _mail),
        }
        self._lock = Lock()  # plain handlers and sessions tell on worker threads

    def counting(self, name: str, facts: Mapping[str, Any]) -> Count:
        """Give what counts the requests of one route and method; on the event loop, so no lock.

        What is written out here and not called saves 2 of 4 µs (benchmarks: observe-metrics).
        """
        route = facts.get("http.route", "")
        known: dict[int, list[float]] = {}
        buckets, place, exceptions = self.buckets, bisect_left, self.exceptions

        def count(
            exchange: object, status: int, seconds: float, error: BaseException | None
        ) -> None:
            row = known.get(status)
            if row is None:
                self.routes[name] = (facts["http.request.method"], route)
                key = (name, status // 100)
                row = known[status] = self.requests.setdefault(key, [0.0] * self._size)
            row[0] += seconds
            row[place(buckets, seconds) + 1] += 1
            # Who left before the answer is among those without a status; nothing went wrong.
            if error is not None and type(error) is not CancelledError:
                found = (route, type(error).__name__)
                exceptions[found] = exceptions.get(found, 0) + 1

        return count

    def note_waiting(self, by: int) -> None:
        """Count what is under way."""
        self.in_flight += by

    def begins(self, happening: Happening) -> None:
        """Nothing: what is counted has ended."""

    def ends(self, happening: Happening) -> None:
        """Count what has ended, requests apart."""
        kind = self._kinds.get(happening.kind)
        if kind is not None:
            rows, key_of = kind
            with self._lock:
                self._count(rows, key_of(happening), happening.seconds)

    def _count(self, rows: Rows, key: Key, seconds: float) -> None:
        row = rows.get(key)
        if row is None:
            if len(rows) >= _MOST:
                key = (OTHER,) * len(key)
            row = rows.setdefault(key, [0.0] * self._size)
        row[0] += seconds
        row[bisect_left(self.buckets, seconds) + 1] += 1


def _outcome(happening: Happening) -> str:
    return "ok" if happening.error is None else "failed"


def _query(happening: Happening) -> Key:
    facts = happening.facts
    return (
        facts["db.operation.name"],
        facts.get("db.collection.name", ""),
        _outcome(happening),
    )


def _wait(happening: Happening) -> Key:
    return (happening.facts["db.client.connection.pool.name"], _outcome(happening))


def _job(happening: Happening) -> Key:
    facts = happening.facts
    return (
        happening.name,
        facts["messaging.destination.name"],
        facts.get("trivet.job.outcome", "failed"),
    )


def _mail(happening: Happening) -> Key:
    return (happening.name, _outcome(happening))
