"""What carries jobs past one database: the contract that every engine fulfils.

A job is a row of the table first, in the transaction that puts it in; a relay then gives it to the
engine, and what became of it is written into its row. So an engine has to do little, and the same
for all: keep what it was given until a worker says that it is done with it, and give it to another
worker where it does not say so in time. Delays, attempts, results and dead letters are the table's.

What it carries may come twice, never not at all.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from typing import Protocol

__all__ = ["Delivery", "Engine", "EngineAway", "Message", "MessageTooLarge"]


class EngineAway(Exception):  # what happened, not a fault
    """The engine cannot be reached, or did not say that it has kept what it was given."""


@dataclass(frozen=True, slots=True)
class Message:
    """One attempt of one job on its way.

    `id` names it: an engine may drop a message whose id it was given a few minutes ago, whatever
    became of that one. Who sends an attempt anew because the engine has lost it gives another id.
    """

    id: str
    body: bytes


class MessageTooLarge(ValueError):
    """A body is larger than the engine carries, and would be refused each time it is sent."""

    def __init__(self, message: Message, largest: int, mend: str) -> None:
        self.message = message
        super().__init__(
            f"the message {message.id!r} has {len(message.body):,} bytes, and this engine carries"
            f" at most {largest:,}: give the job the key of a row or of a file, and read it in"
            f" the job; or {mend}"
        )


class Delivery(Protocol):
    """A message in the hands of one worker, who says once that it is done or back.

    What it says is good as long as the engine is open, also once `deliveries` is closed. Each of
    these raises `EngineAway` where it cannot be said: then the message is given to another worker
    in time. It may be given to another as well where the connection is lost right behind `done`.
    Said of a message that another worker has by now, they change nothing or, `done`, take it from
    that one.
    """

    body: bytes
    times: int
    """How often it was handed out, with this time: 1 for the first."""

    async def renew(self) -> None:
        """Say that it is still worked on; called several times within the engine's `patience`."""

    async def done(self) -> None:
        """Let the engine forget it."""

    async def back(self, pause: float) -> None:
        """Give it back as it came, for any worker, not before `pause` seconds where it can be."""


class Engine(Protocol):
    """One engine; it is opened before it is used, and may be opened again after it was closed.

    Where its connection is lost, whatever is asked next makes a new one, or raises `EngineAway`.
    """

    patience: float
    """Seconds after which it gives a message to another worker that nobody has renewed."""

    async def open(self) -> None:
        """Connect, and make what is missing there; raises `EngineAway`.

        Raises `SetupError` where what is there was made otherwise.
        """

    async def close(self) -> None:
        """Let go of everything; what is in workers' hands is given to others in time."""

    async def send(self, queue: str, messages: Sequence[Message]) -> None:
        """Give messages to a queue; returns once the engine has confirmed that it keeps them all.

        Raises `EngineAway`: then some of them may be kept, and they are all sent again. Raises
        `MessageTooLarge` for the first that is: then none of them is sent.
        """

    def deliveries(self, queues: Sequence[str], most: int) -> AsyncGenerator[Delivery, None]:
        """Give messages as they come, at most `most` that are neither done nor back.

        Raises `EngineAway` where it is lost; called again, it goes on. Where it is closed, or who
        waits for it is cancelled, it gives back what it has taken and not given; that may take half
        a second.
        """

    async def waiting(self, queue: str) -> int:
        """Count the messages that wait in a queue or are in workers' hands; for people to read."""
