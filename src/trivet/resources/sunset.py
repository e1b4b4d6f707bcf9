"""What answers say of a resource that is going away: Deprecation (RFC 9745), Sunset (RFC 8594)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from trivet.http.conditional import http_date
from trivet.http.exchange import Answer, Exchange
from trivet.resources.names import Declaration
from trivet.routing.enclosing import Enclosing, Enclosure, Visit
from trivet.routing.state import RouteState

__all__ = ["Farewell", "farewell"]


def farewell(declaration: Declaration, declared: Any) -> dict[str, str]:
    """Give the headers of every answer; none for a resource that stays. Raises `SetupError`."""
    found: dict[str, str] = {}
    for name in ("deprecated", "sunset"):
        moment = getattr(declared, name)
        if moment is not None and (not isinstance(moment, datetime) or moment.tzinfo is None):
            raise declaration.mistake(
                f"is given {name}={moment!r}, which is no moment with a zone",
                code="resources.moment",
                mend=f"{name}=datetime(2027, 1, 1, tzinfo=UTC)",
            )
    if declared.deprecated is not None:
        found["deprecation"] = f"@{int(declared.deprecated.astimezone(UTC).timestamp())}"
    if declared.sunset is not None:
        found["sunset"] = http_date(declared.sunset)
        if declared.deprecated is not None and declared.sunset < declared.deprecated:
            raise declaration.mistake(
                "goes away (sunset) before it is deprecated",
                code="resources.moment",
                mend="a sunset that is later (RFC 9745, 4)",
            )
    if declared.successor is not None:
        found["link"] = f'<{declared.successor}>; rel="successor-version"'
    return found


class Farewell(Enclosing):
    """Puts the headers on answers that no operation gives: refusals, and values of actions."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        self._saying = _Saying([(one.encode(), text.encode()) for one, text in headers.items()])

    def around(self, app: Any, route: RouteState) -> Enclosure:
        return self._saying


class _Saying(Enclosure):
    def __init__(self, headers: list[tuple[bytes, bytes]]) -> None:
        self._visit = _Said(headers)

    def visit(self, exchange: Exchange) -> Visit:
        return self._visit  # it keeps nothing of a request


class _Said(Visit):
    def __init__(self, headers: list[tuple[bytes, bytes]]) -> None:
        self._headers = headers

    async def answered(self, answer: Answer) -> Answer:
        there = {name for name, _ in answer.headers()}
        missing = [one for one in self._headers if one[0] not in there]
        if not missing:
            return answer
        made = Answer(answer.head, answer.body, [*(answer.extra or ()), *missing])
        made.background = answer.background
        return made
