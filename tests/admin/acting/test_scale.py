"""The drill that measures the admin with a million rows, run with some hundred."""

from __future__ import annotations

import subprocess
import sys

from tests.architecture.house import REPOSITORY


def test_the_drill_of_the_admin_exports_and_asks_all_pages() -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "benchmarks.drills.admin_scale",
            "--rows",
            "700",
            "--formats",
            "csv",
        ],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    lines = {line.rpartition("  ")[0].strip().split("  ")[0] for line in done.stdout.splitlines()}
    assert {"csv", "log", "log, of nobody", "history, half of all", "list"} <= lines
