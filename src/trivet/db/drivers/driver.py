"""What the rest asks of a database."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from sqlalchemy.engine import URL, Dialect, Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from trivet.db.drivers.lending import Lender
from trivet.db.drivers.transaction import Transaction

__all__ = ["Driver", "Ear"]


class Ear(ABC):
    """A connection of its own that listens to channels."""

    @property
    @abstractmethod
    def is_lost(self) -> bool:
        """True once nothing will be heard any more."""

    @abstractmethod
    async def listen(self, channel: str) -> None:
        """Listen to one more channel."""

    @abstractmethod
    async def unlisten(self, channel: str) -> None:
        """Listen to a channel no more."""

    @abstractmethod
    async def check(self) -> None:
        """Raise an error where the server does not answer any more."""

    @abstractmethod
    async def close(self) -> None:
        """Close the connection."""


class Driver(ABC):
    """One kind of database."""

    url: URL
    """The address with the asynchronous driver in it."""
    options: dict[str, Any]
    """What the engine is told besides."""
    sync_name: str
    """The synchronous driver by SQLAlchemy's name."""
    sync_library: str
    """What has to be installed for it."""
    sync_options: Mapping[str, Any] = MappingProxyType({})
    """What the engine of plain sessions is told besides."""
    has_one_writer = False
    """True where a second writer can only wait."""
    reads_directly = False
    """True where `rows` and `rows_on` are there."""
    begins_directly = False
    """True where `begin` is there."""
    tells = False
    """True where `tell` and `ear` are there."""
    is_within = False
    """True where transactions are parts of one that is under way, as in a test: what kind of
    transaction it is cannot be chosen any more."""
    _dialect: Dialect
    _lender: Lender | None = None
    _hides_values = False

    @abstractmethod
    def __init__(self, url: URL) -> None:
        """Take an address, whose driver may be left out."""

    @property
    def lender(self) -> Lender | None:
        """What lends connections to those who read directly; None where nobody does."""
        return self._lender

    @property
    def unwatched(self) -> Driver:
        """The driver itself, where another one looks at it."""
        return self

    def prepare(self, engine: AsyncEngine, timeout: float) -> None:
        """Set up the engine that was made with `url` and `options`.

        Who waits longer than `timeout` seconds for a connection gets `DatabaseBusy`.
        """
        self._dialect = engine.dialect
        self._hides_values = engine.sync_engine.hide_parameters

    def prepare_sync(self, engine: Engine) -> None:  # noqa: B027  # most need nothing
        """Set up the engine of plain sessions."""

    async def rows(self, sql: str, values: Sequence[Any]) -> Sequence[Any]:
        """Run one read outside any transaction, and give the driver's own rows."""
        raise NotImplementedError

    async def stream(
        self, sql: str, values: Sequence[Any], chunk: int
    ) -> AsyncGenerator[Sequence[Any]]:
        """Run one read as `rows` does, and give `chunk` rows at a time, of one moment.

        Only these are in memory where the driver can do it. Who leaves early closes it.
        """
        rows = await self.rows(sql, values)
        for start in range(0, len(rows), chunk):
            yield rows[start : start + chunk]

    async def rows_on(
        self, connection: AsyncConnection, sql: str, values: Sequence[Any]
    ) -> Sequence[Any]:
        """Run one read on this connection, in its transaction, and give the driver's own rows."""
        raise NotImplementedError

    async def begin(self) -> Transaction:
        """Begin a transaction that writes, on a borrowed connection.

        Where `has_one_writer`, the caller has the turn. Raises `DatabaseBusy`, and errors of the
        driver's own.
        """
        raise NotImplementedError

    async def tell(self, channels: Sequence[str], payloads: Sequence[str]) -> None:
        """Tell each payload to who listens to the channel of its place, in other processes too."""
        raise NotImplementedError

    async def ear(self, heard: Callable[[str, str], None], lost: Callable[[], None]) -> Ear:
        """Open a connection that calls `heard(channel, payload)`, and `lost()` at its end."""
        raise NotImplementedError

    def wrapped(
        self, error: Exception, sql: str | None = None, values: Sequence[Any] = ()
    ) -> Exception:
        """Give what SQLAlchemy raises in the place of an error of the driver's.

        That is `IntegrityError` and its like, with the dialect's own error in `orig`; an error that
        is no driver's is given back as it is.
        """
        orig = self._known(error)
        dbapi = self._dialect.loaded_dbapi
        if not isinstance(orig, dbapi.Error):
            return error
        found = DBAPIError.instance(
            sql,
            tuple(values),
            orig,
            dbapi.Error,
            hide_parameters=self._hides_values,
            connection_invalidated=self._dialect.is_disconnect(orig, None, None),
            dialect=self._dialect,
        )
        assert isinstance(found, Exception), "instance() gives errors for errors"
        return found

    def _known(self, error: Exception) -> Exception:
        """Give an error as the dialect knows it, which may have classes of its own."""
        return error

    async def close(self) -> None:  # noqa: B027  # most have nothing to let go of
        """Let go of what is not the engine's."""
