"""A value as the history keeps it: JSON of a few shapes, small, and of nothing private.

Plain JSON values stand for themselves. An object says what it is by its one name: ``text`` (cut,
with its ``length``), ``json``, ``bytes``, ``file``, ``row`` (its ``key`` and ``name``), ``rows``,
or ``hidden`` for what nobody shall read.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any

from pydantic import TypeAdapter

from trivet.db import FileRef

__all__ = ["HIDDEN", "is_whole", "kept", "kept_row", "kept_rows"]

HIDDEN: Mapping[str, Any] = {"hidden": True}

_MOST = 1000  # characters of a text
_MOST_JSON = 4000  # characters of a JSON value
_MOST_ROWS = 50  # rows of a relation to many
_EXACT = 2**53  # a browser's numbers are exact up to here
_ANY: TypeAdapter[Any] = TypeAdapter(Any)


def kept(value: Any) -> Any:
    """Give the value of a column as it is kept."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, int):
        return int(value) if abs(value) <= _EXACT else str(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return {"bytes": len(value)}
    if isinstance(value, FileRef):
        return {"file": _cut(str(value.name))}
    if isinstance(value, str):
        return _text(value)
    return _other(value)


def kept_row(key: str, name: str) -> dict[str, Any]:
    """Give a related row as it is kept: by its key, and by what it is called."""
    return {"row": {"key": _cut(key), "name": _cut(name)}}


def kept_rows(rows: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """Give several related rows as they are kept: the first of them, and how many there are."""
    first = [{"key": _cut(key), "name": _cut(name)} for key, name in rows[:_MOST_ROWS]]
    return {"rows": first, "length": len(rows)}


def is_whole(value: Any) -> bool:
    """Tell whether a kept value is all of the value that it stands for."""
    if not isinstance(value, dict):
        return True
    if "rows" in value:
        return bool(value.get("length") == len(value["rows"]))
    return "json" in value or "row" in value


def _text(value: str) -> Any:
    plain = _clean(value)
    return plain if len(plain) <= _MOST else {"text": plain[:_MOST], "length": len(plain)}


def _other(value: Any) -> Any:
    try:
        found = _ANY.dump_python(value, mode="json")
    except (ValueError, TypeError):
        return _text(str(value))
    if not isinstance(found, dict | list):
        return _text(found) if isinstance(found, str) else found
    try:
        written = json.dumps(found, allow_nan=False)
    except ValueError:
        return _text(str(value))
    if len(written) > _MOST_JSON:
        return {"text": _clean(written)[:_MOST], "length": len(written)}
    # Cleaned as written: a NUL within it would be refused by PostgreSQL.
    return {"json": json.loads(written.replace("\\u0000", ""))}


def _cut(text: str) -> str:
    return _clean(text)[:200]


def _clean(text: str) -> str:
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")
