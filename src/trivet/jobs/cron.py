"""The moments at which a cron expression ticks in a time zone: the one door of cronsim.

cronsim reads the expression and walks local times; which moments these are is decided here, by the
rule of Debian's cron. Where the minute or the hour begins with a star, or seconds are given, each
moment ticks whose local time matches: an hour that comes twice ticks twice, one that is left out
not at all. Otherwise the expression means times of day, each of which ticks once: the first time
where it comes twice, and when the clocks have been put forward where it is left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from difflib import get_close_matches
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from trivet.errors import MissingExtraError, SetupError

try:
    from cronsim import CronSim, CronSimError
except ImportError as error:  # pragma: no cover
    raise MissingExtraError("cronsim", "jobs", what="trivet.jobs") from error

__all__ = ["Cron"]

_SECOND = timedelta(seconds=1)
_DAY = timedelta(days=1)
_NAMED = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}


@dataclass(frozen=True)
class Cron:
    """Ticks of an expression: minute, hour, day of the month, month, day of the week.

    Six fields begin with seconds; ``@daily`` and its like are known. `zone` is a name of the IANA's
    time zones, whose local time is meant. Raises `SetupError` for what cannot be read.
    """

    expression: str
    zone: str = "UTC"
    _zone: tzinfo = field(init=False, repr=False, compare=False)
    _fields: str = field(init=False, repr=False, compare=False)
    _is_times_of_day: bool = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        given = self.expression.strip()
        fields = _NAMED.get(given.lower(), given)
        parts = fields.split()
        stars = any(part.startswith("*") for part in parts[:2])
        object.__setattr__(self, "_zone", _zone_of(self.zone))
        object.__setattr__(self, "_fields", fields)
        object.__setattr__(self, "_is_times_of_day", len(parts) == 5 and not stars)
        try:
            _local_times(fields, datetime(2000, 1, 1))
        except CronSimError as error:
            raise _unreadable(self.expression, len(parts), str(error)) from error

    @property
    def text(self) -> str:
        """What it is, in short: another text is another schedule."""
        return f"{self._fields} {self.zone}"

    def after(self, moment: datetime) -> datetime | None:
        """Give the first tick after a moment, in UTC; None where there is none in fifty years."""
        # Ticks are at whole seconds: none is between this one and the moment.
        moment = moment.astimezone(UTC).replace(microsecond=0)
        return self._time_of_day(moment) if self._is_times_of_day else self._match(moment)

    def _time_of_day(self, moment: datetime) -> datetime | None:
        for time in _local_times(self._fields, self._local(moment)):
            tick = self._first_moment(time)
            if tick > moment:
                return tick
        return None

    def _first_moment(self, time: datetime) -> datetime:
        """Give the first moment of a local time, or the end of the gap that it is in."""
        tick = time.replace(tzinfo=self._zone, fold=0).astimezone(UTC)
        if self._local(tick) == time:
            return tick
        # Read by the offset before the gap it is behind it, by the other one before it.
        before = time.replace(tzinfo=self._zone, fold=1).astimezone(UTC)
        return self._change(before, tick) or tick

    def _match(self, moment: datetime) -> datetime | None:
        """Walk from one change of the offset to the next; between two, local times only grow."""
        while True:
            offset = self._offset(moment)
            time = next(_local_times(self._fields, (moment + offset).replace(tzinfo=None)), None)
            if time is None:
                return None
            tick = (time - offset).replace(tzinfo=UTC)
            change = self._change(moment, tick)
            if change is None:
                return tick
            # The change itself may tick, in its new local time.
            offset = self._offset(change)
            start = (change + offset - _SECOND).replace(tzinfo=None)
            if next(_local_times(self._fields, start), None) == start + _SECOND:
                return change
            moment = change

    def _change(self, start: datetime, end: datetime) -> datetime | None:
        """Give the first moment after `start`, up to `end`, from which another offset holds."""
        offset = self._offset(start)
        while start < end:
            step = min(start + _DAY, end)
            if self._offset(step) != offset:
                while step - start > _SECOND:
                    middle = start + timedelta(seconds=(step - start) // (2 * _SECOND))
                    if self._offset(middle) == offset:
                        start = middle
                    else:
                        step = middle
                return step
            start = step
        return None

    def _offset(self, moment: datetime) -> timedelta:
        return moment.astimezone(self._zone).utcoffset() or timedelta()

    def _local(self, moment: datetime) -> datetime:
        return moment.astimezone(self._zone).replace(tzinfo=None, fold=0)


def _local_times(fields: str, after: datetime) -> Iterator[datetime]:
    """Give the times that match, later than `after`, as if all days had 24 hours."""
    return CronSim(fields, after)


def _zone_of(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        near = get_close_matches(name, available_timezones(), n=1)
        raise SetupError(
            f"no time zone is called {name!r}",
            code="jobs.schedule",
            mend=f'zone="{near[0]}"' if near else 'zone="Europe/Berlin"',
        ) from error


def _unreadable(expression: str, count: int, reason: str) -> SetupError:
    if count not in (5, 6):
        reason = f"it has {count} fields, and needs five"
    return SetupError(
        f"the cron expression {expression!r} cannot be: {reason[:1].lower()}{reason[1:]}",
        code="jobs.schedule",
        mend='"30 3 * * MON-FRI": minute, hour, day of the month, month, day of the week',
    )
