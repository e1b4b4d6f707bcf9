"""Processes that are killed while they write: what was committed is there, of the rest nothing."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
from urllib.parse import urlsplit

import pytest

from tests.db.breaking.conftest import REPOSITORY, opened
from tests.db.breaking.load import stored
from tests.db.breaking.stall import StallOrder

PROCESSES = 8


@pytest.mark.slow
async def test_killed_processes_leave_nothing_half_done(url: str) -> None:
    said = await asyncio.to_thread(_killed_at_random, url)

    orders = await stored(url)  # each with both of its lines

    assert len(orders) == len(set(orders))
    assert set(said) <= set(orders)
    # A process may have been killed between its last commit and its saying so.
    assert len(set(orders) - set(said)) <= PROCESSES
    if url.startswith("sqlite"):
        connection = sqlite3.connect(urlsplit(url).path[1:])
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        connection.close()
    async with opened(url) as database, database.transaction():
        await StallOrder.create(number="afterwards")


def _killed_at_random(url: str) -> list[str]:
    """Give the orders that processes told of before they were killed, each at another moment."""
    writers = subprocess.Popen(
        [sys.executable, "-m", "tests.db.breaking.write_until_killed", url, str(PROCESSES)],
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert writers.stdout is not None
    said: dict[int, list[str]] = {}
    for line in writers.stdout:  # until the last of them is dead
        process, _, number = line.strip().partition(" ")
        if int(process) not in said:
            said[int(process)] = []
            pause = random.uniform(0.02, 0.6)
            threading.Timer(pause, os.kill, (int(process), signal.SIGKILL)).start()
        said[int(process)].append(number)
    writers.wait(20)
    writers.stdout.close()
    assert len(said) == PROCESSES
    return [number for numbers in said.values() for number in numbers]
