"""Real schedulers in real processes, whose leader is killed and paused: each tick comes once."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.db.conftest import address, own_database
from tests.jobs.schedule_drill import DrillModel, drill
from trivet.jobs import Jobs


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["postgresql"])
async def test_each_tick_comes_once_whatever_befalls_the_leader(
    kind: str, worker_id: str, tmp_path: Path
) -> None:
    async with own_database(address(kind), f"{worker_id}_drill", models=DrillModel) as database:
        Jobs(database)
        await database.create_tables()

        found = await drill(database, tmp_path, seconds=10, every=2.0, leads=1.0)

    assert found.kills >= 2
    assert found.ticks >= 10
    assert (found.missing, found.doubled, found.not_done) == (0, 0, 0)
