"""What an entry of `logging` says, read without raising: its message, and what was added to it."""

from __future__ import annotations

import logging
from typing import Any

__all__ = ["extra_of", "message_of"]

# What every record has, so that the rest is what the caller has added by `extra`.
_OWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_NOISE = frozenset({"color_message"})  # uvicorn's message once more, in colour


def message_of(record: logging.LogRecord) -> str:
    """Give the message with its values in it."""
    try:
        return record.getMessage()
    except Exception as error:  # a wrong number of values: the line is worth more than an error
        return f"{record.msg} (its values do not fit: {type(error).__name__})"


def extra_of(record: logging.LogRecord) -> list[tuple[str, Any]]:
    """Give what was added by `extra`, by name."""
    return [
        (name, value)
        for name, value in vars(record).items()
        if name not in _OWN and name not in _NOISE
    ]
