"""Jobs and queues as people read them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from trivet.jobs.control import Details, QueueStats
from trivet.jobs.handles import Status
from trivet.jobs.tables import State
from trivet.terminal import Pen

__all__ = ["details_lines", "duration", "jobs_table", "stats_table"]

_STYLES = {
    State.READY: "name",
    State.SUSPECT: "warn",
    State.RUNNING: "good",
    State.DEAD: "bad",
    State.DONE: "dim",
    State.CANCELLED: "dim",
}
_LONGEST_REASON = 60  # characters


def jobs_table(pen: Pen, jobs: Sequence[Status]) -> None:
    """Write jobs, a line each."""
    if not jobs:
        pen.write("There are no such jobs.")
        return
    now = datetime.now(UTC)
    rows = [
        [
            str(one.id), one.state, one.queue, one.name, f"{one.attempt}/{one.max_attempts}",
            _ago(one.created, now), _in_short(one),
        ]
        for one in jobs
    ]  # fmt: skip
    headings = ["ID", "STATE", "QUEUE", "NAME", "ATTEMPT", "PUT IN", ""]
    pen.table(headings, rows, ["strong", _style, "", "name", "", "", "dim"])


def stats_table(pen: Pen, queues: Sequence[QueueStats]) -> None:
    """Write queues, a line each."""
    if not queues:
        pen.write("Nothing waits, runs or is dead.")
        return
    headings = [
        "QUEUE", "READY", "RUNNING", "SENT", "LATER", "BLOCKED", "DEAD", "DIED IN 1 H", "LAG", "",
    ]  # fmt: skip
    rows = [
        [
            one.queue, *[f"{n:,}" for n in (one.ready, one.running, one.sent, one.later)],
            *[f"{n:,}" for n in (one.blocked, one.dead, one.died)],
            duration(one.lag) if one.ready else "-", "paused" if one.is_paused else "",
        ]
        for one in queues
    ]  # fmt: skip
    pen.table(headings, rows, ["name", "", "", "", "", "", _unless_none, _unless_none, "", "warn"])


def details_lines(pen: Pen, found: Details) -> None:
    """Write all that is known of one job."""
    status = found.status
    now = datetime.now(UTC)
    title = f"Job {status.id}: {status.name}"
    pen.write(f"{pen.paint(title, 'strong')}  {pen.paint(status.state, _style(status.state))}")
    lines: list[tuple[str, str]] = [
        ("queue", status.queue),
        ("priority", str(found.priority) if found.priority else ""),
        ("attempt", f"{status.attempt} of {status.max_attempts}"),
        ("arguments", json.dumps(found.arguments, ensure_ascii=False)),
        ("tick", _when(found.tick, now)),
        ("put in", _when(status.created, now)),
        ("begun", _when(status.started, now)),
        ("over", _when(status.finished, now)),
        (_due_means(status.state), _when(status.due, now)),
        ("took", _took(status)),
        ("worker", found.worker or ""),
        ("its worker died", f"{found.lapses} times" if found.lapses else ""),
        ("progress", "" if status.progress is None else f"{status.progress:.0%}"),
        ("note", status.note or ""),
        ("waits for", f"{found.waits_for} jobs" if found.waits_for else ""),
        ("before job", "" if found.next_id is None else str(found.next_id)),
        ("is unique", "yes" if found.is_unique else ""),
        ("asked to end", "yes" if found.wants_cancel else ""),
        ("result", "" if found.result is None else json.dumps(found.result, ensure_ascii=False)),
    ]
    for name, value in lines:
        if name and value:
            pen.write(f"  {pen.paint(name.ljust(16), 'dim')}{value}")
    if status.error:
        pen.write()
        pen.write(pen.paint("Its last error", "bad"))
        pen.write(status.error.rstrip())


def duration(seconds: float) -> str:
    """Give a duration in its largest unit."""
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.1f} s"


def _style(state: str) -> str:
    return _STYLES.get(State(state), "")


def _unless_none(number: str) -> str:
    return "" if number == "0" else "bad"


def _in_short(one: Status) -> str:
    """Give the line that says most of a job at this moment."""
    if one.state is State.RUNNING and one.progress is not None:
        return f"{one.progress:.0%} {one.note or ''}".rstrip()
    error = (one.error or "").rstrip()
    if not error or one.state is State.DONE:
        return one.note or ""
    line = error.splitlines()[-1]
    return line if len(line) <= _LONGEST_REASON else f"{line[:_LONGEST_REASON]}…"


def _ago(moment: datetime | None, now: datetime) -> str:
    if moment is None:
        return ""
    seconds = (now - moment).total_seconds()
    return f"{duration(seconds)} ago" if seconds >= 0 else f"in {duration(-seconds)}"


def _when(moment: datetime | None, now: datetime) -> str:
    return "" if moment is None else f"{moment:%Y-%m-%d %H:%M:%S} UTC ({_ago(moment, now)})"


def _due_means(state: State) -> str:
    """Say what is to happen when a job is due; nothing, where it has happened."""
    if state is State.RUNNING:
        return "its lease ends"
    if state in (State.DONE, State.CANCELLED):
        return "is forgotten"
    return "runs" if state is State.LATER else ""


def _took(status: Status) -> Any:
    if status.started is None or status.finished is None:
        return ""
    return f"{(status.finished - status.started).total_seconds():.3f} s"
