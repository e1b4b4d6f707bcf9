"""What a migration has done so far, and how much of it stays if the rest fails."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, event

__all__ = ["Trace"]

# MariaDB and MySQL commit with each of these; what was written before is committed too.
_COMMITTING = ("ALTER", "CREATE", "DROP", "RENAME", "TRUNCATE")
_CHANGING = (*_COMMITTING, "DELETE", "INSERT", "UPDATE", "REPLACE")
_LONGEST = 100  # letters of a statement that is shown


class Trace:
    """The statements of one migration, as the database takes them."""

    def __init__(self) -> None:
        self._ran: list[str] = []
        self._kept = 0

    @property
    def kept(self) -> list[str]:
        """The statements that are committed, whatever happens next."""
        return self._ran[: self._kept]

    def begin(self) -> None:
        """Forget what came before: another migration begins."""
        self._ran, self._kept = [], 0

    @contextmanager
    def watching(self, connection: Connection) -> Iterator[None]:
        """Write down what runs on a connection."""
        commits_itself = connection.dialect.name in ("mysql", "mariadb")

        def ran(here: Any, cursor: Any, statement: str, *_: Any) -> None:
            text = " ".join(statement.split())
            word = text.partition(" ")[0].upper()
            if word not in _CHANGING or "alembic_version" in text:
                return
            self._ran.append(text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…")
            alone = here.get_execution_options().get("isolation_level") == "AUTOCOMMIT"
            if alone or (commits_itself and word in _COMMITTING):
                self._kept = len(self._ran)

        def committed(here: Any) -> None:
            self._kept = len(self._ran)

        event.listen(connection, "after_cursor_execute", ran)
        event.listen(connection, "commit", committed)
        try:
            yield
        finally:
            event.remove(connection, "after_cursor_execute", ran)
            event.remove(connection, "commit", committed)
