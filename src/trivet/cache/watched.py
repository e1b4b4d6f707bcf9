"""What a cache tells of itself: look-ups with their outcome, and what is written and deleted."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from time import perf_counter
from typing import Any

from trivet.watching import Happening, Watcher, begun, ended, told

__all__ = ["Watching"]


class Watching:
    """Who watches one cache, whose store is called `store`; empty, it tells nobody."""

    def __init__(self, store: str) -> None:
        self.watchers: list[Watcher] = []
        self._store = store

    def __bool__(self) -> bool:
        return bool(self.watchers)

    def now(self) -> float:
        """Give when a look-up begins, or 0.0 where nobody wants to know."""
        return perf_counter() if self.watchers else 0.0

    def looked(self, key: str, outcome: str, began: float = 0.0) -> None:
        """Tell what came of a look-up: ``hit``, ``stale``, ``miss``; it began at `began`."""
        happening = self._happening("get", key)
        happening.facts["trivet.cache.outcome"] = outcome
        happening.began = began or happening.began
        begun(self.watchers, happening)
        ended(self.watchers, happening)

    def doing(self, name: str, keys: Sequence[str]) -> AbstractContextManager[Any]:
        """Tell of what the block does with keys, if anybody watches."""
        if not self.watchers:
            return nullcontext()
        shown = keys[0] if len(keys) == 1 else f"{len(keys)} keys"
        return told(self.watchers, self._happening(name, shown))

    def _happening(self, name: str, key: str) -> Happening:
        return Happening(
            "cache", name, {"trivet.cache.key": key, "trivet.cache.store": self._store}
        )
