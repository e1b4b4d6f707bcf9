"""What the cache logs, also where a server has set up logging of its own."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["hearing"]


class _Lines(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


@contextmanager
def hearing() -> Iterator[list[str]]:
    """Gather the lines; begin it once the server is up, which takes others' handlers away."""
    handler, logger = _Lines(), logging.getLogger("trivet.cache")
    logger.addHandler(handler)
    try:
        yield handler.lines
    finally:
        logger.removeHandler(handler)
