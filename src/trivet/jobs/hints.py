"""Telling workers of other processes that there are jobs: by hints, which may be lost."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from trivet.db import Database
from trivet.jobs.tables import Board

__all__ = ["CHANNEL", "others_told"]

CHANNEL = "trivet_jobs"


@contextmanager
def others_told(database: Database, board: Board) -> Iterator[None]:
    """Let each commit that puts jobs in be told, some of them together, where there is a way."""

    def tell() -> None:
        database.notify(CHANNEL)

    if database.driver.tells:
        board.listeners.append(tell)
    try:
        yield
    finally:
        if database.driver.tells:
            board.listeners.remove(tell)
