"""The steps of the leader, one after the other, as long as this worker is the leader."""

from __future__ import annotations

from collections.abc import Mapping
from time import monotonic

from trivet.db import Database
from trivet.jobs.schedules import Schedule
from trivet.jobs.table.claiming import writing
from trivet.jobs.table.firing import fire
from trivet.jobs.table.upkeep import forget, lapse, lead, resign, stage, unsent
from trivet.jobs.tables import Board

__all__ = ["Leader"]

_FORGET_EVERY = 60.0  # seconds
_BEHIND = 2  # times of a leader, after which a tick is none that it has in its hands


class Leader:
    """Leads the workers of one database, where no other does."""

    def __init__(
        self,
        database: Database,
        board: Board,
        worker: str,
        schedules: Mapping[str, Schedule],
        *,
        leads: float,
        lease: float,
        keep_dead: float,
    ) -> None:
        self._database = database
        self._board = board
        self._worker = worker
        self._schedules = schedules
        self._leads = leads  # seconds for which it leads without saying so again
        self._lease = lease
        self._keep_dead = keep_dead
        self._away_at = monotonic() - lease  # when the database was out of reach last
        # Where nobody led for longer than this, it may have been so for all, and their leases
        # may have lapsed, of which one was renewed a third of its time before.
        self._suspicious = max(0.0, lease * 2 / 3 - leads)
        self._forgot = 0.0
        self._looked = monotonic()
        self.is_leading = False

    def was_away(self) -> None:
        """Hear that the database was out of reach, for others perhaps as well.

        Workers that come back with it renew their leases first; nothing lapses before they could.
        """
        self._away_at = monotonic()

    async def leave(self) -> None:
        """Let another one lead at once, if this worker does."""
        if self.is_leading:
            self.is_leading = False
            async with writing(self._database) as unit:
                await resign(unit, self._board, self._worker)

    async def step(self) -> None:
        """Do what is to be done now, if this worker leads."""
        async with writing(self._database) as unit:
            gap = await lead(unit, self._board, self._worker, self._leads)
        self.is_leading = gap is not None
        if gap is None:
            await self._fire_unknown()
            return
        if gap > self._suspicious:
            self.was_away()
        await fire(self._database, self._board, self._schedules)
        async with writing(self._database) as unit:
            await stage(unit, self._board)
        if monotonic() - self._away_at >= self._lease:
            async with writing(self._database) as unit:
                await lapse(unit, self._board)
                await unsent(unit, self._board)
        if monotonic() - self._forgot >= _FORGET_EVERY:
            self._forgot = monotonic()
            async with writing(self._database) as unit:
                await forget(unit, self._board, self._keep_dead)

    async def _fire_unknown(self) -> None:
        """Keep the schedules that another one, who leads, does not know."""
        if monotonic() - self._looked >= self._leads:
            self._looked = monotonic()
            behind = _BEHIND * self._leads
            await fire(self._database, self._board, self._schedules, behind=behind)
