"""The database's own prompt: which program, and what it is told.

A password goes into the program's environment, never into its words, which everybody on the
machine can read.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy.engine import URL

from trivet.errors import SetupError

__all__ = ["Program", "program_of", "run"]

Find = Callable[[str], str | None]


@dataclass(frozen=True)
class Program:
    """What is started: its words, and what its environment has besides."""

    words: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)


def program_of(url: URL, find: Find = shutil.which) -> Program:
    """Give the program for an address; raises `SetupError` where it is not installed."""
    match url.get_backend_name():
        case "sqlite":
            return _sqlite(url, find)
        case "postgresql" | "postgres":
            return _psql(url, find)
    return _mariadb(url, find)


def run(program: Program, words: Sequence[str] = ()) -> int:
    """Start the program at this terminal with these words behind its own, and give how it ended."""
    before = signal.getsignal(signal.SIGINT)
    # Ctrl-C is for the program alone. One that is ignored would be ignored by it too.
    signal.signal(signal.SIGINT, lambda *_: None)
    try:
        return subprocess.run(
            [*program.words, *words], env={**os.environ, **program.environment}, check=False
        ).returncode
    finally:
        signal.signal(signal.SIGINT, before)


def _sqlite(url: URL, find: Find) -> Program:
    file = url.database or ""
    program = find("sqlite3")
    if program is not None:
        return Program((program, file))
    if sys.version_info >= (3, 12):
        return Program((sys.executable, "-m", "sqlite3", file))
    raise _missing("sqlite3", "sqlite3", "; Python 3.12 has one of its own")


def _psql(url: URL, find: Find) -> Program:
    program = find("psql")
    if program is None:
        raise _missing("psql", "postgresql-client")
    given = {
        "PGHOST": url.host or _asked(url, "host"),
        "PGPORT": str(url.port or _asked(url, "port")),
        "PGUSER": url.username,
        "PGPASSWORD": None if url.password is None else str(url.password),
        "PGDATABASE": url.database,
        "PGSSLMODE": _asked(url, "sslmode") or _asked(url, "ssl"),
    }
    return Program((program,), {name: value for name, value in given.items() if value})


def _mariadb(url: URL, find: Find) -> Program:
    program = find("mariadb") or find("mysql")
    if program is None:
        raise _missing("mariadb or mysql", "mariadb-client")
    socket = _asked(url, "unix_socket")
    words = [program]
    if socket:
        words.append(f"--socket={socket}")
    else:
        words += [
            "--protocol=TCP",
            f"--host={url.host or 'localhost'}",
            f"--port={url.port or 3306}",
        ]
    if url.username:
        words.append(f"--user={url.username}")
    words.append("--default-character-set=utf8mb4")
    if url.database:
        words.append(url.database)
    password = {} if url.password is None else {"MYSQL_PWD": str(url.password)}
    return Program(tuple(words), password)


def _asked(url: URL, name: str) -> str:
    value = url.query.get(name, "")
    return value if isinstance(value, str) else value[0]


def _missing(program: str, package: str, else_: str = "") -> SetupError:
    return SetupError(
        f"the program {program} is not installed, or not in PATH",
        code="db.shell-program",
        mend=f"install it: apt install {package}, or brew install"
        f" {_BREW.get(package, package)}{else_}",
    )


_BREW = {"sqlite3": "sqlite", "postgresql-client": "libpq"}
