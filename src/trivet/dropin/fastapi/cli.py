"""`fastapi.cli`: the command line, which is Trivet's with this drop-in."""

from __future__ import annotations

import runpy
import sys

__all__ = ["main"]

_SERVING = ("dev", "run")


def main() -> None:
    """Do what `python -m trivet` does with this process's arguments; ends with `SystemExit`."""
    arguments = sys.argv[1:]
    if arguments and arguments[0] in _SERVING and "--dropin" not in arguments:
        arguments[1:1] = ["--dropin", "fastapi"]
    sys.argv[1:] = arguments
    runpy.run_module("trivet", run_name="__main__")
