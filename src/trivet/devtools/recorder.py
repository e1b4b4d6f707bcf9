"""Keeps the last requests with all that happened in them: a watcher with a bounded memory.

Happenings are told in the task or thread of their request; one context variable says which that is.
Nothing of a request is kept but text: no bodies of answers, no frames, no values of the user's.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from contextvars import ContextVar
from datetime import UTC, datetime
from itertools import count
from typing import Any
from urllib.parse import quote

from trivet.app.debug_hidden import HIDDEN, hide
from trivet.app.places import place_now
from trivet.devtools.errors_told import told_error
from trivet.devtools.lag import Lag
from trivet.devtools.queries import values_shown
from trivet.devtools.records import LogLine, Received, Record, Seen
from trivet.devtools.redacted import (
    body_text,
    header_rows,
    pair_rows,
    query_rows,
    query_text,
    value_text,
)
from trivet.http.exchange import Exchange
from trivet.watching import Happening

__all__ = ["Recorder", "present_record"]

_MOST_RECORDS = 200
_MOST_SEEN = 500  # happenings of one request
_MOST_OF_A_KIND = 200  # happenings of one kind, of all requests and outside of them
_MOST_LOGS = 500
_MOST_OPEN = 5_000
_LONGEST_QUERY = 20_000  # characters
_KEY = "trivet.cache.key"  # not one that opens anything
# Facts that have a place of their own, or are no text.
_APART = frozenset({"db.query.text", "trivet.values", "trivet.exchange"})
# Browsers ask for it by themselves, whether or not there is one.
_ICON = "/favicon.ico"
# What has a list of its own beside the requests.
_LISTED = frozenset({"job", "enqueue", "cache", "mail", "call"})

present: ContextVar[Record | None] = ContextVar("trivet.devtools.record", default=None)


def present_record() -> Record | None:
    """Give the record of the request, or of the job, in which this is called; None outside."""
    return present.get()


class Recorder:
    """Watches; `skipped` tells which paths are none of the application's own."""

    def __init__(self, skipped: str) -> None:
        self._skipped = skipped
        self._records: deque[Record] = deque(maxlen=_MOST_RECORDS)
        self._listed: dict[str, deque[tuple[Seen, Record | None]]] = {}
        self.logs: deque[LogLine] = deque(maxlen=_MOST_LOGS)
        self.lag = Lag()
        self._open: dict[int, tuple[Record | None, Seen | None]] = {}
        self._numbers = count(1)
        self._seen_numbers = count(1)
        self._lock = threading.Lock()
        self._changes = count(1)
        self.stamp = 0
        """Changes whenever there is something new to see."""

    # -- being told ------------------------------------------------------------------------------

    def begins(self, happening: Happening) -> None:
        """Open a record for a request, or note what happens in one."""
        if happening.kind == "request":
            self._begin_request(happening)
            return
        if happening.kind == "websocket":
            return  # it lasts, and would hold all that happens in it
        record = present.get()
        if happening.kind == "job" and record is None:
            record = self._begin_job(happening)
        if record is None and happening.kind not in _LISTED:
            return  # what the application does by itself: a worker that asks for jobs
        self._note(happening, record)

    def ends(self, happening: Happening) -> None:
        """Note the end of what began."""
        record, seen = self._open.pop(id(happening), (None, None))
        if record is None and seen is None:
            return
        self.stamp = next(self._changes)
        if seen is not None:
            seen.ended = happening.ended
            seen.facts = _facts(happening)
            seen.explain = happening.explain
            if happening.error is not None:
                seen.error = _in_short(happening.error)
        if record is None or happening.kind not in ("request", "job"):
            return
        is_own = happening.kind == "request" or record.kind == "job"
        if is_own and record.began == happening.began:
            record.ended = happening.ended
            status = happening.facts.get("http.response.status_code")
            if status is not None:
                record.status = int(status)
            if happening.error is not None:
                record.chain, record.hint = told_error(happening.error)
            if record.kind == "job":
                record.outcome = str(happening.facts.get("trivet.job.outcome") or "")
                present.set(None)

    def _begin_request(self, happening: Happening) -> None:
        exchange: Exchange = happening.facts["trivet.exchange"]
        pattern = happening.facts.get("http.route")
        is_own = exchange.path == self._skipped or exchange.path.startswith(self._skipped + "/")
        if is_own or (pattern is None and exchange.path == _ICON):
            present.set(None)
            return
        query = query_text(exchange.query)
        client = exchange.scope.get("client")
        record = Record(
            number=next(self._numbers),
            kind="request",
            method=exchange.method,
            target=quote(exchange.path, safe="/:@!$&'()*+,;=~") + (f"?{query}" if query else ""),
            at=datetime.now(UTC),
            began=happening.began,
            client=str(client[0]) if client else "",
            pattern=pattern,
            route=getattr(exchange.target, "route", None),
        )
        record.received = _received(exchange, record.route)
        self._keep(happening, record)
        present.set(record)

    def _begin_job(self, happening: Happening) -> Record:
        record = Record(
            number=next(self._numbers),
            kind="job",
            method="JOB",
            target=happening.name,
            at=datetime.now(UTC),
            began=happening.began,
        )
        self._keep(happening, record)
        present.set(record)
        return record

    def _keep(self, happening: Happening, record: Record) -> None:
        self.stamp = next(self._changes)
        self._records.append(record)
        self._await(happening, record, None)

    def _await(self, happening: Happening, record: Record | None, seen: Seen | None) -> None:
        """Know a happening again when it ends; a few never do, and push out the oldest."""
        if len(self._open) >= _MOST_OPEN:
            self._open.pop(next(iter(self._open)), None)
        self._open[id(happening)] = (record, seen)

    def _note(self, happening: Happening, record: Record | None) -> None:
        text = str(happening.facts.get("db.query.text") or "")
        values = happening.facts.get("trivet.values")
        seen = Seen(
            number=next(self._seen_numbers),
            kind=happening.kind,
            name=happening.name,
            at=datetime.now(UTC),
            began=happening.began,
            place=place_now(),
            facts=_facts(happening),
            text=text[:_LONGEST_QUERY],
            values=tuple(values_shown(text, values)),
            explain=happening.explain,
        )
        self._await(happening, record, seen)
        if record is not None:
            if len(record.seen) < _MOST_SEEN:
                record.seen.append(seen)
            else:
                record.forgotten += 1
        if happening.kind in _LISTED:
            self._list(happening.kind, seen, record)

    def _list(self, kind: str, seen: Seen, record: Record | None) -> None:
        with self._lock:
            kept = self._listed.setdefault(kind, deque(maxlen=_MOST_OF_A_KIND))
            kept.append((seen, record))

    def log(self, line: LogLine, record: Record | None) -> None:
        """Keep a line of the log."""
        self.stamp = next(self._changes)
        self.logs.append(line)
        if record is not None and len(record.logs) < _MOST_SEEN:
            record.logs.append(line)

    # -- being asked -----------------------------------------------------------------------------

    def records(self) -> Iterator[Record]:
        """Give the requests and jobs that are kept, the newest first."""
        return reversed(list(self._records))

    def find(self, number: int) -> Record | None:
        """Give one, or None where it is not kept, or no longer."""
        return next((one for one in list(self._records) if one.number == number), None)

    def listed(self, *kinds: str) -> list[tuple[Seen, Record | None]]:
        """Give what happened of some kinds with its requests, the newest first."""
        found: Iterable[tuple[Seen, Record | None]] = (
            one for kind in kinds for one in list(self._listed.get(kind, ()))
        )
        return sorted(found, key=lambda one: one[0].number, reverse=True)


def _facts(happening: Happening) -> tuple[tuple[str, str], ...]:
    return tuple(
        (name, hide(str(value)) if name == _KEY else value_text(name.rpartition(".")[2], value))
        for name, value in happening.facts.items()
        if name not in _APART and value is not None
    )


def _in_short(error: BaseException) -> str:
    try:
        text = str(error)
    except Exception:  # its own message cannot be had
        text = ""
    return hide(f"{type(error).__name__}: {text}" if text else type(error).__name__)


def _received(exchange: Exchange, route: Any) -> Received:  # Any: see Record.route
    names: Mapping[str, Any] = getattr(route, "param_convertors", {})
    content_type = (exchange.header(b"content-type") or b"").decode("latin-1")
    cookies = [
        part.partition("=")[0].strip()
        for name, value in exchange.headers
        if name == b"cookie"
        for part in value.decode("latin-1").split(";")
    ]
    return Received(
        path=pair_rows(zip(names, exchange.params, strict=False)),
        query=query_rows(exchange.query),
        headers=header_rows(exchange.headers),
        cookies=tuple((name, HIDDEN) for name in cookies if name),
        body=body_text(exchange.body, content_type),
    )
