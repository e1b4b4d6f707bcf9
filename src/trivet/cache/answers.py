"""Answers as a cache keeps them, and what HTTP says of them (RFC 9111; RFC 9110, 13).

Values in, values out. A kept answer is a 200: a line of JSON with its headers, then its body.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence

from starlette.datastructures import Headers

from trivet.http.conditional import KEPT_BY_NOT_MODIFIED, entity_tag, seconds_of, verdict
from trivet.http.exchange import Answer, Head, RawHeaders

__all__ = ["Heads", "directives", "judged", "kept_for", "tagged", "vary_of"]

_CONDITIONS = frozenset(
    {b"if-match", b"if-modified-since", b"if-none-match", b"if-unmodified-since"}
)
_DIRECTIVE = re.compile(r'\s*([\w-]+)\s*(?:=\s*("(?:[^"\\]|\\.)*"|[^\s,]*))?\s*(?:,|$)')
_SECONDS = re.compile(r"\d{1,9}", re.ASCII)
_MOST_HEADS = 512


def directives(lines: Iterable[str]) -> dict[str, str]:
    """Give what Cache-Control lines say: names in lower case, each with its value or nothing."""
    found: dict[str, str] = {}
    for match in _DIRECTIVE.finditer(",".join(lines)):
        found.setdefault(match[1].lower(), (match[2] or "").strip('"'))
    return found


def kept_for(
    headers: RawHeaders, ttl: float | None, *, now: float, is_private: bool
) -> float | None:
    """Give for how many seconds an answer may be kept: `ttl`, or less where it says so; 0 never.

    None is for ever. A private answer may be kept for the one to whom it belongs.
    """
    lines = [value.decode("latin-1") for name, value in headers if name == b"cache-control"]
    said = directives(lines)
    if "no-store" in said or "no-cache" in said or ("private" in said and not is_private):
        return 0.0
    age = said.get("max-age") if is_private else said.get("s-maxage", said.get("max-age"))
    # What is no number of seconds, or no date, is stale already (RFC 9111, 4.2.1 and 5.3).
    if age is not None:
        life = float(age) if _SECONDS.fullmatch(age) else 0.0
    else:
        until = [value for name, value in headers if name == b"expires"]
        if not until:
            return ttl
        life = max(0.0, (seconds_of(until[0].decode("latin-1")) or 0.0) - now)
    return life if ttl is None else min(ttl, life)


def vary_of(headers: RawHeaders) -> set[str]:
    """Give the header names in Vary, in lower case."""
    lines = [value.decode("latin-1") for name, value in headers if name == b"vary"]
    return {name.strip().lower() for line in lines for name in line.split(",") if name.strip()}


def tagged(headers: RawHeaders, body: bytes) -> list[tuple[bytes, bytes]]:
    """Give the headers with an ETag: their own, or one that is made of the content."""
    found = list(headers)
    if not any(name == b"etag" for name, _ in found):
        kind = [value for name, value in found if name.startswith(b"content-")]
        found.append((b"etag", entity_tag(*kind, body).encode()))
    return found


def judged(asked: RawHeaders, answer: Answer) -> Answer:
    """Give the answer, or the 304 or 412 that the request's conditions make of it."""
    if not any(name in _CONDITIONS for name, _ in asked):
        return answer
    headers = Headers(raw=[*answer.head.headers, *(answer.extra or ())])
    status = verdict(Headers(raw=list(asked)), headers.get("etag"), headers.get("last-modified"))
    if status is None:
        return answer
    kept = [pair for pair in headers.raw if pair[0].decode("latin-1") in KEPT_BY_NOT_MODIFIED]
    return Answer(Head(status, kept if status == 304 else ()))


class Heads:
    """Kept answers as bytes, and back; equal heads are one object, which is encoded once."""

    def __init__(self) -> None:
        self._heads: dict[bytes, Head] = {}

    def written(self, headers: Sequence[tuple[bytes, bytes]], body: bytes) -> bytes:
        """Give an answer as bytes."""
        pairs = [[name.decode("latin-1"), value.decode("latin-1")] for name, value in headers]
        return json.dumps(pairs).encode() + b"\n" + body

    def read(self, payload: bytes, age: float) -> Answer:
        """Give the answer of bytes, which were made `age` seconds ago."""
        line, _, body = payload.partition(b"\n")
        head = self._heads.get(line)
        if head is None:
            if len(self._heads) >= _MOST_HEADS:
                self._heads.clear()
            pairs = [(n.encode("latin-1"), v.encode("latin-1")) for n, v in json.loads(line)]
            head = self._heads[line] = Head(200, pairs)
        return Answer(head, body, [(b"age", b"%d" % max(0, age))])
