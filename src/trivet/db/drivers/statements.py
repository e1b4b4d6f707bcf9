"""What statements are called when they are told of, and how the database would run them.

Both ways are told of: what goes straight to the driver (`watched.py`), and what SQLAlchemy sends,
by its events. Values stand in the facts for who develops; they are shown nowhere else.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import URL, Engine

from trivet.db.drivers.driver import Driver
from trivet.watching import Happening, Watcher, begun, ended

__all__ = ["Statements", "explained"]

# OpenTelemetry's names of the systems.
_SYSTEMS = {"postgres": "postgresql"}
_NAMED = 2000  # statements whose names are remembered
_FIRST = re.compile(r"(?:\s|--[^\n]*\n|/\*.*?\*/)*([A-Za-z]+)", re.DOTALL)
_TABLE = re.compile(r"\b(?:FROM|INTO|UPDATE)\s+([\w.\"`\[\]]+)", re.IGNORECASE)
_QUOTES = str.maketrans("", "", '"`[]')
# What begins and ends transactions, which differs between databases.
_STEPS = frozenset({"BEGIN", "START", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE"})
_EXPLAINABLE = frozenset({"SELECT", "INSERT", "UPDATE", "DELETE", "WITH", "REPLACE", "MERGE"})
_EXPLAIN = {"sqlite": "EXPLAIN QUERY PLAN "}
_MYSQL_COLUMNS = (
    "id", "select_type", "table", "type", "possible_keys", "key", "key_len", "ref", "rows", "extra",
)  # fmt: skip


class Statements:
    """Tells `watchers` of the statements of one database, which is called `pool`."""

    def __init__(self, url: URL, pool: str, watchers: Sequence[Watcher]) -> None:
        system = url.get_backend_name()
        self.pool = pool
        self.watchers = watchers
        self.driver: Driver | None = None
        """What runs an EXPLAIN; it tells nobody of it."""
        self._facts: dict[str, Any] = {"db.system.name": _SYSTEMS.get(system, system)}
        if url.database:
            self._facts["db.namespace"] = url.database
        if url.host:
            self._facts["server.address"] = url.host
        self._known: dict[str, tuple[str, str, dict[str, Any]]] = {}

    def happening(self, sql: str, values: Any) -> Happening:  # Any: as the driver takes them
        """Give what is told of one statement."""
        kind, name, facts = self._known.get(sql) or self._named(sql)
        happening = Happening(kind, name, {**facts, "trivet.values": values})
        if self.driver is not None and facts["db.operation.name"] in _EXPLAINABLE:
            happening.explain = partial(explained, self.driver, sql, values)
        return happening

    def step(self, name: str) -> Happening:
        """Give what is told of a beginning or an end of a transaction."""
        return Happening("transaction", name, dict(self._facts))

    def _named(self, sql: str) -> tuple[str, str, dict[str, Any]]:
        first = _FIRST.match(sql)
        operation = first[1].upper() if first else "SQL"
        facts = {**self._facts, "db.query.text": sql, "db.operation.name": operation}
        name = operation
        table = _TABLE.search(sql)
        if table is not None:
            collection = table[1].translate(_QUOTES)
            facts["db.collection.name"] = collection
            name = f"{operation} {collection}"
        if len(self._known) >= _NAMED:  # texts that are made anew again and again
            self._known.clear()
        kind = "transaction" if operation in _STEPS else "query"
        self._known[sql] = found = (kind, name, facts)
        return found

    # -- what SQLAlchemy sends -------------------------------------------------------------------

    def listen(self, engine: Engine) -> None:
        """Tell of what an engine sends from now on."""
        if not event.contains(engine, "before_cursor_execute", self._before):
            event.listen(engine, "before_cursor_execute", self._before)
            event.listen(engine, "after_cursor_execute", self._after)
            event.listen(engine, "handle_error", self._failed)

    def leave(self, engine: Engine) -> None:
        """Tell no more of what an engine sends."""
        if event.contains(engine, "before_cursor_execute", self._before):
            event.remove(engine, "before_cursor_execute", self._before)
            event.remove(engine, "after_cursor_execute", self._after)
            event.remove(engine, "handle_error", self._failed)

    def _before(
        self, connection: Any, cursor: Any, sql: str, values: Any, context: Any, many: bool
    ) -> None:
        happening = self.happening(sql, values)
        if many:
            happening.facts["db.operation.batch.size"] = len(values)
        context.trivet_told = begun(self.watchers, happening)

    def _after(
        self, connection: Any, cursor: Any, sql: str, values: Any, context: Any, many: bool
    ) -> None:
        happening: Happening | None = getattr(context, "trivet_told", None)
        if happening is not None:
            context.trivet_told = None
            if cursor.rowcount >= 0 and cursor.description:
                happening.facts["db.response.returned_rows"] = cursor.rowcount
            ended(self.watchers, happening)

    def _failed(self, failure: Any) -> None:
        context = failure.execution_context
        happening: Happening | None = getattr(context, "trivet_told", None)
        if happening is not None:
            context.trivet_told = None
            ended(self.watchers, happening, failure.original_exception)


async def explained(driver: Driver, sql: str, values: Any) -> str:
    """Give the database's plan for a statement, which is not run for it."""
    system = driver.url.get_backend_name()
    if isinstance(values, list) and values and isinstance(values[0], list | tuple):
        values = values[0]  # of many rows, the first
    rows = await driver.rows(_EXPLAIN.get(system, "EXPLAIN ") + sql, values or ())
    if system == "sqlite":
        return "\n".join(str(row[3]) for row in rows)
    if system == "postgresql":
        return "\n".join(str(row[0]) for row in rows)
    return "\n".join(
        ", ".join(
            f"{name}: {value}"
            for name, value in zip(_MYSQL_COLUMNS, row, strict=False)
            if value is not None
        )
        for row in rows
    )
