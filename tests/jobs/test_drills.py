"""What is promised under failure, with processes that are really killed; small, for each change.

The same drills run as large as one likes: see `benchmarks/drills`.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.db.conftest import address, own_database

ROOT = Path(__file__).parents[2]
pytestmark = [pytest.mark.slow, pytest.mark.timeout(150)]


async def kept(kind: str, worker_id: str, folder: Path, drill: str, words: Sequence[str]) -> None:
    """Run a drill in a process of its own, and show what it saw."""
    async with own_database(address(kind), f"{worker_id}_{drill}") as db:
        url = db.engine.url.set(drivername=kind).render_as_string(hide_password=False)
        if kind == "sqlite":
            url = f"sqlite:///{folder / 'drill.db'}"
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", f"benchmarks.drills.{drill}", "--database", url, *words,
            cwd=ROOT, stdout=-1, stderr=-2,
        )  # fmt: skip
        said, _ = await process.communicate()
        print(said.decode())  # noqa: T201  # the figures of the drill
        assert process.returncode == 0, said.decode()


async def test_no_job_is_lost_when_workers_are_killed(worker_id: str, tmp_path: Path) -> None:
    words = ("--jobs", "150", "--kills", "4")
    await kept("postgresql", worker_id, tmp_path, "jobs_killed", words)


async def test_there_is_a_job_for_each_transaction_that_was_committed(
    kind: str, worker_id: str, tmp_path: Path
) -> None:
    await kept(kind, worker_id, tmp_path, "jobs_committed", ("--transactions", "300"))


async def test_jobs_that_kill_their_worker_end_dead_and_others_are_done(
    worker_id: str, tmp_path: Path
) -> None:
    words = ("--poisonous", "1", "--failing", "1", "--others", "50")
    await kept("postgresql", worker_id, tmp_path, "jobs_poison", words)
