"""Names of browsers and systems, as their User-Agent tells them.

A few rules, the first that fits counts: most browsers name others that they want to be taken for.
It is good for a list that people read, and for no decision.
"""

from __future__ import annotations

__all__ = ["browser_of", "system_of"]

_BROWSERS = (
    ("EdgA/", "Edge"), ("EdgiOS/", "Edge"), ("Edg/", "Edge"), ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"), ("Vivaldi/", "Vivaldi"), ("YaBrowser/", "Yandex"),
    ("FxiOS/", "Firefox"), ("Firefox/", "Firefox"), ("CriOS/", "Chrome"), ("Chromium/", "Chromium"),
    ("Chrome/", "Chrome"), ("Safari/", "Safari"), ("curl/", "curl"), ("Wget/", "Wget"),
    ("python-httpx", "httpx"), ("python-requests/", "Requests"), ("okhttp/", "OkHttp"),
)  # fmt: skip
_SYSTEMS = (
    ("iPhone", "iOS"), ("iPad", "iPadOS"), ("Android", "Android"), ("CrOS", "ChromeOS"),
    ("Windows", "Windows"), ("Mac OS X", "macOS"), ("Macintosh", "macOS"), ("Linux", "Linux"),
    ("FreeBSD", "FreeBSD"), ("OpenBSD", "OpenBSD"),
)  # fmt: skip


def browser_of(agent: str) -> str | None:
    """Give the browser's name, or None."""
    return next((name for mark, name in _BROWSERS if mark in agent), None)


def system_of(agent: str) -> str | None:
    """Give the system's name, or None."""
    return next((name for mark, name in _SYSTEMS if mark in agent), None)
