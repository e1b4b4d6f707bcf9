"""What must not stand in a log: values whose names mean a secret, and texts that look like one.

The nets are those of the debug page (`app/debug_hidden.py`), and so are their limits: a secret in a
sentence, under no name and in no known form, is not found. Nothing here raises.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from enum import Enum
from typing import Any
from uuid import UUID

from pydantic import SecretBytes, SecretStr

from trivet.app.debug_hidden import hide, is_secret

__all__ = ["HIDDEN", "escaped", "plain", "without_secrets"]

HIDDEN = "***"
_BULLETS = "••••••"  # what stands for a secret on a page; a log has letters that all can read

_DEEPEST = 6
_MOST = 100  # members of one list or mapping
_LONGEST = 10_000  # characters of one text
# What ends or hides a line somewhere: C0, DEL, C1, the separators of Unicode, what turns the
# direction of writing or takes no room, lone surrogates.
_CONTROLS = re.compile(
    "[\x00-\x1f\x7f-\x9f\u2028\u2029\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)
_LIKELY = re.compile(
    r"pass|pwd|secret|token|credential|authori|cookie|csrf|xsrf|signature|private|key|session|jwt"
    r"|otp|cvv|cvc|card|dsn|connection|://|bearer|basic|digest|eyJ",
    re.IGNORECASE,
)


def escaped(text: str) -> str:
    """Give a text as one line in which nothing acts on a terminal or on who reads lines."""
    return _CONTROLS.sub(_escape, text)


def _escape(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"


def without_secrets(text: str) -> str:
    """Give a text in which what looks like a secret is hidden."""
    text = text if len(text) <= _LONGEST else text[:_LONGEST] + "…"
    # One search passes most texts; all nets together cost ten times as much.
    if _LIKELY.search(text) is None:
        return text
    return hide(text).replace(_BULLETS, HIDDEN)


def plain(name: str, value: Any, depth: int = 0) -> Any:  # Any: what JSON has, from anything
    """Give a value called `name` as what JSON can hold, with its secrets hidden."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, SecretStr | SecretBytes) or is_secret(name):
        return HIDDEN
    if isinstance(value, int) and not isinstance(value, Enum):
        return value
    if isinstance(value, float):
        return value if abs(value) < float("inf") else repr(value)
    if isinstance(value, str) and not isinstance(value, Enum):
        return without_secrets(value)
    if isinstance(value, Enum):
        return plain(name, value.value, depth + 1)
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, UUID):
        return str(value)
    if depth < _DEEPEST:
        if isinstance(value, Mapping):
            pairs = list(value.items())[:_MOST]
            return {str(key): plain(str(key), one, depth + 1) for key, one in pairs}
        if isinstance(value, list | tuple | set | frozenset):
            return [plain("", one, depth + 1) for one in list(value)[:_MOST]]
    try:
        return without_secrets(repr(value))
    except Exception as error:
        return f"<{type(value).__qualname__}: its repr raised {type(error).__name__}>"
