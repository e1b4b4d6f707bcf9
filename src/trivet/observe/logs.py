"""Logs for programs and for people: one JSON object a line, or lines in colour on a terminal.

Formatters of the standard library's `logging`, for any configuration; and `Logs`, a part that puts
them in, and writes the access log with what is known of each request. A line is one line whatever
a client has sent: control characters are escaped, and so are line breaks.
"""

from __future__ import annotations

import json
import logging
import sys
import traceback
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from datetime import UTC, datetime
from typing import Any, Literal, TextIO

from trivet.app.application import App
from trivet.app.part import Part
from trivet.errors import SetupError
from trivet.middleware.hook import Hook
from trivet.middleware.request_id import RequestId
from trivet.observe.access_lines import ACCESS, AccessLines
from trivet.observe.entries import extra_of, message_of
from trivet.observe.present import TRACE, present, request_id_of, user_id_of, watch_present
from trivet.observe.redaction import escaped, plain, without_secrets
from trivet.terminal import Pen
from trivet.watching import Happening

__all__ = ["JsonFormatter", "LogForm", "Logs", "TextFormatter", "known_of"]

LogForm = Literal["auto", "json", "text"]

_FORMS = ("auto", "json", "text")
# Loggers that a server gives handlers of their own, beside which each line would stand twice.
_SERVERS = ("uvicorn", "uvicorn.error", "uvicorn.access", "trivet")
_STYLES = ((logging.ERROR, "bad"), (logging.WARNING, "warn"), (logging.INFO, "good"))


def known_of(work: Happening) -> dict[str, Any]:
    """Give what a line tells of a request or job: ids, route, who asks, the trace."""
    if work.kind == "job":
        found: dict[str, Any] = {"job": work.name}
        number = work.facts.get("messaging.message.id")
        if number is not None:
            found["job_id"] = number
    else:
        found = {"route": work.name}
    request_id = request_id_of(work)
    if request_id is not None:
        found["request_id"] = request_id
    user_id = user_id_of(work)
    if user_id is not None:
        found["user_id"] = user_id
    ids = work.facts.get(TRACE)
    trace = None if ids is None else ids()
    if trace is not None:
        found["trace_id"], found["span_id"] = trace
    return found


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time in UTC, level, logger, message, what is known, exception.

    What is given by `extra` stands beside them. Secrets are hidden by their names and forms.
    """

    def __init__(self) -> None:
        super().__init__()

    def format(self, record: logging.LogRecord) -> str:
        """Give the line, without its end."""
        moment = datetime.fromtimestamp(record.created, UTC)
        line: dict[str, Any] = {
            "time": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": without_secrets(message_of(record)),
        }
        work = present.get()
        if work is not None:
            line.update(known_of(work))
        for name, value in extra_of(record):
            line.setdefault(name, plain(name, value))
        if record.exc_info and record.exc_info[1] is not None:
            line["exception"] = _exception(record.exc_info[1])
        elif record.exc_text:
            line["exception"] = {"stack": without_secrets(record.exc_text)}
        if record.stack_info:
            line["stack"] = without_secrets(record.stack_info)
        return escaped(json.dumps(line, ensure_ascii=False, separators=(",", ":")))


class TextFormatter(logging.Formatter):
    """A line for people: time, level, logger, message, and the ids; in colour for a terminal.

    Further lines, and those of an exception, stand below it and further in.
    """

    def __init__(self, *, pen: Pen | None = None) -> None:
        super().__init__()
        self._pen = pen

    def format(self, record: logging.LogRecord) -> str:
        """Give the line, and the exception's below it."""
        moment = datetime.fromtimestamp(record.created)
        style = next((one for level, one in _STYLES if record.levelno >= level), "dim")
        parts = [
            self._paint(f"{moment:%H:%M:%S}.{int(record.msecs):03d}", "dim"),
            self._paint(f"{record.levelname:<8}", style),
            self._paint(record.name, "name"),
        ]
        # Lines of a message stay lines, and stand further in: none passes for another entry.
        first, *others = without_secrets(message_of(record)).split("\n")
        parts.append(escaped(first))
        work = present.get()
        known = {} if work is None or record.name == ACCESS else known_of(work)
        known.pop("span_id", None)
        known |= {name: plain(name, value) for name, value in extra_of(record)}
        if known:
            told = " ".join(f"{name}={value}" for name, value in known.items())
            parts.append(self._paint(escaped(told), "dim"))
        lines = [" ".join(parts), *[f"    {escaped(one)}" for one in others]]
        if record.exc_info and record.exc_info[1] is not None:
            stack = "".join(traceback.format_exception(record.exc_info[1]))
            for one in without_secrets(stack).splitlines():
                lines.append(f"    {escaped(one)}")
        return "\n".join(lines)

    def _paint(self, text: str, style: str) -> str:
        return text if self._pen is None else self._pen.paint(text, style)


def _exception(error: BaseException) -> dict[str, str]:
    kind = type(error)
    try:
        text = str(error)
    except Exception as failed:
        text = f"(str() raised {type(failed).__name__})"
    return {
        "type": f"{kind.__module__}.{kind.__qualname__}",
        "message": without_secrets(text),
        "stack": without_secrets("".join(traceback.format_exception(error))),
    }


class Logs(Part):
    """Configures the process's logging, and gives requests their ids: ``app.use(Logs())``.

    `form` is "json", "text", or "auto": text where `stream` is a terminal, otherwise JSON.
    `stream` is standard error by default. `access` is whether each answered request gets a line, in
    place of the server's own access log. Raises `SetupError`.
    """

    name = "logs"

    def __init__(
        self,
        *,
        form: LogForm = "auto",
        level: int | str = "INFO",
        access: bool = True,
        stream: TextIO | None = None,
    ) -> None:
        if form not in _FORMS:
            raise SetupError(
                f"Logs cannot write the form {form!r}",
                code="observe.log-form",
                mend='Logs(form="json"), "text" or "auto"',
            )
        known = level if isinstance(level, int) else logging.getLevelNamesMapping().get(level)
        if known is None:
            raise SetupError(
                f"Logs knows no level {level!r}",
                code="observe.log-level",
                mend='Logs(level="INFO")',
            )
        self.level = known
        self._form = form
        self._access = access
        self._stream = stream
        self._gives_ids = True
        self._handler: logging.Handler | None = None

    def install(self, app: App) -> None:
        """Configure `logging`, now: what the application logs while it is put together counts."""
        pen = Pen(self._stream or sys.stderr)
        is_json = self._form == "json" or (self._form == "auto" and not pen.is_terminal)
        handler = _Handler(self._stream)
        handler.setFormatter(JsonFormatter() if is_json else TextFormatter(pen=pen))
        self._handler = handler
        _take_over(handler, self.level)
        watch_present(app)
        self._gives_ids = not any(isinstance(hook, RequestId) for hook in app.hooks)
        if self._access:
            app.writes_access = True
            app.watch(AccessLines(known_of))

    def lifespan(self, app: App) -> AbstractAsyncContextManager[None]:
        """Configure it once more: a server that was given the application has done so itself."""
        if self._handler is not None:
            _take_over(self._handler, self.level)
        return nullcontext()

    def hooks(self) -> Sequence[Hook]:
        """Give each request an id, and name it in the answer, unless a hook does already."""
        return (RequestId(),) if self._gives_ids else ()


class _Handler(logging.StreamHandler[TextIO]):
    """Ours, so that another `Logs` of the same process takes its place and no other handler's.

    Without a stream it writes to what standard error is at each entry.
    """

    def __init__(self, stream: TextIO | None) -> None:
        super().__init__(stream)
        self._is_given = stream is not None

    def emit(self, record: logging.LogRecord) -> None:
        """Write an entry."""
        if not self._is_given:
            self.stream = sys.stderr
        super().emit(record)


def _take_over(handler: logging.Handler, level: int) -> None:
    root = logging.getLogger()
    for other in [one for one in root.handlers if isinstance(one, _Handler)]:
        root.removeHandler(other)
    root.addHandler(handler)
    root.setLevel(level)
    for name in _SERVERS:
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
        logger.setLevel(logging.NOTSET)  # the root's
