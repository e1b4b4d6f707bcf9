"""Forms of a list: JSON, JSON lines, CSV, a page for people; which one a client prefers.

What is streamed holds all rows that fit, with a thousand of them in memory at a time.
"""

from __future__ import annotations

import csv
import decimal
import io
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing
from functools import lru_cache
from typing import Any, Literal

from trivet.db import Query
from trivet.http.accept import weight_of
from trivet.http.formulas import guarded
from trivet.http.streaming import PacedResponse
from trivet.resources.plan import Plan
from trivet.schema.encode import to_json

__all__ = ["Format", "exported", "preferred"]

Format = Literal["json", "lines", "csv", "page"]
_TYPES: dict[str, Format] = {
    "application/json": "json",
    "application/jsonl": "lines",
    "application/x-ndjson": "lines",
    "text/csv": "csv",
    "text/html": "page",
}
_CHUNK = 1000  # rows in memory


@lru_cache(maxsize=512)
def preferred(accept: str, *, streams: bool, shows_pages: bool) -> Format:
    """Give the form that an Accept header prefers (RFC 9110, 12.5.1); JSON where none fits."""
    best, most = "json", 0.0
    for item in accept.lower().split(",")[:50]:
        kind, *parameters = (part.strip() for part in item.split(";"))
        found = _TYPES.get(kind, "json" if kind in ("*/*", "application/*") else None)
        if found is None or (found == "page" and not shows_pages):
            continue
        if found in ("lines", "csv") and not streams:
            continue
        weight = weight_of(parameters)
        if weight > most:
            best, most = found, weight
    return best  # type: ignore[return-value]  # one of the table's


def exported(
    plan: Plan, query: Query[Any], names: Sequence[str], form: Format, headers: dict[str, str]
) -> PacedResponse:
    """Give all rows of a query, streamed as CSV or as JSON lines, with these columns."""
    if form == "csv":
        file = f'attachment; filename="{plan.declaration.name.lower()}.csv"'
        headers = {**headers, "content-disposition": file}
        return PacedResponse(
            _csv(query, names), headers=headers, media_type="text/csv; charset=utf-8"
        )
    return PacedResponse(
        _lines(plan, query, names), headers=headers, media_type="application/jsonl"
    )


async def _lines(plan: Plan, query: Query[Any], names: Sequence[str]) -> AsyncIterator[bytes]:
    encoded: Callable[[Any], bytes] = plan.reader.encoded_one
    async with aclosing(query.iterate_values(*names, chunk=_CHUNK)) as rows:
        async for row in rows:
            yield encoded(dict(zip(names, row, strict=True))) + b"\n"


async def _csv(query: Query[Any], names: Sequence[str]) -> AsyncIterator[bytes]:
    text = io.StringIO(newline="")
    writer = csv.writer(text)

    def written(cells: Sequence[Any]) -> bytes:
        writer.writerow(cells)
        line = text.getvalue()
        text.seek(0)
        text.truncate()
        return line.encode()

    yield written(names)
    async with aclosing(query.iterate_values(*names, chunk=_CHUNK)) as rows:
        async for row in rows:
            yield written([_cell(value) for value in row])


def _cell(value: Any) -> Any:
    """Give a value as a cell: numbers as they are, texts so that no spreadsheet computes them."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float | decimal.Decimal):
        return value
    return guarded(value if isinstance(value, str) else _as_text(value))


def _as_text(value: Any) -> str:
    text = to_json(value).decode() if not isinstance(value, bytes) else value.hex()
    return text[1:-1] if text.startswith('"') and text.endswith('"') else text
