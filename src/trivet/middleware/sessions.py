"""Sessions in a signed cookie: what a visitor's browser keeps for us, and cannot change.

The values are signed, not encrypted: whoever holds the cookie can read them. The signature covers
the moment of writing, so that a session ends `max_age` seconds after it was last written. Whatever
cannot be verified is an empty session, never an error.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import partial
from typing import Any, ClassVar

from trivet.errors import SetupError, TrivetError
from trivet.http.cookies import SameSite, cookies_of, delete_cookie, set_cookie
from trivet.http.exchange import Answer, Exchange, Message, Scope, Send
from trivet.middleware.dress import lowered, vary_added, with_header, with_vary
from trivet.middleware.hook import Hook
from trivet.middleware.session import Session
from trivet.middleware.signatures import BadSignature, Secrets, Signatures, secrets_of

__all__ = ["SessionError", "Sessions"]

# Browsers keep at least 4,096 bytes of name, value and attributes (RFC 6265, 6.1); the smallest
# real limit among them is 4,093, and beyond it a cookie is dropped without a word.
_LARGEST_COOKIE = 4093


class SessionError(TrivetError, ValueError):
    """A session that cannot be kept: a value that JSON cannot write, or too many of them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sessions(Hook):
    """Give every request a `request.session` that is kept in a signed cookie.

    `secrets` is one secret or several: the first signs, all verify, so that a new one is put in
    front and the old one taken away `max_age` seconds later. `max_age` is in seconds; None makes
    a cookie that ends with the browser and a signature that never does. `secure` None sends the
    cookie by HTTPS only where it was set by HTTPS. `host_prefix` names it ``__Host-…``, which no
    subdomain can set or read, and needs HTTPS. With `rolling` every request that reads the session
    renews it. Scripts cannot read the cookie. Raises SetupError for secrets of fewer than 32
    characters or that repeat themselves and for cookies that browsers drop, SessionError while
    answering for values that cannot be kept.

    Cost of a request, measured: 2.1 µs where the session is not touched, 51 µs to read, 87 µs to
    read and write, and the making of the ASGI scope where nothing else asks for it.
    """

    name: ClassVar[str] = "sessions"

    secrets: Secrets = field(repr=False)
    cookie: str = "session"
    max_age: int | None = 14 * 24 * 60 * 60
    path: str = "/"
    domain: str | None = None
    same_site: SameSite = "lax"
    secure: bool | None = None
    host_prefix: bool = False
    partitioned: bool = False
    rolling: bool = False

    _signatures: Signatures = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        put = object.__setattr__
        secrets = secrets_of(self.secrets, what="Sessions", code="middleware.sessions")
        put(self, "secrets", tuple(secrets))
        if self.max_age is not None and self.max_age <= 0:
            raise _wrong("max_age", self.max_age, "a number of seconds above 0, or None")
        if self.host_prefix:
            put(self, "cookie", "__Host-" + self.cookie.removeprefix("__Host-"))
        needs_secure = self.host_prefix or self.partitioned or self.same_site == "none"
        if needs_secure and self.secure is None:
            put(self, "secure", True)
        try:
            self._written("x", is_secure=True if self.secure is None else self.secure)
        except ValueError as error:
            raise SetupError(f"Sessions: {error}", code="middleware.sessions") from error
        # The salt keeps a value that the application signed for something else, or a session under
        # another name, from counting as this one.
        salt = b"trivet.sessions." + self.cookie.encode()
        put(self, "_signatures", Signatures(secrets, salt))

    def before(self, exchange: Exchange) -> Answer | None:
        """Put a session, not yet loaded, into the scope; never refuses."""
        return self.connect(exchange.scope)

    def connect(self, scope: Scope) -> Answer | None:
        """Put a session into the scope of a request, or of a WebSocket, which can only read it."""
        scope["session"] = Session(partial(self._stored, scope))
        return None

    def after(self, exchange: Exchange, answer: Answer) -> Answer:
        """Send the cookie with a ready answer if the session was changed."""
        scope = exchange.scope
        session = _touched(scope)
        if session is None:
            return answer
        cookie = self._cookie_for(scope, session)
        answer = with_vary(answer, b"Cookie")
        return answer if cookie is None else with_header(answer, b"set-cookie", cookie)

    def wrap(self, exchange: Exchange, send: Send) -> Send:
        """Send the cookie with a streamed answer if the session was changed before it began."""
        scope = exchange.scope

        async def kept(message: Message) -> None:
            session = _touched(scope) if message["type"] == "http.response.start" else None
            if session is not None:
                cookie = self._cookie_for(scope, session)
                headers = vary_added(lowered(message.get("headers", ())), b"Cookie")
                if cookie is not None:
                    headers.append((b"set-cookie", cookie))
                message["headers"] = headers
            await send(message)

        return kept

    def _stored(self, scope: Scope) -> str | None:
        """Give the JSON of a session that we wrote and that has not ended."""
        value = cookies_of(scope["headers"]).get(self.cookie)
        if not value:
            return None
        try:
            return self._signatures.read(value, self.max_age).decode()
        except BadSignature:
            return None

    def _cookie_for(self, scope: Scope, session: dict[str, Any]) -> bytes | None:
        """Give the Set-Cookie that the session needs; None where the browser's is still right."""
        # Somebody may have put a dictionary of their own in the session's place.
        stored = session.stored if isinstance(session, Session) else self._stored(scope)
        is_secure = scope["scheme"] in ("https", "wss") if self.secure is None else self.secure
        if not session:
            return None if stored is None else self._deleted(is_secure)
        text = _json(session)
        if text == stored and not self.rolling:
            return None
        value = self._signatures.sign(text.encode())
        cookie = self._written(value, is_secure)
        if len(cookie) > _LARGEST_COOKIE:
            largest = max(session, key=lambda key: len(_json(session[key])))
            raise SessionError(
                f"the session would be a cookie of {len(cookie)} bytes, and browsers drop those"
                f" above {_LARGEST_COOKIE}; the most is under {largest!r}. Keep a key in the"
                " session and what it stands for in a database or cache."
            )
        return cookie

    def _written(self, value: str, is_secure: bool) -> bytes:
        return set_cookie(
            self.cookie,
            value,
            max_age=self.max_age,
            path=self.path,
            domain=self.domain,
            secure=is_secure,
            http_only=True,
            same_site=self.same_site,
            partitioned=self.partitioned,
        )

    def _deleted(self, is_secure: bool) -> bytes:
        return delete_cookie(
            self.cookie,
            path=self.path,
            domain=self.domain,
            secure=is_secure,
            http_only=True,
            same_site=self.same_site,
            partitioned=self.partitioned,
        )


def _touched(scope: Scope) -> dict[str, Any] | None:
    # None is there too where a hook before this one failed and its error is answered.
    session: dict[str, Any] | None = scope.get("session")
    return None if isinstance(session, Session) and not session.is_loaded else session


def _json(value: Any) -> str:
    try:
        return json.dumps(value, separators=(",", ":"))
    except (TypeError, ValueError) as error:
        raise SessionError(
            f"the session holds what JSON cannot write: {error}. Keep text, numbers, lists and"
            " dictionaries, and convert others: str(uuid), moment.isoformat()."
        ) from error


def _wrong(argument: str, given: object, expected: str) -> SetupError:
    return SetupError(
        f"Sessions cannot use {argument}={given!r}",
        code="middleware.sessions",
        mend=f"write {expected}",
    )
