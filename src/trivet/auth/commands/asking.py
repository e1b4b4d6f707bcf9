"""What a command asks of who types it; passwords are read without an echo, never from arguments."""

from __future__ import annotations

import getpass
import sys
from pathlib import Path

from trivet.errors import SetupError

__all__ = ["asked", "asked_password"]


def asked(question: str) -> str:
    """Ask for a line; raises `SetupError` where nobody is there to answer."""
    if not sys.stdin.isatty():
        raise SetupError(
            f"{question} is missing, and nobody is there to be asked",
            code="auth.command",
            mend="--log-in ann@example.org --password-file -",
        )
    sys.stderr.write(f"{question}: ")
    sys.stderr.flush()
    return sys.stdin.readline().strip()


def asked_password(file: str) -> str:
    """Give the first line of a file, of the standard input for ``-``; or ask for it twice."""
    if file == "-":
        return sys.stdin.readline().rstrip("\r\n")
    if file:
        return Path(file).read_text(encoding="utf-8").split("\n", 1)[0].rstrip("\r")
    if not sys.stdin.isatty():
        raise SetupError(
            "the password is missing, and nobody is there to be asked",
            code="auth.command",
            mend="--password-file -, with the password on the standard input",
        )
    first = getpass.getpass("Password: ")
    if getpass.getpass("Once more: ") != first:
        raise SetupError("the two are not the same", code="auth.command")
    return first
