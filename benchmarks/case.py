"""What a case is: a request under load or a script, its right answer, and what is to be reached."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Self, TypeAlias
from urllib.parse import urlencode

from benchmarks.stores import Kind, Store

JSON_TYPE = ("content-type", "application/json")


@dataclass(frozen=True)
class Request:
    """One HTTP request as the load generator sends it, again and again.

    With `ids`, each request has another number in place of {id} in its path: drawn from the first
    to the last of them, the same ones for every peer.
    """

    path: str
    method: str = "GET"
    body: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    ids: tuple[int, int] | None = None

    def at(self, number: int) -> Self:
        """Give the request for one number."""
        return replace(self, path=self.path.format(id=number), ids=None)


@dataclass(frozen=True)
class LoadCase:
    """A request under load.

    `answer` is the JSON that must come back, or for `events` the JSON of each event in order;
    `answer_at` gives it where it depends on the number in the path, and `page` judges an answer
    that is no JSON, by raising `ValueError`. Where neither can say it, as
    with what is drawn by chance, `proof` asks the server on a port and compares with what the
    database holds. `units` is by how much the cost of one response is divided: 100 where it is
    counted by token. `refused` are requests that must get a 4xx. `app` names the file in apps/
    that is served, `routes` how many routes that file declares, `database` what it has behind it.
    `queries` are how many statements a request has to send, `empties` a table that each load
    begins with empty. `signs_in` is a path that is posted to before: the cookie or the access
    token that it gives goes with every request. `fills_in` is a page that is asked for before: its
    cookie and the hidden inputs of its form go with every request. `paths` are those of peers, by
    their names, whose addresses are given by what they are. `requests` is how many a load has,
    where one answer may take longer than the second in which their rate is found out.
    """

    name: str
    title: str
    request: Request
    answer: Any = None  # any JSON value
    status: int = 200
    content_type: str = "application/json"
    events: bool = False
    unit: str = "request"
    units: int = 1
    connections: int | None = None
    refused: tuple[Request, ...] = ()
    app: Literal[
        "app",
        "routes",
        "data",
        "accounts",
        "tokens",
        "forms",
        "admin",
        "observed_off",
        "observed_metrics",
    ] = "app"
    routes: int = 0
    database: Kind | None = None
    answer_at: Callable[[int], Any] | None = None
    page: Callable[[bytes], None] | None = None
    proof: Proof | None = None
    queries: int | None = None
    empties: str | None = None
    signs_in: str | None = None
    fills_in: str | None = None
    paths: Mapping[str, str] = field(default_factory=dict)
    requests: int | None = None

    def of_peer(self, name: str) -> LoadCase:
        """Give the case with the path that a peer has for it."""
        path = self.paths.get(name, self.request.path)
        return replace(self, request=replace(self.request, path=path))

    def with_header(self, name: str, value: str) -> LoadCase:
        """Give the case with one more header; those that are refused go without."""
        headers = (*self.request.headers, (name, value))
        return replace(self, request=replace(self.request, headers=headers))

    def with_fields(self, fields: Mapping[str, str]) -> LoadCase:
        """Give the case with fields before those of its form; those that are refused go without."""
        if not self.request.body:
            return self
        body = f"{urlencode(fields)}&{self.request.body}"
        return replace(self, request=replace(self.request, body=body))

    def examples(self) -> list[LoadCase]:
        """Give the case, or the same for some of its numbers, each with its one answer."""
        if self.request.ids is None or self.answer_at is None:
            return [self]
        low, high = self.request.ids
        return [
            replace(self, request=self.request.at(number), answer=self.answer_at(number))
            for number in (low, (low + high) // 2, high)
        ]


Proof: TypeAlias = Callable[[int, LoadCase, Store], None]
"""Asks the server on a port, and raises where it or the database is not as it has to be."""


@dataclass(frozen=True)
class ScriptCase:
    """A script that works on many rows: CPU seconds and memory from its first row to its last."""

    name: str
    title: str
    work: Literal["bulk", "iterate"]
    database: Kind


@dataclass(frozen=True)
class Threshold:
    """What Trivet has to reach in one case.

    Trivet's median of `metric` may be at most `at_most` times that of `peer` (in `peer_case`, or in
    the same case), or below it where `strict`. Without a peer, `at_most` is an absolute limit and
    every single round has to keep it.
    """

    case: str
    metric: str
    wording: str
    peer: str | None
    at_most: float
    strict: bool = False
    peer_case: str | None = None
