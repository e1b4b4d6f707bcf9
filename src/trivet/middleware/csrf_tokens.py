"""Tokens against cross-site requests: what a page of ours has, and a page of others cannot read.

A visitor has a random secret in a cookie of its own. A token is made of it and of the session's
cookie, where that is named, and masked anew each time, so that packed pages do not give it away
(BREACH). Neither a session nor a store is needed. Whatever is unclear is no token.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterable
from secrets import token_bytes

from starlette.requests import HTTPConnection

from trivet.errors import SetupError
from trivet.http.cookies import set_cookie
from trivet.http.exchange import Scope
from trivet.http.private import mark_private
from trivet.middleware.signatures import BadSignature, Secrets, Signatures, secrets_of

__all__ = [
    "FIELD",
    "CsrfField",
    "TokenRules",
    "Visitor",
    "begin",
    "csrf_field",
    "csrf_token",
    "visitor_of",
]

FIELD = "csrf_token"
"""The form field in which a token comes."""

_KEPT = "trivet.csrf"  # in the scope itself: a server may share `state` among requests
_SIZE = 16
_SECRET = re.compile(r"[0-9a-f]{32}")
_TOKEN = re.compile(r"[0-9a-f]{64}")  # a mask and what is masked
_Headers = Iterable[tuple[bytes, bytes]]


class TokenRules:
    """How tokens are made: by which `secrets` the cookie is signed, and for which session's.

    `session_cookie` is the name of the cookie that holds a session's key.
    """

    __slots__ = ("_session_cookie", "_signatures")

    def __init__(self, secrets: Secrets | None, session_cookie: str | None) -> None:
        self._signatures = None
        if secrets is not None:
            checked = secrets_of(secrets, what="Csrf", code="middleware.csrf")
            self._signatures = Signatures(checked, b"trivet.csrf")
        self._session_cookie = None if session_cookie is None else session_cookie.encode("latin-1")

    def read(self, headers: _Headers, name: bytes) -> bytes | None:
        """Give the visitor's secret; None where there is none, or more than one."""
        found = set(_values(headers, name))
        if len(found) != 1:
            return None  # a subdomain, or plain HTTP, may have put a second one beside ours
        text = found.pop().decode("latin-1")
        if self._signatures is not None:
            try:
                text = self._signatures.read(text, None).decode("latin-1")
            except BadSignature:
                return None
        return bytes.fromhex(text) if _SECRET.fullmatch(text) else None

    def written(self, secret: bytes) -> str:
        """Give the cookie's value for a secret."""
        text = secret.hex()
        return text if self._signatures is None else self._signatures.sign(text.encode())

    def bound(self, secret: bytes, headers: _Headers) -> bytes:
        """Give what a token says: of the secret, which it does not tell, and of the session."""
        session = b""
        if self._session_cookie is not None:
            session = b";".join(_values(headers, self._session_cookie))
        return hmac.digest(secret, b"trivet.csrf:" + session, "sha256")[:_SIZE]


class Visitor:
    """One request's tokens: read from its cookie, or begun with a cookie that its answer sets."""

    __slots__ = ("_has_begun", "_headers", "_is_new", "_is_secure", "_rules", "_scope", "_secret")

    def __init__(self, rules: TokenRules, scope: Scope) -> None:
        self._rules = rules
        self._scope = scope
        self._headers = scope["headers"]
        # By name another cookie for HTTPS: no subdomain and nothing on plain HTTP can set it.
        self._is_secure = scope["scheme"] in ("https", "wss")
        self._secret: bytes | None = None
        self._is_new = self._has_begun = False

    @property
    def was_asked(self) -> bool:
        """True where the answer holds a token, and so is this visitor's alone."""
        return self._secret is not None

    def token(self) -> str:
        """Give a new text of the visitor's token."""
        if self._secret is None:
            secret = self._rules.read(self._headers, self._name.encode())
            if secret is None:
                if self._has_begun:
                    raise RuntimeError(
                        "csrf_token was asked for when the answer had begun, and its cookie cannot"
                        " be set any more: ask before the first piece is sent"
                    )
                secret = token_bytes(_SIZE)
                self._is_new = True
            self._secret = secret
            mark_private(self._scope)
        mask = token_bytes(_SIZE)
        return mask.hex() + _xor(mask, self._rules.bound(self._secret, self._headers)).hex()

    def owns(self, token: str | None) -> bool:
        """Tell whether a token that came was made for this visitor."""
        if token is None or not _TOKEN.fullmatch(token):
            return False
        secret = self._rules.read(self._headers, self._name.encode())
        if secret is None:
            return False
        mask, masked = bytes.fromhex(token[:32]), bytes.fromhex(token[32:])
        return hmac.compare_digest(_xor(mask, masked), self._rules.bound(secret, self._headers))

    def cookie(self) -> bytes | None:
        """Give the Set-Cookie that the answer needs; None where the browser has it already."""
        self._has_begun = True
        if not self._is_new or self._secret is None:
            return None
        value = self._rules.written(self._secret)
        return set_cookie(self._name, value, secure=self._is_secure, http_only=True)

    @property
    def _name(self) -> str:
        return "__Host-csrf" if self._is_secure else "csrf"


class CsrfField(str):
    """The hidden input of a form; templates take it for HTML, which it is."""

    __slots__ = ()

    def __html__(self) -> str:
        return str(self)


def visitor_of(scope: Scope) -> Visitor | None:
    """Give the tokens of a request that passed a `Csrf(tokens=True)`."""
    found: Visitor | None = scope.get(_KEPT)
    return found


def begin(rules: TokenRules, scope: Scope) -> Visitor:
    """Put the tokens of a request into its scope."""
    visitor = scope[_KEPT] = Visitor(rules, scope)
    return visitor


def csrf_token(connection: HTTPConnection) -> str:
    """Give the token that this visitor's forms send as `csrf_token`, or scripts as X-CSRF-Token.

    It is another text each time, and goes with a cookie that the answer sets. Raises SetupError
    where the request has not passed a `Csrf(tokens=True)`, and RuntimeError where the visitor has
    no such cookie yet and the answer has begun.
    """
    visitor = visitor_of(connection.scope)
    if visitor is None:
        raise SetupError(
            "csrf_token was asked for, and no hook of this application checks tokens",
            code="middleware.csrf",
            mend="App(hooks=[Csrf(tokens=True)]), or app.use(CsrfGuard())",
        )
    return visitor.token()


def csrf_field(connection: HTTPConnection) -> CsrfField:
    """Give the hidden input with this visitor's `csrf_token`, for a form that posts."""
    return CsrfField(f'<input type="hidden" name="{FIELD}" value="{csrf_token(connection)}">')


def _values(headers: _Headers, wanted: bytes) -> list[bytes]:
    """Give all values of the cookie `wanted`, in the order in which they came."""
    return [
        value.strip()
        for header, line in headers
        if header == b"cookie"
        for name, _, value in [part.partition(b"=") for part in line.split(b";")]
        if name.strip() == wanted
    ]


def _xor(left: bytes, right: bytes) -> bytes:
    return bytes([a ^ b for a, b in zip(left, right, strict=True)])
