"""`trivet jobs …`: looking at jobs, and setting them right."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any, NoReturn

from trivet.app.part import CommandGroup
from trivet.jobs.commands.opened import opened
from trivet.jobs.commands.shown import details_lines, jobs_table, stats_table
from trivet.jobs.control import (
    Choice,
    cancel,
    count,
    details,
    listing,
    pause,
    purge,
    resend,
    resume,
    retry,
    retry_all,
    stats,
)
from trivet.jobs.handles import JobUnknown
from trivet.jobs.tables import State
from trivet.terminal import Pen

if TYPE_CHECKING:
    from trivet.jobs.part import Jobs

__all__ = ["JobsCommands", "seconds_of"]

_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400}
_DURATION = re.compile(r"(\d+)([smhd]?)")


class JobsCommands:
    """The commands of one application's jobs."""

    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs
        self._database = jobs.database

    def group(self) -> CommandGroup:
        """Give them as `trivet jobs`."""
        return CommandGroup(
            "jobs",
            "Look at jobs, try them again, cancel and delete them, stop a queue",
            {
                "list": self.listed,
                "show": self.show,
                "stats": self.stats,
                "retry": self.retry,
                "cancel": self.cancel,
                "purge": self.purge,
                "resend": self.resend,
                "pause": self.pause,
                "resume": self.resume,
            },
        )

    async def listed(
        self,
        *,
        state: State | None = None,
        queue: str = "",
        name: str = "",
        limit: int = 50,
        before: int = 0,
        json: bool = False,
    ) -> None:
        """List jobs, the newest first; --before a number, those below it.

        --name is the whole one, or what stands behind a dot in it.
        """
        choice = Choice(state, queue or None, name or None)
        async with opened(self._database) as database:
            found = await listing(database, choice, limit=limit, before=before or None)
        if json:
            _write_json([asdict(one) for one in found])
            return
        jobs_table(Pen(), found)
        if len(found) == limit:
            sys.stderr.write(f"There may be more: --before {found[-1].id}\n")

    async def show(self, id: int, /, *, json: bool = False) -> None:
        """Show all that is known of the job with the number ID."""
        async with opened(self._database) as database:
            try:
                found = await details(database, id)
            except JobUnknown as error:
                sys.stderr.write(f"{error}.\n")
                raise SystemExit(1) from None
        if json:
            _write_json(asdict(found))
        else:
            details_lines(Pen(), found)

    async def stats(self, *, json: bool = False) -> None:
        """Show each queue in numbers; the lag is how long its oldest job has waited to run."""
        async with opened(self._database) as database:
            found = await stats(database)
        if json:
            _write_json([asdict(one) for one in found])
        else:
            stats_table(Pen(), found)

    async def retry(
        self,
        ids: list[int] | None = None,
        /,
        *,
        all_dead: bool = False,
        name: str = "",
        queue: str = "",
    ) -> None:
        """Give new attempts to the jobs IDS, which are dead or cancelled; or to --all-dead.

        One that waits for its next attempt runs at once. --name and --queue are for --all-dead.
        """
        if bool(ids) is all_dead or (ids and (name or queue)):
            _wrong("give the numbers of jobs, or --all-dead with --name or --queue where wanted")
        progress = _Progress()
        key_of = self._jobs.unique_key
        async with opened(self._database) as database:
            if ids:
                found = await retry(database, ids, key_of=key_of)
            else:
                choice = Choice(State.DEAD, queue or None, name or None)
                found = await retry_all(database, choice, key_of=key_of, told=progress.tell)
        progress.end()
        _say(f"{_jobs_are(len(found.retried))} to run again.")
        _refused(found.refused)

    async def cancel(self, ids: list[int], /) -> None:
        """Cancel the jobs IDS: those that wait at once, with what waits for them.

        Those that run are asked: their workers cancel them with the next heart-beat.
        """
        async with opened(self._database) as database:
            found = await cancel(database, ids)
        if found.cancelled or found.followers or not found.asked:
            behind = f", and {len(found.followers)} that waited for them" if found.followers else ""
            _say(f"{_jobs_are(len(found.cancelled))} cancelled{behind}.")
        if found.asked:
            _say(f"{len(found.asked)} at work: asked to end.")
        _refused(found.refused)

    async def purge(
        self,
        *,
        state: State | None = None,
        older_than: str = "0s",
        name: str = "",
        queue: str = "",
        yes: bool = False,
    ) -> None:
        """Delete jobs that are over: those of --state done, dead or cancelled.

        --older-than says for how long at least: 90s, 10m, 12h, 30d. It asks first; --yes does not.
        """
        if state is None or not state.is_over:
            _wrong("--state is one of done, dead and cancelled: others may still run")
        seconds = seconds_of(older_than)
        choice = Choice(state, queue or None, name or None)
        progress = _Progress()
        async with opened(self._database) as database:
            if not yes:
                found = await count(database, choice, older_than=seconds)
                if not _agrees(f"Delete {found:,} jobs that are {state}?"):
                    _say("Nothing is deleted.")
                    return
            gone = await purge(database, choice, older_than=seconds, told=progress.tell)
        progress.end()
        _say(f"{_jobs_are(gone)} deleted.")

    async def resend(self, *, older_than: str = "1h") -> None:
        """Send jobs anew that an engine was given --older-than 1h ago, and has lost.

        Those that still run somewhere are run once more, and only the later run counts.
        """
        progress = _Progress()
        async with opened(self._database) as database:
            again = await resend(database, older_than=seconds_of(older_than), told=progress.tell)
        progress.end()
        _say(f"{_jobs_are(again)} ready to be sent anew.")

    async def pause(self, queue: str, /) -> None:
        """Let workers take nothing more from QUEUE; they hear of it within 5 seconds."""
        async with opened(self._database) as database:
            is_new = await pause(database, queue)
        _say(f"The queue {queue} is paused{'' if is_new else ' already'}.")

    async def resume(self, queue: str, /) -> None:
        """Let workers take from QUEUE again."""
        async with opened(self._database) as database:
            was_paused = await resume(database, queue)
        _say(f"The queue {queue} {'goes on' if was_paused else 'was not paused'}.")


def seconds_of(text: str) -> float:
    """Give the seconds of a duration such as 90s, 10m, 12h or 30d; ends where it is none."""
    found = _DURATION.fullmatch(text.strip())
    if found is None:
        _wrong(f"{text!r} is no duration: 90s, 10m, 12h or 30d")
    return float(int(found[1]) * _UNITS[found[2]])


class _Progress:
    """Says on a terminal how far it is, in one line."""

    def __init__(self) -> None:
        self._pen = Pen(sys.stderr)

    def tell(self, done: int) -> None:
        self._pen.live(f"  {done:,}")

    def end(self) -> None:
        self._pen.live("")


def _agrees(question: str) -> bool:
    if not sys.stdin.isatty():
        _wrong("nobody is there to ask: --yes deletes without asking")
    return input(f"{question} [y/N] ").strip().lower() in ("y", "yes")


def _jobs_are(number: int) -> str:
    return "1 job is" if number == 1 else f"{number:,} jobs are"


def _refused(reasons: Mapping[int, str]) -> None:
    """Say what was not done, and end with 1 where there is something."""
    for id, reason in sorted(reasons.items()):
        sys.stderr.write(f"Not job {id}: {reason}.\n")
    if reasons:
        raise SystemExit(1)


def _wrong(text: str) -> NoReturn:
    sys.stderr.write(f"{text[:1].upper()}{text[1:]}.\n")
    raise SystemExit(2)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _write_json(value: Any) -> None:
    _say(json.dumps(value, default=_json_of, indent=2, ensure_ascii=False))


def _json_of(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
