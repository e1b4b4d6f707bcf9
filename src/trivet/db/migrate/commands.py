"""The commands of migrations, as plain functions; the command line makes commands of them."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from alembic.operations import ops
from sqlalchemy import Connection, MetaData
from sqlalchemy.ext.asyncio import AsyncConnection

from trivet.checks import Finding
from trivet.db.connecting import connected
from trivet.db.database import Database
from trivet.db.migrate.differences import differences, summary
from trivet.db.migrate.existing import models_text
from trivet.db.migrate.folder import Folder
from trivet.db.migrate.lint import lint
from trivet.db.migrate.lock import locked
from trivet.db.migrate.render import file_text
from trivet.db.migrate.runner import MigrationFailed, Runner, context_of
from trivet.db.migrate.squash import squash
from trivet.errors import SetupError

__all__ = ["Commands"]

_WAIT = 60.0  # seconds for another migration to be done
_LONGEST_NAME = 3  # changes that a file's name tells of


class Commands:
    """The commands for one database, whose migrations are in one folder."""

    def __init__(self, database: Database, folder: Path, metadata: MetaData) -> None:
        self._database = database
        self._path = folder
        self._metadata = metadata

    def all(self) -> list[Callable[..., Any]]:
        """Give the functions, in the order in which one needs them."""
        return [
            self.makemigrations,
            self.migrate,
            self.migrations,
            self.squashmigrations,
            self.inspectdb,
        ]

    async def makemigrations(
        self, name: str = "", /, *, empty: bool = False, merge: bool = False
    ) -> None:
        """Write what changed in the models as a migration, in the folder `migrations`.

        NAME goes into the file's name. On a terminal, it asks whether what looks renamed was.
        --empty writes a file to fill in, such as for data; --merge joins two branches.
        """
        async with self._connected(self._database) as connection:
            await connection.run_sync(self._make, name, empty, merge)

    async def migrate(
        self,
        target: str = "",
        /,
        *,
        plan: bool = False,
        sql: bool = False,
        check: bool = False,
    ) -> None:
        """Bring the database to the newest migration, or to TARGET: a name, a number, or zero.

        --plan lists what would be done, --sql writes its statements; neither changes anything.
        --check ends with 1 where migrations are waiting, or differ from the models.
        """
        async with self._connected(self._database) as connection:
            done = self._check if check else self._plan if plan else self._sql if sql else self._run
            await connection.run_sync(done, target or None)

    async def migrations(self) -> None:
        """Show which migrations there are, and which the database has."""
        async with self._connected(self._database) as connection:
            await connection.run_sync(self._show)

    async def squashmigrations(self, first: str, last: str, name: str = "", /) -> None:
        """Write the migrations from FIRST to LAST as one file, called NAME, in place of them.

        Databases that have LAST stay as they are. Those that have a part of these must be migrated
        with the old files before: do it when none is left.
        """
        folder = Folder(self._path)
        path = squash(folder, first, last, name)
        _say(f"Wrote {_shown(path)}, which does what {first} to {last} did; their files are gone.")

    async def inspectdb(self, url: str) -> None:
        """Write typed models for the tables of the database at URL."""
        async with self._connected(Database(url)) as connection:
            _say((await connection.run_sync(models_text)).rstrip("\n"))

    @asynccontextmanager
    async def _connected(self, database: Database) -> AsyncIterator[AsyncConnection]:
        """Give a connection; a migration that failed ends the command, in words."""
        try:
            async with connected(database) as connection:
                yield connection
        except MigrationFailed as error:
            sys.stderr.write(f"{error}\n")
            raise SystemExit(1) from None

    # -- makemigrations --------------------------------------------------------------------------

    def _make(self, connection: Connection, name: str, empty: bool, merge: bool) -> None:
        folder = Folder(self._path)
        heads = folder.heads()
        if len(heads) > 1 and not merge:
            raise SetupError(
                f"several migrations are the last one: {', '.join(heads)}",
                code="db.migration-heads",
                where=str(folder.path),
                mend="trivet makemigrations --merge",
            )
        if merge and len(heads) < 2:
            _say("Nothing to merge: there is one last migration.")
            return
        if merge or empty:
            found = ops.UpgradeOps([])
            title = f"Merge {' and '.join(heads)}." if merge else "Say here what this changes."
            self._write(connection, folder, name or ("merge" if merge else "data"), title, found)
            return
        runner = Runner(folder, self._metadata, _say)
        waiting = runner.steps(connection, None)
        if waiting:
            raise SetupError(
                f"the models are compared with the database, which lacks {len(waiting)} migrations",
                code="db.migrations-waiting",
                mend="trivet migrate",
            )
        found = differences(connection, self._metadata, _ask if sys.stdin.isatty() else None)
        lines = summary(found)
        if not lines:
            _say("No changes: the database is as the models are.")
            return
        title = f"{lines[0][0][0].upper()}{lines[0][0][1:]}"
        title += "." if len(lines) == 1 else f", and {len(lines) - 1} more."
        words = list(dict.fromkeys(word for _, word in lines))
        made = name or ("initial" if not heads else " ".join(words[:_LONGEST_NAME]))
        path = self._write(connection, folder, made, title, found)
        for line, _ in lines:
            _say(f"  {line}")
        _tell(lint(path, connection.dialect.name))

    def _write(
        self,
        connection: Connection,
        folder: Folder,
        name: str,
        title: str,
        found: ops.UpgradeOps,
    ) -> Path:
        path, revision = folder.name_next(name)
        context = context_of(connection, self._metadata)
        heads = folder.heads()
        folder.write(path, file_text(title, revision, heads, found, context))
        _say(f"Wrote {_shown(path)}")
        return path

    # -- migrate ---------------------------------------------------------------------------------

    def _run(self, connection: Connection, target: str | None) -> None:
        runner = Runner(Folder(self._path), self._metadata, _say)
        with locked(connection, _WAIT, _say):
            count = runner.run(connection, target)
        _say(f"Done: {count} migration{'' if count == 1 else 's'}." if count else "Nothing to do.")

    def _plan(self, connection: Connection, target: str | None) -> None:
        steps = Runner(Folder(self._path), self._metadata, _say).steps(connection, target)
        for step in steps:
            word = "apply" if step.is_upgrade else "undo "
            _say(f"  {word} {Path(step.revision.path).stem if step.revision else step}")
        if not steps:
            _say("Nothing to do.")

    def _sql(self, connection: Connection, target: str | None) -> None:
        _say(Runner(Folder(self._path), self._metadata, _say).sql(connection, target).rstrip())

    def _check(self, connection: Connection, target: str | None) -> None:
        waiting = Runner(Folder(self._path), self._metadata, _say).steps(connection, None)
        if waiting:
            names = [Path(one.revision.path).stem for one in waiting if one.revision]
            _say(f"Not applied: {', '.join(names)}. What to do: trivet migrate")
            raise SystemExit(1)
        lines = summary(differences(connection, self._metadata, None))
        if lines:
            _say("The models differ from the migrations:")
            for line, _ in lines:
                _say(f"  {line}")
            _say("What to do: trivet makemigrations")
            raise SystemExit(1)
        _say("Models, migrations and the database are the same.")

    def _show(self, connection: Connection) -> None:
        folder = Folder(self._path)
        applied = Runner(folder, self._metadata, _say).applied(connection)
        scripts = folder.all()
        for script in scripts:
            mark = "x" if script.revision in applied else " "
            title = (script.doc or "").splitlines()
            _say(f"[{mark}] {Path(script.path).stem}  {title[0] if title else ''}".rstrip())
        if not scripts:
            _say(f"No migrations in {_shown(self._path)}. Begin with: trivet makemigrations")


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _tell(findings: list[Finding]) -> None:
    for finding in findings:
        _say(f"\n{finding}")


def _ask(question: str) -> bool:
    return input(f"{question} [y/N] ").strip().lower() in ("y", "yes")


def _shown(path: Path) -> str:
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
