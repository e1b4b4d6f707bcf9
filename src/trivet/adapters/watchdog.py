"""A watch over the event loop of a worker: one that is blocked for too long ends itself.

The supervisor's health check is answered by a thread, which a blocked event loop does not stop.
The watch asks the loop itself, and ends the process, so that the supervisor starts another.
"""

from __future__ import annotations

import asyncio
import faulthandler
import logging
import os
import threading
import time

__all__ = ["BLOCKED_EXIT", "watch_loop"]

logger = logging.getLogger("trivet.server")

BLOCKED_EXIT = 71
"""The exit code of a worker that ended itself because its event loop was blocked."""


def watch_loop(loop: asyncio.AbstractEventLoop, most: float) -> threading.Event:
    """Watch `loop` from a thread; end the process when it does not answer for `most` seconds.

    The stacks of all threads are written to standard error first. Setting the event that is
    returned ends the watch.
    """
    ended = threading.Event()
    threading.Thread(
        target=_watch, args=(loop, most, ended), name="trivet-watchdog", daemon=True
    ).start()
    return ended


def _watch(loop: asyncio.AbstractEventLoop, most: float, ended: threading.Event) -> None:
    heard = threading.Event()
    while not ended.is_set():
        heard.clear()
        asked = time.monotonic()
        try:
            loop.call_soon_threadsafe(heard.set)
        except RuntimeError:
            # The loop was closed: the worker stops by itself.
            return
        if not heard.wait(most):
            if ended.is_set() or loop.is_closed():
                return
            logger.error(
                "the event loop of worker %d was blocked for %.1f s; the worker ends and is "
                "replaced; the stacks below show where it waits",
                os.getpid(),
                time.monotonic() - asked,
            )
            faulthandler.dump_traceback()
            os._exit(BLOCKED_EXIT)
        ended.wait(most / 4)
