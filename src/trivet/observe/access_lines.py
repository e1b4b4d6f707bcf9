"""The access log as entries of `logging`: requests with route, ids and how long they took."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from trivet.watching import Happening

__all__ = ["ACCESS", "AccessLines"]

ACCESS = "trivet.access"
"""The name of its logger."""

_log = logging.getLogger(ACCESS)


class AccessLines:
    """A watcher that logs each request at its end; its path without the query, which may be secret.

    `known_of` gives what else is told of one.
    """

    def __init__(self, known_of: Callable[[Happening], dict[str, Any]]) -> None:
        self._known_of = known_of

    def begins(self, happening: Happening) -> None:
        """Nothing: it is told at its end."""

    def ends(self, happening: Happening) -> None:
        """Write the line."""
        if happening.kind != "request" or not _log.isEnabledFor(logging.INFO):
            return
        exchange = happening.facts["trivet.exchange"]
        status = happening.facts.get("http.response.status_code", 0)
        extra = self._known_of(happening)
        extra |= {
            "method": exchange.method,
            "path": exchange.path,
            "status": status,
            "ms": round(happening.seconds * 1000, 2),
        }
        client = _client_of(exchange)
        if client is not None:
            extra["client"] = client
        level = logging.ERROR if status >= 500 else logging.INFO
        _log.log(level, "%s %s %s", exchange.method, exchange.path, status or "-", extra=extra)


def _client_of(exchange: Any) -> str | None:  # Any: of whatever face
    scope = exchange.known_scope
    client = None if scope is None else scope.get("client")
    return None if not client else f"{client[0]}:{client[1]}"
