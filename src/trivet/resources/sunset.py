"""What answers say of a resource that is going away: Deprecation (RFC 9745), Sunset (RFC 8594)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from trivet.http.conditional import http_date
from trivet.resources.names import Declaration

__all__ = ["farewell"]


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
