"""Whether the process lives, and whether it should be sent requests.

To live takes no database: a process that is restarted because its database is away helps nobody.
To be ready takes all that is needed. Probes are asked at once, each within a deadline, and their
answers are kept for a moment, so that who asks often asks the database no more for it.
"""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from time import monotonic
from types import FrameType
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse

from trivet.observe.readers import Readers
from trivet.routing.router import Router
from trivet.watching import Probe

__all__ = ["Asked", "Health", "Vitals"]

_log = logging.getLogger("trivet.observe")
_NOT_KEPT = {"cache-control": "no-store"}
_LONGEST = 200  # letters of what a probe says


@dataclass(frozen=True, kw_only=True)
class Health:
    """Where one asks whether the application lives and is ready; None is nowhere.

    `probes` are asked beside those of the parts, each for at most `deadline` seconds; what they say
    is kept for `keep` seconds. After SIGTERM the application is not ready, and goes on serving for
    `drain` seconds, so that load balancers have seen it before the first connection is refused; a
    second signal ends that.
    """

    live: str | None = "/health"
    ready: str | None = "/ready"
    probes: Sequence[Probe] = ()
    deadline: float = 2.0
    keep: float = 1.0
    drain: float = 0.0


@dataclass(frozen=True)
class Asked:
    """What became of one probe."""

    name: str
    is_there: bool
    is_needed: bool
    says: str
    seconds: float


class Vitals:
    """The probes of one application, and whether it is about to stop."""

    def __init__(self, options: Health, probes: Callable[[], Sequence[Probe]]) -> None:
        self.options = options
        self.is_draining = False
        self._probes = probes
        self._kept: tuple[float, list[Asked]] = (float("-inf"), [])
        self._asking: asyncio.Task[list[Asked]] | None = None
        self._told: frozenset[str] = frozenset()  # which were missing when it was last logged

    # -- asking ----------------------------------------------------------------------------------

    async def asked(self) -> list[Asked]:
        """Give what the probes say, or have said a moment ago; who comes meanwhile waits too."""
        at, found = self._kept
        if monotonic() - at < self.options.keep:
            return found
        loop = asyncio.get_running_loop()
        asking = self._asking
        if asking is None or asking.done() or asking.get_loop() is not loop:
            asking = self._asking = loop.create_task(self._ask_all())
        return await asyncio.shield(asking)

    async def _ask_all(self) -> list[Asked]:
        probes = [*self.options.probes, *self._probes()]
        found = list(await asyncio.gather(*[self._ask(one) for one in probes]))
        self._kept = (monotonic(), found)
        self._log(found)
        return found

    async def _ask(self, probe: Probe) -> Asked:
        began = monotonic()
        try:
            async with asyncio.timeout(self.options.deadline):
                says, is_there = str(await probe.ask()), True
        except TimeoutError:
            says, is_there = f"no answer within {self.options.deadline:g} s", False
        except Exception as error:
            text = str(error).strip().splitlines()
            says, is_there = f"{type(error).__name__}: {text[0] if text else ''}", False
        seconds = monotonic() - began
        return Asked(probe.name, is_there, probe.needed, says[:_LONGEST], seconds)

    def _log(self, found: Sequence[Asked]) -> None:
        missing = frozenset(one.name for one in found if not one.is_there)
        for one in found:
            if one.name in missing - self._told:
                _log.warning("%s is not ready: %s", one.name, one.says)
        for name in sorted(self._told - missing):
            _log.warning("%s is ready again", name)
        self._told = missing

    # -- answering -------------------------------------------------------------------------------

    def router(self, readers: Readers) -> Router:
        """Give the routes; who is no reader sees which probe fails, and not why."""
        router = Router(include_in_schema=False)
        if self.options.live is not None:

            @router.get(self.options.live)
            async def health() -> JSONResponse:  # a plain one would wait for a thread
                status = "draining" if self.is_draining else "ok"
                return JSONResponse({"status": status}, headers=_NOT_KEPT)

        if self.options.ready is not None:

            @router.get(self.options.ready)
            async def ready(request: Request) -> JSONResponse:
                found = [] if self.is_draining else await self.asked()
                return self._answer(found, in_full=readers.may_read(request))

        return router

    def _answer(self, found: Sequence[Asked], *, in_full: bool) -> JSONResponse:
        is_ready = not self.is_draining and all(one.is_there for one in found if one.is_needed)
        status = "draining" if self.is_draining else "ready" if is_ready else "not ready"
        probes: dict[str, Any] = {}
        for one in found:
            word = "ok" if one.is_there else "failing"
            probes[one.name] = word
            if in_full:
                probes[one.name] = {
                    "status": word,
                    "needed": one.is_needed,
                    "says": one.says,
                    "seconds": round(one.seconds, 4),
                }
        content = {"status": status, "probes": probes}
        return JSONResponse(content, 200 if is_ready else 503, headers=_NOT_KEPT)

    # -- the end ---------------------------------------------------------------------------------

    @asynccontextmanager
    async def draining(self, seconds: float) -> AsyncIterator[None]:
        """Hear of SIGTERM while the block runs, `seconds` before the server does."""
        self.is_draining = False
        before = signal.getsignal(signal.SIGTERM)
        loop = asyncio.get_running_loop()
        # Where there is no server's handler, the signal ends the process, as it should.
        if not callable(before):
            yield
            return

        def stop(number: int, frame: FrameType | None) -> None:
            wait = 0.0 if self.is_draining else seconds
            self.is_draining = True
            if wait <= 0:
                before(number, frame)
            else:
                _log.warning("not ready from now on, and stopping in %g s", wait)
                loop.call_soon_threadsafe(loop.call_later, wait, before, number, None)

        try:
            signal.signal(signal.SIGTERM, stop)
        except ValueError:  # not on the main thread, as in a test's server
            yield
            return
        try:
            yield
        finally:
            self.is_draining = True
            with suppress(ValueError):
                if signal.getsignal(signal.SIGTERM) is stop:
                    signal.signal(signal.SIGTERM, before)
