"""Idempotency keys: what was done once is not done again when its request comes again.

A client whose connection broke does not know whether its order was placed. It sends the request
again with the same Idempotency-Key (draft-ietf-httpapi-idempotency-key-header-07), and gets the
answer that it missed. Where the answers are kept in the handler's own database, an effect and its
answer are one: both are committed, or neither is.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Collection, Coroutine, Sequence
from hashlib import blake2b
from typing import Any

from starlette.requests import Request

from trivet.app.application import App
from trivet.app.part import Part
from trivet.binding.reading import request_of
from trivet.checks import Finding, Level
from trivet.concurrency import to_the_end
from trivet.errors import HTTPException, SetupError
from trivet.http.exchange import Answer, Exchange, Head
from trivet.middleware.hook import Hook
from trivet.routing.enclosing import PASSING, Enclosing, Enclosure, Visit
from trivet.routing.serve import Outcome, answer_of
from trivet.routing.state import RouteState
from trivet.security.kept_answers import AnswersAway, AnswerStore, LostClaim, MemoryAnswers

__all__ = ["Idempotency"]

logger = logging.getLogger("trivet.security")

_HEADER = b"idempotency-key"
_LONGEST = 255
_AGAIN = frozenset({408, 425, 429})  # these say themselves that the request may come again
_NOT_KEPT = b""
_LEFT_OUT = frozenset({b"set-cookie", b"content-length", b"date"})


class Idempotency(Part):
    """Do each request with an Idempotency-Key once: ``app.use(Idempotency(DatabaseAnswers(db)))``.

    A request that comes again with its key gets the first one's answer, with the header
    ``Idempotent-Replayed``; while the first one is running, 409 with Retry-After; with another
    method, address or body, 422. Answers below 500 are kept for `ttl` seconds, without cookies;
    where there is an error of ours, or 408, 425 or 429, the next one is the first again. What is
    streamed, or larger than `most` bytes, is not kept: it is not done again either, and who asks
    again gets 409.

    Keys are each caller's own. `by` tells callers apart, from the request; without, it is the
    Authorization header and the cookies, so that who signs in meanwhile is another one. `methods`
    are those that are looked at. With `required` a request without a key gets 400. A request whose
    process was killed may be tried again after `lease` seconds, which no handler may exceed.
    Without a store answers are kept in this process alone. The whole body of a request with a key
    is read before its handler begins.

    Cost, measured: 5 µs for requests without a key, 40 µs for those with one in memory.
    """

    name = "idempotency"

    def __init__(
        self,
        store: AnswerStore | None = None,
        *,
        ttl: float = 24 * 60 * 60,
        lease: float = 60.0,
        methods: Collection[str] = ("POST", "PATCH"),
        by: Callable[[Request], str | None] | None = None,
        required: bool = False,
        most: int = 256 * 1024,
    ) -> None:
        if ttl <= 0 or lease <= 0 or most < 0:
            raise _wrong(f"ttl={ttl!r}, lease={lease!r}, most={most!r}", "seconds above 0")
        if isinstance(methods, str) or not methods:
            raise _wrong(f"methods={methods!r}", "methods in a list: methods=['POST']")
        self.store: AnswerStore = MemoryAnswers() if store is None else store
        self.ttl = ttl
        self.lease = lease
        self.methods = frozenset(method.upper() for method in methods)
        self.by = by
        self.required = required
        self.most = most

    def hooks(self) -> Sequence[Hook]:
        """Give what has bodies read first, which the answers belong to."""
        return [_WholeBodies(self.methods)]

    def enclosing(self) -> Enclosing:
        """Give what stands around the routes with these methods."""
        return _Remembering(self)

    def deploy_checks(self, app: App) -> Sequence[Finding]:
        """Tell of answers that other processes do not see."""
        if not isinstance(self.store, MemoryAnswers):
            return ()
        return [
            Finding(
                Level.WARNING,
                "deploy.idempotency",
                "answers under idempotency keys are in memory: another process, and the next start,"
                " do the same again",
                "app.use(Idempotency(DatabaseAnswers(db))), from trivet.db.kept_answers",
            )
        ]

    def key_of(self, exchange: Exchange) -> str | None:
        """Give the caller's key, made one with who they are; None without one.

        Raises HTTPException (400) for what is no key.
        """
        found = [value for name, value in exchange.headers if name == _HEADER]
        if not found:
            if self.required:
                raise HTTPException(400, "This request needs an Idempotency-Key header")
            return None
        key = found[0].decode("latin-1").strip()
        if len(key) > 1 and key[0] == key[-1] == '"':  # as the draft writes it
            key = key[1:-1]
        if (
            len(found) > 1
            or not 0 < len(key) <= _LONGEST
            or not (key.isascii() and _printable(key))
        ):
            detail = f"Idempotency-Key is one text of 1 to {_LONGEST} printable ASCII characters"
            raise HTTPException(400, detail)
        return _digest(self._caller(exchange), key.encode())

    def _caller(self, exchange: Exchange) -> bytes:
        if self.by is not None:
            return b"by" + (self.by(request_of(exchange)) or "").encode("utf-8", "surrogatepass")
        told = [
            _digest(name, value)
            for name, value in exchange.headers
            if name in (b"authorization", b"cookie")
        ]
        return "".join(told).encode()


class _WholeBodies(Hook):
    name = "idempotency"

    def __init__(self, methods: frozenset[str]) -> None:
        self._methods = methods

    def wants_body(self, exchange: Exchange) -> bool:
        return exchange.method in self._methods and exchange.header(_HEADER) is not None


class _Remembering(Enclosing):
    def __init__(self, rules: Idempotency) -> None:
        self._rules = rules

    def around(self, app: Any, route: RouteState) -> Enclosure | None:
        return None if self._rules.methods.isdisjoint(route.methods) else _Once(self._rules, route)


class _Once(Enclosure):
    concludes = True

    def __init__(self, rules: Idempotency, route: RouteState) -> None:
        self._rules = rules
        # Of several routes of one path, each has its own answers.
        self._apart = () if route.when is None else (str(route.when),)

    def visit(self, exchange: Exchange) -> Answer | Visit:
        if exchange.method not in self._rules.methods:
            return PASSING
        key = self._rules.key_of(exchange)
        if key is None:
            return PASSING
        kind = exchange.header(b"content-type") or b""
        said = (exchange.method, exchange.path, *self._apart)
        texts = [text.encode("utf-8", "surrogatepass") for text in said]
        fingerprint = _digest(*texts, exchange.query, kind, exchange.body)
        return _Doing(self._rules, key, fingerprint)

    def explained(self) -> Sequence[str]:
        needed = "needs" if self._rules.required else "may have"
        return [f"{needed} an Idempotency-Key; answers are kept for {self._rules.ttl:g} s"]


class _Doing(Visit):
    """One request with a key."""

    def __init__(self, rules: Idempotency, key: str, fingerprint: str) -> None:
        self._rules = rules
        self._key = key
        self._fingerprint = fingerprint
        self._token = secrets.token_hex(16)
        self._has_claim = False

    async def enter(self) -> Answer | None:
        rules = self._rules
        try:
            found = await rules.store.claim(
                self._key, self._fingerprint, self._token, rules.lease, rules.ttl
            )
        except AnswersAway as error:
            detail = "Whether this was done already cannot be known at the moment"
            raise HTTPException(503, detail, {"Retry-After": "5"}) from error
        if found is None:
            self._has_claim = True
            return None
        if found.fingerprint != self._fingerprint:
            raise HTTPException(422, "This Idempotency-Key was used for another request")
        if found.answer is None:
            detail = "A request with this Idempotency-Key is running"
            raise HTTPException(409, detail, {"Retry-After": "1"})
        if found.answer == _NOT_KEPT:
            detail = "This was done, and its answer was not kept: look at what it has changed"
            raise HTTPException(409, detail)
        return read(found.answer)

    async def concluded(self, outcome: Outcome) -> None:
        answer = outcome if isinstance(outcome, Answer) else answer_of(outcome)
        payload = _NOT_KEPT if answer is None else self._payload(answer)
        if payload is None:
            return
        try:
            await self._rules.store.keep_within(
                self._key, self._token, payload, self._rules.ttl, self._settled
            )
        except LostClaim as error:  # rolls back what was done here
            self._has_claim = False
            detail = "This took so long that it was begun once more"
            raise HTTPException(409, detail, {"Retry-After": "1"}) from error

    def _settled(self) -> None:
        self._has_claim = False

    async def answered(self, answer: Answer) -> Answer:
        if self._has_claim:
            self._has_claim = False
            payload = self._payload(answer)
            store = self._rules.store
            await self._tried(
                store.release(self._key, self._token)
                if payload is None
                else store.keep(self._key, self._token, payload, self._rules.ttl)
            )
        return answer

    async def left(self, error: BaseException | None) -> None:
        if not self._has_claim:
            return
        self._has_claim = False
        store = self._rules.store
        if error is None:  # it was streamed
            await self._tried(store.keep(self._key, self._token, _NOT_KEPT, self._rules.ttl))
        else:  # whose work was cancelled may be cancelled once more
            await to_the_end(self._tried(store.release(self._key, self._token)))

    def _payload(self, answer: Answer) -> bytes | None:
        """Give what is kept of an answer; None where the next request is the first again."""
        if answer.status >= 500 or answer.status in _AGAIN:
            return None
        if len(answer.body) > self._rules.most or answer.background is not None:
            return _NOT_KEPT
        return written(answer)

    async def _tried(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except AnswersAway:
            # What was done is done; until the lease ends, nobody does it again.
            logger.exception("the answer to a request with an Idempotency-Key was not kept")


def written(answer: Answer) -> bytes:
    """Write an answer as it is kept: without cookies, which are secrets of the moment."""
    lines = [b"%d" % answer.status]
    for name, value in (*answer.head.headers, *(answer.extra or ())):
        if name not in _LEFT_OUT:
            lines.append(name + b": " + value)
    return b"\n".join(lines) + b"\n\n" + answer.body


def read(payload: bytes) -> Answer:
    """Give a kept answer, marked as one that comes again."""
    top, _, body = payload.partition(b"\n\n")
    status, *lines = top.split(b"\n")
    pairs = [line.partition(b": ") for line in lines]
    headers = [(name, value) for name, _, value in pairs]
    return Answer(Head(int(status), [*headers, (b"idempotent-replayed", b"true")]), body)


def _digest(*parts: bytes) -> str:
    """Give one short text for several parts, whose lengths are part of it."""
    hashed = blake2b(digest_size=20)
    for part in parts:
        hashed.update(b"%d:" % len(part) + part)
    return hashed.hexdigest()


def _printable(text: str) -> bool:
    return all(" " < sign <= "~" for sign in text)


def _wrong(given: str, expected: str) -> SetupError:
    return SetupError(
        f"Idempotency cannot use {given}", code="security.idempotency", mend=f"write {expected}"
    )
