"""The access log: one line an answer, written in batches.

A line goes to a stream, not through `logging`: formatting and handling a log record costs more
than serving a small request. Lines wait in memory until the next sweep or the 64th of them; once
the server stops none waits any more.

What a client sends cannot end a line or leave its place in it, and the values of parameters whose
names mean a secret are not written: a log is read by more people than a password may be.
"""

from __future__ import annotations

import json
import re
import sys
import time
from typing import ClassVar, Literal, TextIO

from trivet.adapters.gate import Line

__all__ = ["AccessLog", "LogForm"]

LogForm = Literal["text", "json"]

_BATCH = 64
# Names of what links and forms send in addresses though they should not.
_SECRET = re.compile(
    r"token|secret|passw|signature|credential|api[-_]?key|jwt|session|otp"
    r"|^(?:code|key|sig|auth|pwd)$",
    re.IGNORECASE,
)


class AccessLog:
    """Writes what was answered to whom, as text lines or as JSON lines.

    `stream` defaults to standard output as it is at each flush. Nothing closes the stream.
    """

    __slots__ = ("_batch", "_form", "_lines", "_second", "_stamp", "_stream")

    # What is asked for at this path and below is not written: `trivet dev` sets it to that of its
    # own pages, which ask again and again while they are looked at.
    skipped: ClassVar[str | None] = None

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
        skipped = self.skipped
        if skipped is not None and (target + "/").startswith(skipped + "/"):
            return
        if line.query:
            target += "?" + _without_secrets(line.query.decode("ascii"))
        if '"' in target:
            target = target.replace('"', "%22")
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


def _without_secrets(query: str) -> str:
    """Give a query in which values are hidden whose names mean a secret; about 1 µs a parameter."""
    parts = query.split("&")
    for place, part in enumerate(parts):
        name, equals, value = part.partition("=")
        if value and _SECRET.search(name):
            parts[place] = f"{name}{equals}***"
    return "&".join(parts)
