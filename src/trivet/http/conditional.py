"""Conditional requests (RFC 9110, 13): entity tags, dates, and what becomes of a request.

Values in, values out: nothing here knows where a tag comes from.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from hashlib import blake2b

from starlette.datastructures import Headers

__all__ = ["KEPT_BY_NOT_MODIFIED", "entity_tag", "http_date", "seconds_of", "tags_in", "verdict"]

# What a 304 says of what the 200 would have said (RFC 9110, 15.4.5), and what it must not lose.
KEPT_BY_NOT_MODIFIED = frozenset(
    {"age", "cache-control", "content-location", "date", "etag", "expires", "set-cookie", "vary"}
)
# An entity tag in a list (RFC 9110, 8.8.3); it may hold a comma, and no quote.
_TAG = re.compile(r'[\s,]*(W/)?"([\x21\x23-\x7e\x80-\xff]*)"\s*(?=,|$)')


def entity_tag(*parts: object, is_weak: bool = False) -> str:
    """Give an entity tag for a version, or for content: the same for the same parts alone.

    A part is bytes, or anything whose text says all of it: a number, a moment, an id. A weak tag
    says that two answers mean the same, a strong one that they are the same, byte for byte.
    """
    found = blake2b(digest_size=12)
    for part in parts:
        data = part if isinstance(part, bytes | bytearray) else str(part).encode()
        found.update(b"%d:" % len(data))
        found.update(data)
    return f'{"W/" if is_weak else ""}"{found.hexdigest()}"'


def http_date(moment: datetime) -> str:
    """Give a moment as HTTP writes it, in whole seconds; one without a zone is taken for UTC."""
    aware = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return format_datetime(aware, usegmt=True)


def tags_in(lines: Iterable[str]) -> list[tuple[bool, str]]:
    """Give the entity tags of header lines: whether each is weak, and what stands in quotes.

    From the first that is none on, nothing is read of its line.
    """
    found = []
    for line in lines:
        place = 0
        while match := _TAG.match(line, place):
            found.append((match[1] is not None, match[2]))
            place = match.end()
    return found


def verdict(
    asked: Headers, etag: str | None, last_modified: str | None, *, reads: bool = True
) -> int | None:
    """Give 304 or 412 where a request's conditions ask for it, else None (RFC 9110, 13.2.2).

    `etag` and `last_modified` are those of what is there now; without both, there is nothing.
    `reads` is True for GET and HEAD.
    """
    is_there = etag is not None or last_modified is not None
    own = None if etag is None else tags_in([etag])
    if "if-match" in asked:
        # A strong comparison: a weak tag never matches.
        lines = asked.getlist("if-match")
        if not (_is_any(lines) and is_there):
            strong = {text for is_weak, text in tags_in(lines) if not is_weak}
            if not own or own[0][0] or own[0][1] not in strong:
                return 412
    elif "if-unmodified-since" in asked:
        since, changed = seconds_of(asked["if-unmodified-since"]), seconds_of(last_modified)
        if since is not None and changed is not None and changed > since:
            return 412
    if "if-none-match" in asked:
        lines = asked.getlist("if-none-match")
        if (_is_any(lines) and is_there) or (
            own and own[0][1] in {text for _, text in tags_in(lines)}
        ):
            return 304 if reads else 412
    elif "if-modified-since" in asked and reads:
        since, changed = seconds_of(asked["if-modified-since"]), seconds_of(last_modified)
        if since is not None and changed is not None and changed <= since:
            return 304
    return None


def _is_any(lines: list[str]) -> bool:
    return ",".join(lines).strip() == "*"


def seconds_of(text: str | None) -> float | None:
    """Give a date of HTTP's as seconds since 1970; None for what nobody can read."""
    if text is None:
        return None
    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None  # a date that nobody can read is as if it were not there
