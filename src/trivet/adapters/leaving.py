"""Work that ends when its client leaves, on the faces whose servers tell it only when asked.

Asking costs a task, so it begins when the work has lasted a while; one timer for all that runs on
an event loop finds what has. What never waits pays nothing. Work whose answer is complete goes on.
"""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from trivet.http.exchange import RawHeaders

__all__ = ["GRACE", "Leaving", "has_no_body"]

# Work that has seen two ticks begin, in seconds apart, has lasted long enough.
_TICK = 0.03
GRACE = 0.05
"""Between a disconnect that a reader was told of and the cancellation of its work, in seconds."""


class _Sweep:
    """All work of one event loop that has not lasted long yet.

    A timer for each would cost ten microseconds a request, as much as the rest of a small one.
    """

    __slots__ = ("_loop", "_old", "_timer", "_young")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        # Weak: the sweep is kept for as long as its loop, which is the key to it.
        self._loop = weakref.ref(loop)
        self._young: set[Leaving] = set()
        self._old: set[Leaving] = set()
        self._timer: asyncio.TimerHandle | None = None

    def add(self, one: Leaving) -> None:
        self._young.add(one)
        if self._timer is None:
            self._set()

    def discard(self, one: Leaving) -> None:
        self._young.discard(one)
        self._old.discard(one)

    def _set(self) -> None:
        loop = self._loop()
        self._timer = None if loop is None else loop.call_later(_TICK, self._tick)

    def _tick(self) -> None:
        late, self._old, self._young = self._old, self._young, set()
        for one in late:
            one.lose_patience()
        self._timer = None
        if self._old:
            self._set()


_sweeps: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, _Sweep] = weakref.WeakKeyDictionary()


class Leaving:
    """Runs the work on one request, and cancels it when `gone` returns before its answer is whole.

    `gone` is awaited in a task of its own once `may_ask` allows it; `ask` asks again later.
    """

    __slots__ = ("_gone", "_has_cancelled", "_is_over", "_is_patient", "_loop", "_may_ask",
                 "_sweep", "_task", "_timer", "_watcher")  # fmt: skip

    def __init__(
        self, gone: Callable[[], Awaitable[float]], may_ask: Callable[[], bool] | None = None
    ) -> None:
        self._gone = gone
        self._may_ask = may_ask
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[Any] | None = None
        self._sweep: _Sweep | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._watcher: asyncio.Task[None] | None = None
        self._is_patient = True
        self._is_over = False
        self._has_cancelled = False

    @property
    def is_asking(self) -> bool:
        """True while the server is being asked."""
        return self._watcher is not None and not self._watcher.done()

    async def run(self, work: Coroutine[Any, Any, None]) -> None:
        """Run `work` to its end; a cancellation of ours ends here."""
        try:
            self._loop = asyncio.get_running_loop()
            self._task = asyncio.current_task()
        except RuntimeError:  # another event loop than asyncio's
            self._task = None
        if self._loop is None or self._task is None:
            await work
            return
        sweep = _sweeps.get(self._loop)
        if sweep is None:
            sweep = _sweeps[self._loop] = _Sweep(self._loop)
        self._sweep = sweep
        sweep.add(self)
        try:
            await work
        except asyncio.CancelledError:
            # One that came from elsewhere at the same time goes on.
            if not self._has_cancelled or self._task.uncancel() > 0:
                raise
        else:
            if self._has_cancelled:
                self._task.uncancel()
        finally:
            self.answered()

    def answered(self) -> None:
        """The answer is complete: what is still done is not cancelled any more."""
        self._is_over = True
        if self._sweep is not None:
            self._sweep.discard(self)
            self._sweep = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._watcher is not None:
            self._watcher.cancel()

    def lose_patience(self) -> None:
        """The work has lasted long enough to ask for its client."""
        self._is_patient = False
        self.ask()

    def ask(self) -> None:
        """Ask the server from now on, if the work has lasted long enough and nobody else asks."""
        if self._is_patient or self._is_over or self._loop is None or self._watcher is not None:
            return
        if self._may_ask is None or self._may_ask():
            self._watcher = self._loop.create_task(self._watch())

    async def _watch(self) -> None:
        try:
            grace = await self._gone()
        except Exception:  # the server cannot tell, so the work is done to its end
            return
        if self._is_over or self._loop is None:
            return
        if grace:
            self._timer = self._loop.call_later(grace, self._cancel)
        else:
            self._cancel()

    def _cancel(self) -> None:
        self._timer = None
        if not self._is_over and self._task is not None:
            self._has_cancelled = True
            self._task.cancel()


def has_no_body(version: str, headers: RawHeaders) -> bool:
    """Tell whether the headers say that there is no body; HTTP/2 and 3 tell only by its end."""
    if not version.startswith("1"):
        return False
    for name, value in headers:
        if name == b"transfer-encoding" or (name == b"content-length" and value != b"0"):
            return False
    return True
