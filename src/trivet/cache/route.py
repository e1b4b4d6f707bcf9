"""Answers of routes, kept for others who ask the same: `@cache.route(ttl=60)`.

What is kept: whole answers to GET with status 200 (they serve HEAD too), under their address (host,
scheme, path, and of the query what the route reads, by name) and under the headers and cookies that
it reads. What the plan declares is known; what a function with the whole request reads is said.

Nothing private is shared. An answer is neither kept nor given from what is kept where

- the request has an Authorization header, or its user is signed in;
- the session was read, or somebody marked the request as private (`trivet.http.private`);
- the answer sets a cookie, says `no-store`, `no-cache` or `private`, varies by what the key does
  not have, or has background tasks;

unless `per` says whose it is: then it is kept for that one alone, and a cookie still keeps it out.
The cache is the application's own, so that what a client says of caching is not asked.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from starlette.requests import Request

from trivet.binding.reading import request_of
from trivet.cache.answers import Heads, judged, kept_for, tagged, vary_of
from trivet.cache.declared import PLACEHOLDER, Reads, reads_of
from trivet.cache.entry import Entry
from trivet.cache.keys import digest
from trivet.cache.turns import Turn, Turns
from trivet.errors import SetupError, place_of
from trivet.http.cookies import cookies_of
from trivet.http.exchange import Answer, Exchange, Head, Scope
from trivet.http.private import is_private
from trivet.routing.enclosing import Enclosing, Enclosure, Visit
from trivet.routing.state import RouteState

if TYPE_CHECKING:
    from trivet.cache.namespace import Space

__all__ = ["CachedRoute", "Per", "RouteRules"]

# Whose answer it is, of the request; None for nobody's, which is not kept.
Per = Callable[[Request], str | None]

_PASSING = 10.0  # seconds for which nobody waits where an answer turned out not to be kept
_MOST_PASSING = 1000
_UNTOUCHED = Visit()


@dataclass(frozen=True, slots=True)
class RouteRules:
    """What `Cache.route` was told, times in seconds."""

    ttl: float | None
    stale: float
    vary: tuple[str, ...] | None
    tags: tuple[str, ...]
    per: Per | None
    max_age: float | None

    def cache_control(self, reads: Reads) -> bytes:
        """Give what browsers are told: nothing that a deleted tag could not take back.

        What depends on a cookie is for the browser that has it, and for no cache on the way.
        """
        age = self.max_age
        if age is None:
            age = 0 if self.tags or self.per is not None else self.ttl
        said = "max-age=31536000" if age is None else f"max-age={int(age)}" if age else "no-cache"
        is_own = self.per is not None or bool(reads.cookies)
        return (f"private, {said}" if is_own else said).encode()


class CachedRoute(Enclosing):
    """The declaration on a handler."""

    def __init__(
        self, cache: Any, space: Space, rules: RouteRules
    ) -> None:  # Any: the cache, above
        self._cache = cache
        self._space = space
        self._rules = rules

    def around(self, app: Any, route: RouteState) -> RouteCache:
        """Give the cache of one route; raises `SetupError` where it would not be safe."""
        if not any(part is self._cache for part in app.parts.values()):
            place = place_of(route.endpoint)
            raise SetupError(
                "@cache.route keeps answers in a cache that this application does not use",
                code="cache.not-used",
                where=f"{place['file']}:{place['line']}" if "file" in place else None,
                mend="cache = app.use(Cache(…))",
            )
        rules = self._rules
        reads = reads_of(route, rules.vary, rules.tags, is_private=rules.per is not None)
        return RouteCache(self._space, rules, reads, tuple(route.param_convertors))


class RouteCache(Enclosure):
    """The kept answers of one route."""

    def __init__(
        self, space: Space, rules: RouteRules, reads: Reads, parameters: tuple[str, ...]
    ) -> None:
        self.turns: Turns = space.turns
        self.rules = rules
        self.heads = Heads()
        self.reads = reads
        self.cache_control = rules.cache_control(reads)
        varies = (*reads.headers, *(("cookie",) if reads.cookies else ()))
        self.varies = frozenset(varies)
        self.vary = ", ".join(name.title() for name in varies).encode()
        self._prefix = f"{space.root}r:"
        self._parameters = parameters
        self._wanted = frozenset([name.encode("latin-1") for name in reads.headers])
        self._has_fixed_tags = not any(map(PLACEHOLDER.search, rules.tags))
        self._passing: dict[str, float] = {}

    def visit(self, exchange: Exchange) -> Answer | Visit:
        """Give the kept answer, or what waits for it."""
        scope = exchange.scope
        found = self._found_headers(exchange)
        who = ""
        if self.rules.per is not None:
            who = self.rules.per(request_of(exchange)) or ""
            if not who:
                return _UNTOUCHED
        elif found is None or is_private(scope):
            return _UNTOUCHED
        key = self._prefix + digest(repr(self._address(exchange, scope, found or [], who)))
        entry = self.turns.at_once(key)
        if entry is not None:
            return self.answer(exchange, entry)
        if exchange.method != "GET" or self._passes(key):
            return _UNTOUCHED
        return RouteVisit(self, exchange, key, self._tags(exchange))

    def explained(self) -> Sequence[str]:
        rules = self.rules
        life = "for ever" if rules.ttl is None else f"for {rules.ttl:g} s"
        by = ["the address"] if self.reads.query is None else [f"?{n}" for n in self.reads.query]
        lines = [f"kept {life}, by {', '.join([*sorted(by), *sorted(self.varies)])}"]
        if rules.tags:
            lines.append(f"until one of these is deleted: {', '.join(rules.tags)}")
        if rules.per is not None:
            lines.append("for each one whom `per` tells apart")
        return lines

    def answer(self, exchange: Exchange, entry: Entry) -> Answer:
        """Give a kept answer to a request."""
        answer = self.heads.read(entry.payload, self.turns.clock() - entry.made)
        return judged(exchange.headers, answer)

    def pass_on(self, key: str) -> None:
        """Let nobody wait for an answer that is not kept."""
        if len(self._passing) >= _MOST_PASSING:
            self._passing.clear()
        self._passing[key] = time.monotonic() + _PASSING

    def _passes(self, key: str) -> bool:
        until = self._passing.get(key)
        return until is not None and time.monotonic() < until

    def _found_headers(self, exchange: Exchange) -> list[tuple[bytes, bytes]] | None:
        """Give the headers that the key has; None where the request is somebody's own."""
        wanted = self._wanted
        found = []
        for name, value in exchange.headers:
            if name == b"authorization" and self.rules.per is None:
                return None
            if name in wanted or name == b"host":
                found.append((name, value))
        # Lines of one name stay in their order, which a handler sees.
        found.sort(key=itemgetter(0))
        return found

    def _address(
        self, exchange: Exchange, scope: Scope, headers: list[tuple[bytes, bytes]], who: str
    ) -> tuple[Any, ...]:
        """Give all that an answer depends on."""
        reads = self.reads
        pairs: list[tuple[str, str]] = []
        if exchange.query and (reads.query is None or reads.query):
            text = exchange.query.decode("latin-1")
            pairs = [
                pair
                for pair in parse_qsl(text, keep_blank_values=True)
                if reads.query is None or pair[0] in reads.query
            ]
            pairs.sort(key=itemgetter(0))
        cookies = {}
        if reads.cookies:
            given = cookies_of(exchange.headers)
            cookies = {name: given.get(name) for name in reads.cookies}
        place = (scope.get("scheme"), scope.get("root_path"), exchange.path)
        return (*place, headers, pairs, cookies, who)

    def _tags(self, exchange: Exchange) -> Sequence[str]:
        if self._has_fixed_tags:
            return self.rules.tags
        values = dict(zip(self._parameters, exchange.params, strict=False))
        return [
            PLACEHOLDER.sub(lambda match: values.get(match[1], ""), tag) for tag in self.rules.tags
        ]


class RouteVisit(Visit):
    """A request that found nothing kept."""

    def __init__(
        self, route: RouteCache, exchange: Exchange, key: str, tags: Sequence[str]
    ) -> None:
        self._route = route
        self._exchange = exchange
        self._key = key
        self._tags = tags
        self._turn: Turn | None = None

    async def enter(self) -> Answer | None:
        found = await self._route.turns.take(self._key, self._tags)
        if isinstance(found, Entry):
            return self._route.answer(self._exchange, found)
        self._turn = found
        return None

    async def answered(self, answer: Answer) -> Answer:
        turn, self._turn = self._turn, None
        if turn is None:
            return answer
        route = self._route
        headers = [*answer.head.headers, *(answer.extra or ())]
        life = self._life(answer, headers)
        if life == 0.0:
            await turn.leave()
            if answer.status >= 500 and turn.stale is not None:
                return route.answer(self._exchange, turn.stale)
            if answer.status == 200:
                route.pass_on(self._key)
            return answer
        headers = self._dressed(headers, answer.body)
        payload = route.heads.written(headers, answer.body)
        await turn.keep(payload, life, route.rules.stale)
        return judged(self._exchange.headers, Answer(Head(200, headers), answer.body))

    async def left(self, error: BaseException | None) -> None:
        turn, self._turn = self._turn, None
        if turn is not None:  # it was streamed, or the client has gone
            await turn.leave()
            if error is None:
                self._route.pass_on(self._key)

    def _life(self, answer: Answer, headers: list[tuple[bytes, bytes]]) -> float | None:
        """Give for how many seconds an answer is kept; 0 for not at all."""
        rules = self._route.rules
        if answer.status != 200 or answer.background is not None:
            return 0.0
        if any(name == b"set-cookie" for name, _ in headers):
            return 0.0
        is_own = rules.per is not None
        if not is_own and is_private(self._exchange.scope):
            return 0.0
        if not vary_of(headers) <= self._route.varies:
            return 0.0
        now = self._route.turns.clock()
        return kept_for(headers, rules.ttl, now=now, is_private=is_own)

    def _dressed(
        self, headers: list[tuple[bytes, bytes]], body: bytes
    ) -> list[tuple[bytes, bytes]]:
        """Give the headers with what caches further out are told."""
        found = [pair for pair in headers if pair[0] != b"vary"]
        if not any(name in (b"cache-control", b"expires") for name, _ in found):
            found.append((b"cache-control", self._route.cache_control))
        if self._route.vary:
            found.append((b"vary", self._route.vary))
        return tagged(found, body)
