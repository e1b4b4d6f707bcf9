"""The first run of a new application: migrations, database, first superuser, and its container.

Each step is the command that a person would type, in a process of its own: what was written is
imported there, as it will be.
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


def first_run(folder: Path, superuser: str, pen: Pen) -> None:
    """Make migrations and database in `folder`, an account that may everything, and a container's
    files.

    Its password is printed, and kept nowhere but as the database's hash. Raises `typer.Exit` where
    a step fails, with what it said.
    """
    password = secrets.token_urlsafe(_LENGTH)
    _typed(folder, ["makemigrations"])
    _typed(folder, ["migrate"])
    account = ["createsuperuser", "--log-in", superuser, "--password-file", "-"]
    _typed(folder, account, f"{password}\n")
    _typed(folder, ["deploy", "compose"])
    pen.write(
        f"  {pen.paint('made', 'good')} its migrations, its database, a superuser, compose.yaml"
    )
    pen.write()
    pen.write(f"Sign in at http://127.0.0.1:8000/admin/ as {pen.paint(superuser, 'strong')}")
    pen.write(f"with the password {pen.paint(password, 'strong')}, which is shown only here;")
    pen.write(f"trivet changepassword {superuser} gives another.")


def _typed(folder: Path, words: list[str], text: str = "") -> None:
    done = subprocess.run(
        [sys.executable, "-m", "trivet", *words],
        cwd=folder,
        input=text,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        trouble = Pen(sys.stderr)
        trouble.write(f"{trouble.paint('Failed:', 'bad')} trivet {words[0]}")
        trouble.write((done.stderr or done.stdout).rstrip())
        raise typer.Exit(EXIT_FOUND)
