"""Time zones by the names of the IANA database."""

from __future__ import annotations

from functools import cache
from urllib.parse import unquote
from zoneinfo import ZoneInfo, available_timezones

from trivet.errors import SetupError

__all__ = ["named_zone", "zone_or_none", "zones"]

_LONGEST = 100  # characters of a name that is looked at


@cache
def zones() -> frozenset[str]:
    """Give the names of all zones. Reads the disk once."""
    return frozenset(available_timezones())


def zone_or_none(name: str) -> ZoneInfo | None:
    """Give the zone of a name that anybody may have sent, as it is or percent-encoded."""
    if len(name) > _LONGEST:
        return None
    name = unquote(name)
    return ZoneInfo(name) if name in zones() else None


def named_zone(name: str) -> ZoneInfo:
    """Give the zone of a name; raises `SetupError` for one that is unknown."""
    if name in zones():
        return ZoneInfo(name)
    raise SetupError(
        f"{name!r} names no time zone that is known",
        code="i18n.timezone",
        mend='a name such as "Europe/Berlin" or "UTC"; pip install tzdata where a system has none',
    )
