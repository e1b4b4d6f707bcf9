"""Projects in folders of their own, and what they answer in a process of their own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

PROJECTS = Path(__file__).with_name("projects")


def project(name: str, folder: Path) -> Path:
    """Copy a project into a folder; gives the copy."""
    return Path(shutil.copytree(PROJECTS / name, folder / name))


def said_by(code: str, folder: Path, **environment: str) -> Any:
    """Run code with a folder on the path; gives the JSON of the last line that it prints."""
    path = os.pathsep.join([str(folder), *filter(None, sys.path)])
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=False,
        timeout=60,
        env=os.environ | {"PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"} | environment,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def committed(folder: Path) -> Path:
    """Make a git repository of a folder, with everything in it committed."""
    name = ("-c", "user.name=Ann", "-c", "user.email=ann@example.org")
    for words in (("init", "-q"), ("add", "-A"), (*name, "commit", "-qm", "before")):
        subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True)
    return folder
