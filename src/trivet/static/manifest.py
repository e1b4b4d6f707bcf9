"""The list of collected files: `collected.json`, from each name to the one with a fingerprint."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

from trivet.errors import SetupError

__all__ = ["MANIFEST", "read_manifest", "write_manifest"]

MANIFEST = "collected.json"  # `manifest.json` is what browsers want of an application
_VERSION = 1


def read_manifest(folder: Path) -> dict[str, str] | None:
    """Give the names of the files that were collected into `folder`; None without a manifest.

    Raises `SetupError` for a manifest that is not one of ours.
    """
    try:
        text = (folder / MANIFEST).read_text("utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return None
    try:
        told = json.loads(text)
        files = told["files"] if told["trivet"] == _VERSION else None
    except (ValueError, TypeError, KeyError):
        files = None
    if not isinstance(files, dict) or not all(isinstance(one, str) for one in files.values()):
        raise SetupError(
            f"{str(folder / MANIFEST)!r} is no manifest of `trivet collectstatic`",
            code="static.manifest",
            mend="collect into a folder of its own: trivet collectstatic build/static",
        )
    return files


def write_manifest(folder: Path, files: Mapping[str, str]) -> None:
    """Write the manifest as a whole: who reads meanwhile has the old one."""
    told = {"trivet": _VERSION, "files": dict(sorted(files.items()))}
    fresh = folder / f".{MANIFEST}.new"
    fresh.write_text(json.dumps(told, indent=1) + "\n", "utf-8")
    os.replace(fresh, folder / MANIFEST)
