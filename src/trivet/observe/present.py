"""What is going on just now in this task: the request that is answered, or the job that is run."""

from __future__ import annotations

from contextvars import ContextVar

from trivet.watching import Happening

__all__ = ["present"]

present: ContextVar[Happening | None] = ContextVar("trivet.observe.present", default=None)
"""Set where queries are watched, from the first one that is told on; also in tasks within it."""
