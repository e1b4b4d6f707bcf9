"""`fastapi` as a command is Trivet's command line."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def test_the_command_is_trivets_with_the_dropin(tmp_path: Path) -> None:
    program = "from trivet.dropin.fastapi.cli import main; main()"

    done = subprocess.run(
        [sys.executable, "-c", program, "run", "nothing_here:app"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )

    assert done.returncode == 3, done.stderr
    assert "nothing_here" in done.stderr
