"""A transaction on one connection of the driver's, for as long as nothing needs a session."""

from __future__ import annotations

import contextlib
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Protocol

from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from trivet.db.drivers.lending import Loan

__all__ = ["LentTransaction", "Transaction"]


class Transaction(Protocol):
    """One that has begun; it ends by `commit`, by `roll_back`, or as the connection it `joined`.

    What it raises is the driver's own. It does one thing at a time: who uses it sees to that.
    """

    async def run(self, sql: str, values: Sequence[Any]) -> Sequence[Any]:
        """Run one statement, and give the driver's own rows."""

    async def commit(self) -> None:
        """Make what was written last, and give the connection back."""

    async def roll_back(self) -> None:
        """Take back what was written, and give the connection back."""

    def joined(self, engine: AsyncEngine) -> AsyncConnection:
        """Give the connection to SQLAlchemy, with the transaction that is under way on it.

        It begins no other then, and ends this one; closing it gives the connection to the pool.
        """


class LentTransaction(ABC):
    """A transaction on a connection that was lent.

    `take_back` takes the connection once the transaction is over, with the error of its end.
    """

    def __init__(self, loan: Loan, take_back: Callable[[Loan, BaseException | None], None]) -> None:
        self._loan = loan
        self._take_back = take_back
        self._cut_short: BaseException | None = None

    async def run(self, sql: str, values: Sequence[Any]) -> Sequence[Any]:
        """Run one statement; where that is cut short, the connection is given up at the end."""
        try:
            return await self._run(sql, values)
        except Exception:
            raise
        except BaseException as error:
            self._cut_short = error  # the server may still be answering
            raise

    async def commit(self) -> None:
        """Commit, and give the connection back."""
        await self._ended(self._commit)

    async def roll_back(self) -> None:
        """Roll back, and give the connection back.

        Where that fails the connection is given up, and the server does it when that ends.
        """
        if self._cut_short is None:
            with contextlib.suppress(Exception):
                await self._ended(self._roll_back)
        else:
            self._take_back(self._loan, self._cut_short)

    def joined(self, engine: AsyncEngine) -> AsyncConnection:
        """Give the connection to SQLAlchemy as it is."""
        return AsyncConnection(engine, Connection(engine.sync_engine, self._loan.held))

    @abstractmethod
    async def _run(self, sql: str, values: Sequence[Any]) -> Sequence[Any]: ...

    @abstractmethod
    async def _commit(self) -> None: ...

    @abstractmethod
    async def _roll_back(self) -> None: ...

    async def _ended(self, end: Callable[[], Awaitable[None]]) -> None:
        try:
            await end()
        except BaseException as error:
            self._take_back(self._loan, error)
            raise
        self._take_back(self._loan, None)
