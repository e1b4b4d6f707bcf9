"""The tables of jobs, in the metadata of their database, so that migrations make them.

A row is a job until nobody wants to know of it any more. `due` is the moment at which something is
to happen to it, whatever its state: it is to run, its lease lapses, it is to be forgotten.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
)
from sqlalchemy.dialects.mysql import MEDIUMTEXT

from trivet.db import Database, OutsideUnitError, Unit
from trivet.db.belonging import units
from trivet.db.part_tables import once_in
from trivet.db.present import current
from trivet.db.reading import RowPlan
from trivet.errors import SetupError
from trivet.watching import Watcher

__all__ = ["Board", "State", "board_in", "board_of", "unit_with_board"]

_KEY = "trivet.jobs"  # in `metadata.info`
# MariaDB's plain TEXT ends at 64 KiB, and this at 16 MiB.
_LONG = Text().with_variant(MEDIUMTEXT(), "mysql", "mariadb")
_COUNTED = BigInteger().with_variant(Integer(), "sqlite")


class State(StrEnum):
    """Where a job is on its way."""

    LATER = "later"
    """It waits for its moment: it was to run later, or failed and is tried again."""
    READY = "ready"
    SUSPECT = "suspect"
    """Ready, but who ran it last has died: one of these at a time is run by a worker, so that one
    that kills its worker does not take the same others along again."""
    RUNNING = "running"
    SENT = "sent"
    """An engine outside has it."""
    BLOCKED = "blocked"
    """It waits for other jobs."""
    DONE = "done"
    DEAD = "dead"
    """All its attempts failed; `trivet jobs retry` gives it new ones."""
    CANCELLED = "cancelled"

    @property
    def is_over(self) -> bool:
        """True where nothing happens to it any more by itself."""
        return self in _OVER


_OVER = (State.DONE, State.DEAD, State.CANCELLED)


@dataclass(frozen=True, eq=False)
class Board:
    """The tables of one database's jobs, and who in this process hears of what is put there."""

    jobs: Table
    marks: Table
    listeners: list[Callable[[], None]] = field(default_factory=list)
    """Called after a commit that has put jobs there that can run now."""
    statements: dict[Any, RowPlan] = field(default_factory=dict)
    """What was compiled for the database."""
    watchers: list[Watcher] = field(default_factory=list)
    """Told of each job that is put there by this process."""

    def tell(self) -> None:
        """Call all listeners."""
        for listener in self.listeners:
            listener()


def board_in(metadata: MetaData) -> Board:
    """Give the board of a database's metadata, made with the first call."""
    return once_in(metadata, _KEY, lambda of: Board(_jobs(of), _marks(of)))


def board_of(database: Database) -> Board:
    """Give the board of a database that has jobs."""
    return board_in(database.metadata)


def unit_with_board() -> tuple[Unit, Board]:
    """Give the innermost unit of work whose database has jobs, with its board.

    Raises `OutsideUnitError`, and `SetupError` where no database has jobs.
    """
    unit = current.get()
    if unit is None:
        raise OutsideUnitError
    for one in units(unit):
        board: Board | None = one.database.metadata.info.get(_KEY)
        if board is not None and not one.is_over:
            return one, board
    raise SetupError(
        "no database here keeps jobs",
        code="jobs.not-installed",
        mend="jobs = app.use(Jobs(db))",
    )


def _jobs(metadata: MetaData) -> Table:
    jobs = Table(
        "trivet_jobs",
        metadata,
        Column("id", _COUNTED, primary_key=True, autoincrement=True),
        Column("name", String(200), nullable=False),
        Column("queue", String(100), nullable=False),
        Column("state", String(10), nullable=False),
        # The smallest comes first: the priority, with its sign changed.
        Column("rank", SmallInteger, nullable=False, server_default="0"),
        Column("due", BigInteger, nullable=False),
        Column("arguments", _LONG, nullable=False),
        Column("attempt", SmallInteger, nullable=False, server_default="0"),
        Column("max_attempts", SmallInteger, nullable=False),
        # How often its worker died.
        Column("lapses", SmallInteger, nullable=False, server_default="0"),
        # Who may say what became of it: each claim has its own.
        Column("token", BigInteger),
        Column("worker", String(100)),
        # Nobody else has it, as long as it is there.
        Column("unique_key", String(200), unique=True),
        # What it shares a limit with, within its queue.
        Column("limit_key", String(200)),
        # The job that waits for this one, and how many this one waits for.
        Column("next_id", BigInteger),
        Column("missing", Integer, nullable=False, server_default="0"),
        Column("has_before", Boolean, nullable=False, server_default="0"),
        # Seconds for which what became of it is known.
        Column("keep", Integer, nullable=False),
        Column("wants_cancel", Boolean, nullable=False, server_default="0"),
        Column("progress", Float),
        Column("note", String(200)),
        Column("result", _LONG),
        Column("error", _LONG),
        # Of the schedule that has put it in.
        Column("tick", BigInteger),
        Column("created", BigInteger, nullable=False),
        Column("started", BigInteger),
        Column("finished", BigInteger),
        sqlite_autoincrement=True,  # a number is never given twice
    )
    Index("ix_trivet_jobs_claim", jobs.c.state, jobs.c.queue, jobs.c.rank, jobs.c.id)
    Index("ix_trivet_jobs_due", jobs.c.state, jobs.c.due)
    Index("ix_trivet_jobs_next", jobs.c.next_id)
    return jobs


def _marks(metadata: MetaData) -> Table:
    """What workers agree on, a row each: who leads, when a schedule last fired, what is paused."""
    return Table(
        "trivet_job_marks",
        metadata,
        Column("name", String(200), primary_key=True),
        Column("holder", String(100)),
        Column("moment", BigInteger, nullable=False),
        Column("level", Float),
    )
