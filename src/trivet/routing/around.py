"""What is opened before a handler and closed behind it: a unit of work, a trace.

Unlike a hook, it may wait; unlike a dependency, no handler has to name it. Only routes that may
wait have it: a handler that cannot await anything could not use it either.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import anyio

from trivet.concurrency import to_the_end
from trivet.http.exchange import Exchange

__all__ = ["Around", "Preparing", "failed", "joined", "preparings"]


class Preparing:
    """What makes a handler's value ready for its answer, before it is validated and encoded.

    Made for one type of answer by `Around.preparing`: a query becomes its rows.
    """

    def concerns(self, value: Any) -> bool:
        """Tell whether there is anything to do with this value; called for each answer."""
        raise NotImplementedError

    async def ready(self, value: Any) -> Any:
        """Give what is validated and encoded in place of the value."""
        raise NotImplementedError

    def explained(self) -> Sequence[str]:
        """Say what will be done, a line each, for `trivet explain`."""
        return ()


class Around:
    """Subclass it and give it to the application by a part."""

    def begin(self, exchange: Exchange | None) -> Any:  # Any: what it opened is its own affair
        """Open it, in the request's own context; must not block. What it gives is handed back.

        `exchange` is the request; None where there is none, as around a job.
        """

    def preparing(self, model: Any) -> Preparing | None:
        """Give what prepares values for answers of the type `model`, or None.

        Asked once for each route, when it is compiled; a route that has one may wait.
        """
        return None

    async def finish(self, opened: Any, status: int) -> None:
        """Close it once the handler is through, and before its answer is sent.

        `status` is the answer's. What is raised is answered in its place.
        """

    async def leave(self, opened: Any, error: BaseException | None) -> None:
        """Close what is open at the very end, or was opened again since; `error` ended the work."""


class Several(Around):
    """Several of them, outermost first, as one."""

    def __init__(self, arounds: Sequence[Around]) -> None:
        self._all = tuple(arounds)
        self._inside_out = tuple(reversed(self._all))

    def all_of_them(self) -> tuple[Around, ...]:
        return self._all

    def begin(self, exchange: Exchange | None) -> list[Any]:
        opened = []
        for one in self._all:
            opened.append(one.begin(exchange))  # a list of its own costs a call
        opened.reverse()
        return opened

    async def finish(self, opened: list[Any], status: int) -> None:
        for place, one in enumerate(self._inside_out):
            await one.finish(opened[place], status)

    async def leave(self, opened: list[Any], error: BaseException | None) -> None:
        failed: Exception | None = None
        for place, one in enumerate(self._inside_out):
            try:
                await one.leave(opened[place], error)
            except Exception as raised:
                failed = failed or raised
        if failed is not None:
            raise failed


def preparings(around: Around | None, model: Any) -> tuple[Preparing, ...]:
    """Give all that prepare values for answers of the type `model`."""
    if around is None or model is None:
        return ()
    alone = around.all_of_them() if isinstance(around, Several) else (around,)
    found = [one.preparing(model) for one in alone]
    return tuple(one for one in found if one is not None)


def joined(arounds: Sequence[Around]) -> Around | None:
    """Give several as one; None where there is none."""
    if len(arounds) > 1:
        return Several(arounds)
    return arounds[0] if arounds else None


async def failed(around: Around, opened: Any, error: BaseException) -> None:
    """Close what is open because of an error; work that is cancelled still cleans up."""
    with anyio.CancelScope(shield=True):
        if isinstance(error, Exception):
            await around.leave(opened, error)
        else:  # who cancels once may do it again
            await to_the_end(around.leave(opened, error))
