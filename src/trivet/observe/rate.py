"""So many a second and no more: for what costs more than it tells when there is much of it."""

from __future__ import annotations

from threading import Lock
from time import monotonic

__all__ = ["Rate"]


class Rate:
    """Lets `most` things a second through, and as many at once after a quiet second; on any thread."""

    def __init__(self, most: float) -> None:
        self.most = most
        self._full = max(1.0, most)
        self._left = self._full
        self._at = monotonic()
        self._lock = Lock()

    def take(self) -> bool:
        """Tell whether one more is let through, and count it."""
        now = monotonic()
        # In a busy process most end here, without the lock: an outdated look does no harm.
        if self._left + (now - self._at) * self.most < 1.0:
            return False
        with self._lock:
            self._left = min(self._full, self._left + (now - self._at) * self.most)
            self._at = now
            if self._left < 1.0:
                return False
            self._left -= 1.0
            return True
