"""Cross-site request forgery: other sites' pages must not act in a visitor's name.

A browser sends a site's cookies with whatever request a page of another site makes it send. What
it also sends, and no page can change, is where the request comes from: Sec-Fetch-Site (W3C Fetch
Metadata) in every browser since 2023, Origin with every unsafe request since 2020. So these are
looked at first, and a token is needed only where both are missing. Whatever is unclear is refused.

Headers decide, whatever the content type. Only where they leave everything open, and tokens are
given out, the body is read first, because the token of a form stands in it: no handler runs before.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import ClassVar
from urllib.parse import urlsplit

from trivet.errors import SetupError
from trivet.http.exchange import Answer, Exchange, Head, Message, Scope, Send
from trivet.http.form_fields import form_field
from trivet.middleware.csrf_tokens import (
    FIELD,
    TokenRules,
    begin,
    csrf_field,
    csrf_token,
    visitor_of,
)
from trivet.middleware.dress import lowered, vary_added, with_header, with_vary
from trivet.middleware.hook import Hook
from trivet.middleware.signatures import Secrets

__all__ = ["SAFE_METHODS", "Csrf", "csrf_field", "csrf_token"]

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})  # RFC 9110, 9.2.1
_ORIGIN = re.compile(r"https?://(?:\[[0-9a-f:.]+\]|[a-z0-9_.-]+)(?::[0-9]+)?")
_EXEMPT = re.compile(r"/(?:[^*?#]*)(?:/\*)?")
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}
_SCHEMES = {"ws": "http", "wss": "https"}
_JSON = (b"content-type", b"application/json")
_FORMS = (b"application/x-www-form-urlencoded", b"multipart/form-data")
_Headers = Iterable[tuple[bytes, bytes]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Csrf(Hook):
    """Refuse (403) what other sites' pages send with this site's cookies.

    Looked at are requests that may change something (all but GET, HEAD, OPTIONS and TRACE) and
    carry what a browser sends by itself: cookies, or an Authorization other than ``Bearer``. They
    pass if Sec-Fetch-Site says ``same-origin`` or ``none``; where it is missing, if Origin, or else
    Referer, is the request's own origin; where these are missing too, with `tokens`, if
    X-CSRF-Token or the form field `csrf_token` holds a `csrf_token` of this visitor's.

    `trusted_origins` pass always: ``https://app.example.com``. `same_site` lets through what comes
    from the site's other subdomains. `exempt` are paths that are not guarded: whole ones, or
    ``/webhooks/*`` for all below it; `trivet check` tells those that no route has. `anonymous`
    guards requests without credentials too, as a login needs it. With `sockets` the opening of a
    WebSocket is judged in the same way. Raises SetupError for what is no origin or path.

    Tokens belong to a cookie of their own: ``__Host-csrf`` by HTTPS, ``csrf`` by plain HTTP.
    `secrets` sign it, as those of sessions do. With `session_cookie`, the name of the cookie that
    holds a session's key, a token is of that session alone and ends with it; the key must not
    change within a session, as the values of the Sessions hook do.

    Cost of a request, measured: 0.1 µs for safe methods, 0.7 µs for others without cookies, 0.9 µs
    by Sec-Fetch-Site, 1.4 µs by Origin and the making of the ASGI scope. With `tokens` each request
    costs 0.7 µs more (1.6 µs for others than safe methods) and the making of the scope, one that
    gives a token 11 µs.
    """

    name: ClassVar[str] = "csrf"

    trusted_origins: Collection[str] = ()
    same_site: bool = False
    tokens: bool = False
    secrets: Secrets | None = field(default=None, repr=False)
    session_cookie: str | None = None
    exempt: Collection[str] = ()
    anonymous: bool = False
    sockets: bool = True

    _whole: frozenset[str] = field(init=False, repr=False, compare=False)
    _below: tuple[str, ...] = field(init=False, repr=False, compare=False)
    _rules: TokenRules | None = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        put = object.__setattr__
        for argument in ("trusted_origins", "exempt"):
            given = getattr(self, argument)
            if isinstance(given, str):
                raise _wrong(argument, given, f"a list: {argument}=[{given!r}]")
            put(self, argument, tuple(given))
        for origin in self.trusted_origins:
            if not _ORIGIN.fullmatch(origin) or _normal(origin) != origin:
                expected = "scheme and host in small letters, such as 'https://app.example.com'"
                raise _wrong("trusted_origins", origin, expected)
        for path in self.exempt:
            if not _EXEMPT.fullmatch(path):
                raise _wrong("exempt", path, "a path such as '/webhooks/bank' or '/webhooks/*'")
        if not self.tokens and (self.secrets is not None or self.session_cookie is not None):
            raise _wrong("tokens", False, "tokens=True, which secrets and session_cookie are for")
        rules = TokenRules(self.secrets, self.session_cookie) if self.tokens else None
        put(self, "_rules", rules)
        put(self, "_whole", frozenset(path for path in self.exempt if not path.endswith("/*")))
        put(self, "_below", tuple(path[:-1] for path in self.exempt if path.endswith("/*")))

    def wants_body(self, exchange: Exchange) -> bool:
        """Tell whether a form's field may decide: headers say nothing of the sender."""
        if self._rules is None or exchange.method in SAFE_METHODS:
            return False
        headers = _Given(exchange.headers)
        return (
            headers.is_ambient
            and headers.site is None
            and headers.sender() is None
            and headers.token is None
            and headers.content_type.lower().startswith(_FORMS)
        )

    def before(self, exchange: Exchange) -> Answer | None:
        """Refuse what another site's page may have sent."""
        if self._rules is not None:
            begin(self._rules, exchange.scope)
        if exchange.method in SAFE_METHODS:
            return None
        headers = _Given(exchange.headers)
        if not headers.is_ambient and not self.anonymous:
            return None
        if self.exempts(exchange.path):
            return None
        verdict = self._fetched(headers)
        if verdict is None:
            return self._judge(headers, exchange.scope, exchange.body)
        return None if verdict else _refused("it comes from another site's page")

    def after(self, exchange: Exchange, answer: Answer) -> Answer:
        """Set the cookie with a ready answer that holds the visitor's first token."""
        visitor = None if self._rules is None else visitor_of(exchange.scope)
        if visitor is None or not visitor.was_asked:
            return answer
        cookie = visitor.cookie()
        answer = with_vary(answer, b"Cookie")
        return answer if cookie is None else with_header(answer, b"set-cookie", cookie)

    def wrap(self, exchange: Exchange, send: Send) -> Send:
        """Set the cookie with a streamed answer, if a token was asked for before it began."""
        if self._rules is None:
            return send

        async def kept(message: Message) -> None:
            visitor = visitor_of(exchange.scope)
            if visitor is not None and message["type"] == "http.response.start":
                cookie = visitor.cookie()
                if visitor.was_asked:
                    headers = vary_added(lowered(message.get("headers", ())), b"Cookie")
                    told = [] if cookie is None else [(b"set-cookie", cookie)]
                    message["headers"] = [*headers, *told]
            await send(message)

        return kept

    def connect(self, scope: Scope) -> Answer | None:
        """Refuse a WebSocket that another site's page opens."""
        if not self.sockets:
            return None
        headers = _Given(scope["headers"])
        if (not headers.is_ambient and not self.anonymous) or self.exempts(scope["path"]):
            return None
        verdict = self._fetched(headers)
        if verdict is None:
            return self._judge(headers, scope, b"")
        return None if verdict else _refused("it comes from another site's page")

    def exempts(self, path: str) -> bool:
        """Tell whether requests for `path` are let through as they come."""
        # "/webhooks/../account": whoever serves it may read it as another path than we do.
        return path in self._whole or (
            path.startswith(self._below) and "/." not in path and "//" not in path
        )

    def _fetched(self, headers: _Given) -> bool | None:
        """Judge by what the browser says of the sender; None where it says nothing."""
        site = headers.site
        if site is None:
            return None
        if site in (b"same-origin", b"none") or (site == b"same-site" and self.same_site):
            return True
        return headers.origin is not None and headers.origin.decode("latin-1") in (
            self.trusted_origins
        )

    def _judge(self, headers: _Given, scope: Scope, body: bytes) -> Answer | None:
        """Judge by origin or token a request of a browser that says no more."""
        sender = headers.sender()
        if sender is not None:
            if sender in self.trusted_origins or sender == _own_origin(scope, headers.host):
                return None
            return _refused("its origin is not this site's")
        if not headers.is_ambient:
            return None  # a program: browsers send one or the other, and a token has a cookie
        visitor = visitor_of(scope)
        if self.tokens and visitor is not None and visitor.owns(headers.given_token(body)):
            return None
        wanted = f", and no valid X-CSRF-Token or field {FIELD}" if self.tokens else ""
        return _refused(f"it has neither Sec-Fetch-Site nor Origin nor Referer{wanted}")


class _Given:
    """What one pass over the headers finds."""

    __slots__ = ("content_type", "host", "is_ambient", "origin", "referer", "site", "token")

    def __init__(self, headers: _Headers) -> None:
        self.is_ambient = False
        self.site = self.origin = self.referer = self.host = self.token = None
        self.content_type = b""
        has_cookie = has_bearer = has_other = False
        for name, value in headers:
            if name == b"cookie":
                has_cookie = True
            elif name == b"sec-fetch-site":
                # Two that differ are of no browser; joined they are no value that passes.
                self.site = value if self.site is None else self.site + b"," + value
            elif name == b"origin":
                self.origin = value if self.origin is None else b"null"
            elif name == b"host":
                self.host = value
            elif name == b"authorization":
                is_bearer = value[:7].lower() == b"bearer "
                has_bearer = has_bearer or is_bearer
                has_other = has_other or not is_bearer
            elif name == b"referer":
                self.referer = value
            elif name == b"x-csrf-token":
                self.token = value
            elif name == b"content-type":
                self.content_type = value
        # A page cannot add a Bearer token to another site's request unless CORS lets it.
        self.is_ambient = has_other or (has_cookie and not has_bearer)

    def sender(self) -> str | None:
        """Give the origin of the page that sent it; None where that is not told."""
        origin = self.origin
        if origin is None and self.referer is not None:
            return _origin_of(self.referer.decode("latin-1"))
        # "null" is told by sandboxed pages, and by others' whose referrer policy hides it.
        return None if origin is None or origin == b"null" else origin.decode("latin-1")

    def given_token(self, body: bytes) -> str | None:
        """Give the token that came: in the header, or else in the one field of a form."""
        if self.token is not None:
            return self.token.decode("latin-1")
        return form_field(self.content_type, body, FIELD)


def _own_origin(scope: Scope, host: bytes | None) -> str | None:
    if host is None:
        return None
    scheme = str(scope["scheme"])
    return _normal(f"{_SCHEMES.get(scheme, scheme)}://{host.decode('latin-1')}".lower())


def _normal(origin: str) -> str:
    """Leave out the port that the scheme has anyway, as browsers do."""
    return origin.removesuffix(_DEFAULT_PORTS.get(origin.partition(":")[0], ""))


def _origin_of(url: str) -> str:
    """Give the origin of an address; "" where it has none, which is nobody's."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    origin = f"{parts.scheme}://{parts.netloc}".lower()
    return _normal(origin) if _ORIGIN.fullmatch(origin) else ""


def _refused(reason: str) -> Answer:
    detail = f"This request was refused, because {reason} (CSRF)"
    return Answer(
        Head(403, [_JSON]), json.dumps({"detail": detail}, separators=(",", ":")).encode()
    )


def _wrong(argument: str, given: object, expected: str) -> SetupError:
    return SetupError(
        f"Csrf cannot use {argument}={given!r}", code="middleware.csrf", mend=f"write {expected}"
    )
