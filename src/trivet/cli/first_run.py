"""The first run of a new application: migrations, database, first superuser, and its container.

The steps are the commands that a person would type. They share one process, which is not that of
`trivet new`: what was written is imported once, as it will be.
"""

from __future__ import annotations

import secrets
import subprocess
import sys
from pathlib import Path

import typer

from trivet.cli.trouble import EXIT_FOUND
from trivet.terminal import Pen

__all__ = ["first_run"]

_LENGTH = 12  # bytes: 16 letters, which nobody guesses
# Each step begins as a process of its own would: with the words alone.
_TYPED = """
import sys
from trivet.cli import main

for words in (
    ["makemigrations"],
    ["migrate"],
    ["createsuperuser", "--log-in", sys.argv[1], "--password-file", "-"],
    ["deploy", "compose"],
):
    try:
        main(words)
    except SystemExit as end:
        if end.code:
            print("trivet", words[0], "ended with", end.code, file=sys.stderr)
            raise
"""


def first_run(folder: Path, superuser: str, pen: Pen) -> None:
    """Make migrations and database in `folder`, an account that may everything, and a container's
    files.

    Its password is printed, and kept nowhere but as the database's hash. Raises `typer.Exit` where
    a step fails, with what it said.
    """
    password = secrets.token_urlsafe(_LENGTH)
    done = subprocess.run(
        [sys.executable, "-c", _TYPED, superuser],
        cwd=folder,
        input=f"{password}\n",
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        trouble = Pen(sys.stderr)
        trouble.write(trouble.paint("What was written does not run here:", "bad"))
        trouble.write((done.stderr or done.stdout).rstrip())
        raise typer.Exit(EXIT_FOUND)
    made = "its migrations, its database, a superuser, compose.yaml"
    pen.write(f"  {pen.paint('made', 'good')} {made}")
    pen.write()
    pen.write(f"Sign in at http://127.0.0.1:8000/admin/ as {pen.paint(superuser, 'strong')}")
    pen.write(f"with the password {pen.paint(password, 'strong')}, which is shown only here;")
    pen.write(f"trivet changepassword {superuser} gives another.")
