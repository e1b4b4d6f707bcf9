"""What breaks below the models, raised in our words: at one place for all ways to the database.

SQLAlchemy asks here what to raise for a statement that failed and for a connection that could not
be made; reads that go to the driver directly ask too.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import registry

from trivet.db.errors import DatabaseAway, DatabaseFull, DatabaseHeld, LostRace, UnfitValue
from trivet.db.faults import Fault, fault_of
from trivet.db.violations import violation_of

__all__ = ["Breakage"]

# What drivers call the seconds that a connection may take to be made.
_PATIENCE = {"asyncpg": "timeout", "asyncmy": "connect_timeout"}


class Breakage:
    """Translates the errors of one engine, which is told of it once.

    `timeout` is in seconds: how long a connection may take to be made.
    """

    def __init__(self, engine: Engine, timeout: float, models: Sequence[registry]) -> None:
        self._timeout = timeout
        self._models = models
        url = engine.url
        place = f" at {url.host}:{url.port}" if url.port else f" at {url.host}" if url.host else ""
        self._where = f"{url.get_backend_name()}{place} ({url.database})"
        event.listen(engine, "handle_error", self._failed)
        event.listen(engine, "do_connect", self._connect)

    def meaning(self, error: BaseException, statement: Any = None) -> Exception | None:
        """Give what a driver's error, or SQLAlchemy's, is in our words; None without one for it.

        `statement` is SQLAlchemy's, where it is known: MariaDB does not name the table.
        """
        fault = fault_of(error)
        if fault is None:
            return None
        if not isinstance(error, DBAPIError):
            return self._meaning(fault, error, None)
        broken = violation_of(fault, error, statement, self._models)
        return broken or self._meaning(fault, error.orig or error, error.statement)

    def _meaning(
        self, fault: Fault | None, error: BaseException, statement: str | None
    ) -> Exception | None:
        told = str(error).strip().partition("\n")[0] or type(error).__name__
        if fault is Fault.AWAY:
            return DatabaseAway(
                f"{self._where} does not answer, or ended the connection: {told}; see whether it"
                " runs, and look in its log. What comes until then gets a 503",
                error,
                statement,
            )
        if fault is Fault.FULL:
            return DatabaseFull(
                f"{self._where} has no room to write in: {told}; free some on its disk. Nothing"
                " of this was written; reads go on, and writes will once there is room",
                error,
                statement,
            )
        if fault is Fault.CONFLICT or fault is Fault.LOCKED:
            return LostRace(
                f"another transaction was faster, and this one was taken back: {told}; work that"
                " may be run again from its start is run again by @database.retrying()",
                error,
                statement,
            )
        if fault is Fault.UNFIT:
            return UnfitValue(
                f"a value here is none that {self._where} can keep or compare: {told}; say in the"
                " type of the parameter how large or long it may be",
                error,
                statement,
            )
        if fault is Fault.BUSY:
            held = DatabaseHeld(
                f"{self._where} is held by others: {told}; there are more who write, or more"
                " connections, than it takes",
                error,
                statement,
            )
            held.seconds = self._timeout
            return held
        return None

    def _failed(self, context: Any) -> Exception | None:
        """Answer SQLAlchemy, which asks what to raise in place of its own error."""
        if context.is_pre_ping:
            return None  # the pool makes another connection
        orig = context.original_exception
        error = context.sqlalchemy_exception or orig
        fault = fault_of(error)
        if fault is None and context.is_disconnect and isinstance(error, DBAPIError):
            fault = Fault.AWAY
        if fault is Fault.AWAY:
            context.is_disconnect = True  # also where the driver has not noticed yet
            return self._meaning(fault, orig, context.statement)
        compiled = getattr(context.execution_context, "compiled", None)
        return self.meaning(error, getattr(compiled, "statement", None))

    def _connect(self, dialect: Any, record: Any, args: Any, values: Any) -> Any:
        if dialect.driver in _PATIENCE:
            values.setdefault(_PATIENCE[dialect.driver], self._timeout)
        try:
            return dialect.connect(*args, **values)
        except Exception as error:
            fault = Fault.AWAY if isinstance(error, OSError) else fault_of(error)
            raised = self._meaning(fault, error, None)
            if raised is None:
                raise
            raise raised from error
