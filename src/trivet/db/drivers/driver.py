"""What the rest asks of a database."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncEngine

__all__ = ["Driver"]


class Driver(ABC):
    """One kind of database."""

    url: URL
    """The address with the asynchronous driver in it."""
    options: dict[str, Any]
    """What the engine is told besides."""
    has_one_writer = False
    """True where a second writer can only wait."""
    reads_directly = False
    """True where `rows` is there."""

    @abstractmethod
    def __init__(self, url: URL) -> None:
        """Take an address, whose driver may be left out."""

    @abstractmethod
    def prepare(self, engine: AsyncEngine, timeout: float) -> None:
        """Set up the engine that was made with `url` and `options`.

        Who waits longer than `timeout` seconds for a connection gets `DatabaseBusy`.
        """

    async def rows(self, sql: str, values: Sequence[Any]) -> Sequence[Any]:
        """Run one read outside any transaction, and give the driver's own rows."""
        raise NotImplementedError

    async def close(self) -> None:  # noqa: B027  # most have nothing to let go of
        """Let go of what is not the engine's."""
