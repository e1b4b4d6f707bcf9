"""Taking messages from engines that are asked for them, never more than there are hands free.

One task for each queue reserves hands, asks for as many messages, and lets go of the hands that
stay empty. A queue that had something is asked for all that is free; one that was empty waits with
one hand, where there are enough, so that it does not keep the others from a full one.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence

from trivet.jobs.engines.engine import Delivery, EngineAway

__all__ = ["Pull", "Room", "pulled"]

_WAIT = 0.5  # seconds for which an engine is asked to wait for a message; close waits as long
_PAUSE = 0.1  # seconds between two looks at an empty queue that may not keep a hand waiting

Pull = Callable[[str, int, float, "Room"], Awaitable[Sequence[Delivery]]]
"""Gives at most so many messages of a queue, waiting at most so many seconds for the first; each
lets go of a hand once, when it is done or back. Raises `EngineAway`."""


class Room:
    """How many more messages a worker can take."""

    def __init__(self, most: int) -> None:
        self.free = most
        self._changed = asyncio.Event()

    def let_go(self, count: int = 1) -> None:
        """Have so many more hands free."""
        self.free += count
        self._changed.set()

    async def reserve(self, most: int) -> int:
        """Wait until a hand is free, and take at most so many; gives how many."""
        while self.free <= 0:
            self._changed.clear()
            await self._changed.wait()
        taken = min(most, self.free)
        self.free -= taken
        return taken


async def pulled(queues: Sequence[str], most: int, pull: Pull) -> AsyncGenerator[Delivery, None]:
    """Give the messages of all queues; what was taken and not given is given back at the end."""
    room = Room(most)
    found: asyncio.Queue[Delivery | Exception] = asyncio.Queue()
    pullers = [_Puller(queue, len(queues), room, found, pull) for queue in queues]
    tasks = [asyncio.create_task(one.run(), name=f"pulling {one.queue}") for one in pullers]
    try:
        while True:
            one = await found.get()
            if isinstance(one, Exception):
                raise one
            yield one
    finally:
        for puller in pullers:
            puller.stop()
        # What an engine has given to a request that nobody waits for is lost for its patience.
        await asyncio.shield(_ended(tasks, found))


async def _ended(
    tasks: Sequence[asyncio.Task[None]], found: asyncio.Queue[Delivery | Exception]
) -> None:
    await asyncio.wait(tasks)
    while not found.empty():
        one = found.get_nowait()
        if not isinstance(one, Exception):
            try:
                await one.back(0)
            except EngineAway:
                return


class _Puller:
    """Pulls one queue."""

    def __init__(
        self,
        queue: str,
        queues: int,
        room: Room,
        found: asyncio.Queue[Delivery | Exception],
        pull: Pull,
    ) -> None:
        self.queue = queue
        self._queues = queues
        self._room = room
        self._found = found
        self._pull = pull
        self._is_stopped = asyncio.Event()
        self._had_something = True

    def stop(self) -> None:
        self._is_stopped.set()

    async def run(self) -> None:
        stopped = asyncio.create_task(self._is_stopped.wait())
        try:
            while not self._is_stopped.is_set():
                await self._step(stopped)
        except Exception as error:
            self._found.put_nowait(error)
        finally:
            stopped.cancel()

    async def _step(self, stopped: asyncio.Task[bool]) -> None:
        is_alone = self._queues == 1
        wanted = self._room.free if is_alone or self._had_something else 1
        reserving = asyncio.create_task(self._room.reserve(max(1, wanted)))
        await asyncio.wait((reserving, stopped), return_when=asyncio.FIRST_COMPLETED)
        if not reserving.done():
            reserving.cancel()
            return
        reserved = reserving.result()
        waits = is_alone or (not self._had_something and self._room.free >= self._queues)
        taken: Sequence[Delivery] = ()
        try:
            taken = await self._pull(self.queue, reserved, _WAIT if waits else 0.0, self._room)
        finally:
            self._room.let_go(reserved - len(taken))
        for one in taken:
            self._found.put_nowait(one)
        was_looking = not waits and not self._had_something
        self._had_something = bool(taken)
        if not taken and was_looking:
            await asyncio.wait((stopped,), timeout=_PAUSE)
