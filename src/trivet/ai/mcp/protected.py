"""Who may speak to the server at all: where a page may come from, and where tokens are got.

A browser sends `Origin` with every POST that a page makes. A page that has rebound its own name to
this server's address sends its own, so that it is the origin that is looked at, and not the host.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection

from trivet.http.exchange import Answer, Exchange, Head
from trivet.http.mounts import mount_of
from trivet.routing.enclosing import PASSING, Enclosing, Enclosure, Visit
from trivet.routing.state import RouteState

__all__ = ["WELL_KNOWN", "OAuthResource", "Protecting"]

WELL_KNOWN = "/.well-known/oauth-protected-resource"  # RFC 9728, 3
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_REFUSED = Answer(
    Head(403, [(b"content-type", b"application/json")]),
    b'{"detail":"Pages from this origin may not speak to the MCP server"}',
)


@dataclass(frozen=True)
class OAuthResource:
    """What a client is told of how it gets a token (RFC 9728): the metadata of this resource.

    `authorization_servers` are the addresses of those whose tokens are taken; what reads them is a
    means of `trivet.auth`. `address` is the server's own, with its path; without one it is what the
    client has asked.
    """

    authorization_servers: Sequence[str]
    scopes: Sequence[str] = ()
    address: str | None = None

    def metadata(self, connection: HTTPConnection, path: str, name: str) -> dict[str, Any]:
        """Give the document that stands at the well-known address."""
        found: dict[str, Any] = {
            "resource": self.address or f"{_base(connection)}{path}",
            "authorization_servers": list(self.authorization_servers),
            "bearer_methods_supported": ["header"],
            "resource_name": name,
        }
        if self.scopes:
            found["scopes_supported"] = list(self.scopes)
        return found

    def challenge(self, connection: HTTPConnection, path: str) -> str:
        """Give what `WWW-Authenticate` says of where the metadata is."""
        address = f"{_base(connection)}{WELL_KNOWN}{path}"
        if self.address is not None:
            parts = urlsplit(self.address)
            address = f"{parts.scheme}://{parts.netloc}{WELL_KNOWN}{parts.path}"
        asked = f', scope="{" ".join(self.scopes)}"' if self.scopes else ""
        return f'resource_metadata="{address}"{asked}'


def _base(connection: HTTPConnection) -> str:
    scope = connection.scope
    return f"{connection.url.scheme}://{connection.url.netloc}{mount_of(scope)}"


class Protecting(Enclosing):
    """Stands around the server's route."""

    def __init__(self, path: str, origins: Collection[str], oauth: OAuthResource | None) -> None:
        self._path = path
        self._origins = frozenset(origins)
        self._oauth = oauth

    def around(self, app: Any, route: RouteState) -> Enclosure:
        return _Protection(self._path, self._origins, self._oauth)


class _Protection(Enclosure):
    def __init__(self, path: str, origins: frozenset[str], oauth: OAuthResource | None) -> None:
        self._path = path
        self._origins = origins
        self._oauth = oauth

    def visit(self, exchange: Exchange) -> Answer | Visit:
        given = [value for name, value in exchange.headers if name == b"origin"]
        if given and not self._is_allowed(given, exchange.header(b"host")):
            return _REFUSED
        return PASSING if self._oauth is None else _Visit(exchange, self._path, self._oauth)

    def explained(self) -> Sequence[str]:
        allowed = ", ".join(sorted(self._origins)) or "none but this machine's own"
        return [f"pages may come from: {allowed}"]

    def _is_allowed(self, given: list[bytes], host: bytes | None) -> bool:
        if len(given) > 1:
            return False
        origin = given[0].decode("latin-1")
        if origin in self._origins:
            return True
        try:
            name = urlsplit(origin).hostname
            asked = urlsplit(f"//{(host or b'').decode('latin-1')}").hostname
        except ValueError:
            return False
        return name in _LOOPBACK and asked in _LOOPBACK


class _Visit(Visit):
    """Says in a refusal where a token is to be had."""

    def __init__(self, exchange: Exchange, path: str, oauth: OAuthResource) -> None:
        self._exchange = exchange
        self._path = path
        self._oauth = oauth

    async def answered(self, answer: Answer) -> Answer:
        if answer.status != 401:
            return answer
        connection = HTTPConnection(dict(self._exchange.scope))
        told = self._oauth.challenge(connection, self._path)
        kept = []
        challenge = "Bearer"
        for name, value in answer.headers():
            if name == b"www-authenticate":
                text = value.decode("latin-1")
                if text.lower().startswith("bearer "):
                    challenge = f"{text},"
            elif name != b"content-length":
                kept.append((name, value))
        kept.append((b"www-authenticate", f"{challenge} {told}".encode("latin-1")))
        changed = Answer(Head(401, kept), answer.body)
        changed.background = answer.background
        return changed
