"""When a route answers, besides its path and method: several routes of one path, told by a header.

A route with `when` takes a request only if the header says so, or where it is the default and the
header is absent. Paths none of whose routes has a condition are matched as if there were none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from trivet.errors import DeclarationError, place_of
from trivet.http.exchange import Exchange

__all__ = ["HeaderIs", "Unmet", "check_defaults", "check_when", "unmet_of"]

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, 5.6.2
_PARAMETER = re.compile(r"{[^}]*}")
_VALUE = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?")


@dataclass(frozen=True)
class HeaderIs:
    """Answers requests whose header `name` is `value`; with `default` also those without it.

    Values are compared as they are, letter by letter. A header that is sent twice with different
    values fits nothing. Raises `DeclarationError` for what cannot be a header.
    """

    name: str
    value: str
    default: bool = field(default=False, kw_only=True)

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not _TOKEN.fullmatch(self.name):
            raise DeclarationError(
                f"HeaderIs is given the name {self.name!r}, which no header can have",
                code="routing.when",
                mend='HeaderIs("API-Version", "2")',
            )
        if not isinstance(self.value, str) or not _VALUE.fullmatch(self.value):
            raise DeclarationError(
                f"HeaderIs({self.name!r}, {self.value!r}) can never be met: the value of a header "
                "is a text of visible ASCII signs",
                code="routing.when",
                mend=f'HeaderIs("{self.name}", "2")',
            )

    @property
    def key(self) -> bytes:
        """The name as exchanges have it: lower case."""
        return self.name.lower().encode("ascii")

    def is_met(self, headers: Iterable[tuple[bytes, bytes]]) -> bool:
        """Tell whether a request with these raw headers is for this route."""
        said = said_of(headers, self.key)
        return self.default if said is None else said == self.value

    def covers(self, other: HeaderIs | None) -> bool:
        """Tell whether all requests that `other` takes are taken by this one."""
        if other is None or (self.key, self.value) != (other.key, other.value):
            return False
        return self.default or not other.default

    def __str__(self) -> str:
        return f"{self.name}: {self.value}{' (default)' if self.default else ''}"


def said_of(headers: Iterable[tuple[bytes, bytes]], key: bytes) -> str | None:
    """Give what a header says, all of its lines joined where they differ; None without it."""
    found = dict.fromkeys(value.strip() for name, value in headers if name == key)
    return b", ".join(found).decode("latin-1") if found else None


@dataclass(frozen=True)
class Unmet:
    """Why no route of a path fits: a header, and what it may say there, in declared order."""

    name: str
    known: tuple[str, ...]

    def detail(self, exchange: Exchange) -> str:
        """Say what was sent and what would be known."""
        return self.told(exchange.headers)

    def told(self, headers: Iterable[tuple[bytes, bytes]]) -> str:
        """Say it of raw headers."""
        said = said_of(headers, self.name.lower().encode("ascii"))
        known = ", ".join(self.known)
        if said is None:
            return f"the header {self.name} is needed here; known are: {known}"
        found = f"the header {self.name} is {said[:100]!r}"
        return f"{found}, which is not known here; known are: {known}"


def unmet_of(conditions: Sequence[HeaderIs]) -> Unmet:
    """Give what would be known, of conditions none of which is met; the first names the header."""
    name = conditions[0].name
    known = (one.value for one in conditions if one.key == conditions[0].key)
    return Unmet(name, tuple(dict.fromkeys(known)))


def check_defaults(routes: Iterable[Any]) -> None:
    """Raise `DeclarationError` where two routes of a path and method are the default of a header.

    Routes are typed ones as they are served.
    """
    known: dict[tuple[str, str, bytes], Any] = {}
    for route in routes:
        when: HeaderIs | None = route.when
        if when is None or not when.default:
            continue
        path = _PARAMETER.sub("{}", route.path)
        for method in route.methods or ():
            first = known.setdefault((path, method, when.key), route)
            if first is route or first.when.value == when.value:
                continue
            place = place_of(route.endpoint)
            raise DeclarationError(
                f"{method} {route.path} has two defaults: {first.when} and {when}, and a request "
                f"without {when.name} can go to one of them alone",
                code="routing.two-defaults",
                where=f"{place['file']}:{place['line']}" if "file" in place else None,
                mend=f'HeaderIs("{when.name}", "{when.value}") without default=True',
            )


def check_when(when: object) -> HeaderIs | None:
    """Give a condition, or None for none; raises `DeclarationError` for anything else."""
    if when is None or isinstance(when, HeaderIs):
        return when
    raise DeclarationError(
        f"when={when!r} is no condition of a route",
        code="routing.when",
        mend='when=HeaderIs("API-Version", "2")',
    )
