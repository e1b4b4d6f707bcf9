"""Processes that are killed while they write: what was committed is there, of the rest nothing."""

from __future__ import annotations

import asyncio
import os
import random
import sqlite3
import subprocess
import sys
import threading
from urllib.parse import urlsplit

import pytest

from tests.db.breaking.conftest import REPOSITORY, opened
from tests.db.breaking.load import stored
from tests.db.breaking.stall import StallOrder

ROUNDS = 2
AT_ONCE = 4


@pytest.mark.slow
async def test_a_killed_process_leaves_nothing_half_done(url: str) -> None:
    said: list[str] = []
    for number in range(ROUNDS):
        names = [f"{number}-{n}" for n in range(AT_ONCE)]
        rounds = [asyncio.to_thread(_killed_at_random, url, name) for name in names]
        for numbers in await asyncio.gather(*rounds):
            said += numbers

    orders = await stored(url)  # each with both of its lines

    assert len(orders) == len(set(orders))
    assert set(said) <= set(orders)
    # A process may have been killed between its last commit and its saying so.
    assert len(set(orders) - set(said)) <= ROUNDS * AT_ONCE
    if url.startswith("sqlite"):
        connection = sqlite3.connect(urlsplit(url).path[1:])
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        connection.close()
    async with opened(url) as database, database.transaction():
        await StallOrder.create(number="afterwards")


def _killed_at_random(url: str, name: str) -> list[str]:
    """Give the orders that a process told of before it was killed."""
    writer = subprocess.Popen(
        [sys.executable, "-m", "tests.db.breaking.write_until_killed", url, name],
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert writer.stdout is not None
    first = writer.stdout.readline()
    killing = threading.Timer(random.uniform(0.05, 0.4), writer.kill)
    killing.start()
    rest = writer.stdout.read()  # until it is dead
    writer.wait(20)
    killing.cancel()
    writer.stdout.close()
    assert first, "it was to be killed while it wrote"
    # The last line may have been cut.
    return [line for line in (first + rest).split("\n")[:-1] if line]
