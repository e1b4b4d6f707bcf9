"""The match table: from method and path to a target, at a cost that does not grow with the routes.

Built once. Paths without parameters are found in a dictionary; the others in a tree of segments,
which gives the few routes that can fit. Between routes that fit, declared order decides; which of
them wins for a path without parameters is settled when the table is built.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from starlette.routing import Match

from trivet.http.exchange import Exchange, Target
from trivet.routing.when import HeaderIs, Unmet, unmet_of

__all__ = ["Entry", "Found", "MatchTable"]

_PARAMETER = re.compile(r"{([a-zA-Z_]\w*)(:[a-zA-Z_]\w*)?}")
# Converters whose texts have no slash; anybody's own may have one, as `path` has.
_WITHIN_SEGMENT = frozenset({"", ":str", ":int", ":float", ":uuid"})


@dataclass(slots=True, eq=False)
class Entry:
    """One route in the table; `methods` is None where the target takes any."""

    order: int
    pattern: str
    regex: re.Pattern[str]
    methods: frozenset[str] | None
    target: Target
    # Positions of the parameters among the path's segments, where each is a whole segment of text.
    positions: tuple[int, ...] | None = None
    # Routes that look at more than the path are asked themselves, with the request.
    asks: Callable[[Exchange], Match] | None = None
    # What `asks` asks, where several routes of one path are told apart by a header.
    when: HeaderIs | None = None

    def match(self, path: str, segments: list[str]) -> tuple[str, ...] | None:
        """Give the parameters' texts where the path fits, else None."""
        if self.positions is not None:
            found = tuple([segments[position] for position in self.positions])
            return found if all(found) else None
        match = self.regex.match(path)
        # By name: a converter's own pattern may have groups, as that of floats has.
        return tuple(match.groupdict().values()) if match else None


@dataclass(slots=True)
class _Node:
    fixed: dict[str, _Node] = field(default_factory=dict)
    any: _Node | None = None
    here: list[Entry] = field(default_factory=list)
    rest: list[Entry] = field(default_factory=list)  # fit whatever follows


class Found:
    """The outcome of a search: a target with parameters, or the methods that the path does know."""

    __slots__ = ("allowed", "params", "target")

    def __init__(
        self, target: Target | None, params: tuple[str, ...], allowed: frozenset[str] | None
    ) -> None:
        self.target = target
        self.params = params
        self.allowed = allowed


class MatchTable:
    """All routes of one application, ready to be searched.

    A path whose method nobody serves is answered with all methods that its routes have
    (RFC 9110, 10.2.1); without `joins_methods`, with those of the first one alone.
    """

    def __init__(self, entries: Iterable[Entry], *, joins_methods: bool = True) -> None:
        self._root = _Node()
        self._joins_methods = joins_methods
        # path → method → target: filled where nothing but the path decides
        self.fixed: dict[str, dict[str, Target]] = {}
        ordered = sorted(entries, key=lambda entry: entry.order)
        self.has_conditions = any(entry.when is not None for entry in ordered)
        for entry in ordered:
            self._insert(entry)
        for entry in ordered:
            if "{" not in entry.pattern and entry.methods is not None:
                self._settle(entry)

    def search(
        self,
        path: str,
        method: str,
        exchange: Exchange | None = None,
        *,
        get_for_head: bool = False,
    ) -> Found:
        """Find the first declared route that fits path and method.

        `exchange` is needed where some routes look at more than the path. With `get_for_head`, a
        route for GET takes HEAD too, unless a route for HEAD itself follows.
        """
        segments = path.split("/")
        allowed: frozenset[str] | None = None
        for_get: Found | None = None
        partial: Found | None = None  # a route of somebody else's kind that refuses by itself
        for entry in self._candidates(segments):
            params = entry.match(path, segments)
            if params is None:
                continue
            if entry.asks is not None:
                answer = Match.NONE if exchange is None else entry.asks(exchange)
                if answer is Match.PARTIAL and partial is None and allowed is None:
                    partial = Found(entry.target, params, None)
                if answer is not Match.FULL:
                    continue
            methods = entry.methods
            if methods is None:
                return for_get or Found(entry.target, params, None)
            if method in methods:
                return Found(entry.target, params, None)
            if get_for_head and method == "HEAD" and "GET" in methods and for_get is None:
                for_get = Found(entry.target, params, None)
            if allowed is None:
                allowed = methods
            elif self._joins_methods:
                allowed |= methods
        return for_get or partial or Found(None, (), allowed)

    def knows(self, path: str) -> bool:
        """Tell whether any route, with whatever method, fits `path`."""
        segments = path.split("/")
        return any(
            entry.match(path, segments) is not None
            and (entry.asks is None or entry.when is not None)
            for entry in self._candidates(segments)
        )

    def unmet(self, path: str) -> Unmet | None:
        """Tell what a header would have to say for `path` to be known; None where none matters."""
        segments = path.split("/")
        found = [
            entry.when
            for entry in self._candidates(segments)
            if entry.when is not None and entry.match(path, segments) is not None
        ]
        return unmet_of(found) if found else None

    def _settle(self, entry: Entry) -> None:
        path = entry.pattern
        if entry.when is not None or self.unmet(path) is not None:
            return  # its requests have to be looked at
        for method in entry.methods or ():
            found = self.search(path, method)
            if found.target is entry.target:
                self.fixed.setdefault(path, {}).setdefault(method, entry.target)

    def _insert(self, entry: Entry) -> None:
        node = self._root
        positions: list[int] | None = []
        for position, segment in enumerate(entry.pattern.split("/")):
            parameters = _PARAMETER.findall(segment)
            if not parameters:
                node = node.fixed.setdefault(segment, _Node())
                continue
            if any(kind not in _WITHIN_SEGMENT for _, kind in parameters):
                node.rest.append(entry)
                return
            if node.any is None:
                node.any = _Node()
            node = node.any
            is_whole = _PARAMETER.fullmatch(segment) and parameters[0][1] in ("", ":str")
            if is_whole and positions is not None:
                positions.append(position)
            else:
                positions = None
        entry.positions = None if positions is None else tuple(positions)
        node.here.append(entry)

    def _candidates(self, segments: list[str]) -> list[Entry]:
        """Give the routes that may fit, in declared order."""
        # Mostly there is one way down the tree, and nothing needs to be remembered or sorted:
        # a third of the cost of walking all ways (benchmarks: post).
        node = self._root
        for segment in segments:
            if node.rest:
                break
            child = node.fixed.get(segment)
            if child is None:
                child = node.any
                if child is None:
                    return []
            elif node.any is not None:
                break
            node = child
        else:
            if not node.rest:
                return node.here
        return self._all_candidates(segments)

    def _all_candidates(self, segments: list[str]) -> list[Entry]:
        found: list[Entry] = []
        waiting = [(self._root, 0)]
        length = len(segments)
        while waiting:
            node, index = waiting.pop()
            if node.rest:
                found += node.rest
            if index == length:
                found += node.here
                continue
            if node.any is not None:
                waiting.append((node.any, index + 1))
            child = node.fixed.get(segments[index])
            if child is not None:
                waiting.append((child, index + 1))
        if len(found) > 1:
            found.sort(key=_order)
        return found


def _order(entry: Entry) -> int:
    return entry.order
