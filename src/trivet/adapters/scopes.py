"""What a request on a socket is for ASGI, and where it came from: by itself, or through a proxy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from trivet.adapters.gate import Line
from trivet.adapters.service import Service
from trivet.http.exchange import Exchange, Scope

__all__ = ["Origin", "make_scope", "scheme_of"]


class Origin(Protocol):
    """The two ends of a connection."""

    service: Service
    client: tuple[str, int] | None
    server: tuple[str, int | None] | None
    scheme: str
    is_trusted: bool


def make_scope(exchange: Exchange, line: Line, origin: Origin) -> Scope:
    """Give the ASGI scope of a request on a socket."""
    service = origin.service
    client, scheme = origin.client, origin.scheme
    if origin.is_trusted:
        client, scheme = service.peers.seen_through(exchange.headers, client, scheme)
    root = service.config.root_path
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1" if line.minor else "1.0",
        "method": exchange.method,
        "scheme": scheme,
        "path": root + exchange.path,
        "raw_path": root.encode("ascii") + line.raw_path,
        "query_string": exchange.query,
        "root_path": root,
        "headers": exchange.headers,
        "client": client,
        "server": origin.server,
        "state": service.app_state.copy(),
        "extensions": {"http.response.early_hint": {}},
    }


def scheme_of(headers: Sequence[tuple[bytes, bytes]], origin: Origin) -> str:
    """Give the scheme that a scope would have, without one."""
    if origin.is_trusted:
        for name, _ in headers:
            if name == b"x-forwarded-proto":
                peers = origin.service.peers
                return peers.seen_through(headers, origin.client, origin.scheme)[1]
    return origin.scheme
