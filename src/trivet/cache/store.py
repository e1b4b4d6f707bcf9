"""What a cache asks of a store: bytes under keys, each for a time, and a few steps that are atomic.

A store knows no types, tags or namespaces. Its methods raise the errors below and nothing else for
what may happen to a server; whoever calls them (`guard.py`) makes misses of these. All methods are
called on one event loop.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, ClassVar, NamedTuple

from trivet.errors import TrivetError

__all__ = [
    "Lease",
    "NotANumberError",
    "Store",
    "StoreAway",
    "StoreBusy",
    "StoreError",
    "StoreFull",
]


class StoreError(TrivetError):
    """A store could not do what it was asked for; nobody's answer depends on it."""


class StoreAway(StoreError):
    """The store does not answer, or not in time."""


class StoreBusy(StoreError):
    """The store cannot do this now, and may do the next thing.

    `when_free` calls a function, and awaits it, once this thing could be done; None: in a while.
    """

    def __init__(
        self, what: str, when_free: Callable[[Callable[[], Awaitable[Any]]], None] | None = None
    ) -> None:
        super().__init__(what)
        self.when_free = when_free


class StoreFull(StoreError):
    """The store reads and deletes, and takes nothing more."""


class NotANumberError(TrivetError, TypeError):
    """What was to be incremented is no number, or would leave 64 bits."""


class Lease(NamedTuple):
    """The right to write one value: `token` stands under `key` for as long as it holds."""

    key: str
    token: str


class Store(ABC):
    """Where a cache keeps its bytes; subclass it for a store of your own.

    Times to live are in seconds, above 0; None is for ever. Keys are printable ASCII of at most 250
    characters. What was written is there for the next call, or gone; never an older value.
    """

    name: ClassVar[str]
    """What log lines call it."""

    async def open(self) -> None:  # noqa: B027  # most open with the first call
        """Begin; must not fail where a server is away."""

    async def close(self) -> None:  # noqa: B027
        """Close what is open; the next call may open it again."""

    def at_once(self, keys: Sequence[str]) -> list[bytes | None] | None:
        """Give the values of `keys` where nothing has to be awaited for it, else None."""
        return None

    @abstractmethod
    async def get_many(self, keys: Sequence[str]) -> list[bytes | None]:
        """Give the value of each key, None where there is none, in the order of the keys."""

    @abstractmethod
    async def set_many(
        self, items: Mapping[str, bytes], ttl: float | None, lease: Lease | None = None
    ) -> bool:
        """Write all items; with a lease only while it holds, which ends with it.

        Gives False where the lease holds no longer, and has written nothing then.
        """

    @abstractmethod
    async def add(self, key: str, value: bytes, ttl: float | None) -> bool:
        """Write where nothing is, in one step; gives False where something is."""

    @abstractmethod
    async def delete_many(self, keys: Sequence[str]) -> None:
        """Delete what is there."""

    @abstractmethod
    async def release(self, lease: Lease) -> None:
        """End a lease, if it still holds."""

    @abstractmethod
    async def increment(self, key: str, by: int, ttl: float | None) -> int:
        """Add to a number of 64 bits in decimal ASCII, in one step; gives the new one.

        A missing one counts as 0 and lives for `ttl` from now; one that is there keeps its time.
        Raises `NotANumberError`.
        """

    @abstractmethod
    async def touch_many(self, keys: Sequence[str], ttl: float | None) -> int:
        """Let what is there live for `ttl` from now; gives how many of the keys were there."""

    @abstractmethod
    async def clear(self, prefix: str) -> None:
        """Delete all keys that begin with `prefix`; looks at every key of the store."""
