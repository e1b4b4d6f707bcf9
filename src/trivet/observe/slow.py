"""Queries that take long, and queries that are sent again and again for one request.

Both are told in the log `trivet.observe`, with the line of the user's code that sent them and never
with values. A statement that repeats within one request is nearly always a loop that asks for one
row at a time (N+1); it is told once for each route and statement in a while.
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from time import monotonic

from trivet.app.places import place_now
from trivet.observe.present import present
from trivet.watching import Happening

__all__ = ["Queries", "QueryReports"]

_log = logging.getLogger("trivet.observe")
_SPACE = re.compile(r"\s+")
_MOST_SHOWN = 300  # letters of a statement
_AGAIN = 60.0  # seconds until the same repetition is told again
_MOST_TOLD = 1000
_NOWHERE = "no line of the application"
_COUNTS = "trivet.observe.repeats"


@dataclass(frozen=True, kw_only=True)
class Queries:
    """Which queries are told in the log; None for none of this kind.

    Those that take longer than `slow` seconds, and those whose text is sent `repeats` times or more
    within one request or job.
    """

    slow: float | None = 0.5
    repeats: int | None = 10


@dataclass
class _Repeat:
    times: int = 0
    seconds: float = 0.0
    place: str = ""


class QueryReports:
    """A watcher that looks at queries."""

    def __init__(self, options: Queries) -> None:
        self._slow = float("inf") if options.slow is None else options.slow
        self._repeats = options.repeats or 0
        self._told: dict[tuple[str, str], float] = {}
        self._has_heard = False

    def wants(self, exchange: object) -> bool:
        """Want requests once there was a query: without one, there is nothing to say of them."""
        return self._has_heard

    def begins(self, happening: Happening) -> None:
        """Note in whose course queries are sent, once there was one."""
        # Where none is ever told, what it would cost to know is saved.
        if self._has_heard and happening.kind in ("request", "job"):
            present.set(happening)

    def ends(self, happening: Happening) -> None:
        """Look at a query, or at all that a request has sent."""
        if happening.kind == "query":
            self._look(happening)
        elif _COUNTS in happening.facts:
            self._tell(happening)

    def _look(self, query: Happening) -> None:
        self._has_heard = True
        around = present.get()
        seconds = query.seconds
        if seconds >= self._slow and "trivet.streamed" not in query.facts:
            _log.warning(
                "slow query, %.0f ms%s, from %s: %s",
                seconds * 1000,
                "" if around is None else f" in {around.name}",
                str(place_now() or _NOWHERE),
                _shown(query),
            )
        if around is None or not self._repeats or around.ended is not None:
            return
        counts: dict[str, _Repeat] = around.facts.setdefault(_COUNTS, {})
        found = counts.setdefault(query.facts["db.query.text"], _Repeat())
        found.times += 1
        found.seconds += seconds
        if found.times == self._repeats:
            found.place = str(place_now() or _NOWHERE)

    def _tell(self, around: Happening) -> None:
        for text, found in around.facts.pop(_COUNTS).items():
            if found.times < self._repeats or not self._is_news(around.name, text):
                continue
            _log.warning(
                "%s sent the same query %d times (%.0f ms), from %s: %s\n"
                "  a loop that asks for one row at a time? Load what it needs with the first"
                " query: .with_(…) for relations, or .where(id__in=…)",
                around.name,
                found.times,
                found.seconds * 1000,
                found.place,
                _short(text),
            )

    def _is_news(self, name: str, text: str) -> bool:
        now = monotonic()
        if now - self._told.get((name, text), -_AGAIN) < _AGAIN:
            return False
        if len(self._told) >= _MOST_TOLD:
            self._told.clear()
        self._told[name, text] = now
        return True


def _shown(query: Happening) -> str:
    return _short(query.facts["db.query.text"])


def _short(text: str) -> str:
    text = _SPACE.sub(" ", text).strip()
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]} …"
