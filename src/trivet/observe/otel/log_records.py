"""Entries of `logging` as OpenTelemetry's log records, with the span in which they were written."""

from __future__ import annotations

import logging
from time import time_ns
from typing import Any

from opentelemetry._logs import Logger, LogRecord, SeverityNumber

from trivet.observe.entries import extra_of, message_of
from trivet.observe.present import present, request_id_of, user_id_of
from trivet.observe.redaction import plain, without_secrets

__all__ = ["OtlpHandler"]

# Loggers of what sends: their entries would be sent again and again.
_SENDERS = ("opentelemetry", "urllib3", "requests", "trivet.observe")
_SEVERITIES = (
    (logging.CRITICAL, SeverityNumber.FATAL),
    (logging.ERROR, SeverityNumber.ERROR),
    (logging.WARNING, SeverityNumber.WARN),
    (logging.INFO, SeverityNumber.INFO),
    (logging.DEBUG, SeverityNumber.DEBUG),
)


class OtlpHandler(logging.Handler):
    """Hands entries to a logger of OpenTelemetry's, with their secrets hidden."""

    def __init__(self, logger: Logger, level: int) -> None:
        super().__init__(level)
        self._logger = logger

    def emit(self, record: logging.LogRecord) -> None:
        """Hand one on; does not wait."""
        if record.name.startswith(_SENDERS):
            return
        try:
            self._logger.emit(self._record(record))
        except Exception:
            self.handleError(record)

    def _record(self, record: logging.LogRecord) -> LogRecord:
        severity = next(
            (number for level, number in _SEVERITIES if record.levelno >= level),
            SeverityNumber.TRACE,
        )
        attributes: dict[str, Any] = {
            name: value
            for name, value in ((name, plain(name, value)) for name, value in extra_of(record))
            if value is not None
        }
        attributes["code.file.path"] = record.pathname
        attributes["code.line.number"] = record.lineno
        attributes["logger.name"] = record.name
        work = present.get()
        if work is not None:
            attributes["trivet.work"] = work.name
            request_id = request_id_of(work)
            if request_id is not None:
                attributes["trivet.request.id"] = request_id
            user_id = user_id_of(work)
            if user_id is not None:
                attributes["user.id"] = user_id
        if record.exc_info and record.exc_info[1] is not None:
            error = record.exc_info[1]
            stack = logging.Formatter().formatException(record.exc_info)
            attributes["exception.type"] = f"{type(error).__module__}.{type(error).__qualname__}"
            attributes["exception.message"] = without_secrets(str(error))
            attributes["exception.stacktrace"] = without_secrets(stack)
        return LogRecord(
            timestamp=round(record.created * 1e9),
            observed_timestamp=time_ns(),
            severity_text=record.levelname,
            severity_number=severity,
            body=without_secrets(message_of(record)),
            attributes=attributes,
        )
