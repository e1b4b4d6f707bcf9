"""How late the event loop is, and which line kept it: a thread that asks the loop and looks.

A thread, because a loop that is blocked cannot tell so; by the time it can, who blocked it is gone.
"""

from __future__ import annotations

import asyncio
import sys
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from time import perf_counter

from trivet.devtools.places import Place, place_of_frame

__all__ = ["Block", "Lag", "Second"]

_EVERY = 0.05  # seconds between two questions
_LATE = 0.1  # seconds after which it is looked what the loop does
_KEPT_SECONDS = 300
_KEPT_BLOCKS = 100


@dataclass(slots=True)
class Second:
    """The longest delay within one second, in seconds."""

    at: datetime
    worst: float


@dataclass(frozen=True, slots=True)
class Block:
    """A time in which the loop did one thing alone, and the line of the user's that it was at."""

    at: datetime
    seconds: float
    place: Place | None


class Lag:
    """The delays of the last minutes, and the blocks among them."""

    def __init__(self) -> None:
        self.seconds: deque[Second] = deque(maxlen=_KEPT_SECONDS)
        self.blocks: deque[Block] = deque(maxlen=_KEPT_BLOCKS)

    def note(self, delay: float, place: Place | None = None) -> None:
        """Note one delay, in seconds."""
        now = datetime.now(UTC).replace(microsecond=0)
        last = self.seconds[-1] if self.seconds else None
        if last is not None and last.at == now:
            last.worst = max(last.worst, delay)
        else:
            self.seconds.append(Second(now, delay))
        if delay >= _LATE:
            self.blocks.append(Block(datetime.now(UTC), delay, place))

    @contextmanager
    def watching(self, loop: asyncio.AbstractEventLoop) -> Iterator[None]:
        """Watch the loop that runs in this thread, until the block is left."""
        ends = threading.Event()
        watch = threading.Thread(
            target=self._watch,
            args=(loop, threading.get_ident(), ends),
            name="trivet-devtools-lag",
            daemon=True,
        )
        watch.start()
        try:
            yield
        finally:
            ends.set()

    def _watch(self, loop: asyncio.AbstractEventLoop, thread: int, ends: threading.Event) -> None:
        heard = threading.Event()
        while not ends.wait(_EVERY):
            heard.clear()
            asked = perf_counter()
            try:
                loop.call_soon_threadsafe(heard.set)
            except RuntimeError:
                return  # the loop is closed
            place = None
            if not heard.wait(_LATE):
                place = place_of_frame(sys._current_frames().get(thread))
                while not heard.wait(_EVERY):
                    if ends.is_set() or loop.is_closed():
                        return
            self.note(perf_counter() - asked, place)
