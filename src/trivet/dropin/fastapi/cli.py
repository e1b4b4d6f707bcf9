"""`fastapi.cli`: the command line, which is Trivet's with this drop-in."""

from __future__ import annotations

import importlib
import sys

__all__ = ["main"]

_SERVING = ("dev", "run")


def main() -> None:
    """Run Trivet's command line on the arguments of this process; ends with `SystemExit`."""
    arguments = sys.argv[1:]
    if arguments and arguments[0] in _SERVING and "--dropin" not in arguments:
        arguments[1:1] = ["--dropin", "fastapi"]
    # By name, as the command line finds its drop-ins: neither needs the other.
    importlib.import_module("trivet.cli").main(arguments)
