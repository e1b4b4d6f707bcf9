"""What the limits of a queue let a claim take.

All workers that claim from such a queue hold its mark, one after the other, so that what they count
is so. Rates are buckets of tokens, kept in marks as what was left at a moment.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from sqlalchemy import func, select, update

from trivet.db import Unit
from trivet.jobs.enqueueing import inserting_once
from trivet.jobs.limits import Limit, Rate
from trivet.jobs.moments import database_now
from trivet.jobs.tables import Board, State

__all__ = ["Allowance", "allowance"]

_MANY = 1_000_000  # where there is no limit


class Allowance:
    """What may be taken from one queue within this transaction."""

    def __init__(
        self, unit: Unit, board: Board, limit: Limit, now: int, tokens: dict[str, float]
    ) -> None:
        self._unit = unit
        self._board = board
        self._limit = limit
        self._now = now
        self._tokens = tokens  # by key of a rate; "" is the queue's own
        self._running: Counter[str] = Counter()
        self.most = _MANY

    @property
    def full_keys(self) -> Collection[str]:
        """The keys of which nothing more may be taken."""
        keys = set(self._running) | set(self._tokens) - {""}
        return [key for key in keys if not self._has_room(key)]

    def chosen(self, rows: Sequence[Any], most: int) -> Iterator[Any]:
        """Give the rows that may be taken, in order, and count them."""
        left = min(most, self.most)
        for row in rows:
            if left < 1:
                return
            key = row.limit_key
            if key is not None and self._limit.is_by_key:
                if not self._has_room(key):
                    continue
                self._running[key] += 1
                if self._limit.rate_per_key is not None:
                    self._tokens[key] = self._tokens.get(key, self._limit.rate_per_key.count) - 1
            left -= 1
            self.most -= 1
            if self._limit.rate is not None:
                self._tokens[""] -= 1
            yield row

    async def spend(self) -> None:
        """Keep what is left of the rates."""
        marks = self._board.marks
        for key, level in self._tokens.items():
            name = _mark(self._limit.queue, key)
            kept = update(marks).where(marks.c.name == name).values(level=level, moment=self._now)
            if not (await self._unit.execute(kept)).rowcount:
                await self._unit.execute(
                    inserting_once(self._unit, marks, "name").values(
                        name=name, level=level, moment=self._now
                    )
                )

    async def count(self) -> None:
        """Count what runs now."""
        jobs, limit = self._board.jobs, self._limit
        active = (
            jobs.c.state.in_((State.RUNNING, State.SENT)),
            jobs.c.queue == limit.queue,
        )
        if limit.at_once is not None:
            running = await self._unit.execute(select(func.count()).where(*active))
            self.most = min(self.most, limit.at_once - running.scalar_one())
        if limit.rate is not None:
            self.most = min(self.most, int(self._tokens[""]))
        if limit.at_once_per_key is not None:
            by_key = await self._unit.execute(
                select(jobs.c.limit_key, func.count())
                .where(*active, jobs.c.limit_key.is_not(None))
                .group_by(jobs.c.limit_key)
            )
            for key, count in by_key.all():
                self._running[key] = count

    def _has_room(self, key: str) -> bool:
        limit = self._limit
        if limit.at_once_per_key is not None and self._running[key] >= limit.at_once_per_key:
            return False
        if limit.rate_per_key is None:
            return True
        return self._tokens.get(key, limit.rate_per_key.count) >= 1


async def allowance(unit: Unit, board: Board, limit: Limit) -> Allowance:
    """Hold the mark of a queue until the transaction ends, and give what may be taken from it."""
    marks = board.marks
    name = _mark(limit.queue, None)
    held = select(marks.c.name).where(marks.c.name == name).with_for_update()
    if (await unit.execute(held)).first() is None:
        await unit.execute(inserting_once(unit, marks, "name").values(name=name, moment=0))
        await unit.execute(held)
    now = (await unit.execute(select(database_now()))).scalar_one()
    found = Allowance(unit, board, limit, now, await _tokens(unit, board, limit, now))
    await found.count()
    return found


async def _tokens(unit: Unit, board: Board, limit: Limit, now: int) -> dict[str, float]:
    marks = board.marks
    tokens: dict[str, float] = {}
    prefix = _mark(limit.queue, "")
    if limit.rate is not None:
        tokens[""] = limit.rate.count
    if limit.rate is not None or limit.rate_per_key is not None:
        wanted = select(marks.c.name, marks.c.level, marks.c.moment).where(
            marks.c.name.startswith(prefix, autoescape=True)
        )
        for name, level, moment in (await unit.execute(wanted)).all():
            key = name.removeprefix(prefix)
            rate = limit.rate if key == "" else limit.rate_per_key
            if rate is not None:
                tokens[key] = _refilled(rate, level, now - moment)
    if limit.rate_per_key is not None:
        # One that is full again is as one that never was; only what is short is remembered.
        for key in [key for key in tokens if key and tokens[key] >= limit.rate_per_key.count]:
            del tokens[key]
    return tokens


def _refilled(rate: Rate, level: float, milliseconds: int) -> float:
    return min(float(rate.count), level + max(0, milliseconds) * rate.per_millisecond)


def _mark(queue: str, key: str | None) -> str:
    """Give the name of a mark: the queue's own, or that of a rate of it."""
    return f"limit:{queue}" if key is None else f"rate:{queue}:{key}"[:200]
