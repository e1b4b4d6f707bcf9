"""What the rest asks of what carries messages between processes.

Two levels. **Fan-out**: whoever listens at this moment gets it, at most once. **Stream**: messages
of a topic have numbers that grow, are kept for a while, and can be read from any position, so that
nothing is lost or told twice while something was away. A back end tells of what is new in three
ways: the message itself with the number of the one before it, a hint to read, or "look at
everything". Only reading must be right; the first two may be lost.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from trivet.realtime.position import Position

__all__ = ["Backend", "Entry", "Heard", "History", "Keep"]


@dataclass(frozen=True, slots=True)
class Keep:
    """How much of each topic is kept: the latest `count` messages of the last `seconds`.

    `name` is the channel's pattern, for back ends that keep what belongs together in one place.
    """

    name: str
    count: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Entry:
    """A message that is kept.

    `previous` is the number of the one before it in its topic, 0 where there is none; `at` is in
    seconds since 1970 (UTC).
    """

    number: int
    previous: int
    data: bytes
    at: float


@dataclass(frozen=True, slots=True)
class History:
    """What a topic holds, oldest first.

    `position` is how far the topic is; everything behind `floor` is among the entries.
    """

    position: Position
    entries: Sequence[Entry]
    floor: int


class Heard(Protocol):
    """Who listens to a back end; called on the event loop, never waits."""

    def passed(self, topic: str, data: bytes) -> None:
        """A message that is not kept."""

    def added(self, topic: str, epoch: str, entry: Entry) -> None:
        """A message that is kept."""

    def hinted(self, topic: str) -> None:
        """There is something new in a topic."""

    def moved(self, topic: str) -> None:
        """Who is at a topic has changed."""

    def missed(self) -> None:
        """Anything may have been missed."""


class Backend(ABC):
    """One way to carry messages. Every coroutine may raise `BackendAway`."""

    least: Keep | None = None
    """What is kept of a topic whose channel keeps nothing; None where fan-out needs nothing."""
    poll: float | None = None
    """Seconds between two looks whether a hint was lost; None where none is."""
    reaches_others = True
    """False where messages stay in the process."""

    @abstractmethod
    async def open(self, heard: Heard) -> None:
        """Begin to listen; goes on by itself after an outage."""

    @abstractmethod
    async def close(self) -> None:
        """Close all that is open; publishing opens again what it needs."""

    @abstractmethod
    async def watch(self, topic: str, keep: Keep | None) -> None:
        """Hear of a topic from now on."""

    @abstractmethod
    async def unwatch(self, topic: str) -> None:
        """Hear of a topic no more."""

    @abstractmethod
    async def publish(self, topic: str, data: bytes, keep: Keep | None) -> Position | None:
        """Publish; gives the position of a message that is kept."""

    @abstractmethod
    async def read(self, topic: str, keep: Keep, after: Position | None) -> History:
        """Read what is kept, or what came `after` a position where it is of the present epoch."""

    @abstractmethod
    async def latest(self, topics: Mapping[str, Keep]) -> Mapping[str, Position]:
        """Say how far topics are; those of which nothing is known are left out."""

    # Who is at a topic: each process says what it knows, for as long as it lives.

    @abstractmethod
    async def hold(self, topic: str, process: str, members: bytes | None) -> None:
        """Say who of this process is at a topic, None for nobody; tells who watches it."""

    @abstractmethod
    async def held(self, topic: str) -> Mapping[str, bytes]:
        """Give what each process that lives has said about a topic."""

    @abstractmethod
    async def beat(self, process: str, seconds: float) -> frozenset[str]:
        """Say that this process lives for `seconds` more; gives all that live."""
