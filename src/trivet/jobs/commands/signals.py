"""Being asked to stop: by SIGTERM, by Ctrl+C, by the end of what comes in."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

__all__ = ["EXIT_INTERRUPTED", "stops_by_signals", "when_input_ends"]

EXIT_INTERRUPTED = 130


@contextmanager
def stops_by_signals(stop: Callable[[], None], end: Callable[[], None]) -> Iterator[None]:
    """Call `stop` with the first signal that asks for it, and `end` with Ctrl+C after that.

    SIGTERM comes from programs, some of which send it to a whole group as well: however often it
    comes, it means the same.
    """
    loop = asyncio.get_running_loop()
    has_stopped = False

    def hear(number: int) -> None:
        nonlocal has_stopped
        if not has_stopped:
            has_stopped = True
            stop()
        elif number == signal.SIGINT:
            end()

    kept = {}
    for number in (signal.SIGTERM, signal.SIGINT):
        kept[number] = signal.getsignal(number) or signal.SIG_DFL
        try:
            loop.add_signal_handler(number, hear, number)
        except NotImplementedError:  # Windows
            signal.signal(number, lambda found, _: loop.call_soon_threadsafe(hear, found))
    try:
        yield
    finally:
        for number, handler in kept.items():
            with suppress(NotImplementedError):
                loop.remove_signal_handler(number)
            signal.signal(number, handler)


def when_input_ends(stop: Callable[[], None]) -> None:
    """Call `stop` in this event loop when nobody holds the other end of stdin any more."""
    loop = asyncio.get_running_loop()

    def wait() -> None:
        # Past Python's own stdin, whose lock would be held when the interpreter ends.
        while os.read(0, 1024):
            pass
        if not loop.is_closed():
            loop.call_soon_threadsafe(stop)

    threading.Thread(target=wait, name="end of stdin", daemon=True).start()
