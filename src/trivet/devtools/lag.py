"""How late the event loop is, and which line kept it, as a page can show them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from trivet.app.places import Place
from trivet.observe.loop import Watch

__all__ = ["Block", "Lag", "Second"]

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
    def watching(self) -> Iterator[None]:
        """Watch the loop that runs in this thread, until the block is left."""
        watch = Watch(_LATE, self.note)
        try:
            yield
        finally:
            watch.stop()
