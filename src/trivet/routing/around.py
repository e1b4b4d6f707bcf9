"""What is opened before a handler and closed behind it: a unit of work, a trace.

Unlike a hook, it may wait; unlike a dependency, no handler has to name it. Only routes that may
wait have it: a handler that cannot await anything could not use it either.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import anyio

__all__ = ["Around", "Arounds"]


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


class Arounds:
    """Several of them, outermost first, as one."""

    __slots__ = ("_all",)

    def __init__(self, arounds: Sequence[Around]) -> None:
        self._all = tuple(arounds)

    def __bool__(self) -> bool:
        return bool(self._all)

    def begin(self) -> list[Any]:
        """Open all, outermost first."""
        return [one.begin() for one in self._all]

    async def finish(self, opened: list[Any], status: int) -> None:
        """Close all before the answer is sent, innermost first."""
        for one, what in zip(reversed(self._all), reversed(opened), strict=True):
            await one.finish(what, status)

    async def leave(self, opened: list[Any], error: BaseException | None = None) -> None:
        """Close all at the end; raises the first error once all were closed."""
        failed: Exception | None = None
        # Work that is cancelled still cleans up.
        with anyio.CancelScope(shield=error is not None):
            for one, what in zip(reversed(self._all), reversed(opened), strict=True):
                try:
                    await one.leave(what, error)
                except Exception as raised:
                    failed = failed or raised
        if failed is not None:
            raise failed
