"""Lines of `logging` as the pages show them: a handler at the root, which changes nothing else.

What loggers let through is the application's own to say; a line that is not logged is not here.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from trivet.app.debug_frames import short_path
from trivet.app.debug_hidden import hide
from trivet.devtools.errors_told import told_error
from trivet.devtools.recorder import Recorder, present_record
from trivet.devtools.records import LogLine

__all__ = ["logging_to"]

_LONGEST = 4_000  # characters of a message


class _Handler(logging.Handler):
    def __init__(self, recorder: Recorder) -> None:
        super().__init__()
        self._recorder = recorder

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line, with the request in which it was written."""
        try:
            message = record.getMessage()
        except Exception:  # arguments that do not fit the message
            message = str(record.msg)
        request = present_record()
        error = record.exc_info[1] if record.exc_info else None
        line = LogLine(
            at=datetime.fromtimestamp(record.created, UTC),
            level=record.levelname,
            logger=record.name,
            message=hide(message[:_LONGEST]),
            place=f"{short_path(record.pathname)}:{record.lineno}",
            chain=() if error is None else told_error(error)[0],
            record=None if request is None else request.number,
        )
        self._recorder.log(line, request)


@contextmanager
def logging_to(recorder: Recorder) -> Iterator[None]:
    """Keep what is logged while the block runs."""
    handler = _Handler(recorder)
    root = logging.getLogger()
    root.addHandler(handler)
    try:
        yield
    finally:
        root.removeHandler(handler)
