"""The access log: one line an answer, written in batches.

A line goes to a stream, not through `logging`: formatting and handling a log record costs more
than serving a small request. Lines wait in memory until the next sweep or the 64th of them; once
the server stops none waits any more.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Literal, TextIO

from trivet.adapters.gate import Line

__all__ = ["AccessLog", "LogForm"]

LogForm = Literal["text", "json"]

_BATCH = 64


class AccessLog:
    """Writes what was answered to whom, as text lines or as JSON lines.

    `stream` defaults to standard output as it is at each flush. Nothing closes the stream.
    """

    __slots__ = ("_batch", "_form", "_lines", "_second", "_stamp", "_stream")

    def __init__(self, form: LogForm = "text", stream: TextIO | None = None) -> None:
        self._form = form
        self._stream = stream
        self._lines: list[str] = []
        self._batch = _BATCH
        self._second = 0
        self._stamp = ""

    def record(self, client: tuple[str, int] | None, line: Line, status: int) -> None:
        """Note the answer `status` to the request `line` of `client`."""
        target = line.raw_path.decode("ascii")
        if line.query:
            target += "?" + line.query.decode("ascii")
        now = int(time.time())
        if now != self._second:
            self._second = now
            self._stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now))
        who = f"{client[0]}:{client[1]}" if client else "-"
        if self._form == "text":
            text = f'{self._stamp} {who} "{line.method} {target} HTTP/1.{line.minor}" {status}\n'
        else:
            quoted = target if target.isalnum() else json.dumps(target)[1:-1]
            text = (
                f'{{"time":"{self._stamp}","client":"{who}","method":"{line.method}",'
                f'"target":"{quoted}","version":"1.{line.minor}","status":{status}}}\n'
            )
        self._lines.append(text)
        if len(self._lines) >= self._batch:
            self.flush()

    def hurry(self) -> None:
        """Write what waits, and from now on each line at once: the process may end any time."""
        self._batch = 1
        self.flush()

    def flush(self) -> None:
        """Write what waits."""
        if not self._lines:
            return
        text = "".join(self._lines)
        self._lines.clear()
        stream = self._stream or sys.stdout
        try:
            stream.write(text)
            stream.flush()
        except (OSError, ValueError):
            # A closed or full log must not take the service down with it.
            return
