"""So many a second and no more: for what costs more than it tells when there is much of it."""

from __future__ import annotations

from threading import Lock
from time import perf_counter

__all__ = ["Rate"]


class Rate:
    """Lets `most` things a second through, as many at once after a quiet second; on any thread."""

    __slots__ = ("_at", "_full", "_left", "_lock", "most", "next")

    def __init__(self, most: float) -> None:
        self.most = most
        self.next = 0.0
        """The moment before which nothing is let through, by `perf_counter`; to look here first
        saves a busy process the call."""
        self._full = max(1.0, most)
        self._left = self._full
        self._at = perf_counter()
        self._lock = Lock()

    def take(self) -> bool:
        """Tell whether one more is let through, and count it."""
        now = perf_counter()
        if now < self.next:
            return False
        with self._lock:
            self._left = min(self._full, self._left + (now - self._at) * self.most)
            self._at = now
            if self._left < 1.0:
                self.next = now + (1.0 - self._left) / self.most
                return False
            self._left -= 1.0
            return True
