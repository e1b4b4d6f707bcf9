"""The formats of files, each a generator of bytes.

A text that a spreadsheet would take for a formula gets an apostrophe in CSV; in Excel's own format
texts are written as texts. Numbers stay numbers.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing
from datetime import date, datetime, time, timedelta
from typing import Any

from trivet.admin.exporting.sheets import sheet_of
from trivet.admin.exporting.values import Exported
from trivet.http.formulas import guarded

__all__ = ["FORMATS", "escaped"]

_PIECE = 64 * 1024  # bytes that are sent at once


def escaped(value: Any) -> Any:
    """Give a value as a cell of CSV."""
    if isinstance(value, str):
        return guarded(value)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict | list):
        return json.dumps(value, default=_told, ensure_ascii=False)
    return _told(value) if isinstance(value, datetime | date | time | timedelta) else value


async def _csv(found: Exported) -> AsyncIterator[bytes]:
    text = io.StringIO()
    writer = csv.writer(text)
    # By the mark at the front, spreadsheets know that it is UTF-8.
    text.write("\ufeff")
    writer.writerow([escaped(one.name) for one in found.columns])
    async with aclosing(_rows(found)) as rows:
        async for row in rows:
            writer.writerow([escaped(one) for one in row])
            if text.tell() > _PIECE:
                yield text.getvalue().encode("utf-8", "replace")
                text.seek(0)
                text.truncate()
    yield text.getvalue().encode("utf-8", "replace")


async def _json_lines(found: Exported) -> AsyncIterator[bytes]:
    async for piece in _objects(found, "", "\n", "\n"):
        yield piece


async def _json(found: Exported) -> AsyncIterator[bytes]:
    async for piece in _objects(found, "[\n", ",\n", "\n]\n"):
        yield piece


async def _objects(found: Exported, first: str, between: str, last: str) -> AsyncIterator[bytes]:
    names = [one.name for one in found.columns]
    text, is_first = [first], True
    size = 0
    async with aclosing(_rows(found)) as rows:
        async for row in rows:
            one = dict(zip(names, row, strict=True))
            line = json.dumps(one, default=_told, ensure_ascii=False)
            text.append(line if is_first else between + line)
            is_first = False
            size += len(line)
            if size > _PIECE:
                yield "".join(text).encode("utf-8", "replace")
                text, size = [], 0
    if between == "\n" and is_first:
        last = ""
    yield ("".join(text) + last).encode("utf-8", "replace")


def _rows(found: Exported) -> Any:
    return found.rows()


def _told(value: Any) -> Any:
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return str(value)
    # A number with all of its digits: a float would lose some.
    return str(value)


async def _xlsx(found: Exported) -> AsyncIterator[bytes]:
    names: Sequence[str] = [one.name for one in found.columns]
    async for piece in sheet_of(names, _rows(found)):
        yield piece


FORMATS: dict[str, tuple[str, Callable[[Exported], AsyncIterator[bytes]]]] = {
    "csv": ("text/csv; charset=utf-8", _csv),
    "json": ("application/json", _json),
    "jsonl": ("application/jsonl", _json_lines),
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", _xlsx),
}
"""By the ending of the file's name: its media type, and what writes it."""
