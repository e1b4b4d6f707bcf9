"""What is opened before a handler and closed behind it: a unit of work, a trace.

Unlike a hook, it may wait; unlike a dependency, no handler has to name it. Only routes that may
wait have it: a handler that cannot await anything could not use it either.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import anyio

__all__ = ["Around", "failed", "joined"]


class Around:
    """Subclass it and give it to the application by a part."""

    def begin(self) -> Any:  # Any: what it opened is its own affair
        """Open it, in the request's own context; must not block. What it gives is handed back."""

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

    def begin(self) -> list[Any]:
        return [one.begin() for one in self._all]

    async def finish(self, opened: list[Any], status: int) -> None:
        for one, what in zip(reversed(self._all), reversed(opened), strict=True):
            await one.finish(what, status)

    async def leave(self, opened: list[Any], error: BaseException | None) -> None:
        failed: Exception | None = None
        for one, what in zip(reversed(self._all), reversed(opened), strict=True):
            try:
                await one.leave(what, error)
            except Exception as raised:
                failed = failed or raised
        if failed is not None:
            raise failed


def joined(arounds: Sequence[Around]) -> Around | None:
    """Give several as one; None where there is none."""
    if len(arounds) > 1:
        return Several(arounds)
    return arounds[0] if arounds else None


async def failed(around: Around, opened: Any, error: BaseException) -> None:
    """Close what is open because of an error; work that is cancelled still cleans up."""
    with anyio.CancelScope(shield=True):
        await around.leave(opened, error)
