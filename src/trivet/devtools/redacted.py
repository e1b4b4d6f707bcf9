"""What was sent, as rows of text in which nothing is secret any more.

Everything is hidden when it is recorded, not when it is shown: what is not kept cannot be shown by
mistake.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl

from trivet.app.debug_hidden import HIDDEN, hide, is_secret, shown

__all__ = [
    "Rows",
    "body_text",
    "header_rows",
    "pair_rows",
    "query_rows",
    "query_text",
    "value_text",
]

Rows = tuple[tuple[str, str], ...]

_LONGEST_READ = 64 * 1024  # bytes of a body
_LONGEST_SHOWN = 8_000  # characters of it
# Of links and forms: what a second factor or another site gives.
_SECRET_FIELDS = frozenset({"code", "sig", "pin", "otp"})
# Headers that are secret whatever their names look like.
_SECRET_HEADERS = frozenset({"authorization", "proxy-authorization", "cookie", "set-cookie"})


def pair_rows(pairs: Iterable[tuple[str, str]]) -> Rows:
    """Give names and texts, those of secrets hidden."""
    return tuple((name, HIDDEN if _is_hidden(name) else hide(text)) for name, text in pairs)


def _is_hidden(name: str) -> bool:
    return is_secret(name) or name.lower() in _SECRET_FIELDS


def header_rows(headers: Iterable[tuple[bytes, bytes]]) -> Rows:
    """Give headers; of cookies and of who asks only that they are there."""
    rows = []
    for raw, value in headers:
        name, text = raw.decode("latin-1").lower(), value.decode("latin-1")
        if name == "cookie":
            rows.append((name, _cookies(text)))
        elif name in _SECRET_HEADERS or is_secret(name):
            rows.append((name, _scheme(text) if name.endswith("authorization") else HIDDEN))
        else:
            rows.append((name, hide(text)))
    return tuple(rows)


def _cookies(text: str) -> str:
    names = [part.partition("=")[0].strip() for part in text.split(";")]
    return "; ".join(f"{name}={HIDDEN}" for name in names if name)


def _scheme(text: str) -> str:
    scheme, space, _ = text.partition(" ")
    return f"{scheme} {HIDDEN}" if space and scheme.isalpha() else HIDDEN


def query_rows(query: bytes) -> Rows:
    """Give the parameters of a query string."""
    return pair_rows(parse_qsl(query.decode("latin-1"), keep_blank_values=True))


def query_text(query: bytes) -> str:
    """Give a query string as it may be shown, without its question mark."""
    return "&".join(f"{name}={text}" for name, text in query_rows(query))


def value_text(name: str, value: Any) -> str:  # Any: whatever a part tells
    """Give a fact's value as text."""
    if is_secret(name):
        return HIDDEN
    return hide(value) if isinstance(value, str) else shown(name, value)


def body_text(body: bytes, content_type: str) -> str:
    """Give a body as it may be shown; empty for none."""
    if not body:
        return ""
    kind = content_type.partition(";")[0].strip().lower()
    if len(body) > _LONGEST_READ:
        return f"{len(body):,} bytes of {kind or 'no named type'}"
    if kind.endswith("json") or not kind:
        try:
            return _cut(json.dumps(_hidden(json.loads(body)), indent=2, ensure_ascii=False))
        except ValueError:
            pass
    if kind == "application/x-www-form-urlencoded":
        rows = pair_rows(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
        return _cut("\n".join(f"{name} = {text}" for name, text in rows))
    if kind.startswith("text/") or kind.endswith(("json", "xml")):
        return _cut(hide(body.decode("utf-8", "replace")))
    return f"{len(body):,} bytes of {kind or 'no named type'}"


def _hidden(value: Any) -> Any:  # Any: JSON
    if isinstance(value, dict):
        return {
            key: HIDDEN if is_secret(key) and each is not None else _hidden(each)
            for key, each in value.items()
        }
    if isinstance(value, list):
        return [_hidden(one) for one in value]
    return hide(value) if isinstance(value, str) else value


def _cut(text: str) -> str:
    if len(text) <= _LONGEST_SHOWN:
        return text
    return f"{text[:_LONGEST_SHOWN]}\n… {len(text) - _LONGEST_SHOWN:,} more characters"
