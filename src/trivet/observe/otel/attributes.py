"""What a span is called and says, by OpenTelemetry's semantic conventions, of what happens here.

Stable names of HTTP and of databases. By default nothing that a user has sent or that is about
one: no path but the route's, no query, no address, no account, no bound value, no text of an error.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, Literal
from urllib.parse import urlsplit, urlunsplit

from opentelemetry.trace import SpanKind

from trivet.http.exchange import Exchange
from trivet.watching import Happening

__all__ = ["KINDS", "Shown", "at_begin", "at_end", "error_type", "name_of", "without_values"]

Shown = Literal["path", "query", "client", "user agent", "user", "errors"]

_STATUS = "http.response.status_code"

# Literals in a statement, which the driver was not given apart; places for values stay.
_LITERAL = re.compile(
    r"'(?:[^']|'')*'|\$([A-Za-z_]*)\$.*?\$\1\$|(?<![\w$:@.\"`])[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?\b",
    re.DOTALL,
)
_QUOTED_TWICE = re.compile(r'"(?:[^"\\]|\\.|"")*"')
_QUOTING_TWICE = frozenset({"mysql", "mariadb"})  # to these it is a text, to others a name
_LONGEST = 4_000  # characters of a statement

KINDS: dict[str, SpanKind] = {
    "request": SpanKind.SERVER,
    "websocket": SpanKind.SERVER,
    "query": SpanKind.CLIENT,
    "transaction": SpanKind.CLIENT,
    "call": SpanKind.CLIENT,
    "mail": SpanKind.CLIENT,
    "enqueue": SpanKind.PRODUCER,
    "job": SpanKind.CONSUMER,
}


@lru_cache(maxsize=2048)
def without_values(statement: str, system: str = "") -> str:
    """Give the text of a statement with `?` in place of what is written out in it."""
    text = statement[:_LONGEST]
    if system in _QUOTING_TWICE:
        text = _QUOTED_TWICE.sub("?", text)
    text = _LITERAL.sub("?", text)
    return text if len(statement) <= _LONGEST else text + "…"


def at_begin(happening: Happening, shown: frozenset[Shown]) -> dict[str, Any]:
    """Give the attributes that are known when it begins; samplers see these."""
    if happening.kind == "request":
        return _of_request(happening, happening.facts["trivet.exchange"], shown)
    found = _known(happening)
    url = happening.facts.get("trivet.url")
    if url is not None:
        found["url.full"] = _url(url, shown)
    return found


def at_end(happening: Happening, shown: frozenset[Shown]) -> dict[str, Any]:
    """Give the attributes that are known once it has ended."""
    if happening.kind == "request":
        found: dict[str, Any] = {}
        status = happening.facts.get(_STATUS)
        if status is not None:
            found[_STATUS] = status
    else:
        found = _known(happening)
    failed = error_type(happening)
    if failed is not None:
        found["error.type"] = failed
    return found


def _known(happening: Happening) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in happening.facts.items():
        if name == "db.query.text":
            found[name] = without_values(value, happening.facts.get("db.system.name", ""))
        elif isinstance(value, str | int | float) and (
            not name.startswith("trivet.") or name in _OURS
        ):
            found[name] = value
    operation = _OPERATIONS.get(happening.kind)
    if operation is not None:
        found.setdefault("messaging.operation.type", operation)
        found.setdefault("messaging.operation.name", operation)
    return found


# Facts of ours that hold nothing of anybody's; a cache's key may.
_OURS = frozenset(
    {"trivet.job.attempt", "trivet.job.outcome", "trivet.cache.outcome", "trivet.mail.recipients"}
)
_OPERATIONS = {"enqueue": "send", "job": "process"}


def _of_request(
    happening: Happening, exchange: Exchange, shown: frozenset[Shown]
) -> dict[str, Any]:
    facts = happening.facts
    route = facts.get("http.route")
    found: dict[str, Any] = {
        "http.request.method": facts["http.request.method"],
        "url.scheme": exchange.scheme,
    }
    if found["http.request.method"] == "_OTHER":
        found["http.request.method_original"] = exchange.method[:32]
    if route is not None:
        found["http.route"] = route
    path = exchange.path if "path" in shown else route
    if path is not None:
        found["url.path"] = path
    if "query" in shown and exchange.query:
        found["url.query"] = exchange.query.decode("latin-1")
    host = exchange.header(b"host")
    if host is not None:
        found.update(_server(host))
    if "user agent" in shown:
        agent = exchange.header(b"user-agent")
        if agent is not None:
            found["user_agent.original"] = agent.decode("latin-1")
    if "client" in shown:
        client = exchange.scope.get("client")
        if client:
            found["client.address"] = client[0]
    return found


def _url(url: str, shown: frozenset[Shown]) -> str:
    """Give an address that is called: its path and query may name somebody."""
    parts = urlsplit(url)
    return urlunsplit(
        (
            parts.scheme,
            parts.netloc,
            parts.path if "path" in shown else "/",
            parts.query if "query" in shown else "",
            "",
        )
    )


@lru_cache(maxsize=256)
def _server(host: bytes) -> dict[str, Any]:
    try:
        parts = urlsplit("//" + host.decode("ascii"))
        found: dict[str, Any] = {"server.address": parts.hostname or ""}
        if parts.port is not None:
            found["server.port"] = parts.port
    except ValueError:
        return {}
    return found


def error_type(happening: Happening) -> str | None:
    """Give what failed in one word of few values: a class, or the status of an answer."""
    if happening.error is not None:
        kind = type(happening.error)
        if kind.__module__ == "builtins":
            return kind.__qualname__
        return f"{kind.__module__}.{kind.__qualname__}"
    status = happening.facts.get(_STATUS)
    if status is None:
        return None
    # A client's mistake is none of the server's, and one of the client's (semconv: HTTP spans).
    least = 400 if happening.kind == "call" else 500
    return str(status) if status >= least else None


def name_of(happening: Happening) -> str:
    """Give the name of its span."""
    verb = _VERBS.get(happening.kind)
    return happening.name if verb is None else f"{verb} {happening.name}"


_VERBS = {"enqueue": "send", "job": "process", "cache": "cache", "mail": "mail"}
