"""The commands of data, as plain functions; the command line makes commands of them."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from trivet.db.commands.dump import dump
from trivet.db.commands.load import LoadFailed, load
from trivet.db.commands.seed import seedable
from trivet.db.commands.shell import program_of, run
from trivet.db.commands.tables import Tables
from trivet.db.connecting import connected
from trivet.db.database import Database
from trivet.errors import SetupError

__all__ = ["DataCommands"]


class DataCommands:
    """The commands for what is in one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> list[Callable[..., Any]]:
        """Give the functions, in the order in which one needs them."""
        return [self.seed, self.dumpdata, self.loaddata, self.dbshell]

    async def seed(self, *, again: bool = False) -> None:
        """Fill the database as the application's function says that `@db.seed` stands on.

        All of it is one transaction. A database that has rows is refused; --again fills it anyway.
        """
        database = self._database
        if not database.seeds:
            raise SetupError(
                "the application says nothing of what to fill the database with",
                code="db.seed-missing",
                mend="@db.seed above an async function that stores rows",
            )
        async with connected(database) as connection:
            await seedable(connection, list(database.metadata.tables.values()), again=again)
        try:
            async with database.own_transaction():
                for function in database.seeds:
                    await function()
        finally:
            await database.close()
        _say("Done: the database is filled.")

    async def dumpdata(self, models: list[str] | None = None, /, *, output: str = "") -> None:
        """Write rows as lines of JSON, those of all models or of the MODELS that are named.

        --output names a file, which is there when all of it is.
        """
        tables = Tables(self._database.metadata)
        progress = _Progress()
        async with connected(self._database) as connection:
            with _written(output) as file:
                count = await dump(connection, tables, models or (), file.write, progress.tell)
        progress.end()
        if output:
            _say(f"Wrote {output}: {count} rows.")

    async def loaddata(self, file: str, /) -> None:
        """Store the rows of FILE, which `trivet dumpdata` wrote: all of them, or none.

        A `-` for FILE reads what comes in.
        """
        tables = Tables(self._database.metadata)
        progress = _Progress()
        with _read(file) as lines:
            async with connected(self._database) as connection:
                try:
                    count = await load(connection, tables, lines, progress.tell)
                except LoadFailed as error:
                    progress.end()
                    sys.stderr.write(f"{file}: {error}\nNothing was loaded.\n")
                    raise SystemExit(1) from None
        progress.end()
        _say(f"Loaded {count} rows.")

    async def dbshell(self, words: list[str] | None = None, /) -> None:
        """Open the database's own prompt: sqlite3, psql or mariadb.

        WORDS behind `--` go to that program.
        """
        program = program_of(self._database.driver.url)
        raise SystemExit(run(program, words or ()))


class _Progress:
    """Says on a terminal how far it is, in one line."""

    def __init__(self) -> None:
        self._is_shown = sys.stderr.isatty()

    def tell(self, table: str, count: int) -> None:
        """Tell of a table, and of how many of its rows."""
        if self._is_shown:
            sys.stderr.write(f"\r\x1b[K  {table}: {count:,}")
            sys.stderr.flush()

    def end(self) -> None:
        """Take the line away."""
        if self._is_shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()


@contextmanager
def _written(output: str) -> Iterator[TextIO]:
    """Give a file that comes to stand under its name when all is written, or what we write to."""
    if not output:
        with open(sys.stdout.fileno(), "w", encoding="utf-8", newline="\n", closefd=False) as file:
            yield file
        return
    partial = Path(f"{output}.partial")
    try:
        with open(partial, "w", encoding="utf-8", newline="\n") as file:
            yield file
        os.replace(partial, output)
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def _read(file: str) -> Iterator[TextIO]:
    if file == "-":
        with open(sys.stdin.fileno(), encoding="utf-8-sig", newline="\n", closefd=False) as given:
            yield given
        return
    try:
        opened = open(file, encoding="utf-8-sig", newline="\n")  # noqa: SIM115  # closed below
    except OSError as error:
        raise SetupError(
            f"{file} cannot be read: {error.strerror}",
            code="db.dump-file",
            mend="the name of a file that `trivet dumpdata --output` wrote",
        ) from error
    with opened:
        yield opened


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
