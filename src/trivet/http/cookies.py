"""Cookies: what a browser sent, and how to make it keep something.

Reading follows browsers and Starlette (`request.cookies`), not the letter of RFC 6265: whatever a
server once set comes back as it was. Writing follows RFC 6265bis and refuses what a browser would
drop or what would let a value reach into the header.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Literal

__all__ = ["SameSite", "cookies_of", "delete_cookie", "parse_cookies", "set_cookie"]

SameSite = Literal["lax", "strict", "none"]

_ESCAPED = re.compile(r"\\(?:([0-3][0-7][0-7])|(.))")
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+\-.^_`|~]+")
# Values of these characters alone go out as they are; anything else is quoted, as SimpleCookie
# and therefore every reader of Python's cookies understands it.
_PLAIN = re.compile(r"[A-Za-z0-9!#$%&'*+\-.^_`|~:]+")
_QUOTED_AS_IS = frozenset(" ()/<=>?@[]{}")
_LONG_AGO = "Thu, 01 Jan 1970 00:00:00 GMT"
_ATTRIBUTE = re.compile(r"[\x20-\x3a\x3c-\x7e]*")  # printable ASCII without the semicolon


def parse_cookies(header: str) -> dict[str, str]:
    """Read one Cookie header; of several cookies with one name the last counts."""
    cookies = {}
    for part in header.split(";"):
        name, separator, value = part.partition("=")
        if not separator:  # "abc" is a cookie without a name, as browsers have it
            name, value = "", part
        name, value = name.strip(), value.strip()
        if name or value:
            cookies[name] = _unquoted(value)
    return cookies


def cookies_of(headers: Iterable[Sequence[bytes]]) -> dict[str, str]:
    """Read all Cookie headers among raw header pairs with lower-case names."""
    cookies: dict[str, str] = {}
    for name, value in headers:
        if name == b"cookie":
            cookies |= parse_cookies(value.decode("latin-1"))
    return cookies


def set_cookie(
    name: str,
    value: str = "",
    *,
    max_age: int | None = None,
    expires: datetime | str | int | None = None,
    path: str | None = "/",
    domain: str | None = None,
    secure: bool = False,
    http_only: bool = False,
    same_site: SameSite | None = "lax",
    partitioned: bool = False,
) -> bytes:
    """Give the value of a Set-Cookie header.

    `max_age` is in seconds, 0 or less ends the cookie; `expires` is a moment, seconds from now, or
    a date as HTTP writes it. Raises ValueError for names, values and attributes with control
    characters, text beyond Latin-1, and combinations that browsers drop: `__Host-` and `__Secure-`
    names without what they promise, and SameSite=None or Partitioned without Secure.
    """
    if not _TOKEN.fullmatch(name):
        raise ValueError(f"a cookie cannot be named {name!r}: write letters, digits, '-' and '_'")
    _check_promises(name, path, domain, secure, same_site, partitioned)
    parts = [f"{name}={_quoted(name, value)}"]
    if domain is not None:
        parts.append(f"Domain={_attribute('domain', domain)}")
    if expires is not None:
        parts.append(f"Expires={_attribute('expires', _date(expires))}")
    if http_only:
        parts.append("HttpOnly")
    if max_age is not None:
        parts.append(f"Max-Age={max_age:d}")
    if partitioned:
        parts.append("Partitioned")
    if path is not None:
        parts.append(f"Path={_attribute('path', path)}")
    if same_site is not None:
        parts.append(f"SameSite={same_site.lower()}")
    if secure:
        parts.append("Secure")
    return "; ".join(parts).encode("latin-1")


def delete_cookie(
    name: str,
    *,
    path: str | None = "/",
    domain: str | None = None,
    secure: bool = False,
    http_only: bool = False,
    same_site: SameSite | None = "lax",
    partitioned: bool = False,
) -> bytes:
    """Give the value of a Set-Cookie header that makes the browser forget a cookie.

    Path, domain and partition must be those that it was set with.
    """
    return set_cookie(
        name,
        max_age=0,
        expires=_LONG_AGO,
        path=path,
        domain=domain,
        secure=secure,
        http_only=http_only,
        same_site=same_site,
        partitioned=partitioned,
    )


def _unquoted(value: str) -> str:
    if len(value) < 2 or value[0] != '"' or value[-1] != '"':
        return value
    return _ESCAPED.sub(_unescaped, value[1:-1])


def _unescaped(match: re.Match[str]) -> str:
    octal, character = match.groups()
    return chr(int(octal, 8)) if octal else str(character)


def _quoted(name: str, value: str) -> str:
    if _PLAIN.fullmatch(value):
        return value
    return '"' + "".join([_escaped(name, character) for character in value]) + '"'


def _escaped(name: str, character: str) -> str:
    code = ord(character)
    if code < 0x20 or code == 0x7F or code > 0xFF:
        raise ValueError(
            f"the cookie {name!r} cannot hold {character!r}: encode the value first,"
            " for example with urllib.parse.quote"
        )
    if character in '"\\':
        return "\\" + character
    if character in _QUOTED_AS_IS or _PLAIN.fullmatch(character):
        return character
    return f"\\{code:03o}"


def _attribute(attribute: str, value: str) -> str:
    if not _ATTRIBUTE.fullmatch(value):
        raise ValueError(
            f"a cookie's {attribute} cannot be {value!r}: write printable ASCII without ';'"
        )
    return value


def _date(expires: datetime | str | int) -> str:
    if isinstance(expires, str):
        return expires
    if isinstance(expires, int):
        return format_datetime(datetime.now(UTC) + timedelta(seconds=expires), usegmt=True)
    if expires.tzinfo is None:
        raise ValueError(
            f"a cookie cannot expire at {expires!r}: give it a zone, as in datetime.now(UTC)"
        )
    return format_datetime(expires.astimezone(UTC), usegmt=True)


def _check_promises(
    name: str,
    path: str | None,
    domain: str | None,
    secure: bool,
    same_site: str | None,
    partitioned: bool,
) -> None:
    """Refuse what browsers drop without a word (RFC 6265bis, 4.1.3 and 5.7)."""
    if same_site is not None and same_site.lower() not in ("lax", "strict", "none"):
        raise ValueError(f"same_site cannot be {same_site!r}: write 'lax', 'strict' or 'none'")
    prefix = name.lower()
    if prefix.startswith("__host-") and (not secure or path != "/" or domain is not None):
        raise ValueError(
            f"browsers drop the cookie {name!r}: write secure=True, path='/' and no domain,"
            " which the prefix __Host- promises"
        )
    if not secure:
        for reason, holds in (
            ("the prefix __Secure- promises it", prefix.startswith("__secure-")),
            ("SameSite=None needs it", same_site is not None and same_site.lower() == "none"),
            ("Partitioned needs it", partitioned),
        ):
            if holds:
                raise ValueError(f"browsers drop the cookie {name!r}: write secure=True, {reason}")
