"""Bringing a database to a migration: step by step, each whole or not at all where it can be.

PostgreSQL takes each migration in a transaction. SQLite takes all of them in one, which is the lock
too, with a savepoint for each. MariaDB and MySQL commit with every change of a table by themselves.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from pathlib import Path
from time import perf_counter
from typing import Any

from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext, RevisionStep
from alembic.util import CommandError
from sqlalchemy import Connection, MetaData, String, text

from trivet.db.migrate.folder import Folder
from trivet.db.migrate.squash import squashed_into
from trivet.db.migrate.traces import Trace
from trivet.errors import SetupError, TrivetError

__all__ = ["MigrationFailed", "Runner", "context_of"]

ZERO = "zero"


class MigrationFailed(TrivetError):
    """A migration raised: which one, what is left of it, and what to do."""


def context_of(connection: Connection, metadata: MetaData, **options: Any) -> MigrationContext:
    """Give Alembic's view of a database; `options` are those of its `configure`."""
    return MigrationContext.configure(
        connection,
        opts={
            "target_metadata": metadata,
            "compare_type": _compare_type,
            "compare_server_default": True,
            "transaction_per_migration": True,
            **options,
        },
    )


def _compare_type(
    context: MigrationContext, there: Any, here: Any, there_type: Any, here_type: Any
) -> bool | None:
    """Take NVARCHAR for VARCHAR where the database does; None leaves it to Alembic."""
    is_text = isinstance(there_type, String) and isinstance(here_type, String)
    if context.dialect.name == "sqlite" and is_text and there_type.length == here_type.length:
        return False
    return None


class Runner:
    """Takes one database along the migrations of one folder."""

    def __init__(self, folder: Folder, metadata: MetaData, say: Callable[[str], None]) -> None:
        self._folder = folder
        self._metadata = metadata
        self._say = say
        self._step: RevisionStep | None = None
        self._began = 0.0
        self._savepoint: Any = None
        self._done: list[str] = []
        self._trace = Trace()

    def applied(self, connection: Connection) -> set[str]:
        """Give the names of all migrations that the database has."""
        heads = context_of(connection, self._metadata).get_current_heads()
        known = {one.revision for one in self._folder.all()}
        if unknown := sorted(set(heads) - known):
            for one in unknown:
                if script := squashed_into(self._folder, one):
                    raise SetupError(
                        f"the database is at {one}, which is a part of"
                        f" {Path(script.path).stem} now; that one can only be done as a whole",
                        code="db.migration-squashed",
                        mend=f"take the old files back; trivet migrate {script.revision}; go on",
                    )
            raise SetupError(
                f"the database is at {', '.join(unknown)}, which is not in {self._folder.path}",
                code="db.migration-unknown",
                mend="take the file from where the database was migrated, such as another branch",
            )
        with self._folder.reading():
            found = self._folder.scripts.iterate_revisions(heads, "base") if heads else ()
            return {one.revision for one in found}

    def steps(self, connection: Connection, target: str | None) -> list[RevisionStep]:
        """Give what leads to a target: the newest where it is None, nothing at all at `zero`."""
        heads: Any = context_of(connection, self._metadata).get_current_heads()
        applied = self.applied(connection)
        scripts = self._folder.scripts
        with self._folder.reading():
            if target is None:
                return scripts._upgrade_revs("heads", heads)
            if target == ZERO:
                return scripts._downgrade_revs("base", heads) if heads else []
            revision = self._folder.find(target).revision
            if revision in applied:
                return scripts._downgrade_revs(revision, heads)
            return scripts._upgrade_revs(revision, heads)

    def run(self, connection: Connection, target: str | None) -> int:
        """Migrate, and give how many steps it took; raises `MigrationFailed`."""
        is_sqlite = connection.dialect.name == "sqlite"

        def told(heads: Any, context: MigrationContext) -> Iterator[RevisionStep]:
            return self._told(connection, self.steps(connection, target), is_sqlite)

        context = context_of(connection, self._metadata, fn=told, script=self._folder.scripts)
        if is_sqlite:
            # What PostgreSQL wants outside a transaction is nothing special here.
            context.autocommit_block = nullcontext  # type: ignore[assignment, method-assign]
        try:
            with Operations.context(context), self._trace.watching(connection):
                context.run_migrations()
            if is_sqlite:
                connection.commit()
        except SetupError:
            raise
        except Exception as error:
            raise self._failed(connection, error) from error
        return len(self._done)

    def _told(
        self, connection: Connection, steps: Iterable[RevisionStep], is_sqlite: bool
    ) -> Iterator[RevisionStep]:
        for step in steps:
            self._step, self._began = step, perf_counter()
            self._trace.begin()
            self._savepoint = connection.begin_nested() if is_sqlite else None
            yield step
            if self._savepoint is not None:
                _check_keys(connection)
                self._savepoint.commit()
            word = "applied" if step.is_upgrade else "undone"
            self._say(f"  {word} {_name(step)} ({perf_counter() - self._began:.2f} s)")
            self._done.append(_name(step))
            self._step = None

    def _failed(self, connection: Connection, error: Exception) -> MigrationFailed:
        step = self._step
        if self._savepoint is not None and self._savepoint.is_active:
            self._savepoint.rollback()
        if connection.dialect.name == "sqlite":
            connection.commit()  # what stood before the one that failed
        else:
            connection.rollback()
        if step is None:
            return MigrationFailed(f"migrating failed: {_short(error)}")
        kept = [] if connection.dialect.name == "sqlite" else self._trace.kept
        if kept:
            listed = "".join(f"\n  {statement}" for statement in kept)
            left = (
                "These of its statements are committed and stay; the migration does not count as"
                f" {'applied' if step.is_upgrade else 'undone'}:{listed}"
            )
            mend = "undo these by hand, or take them out of the file; mend the rest of it"
        else:
            left = "All of it was rolled back: the database is as it was before this migration."
            mend = "mend the file"
        done = f"\nThese before it stay: {', '.join(self._done)}." if self._done else ""
        file = step.revision.path if step.revision is not None else self._folder.path
        return MigrationFailed(
            f"{_name(step)} failed: {_short(error)}\n  at {_line(error, str(file))}\n{left}{done}\n"
            f"What to do: {mend}, and type `trivet migrate` again."
        )

    def sql(self, connection: Connection, target: str | None) -> str:
        """Give the statements that `run` would send, without sending any."""
        steps = self.steps(connection, target)
        heads = context_of(connection, self._metadata).get_current_heads()
        out = io.StringIO()
        context = MigrationContext.configure(
            dialect=connection.dialect,
            opts={
                "as_sql": True,
                "output_buffer": out,
                "target_metadata": self._metadata,
                "starting_rev": heads or None,
                "transaction_per_migration": True,
                "transactional_ddl": connection.dialect.name not in ("mysql", "mariadb"),
                "fn": lambda *_: steps,
                "script": self._folder.scripts,
            },
        )
        try:
            with Operations.context(context):
                context.run_migrations()
        except CommandError as error:
            raise SetupError(
                f"this cannot be written as SQL alone: {error}",
                code="db.migration-sql",
                mend="trivet migrate, which reads the table before it rebuilds it",
            ) from error
        return out.getvalue()


def _check_keys(connection: Connection) -> None:
    """Find rows whose parents went away while foreign keys were not looked at."""
    wrong = connection.execute(text("PRAGMA foreign_key_check")).fetchall()
    if wrong:
        tables = sorted({f"{row[0]} → {row[2]}" for row in wrong})
        raise ValueError(f"{len(wrong)} rows refer to rows that are not there: {', '.join(tables)}")


def _name(step: RevisionStep) -> str:
    return Path(step.revision.path).stem if step.revision is not None else str(step)


def _short(error: Exception) -> str:
    cause = getattr(error, "orig", None) or error
    lines = str(cause).strip().splitlines() or [type(cause).__name__]
    return f"{type(error).__name__}: {lines[0]}"


def _line(error: BaseException, file: str) -> str:
    trace: Any = error.__traceback__
    found = file
    while trace is not None:
        if Path(trace.tb_frame.f_code.co_filename) == Path(file):
            found = f"{file}:{trace.tb_lineno}"
        trace = trace.tb_next
    return found
