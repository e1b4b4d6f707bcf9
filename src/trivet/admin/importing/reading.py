"""What was uploaded, as rows of cells: CSV, JSON, JSON lines, or a sheet of Excel's.

What a file may be is decided before it is parsed: its size, how far it unpacks, how many rows and
how long cells. What the file calls itself counts for nothing, its content decides.
"""

from __future__ import annotations

import base64
import binascii
import csv
import io
import json
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from trivet.admin.importing.sheets import sheet_rows
from trivet.admin.importing.unread import Unread
from trivet.http.formulas import unguarded
from trivet.texts import lazy

__all__ = ["MOST_BYTES", "MOST_ROWS", "Cells", "again", "packed", "read_upload"]

MOST_BYTES = 10 * 1024 * 1024
MOST_ROWS = 10_000
_MOST_COLUMNS = 200
_LONGEST = 100_000  # characters of a cell
_MOST_TEXT = 40 * 1024 * 1024  # characters of all cells, with what is around them


@dataclass(frozen=True)
class Cells:
    """A table: what its columns are called, and rows of as many values."""

    heads: tuple[str, ...]
    rows: list[list[Any]]


def read_upload(content: bytes) -> Cells:
    """Read a file; raises `Unread`."""
    if len(content) > MOST_BYTES:
        raise Unread(lazy("The file is larger than %(n)s MB.", n=MOST_BYTES // 1024 // 1024))
    if not content.strip():
        raise Unread(lazy("The file is empty."))
    if content.startswith(b"PK"):
        return _checked(_plain_rows(sheet_rows(content, MOST_ROWS)))
    text = _text(content)
    begin = text.lstrip()[:1]
    if begin in ("[", "{"):
        return _checked(_objects(text))
    return _checked(_csv(text))


def packed(cells: Cells) -> str:
    """Give a table as a text that a form sends back."""
    text = json.dumps([cells.heads, cells.rows], ensure_ascii=False)
    return base64.b64encode(zlib.compress(text.encode("utf-8", "surrogatepass"), 6)).decode()


def again(text: str) -> Cells:
    """Read a table that a form sent back, as little trusted as a file; raises `Unread`."""
    try:
        unpacking = zlib.decompressobj()
        raw = unpacking.decompress(base64.b64decode(text, validate=True), _MOST_TEXT)
        if not unpacking.eof:
            raise Unread(lazy("The file is too large."))
        heads, rows = json.loads(raw)
        cells = Cells(tuple(map(str, heads)), [list(row) for row in rows])
    except (binascii.Error, zlib.error, ValueError, TypeError, RecursionError) as error:
        raise Unread(lazy("The file was lost on the way; choose it again.")) from error
    return _checked(iter([list(cells.heads), *cells.rows]))


def _text(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise Unread(lazy("The file is in UTF-16; save it as UTF-8."))
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        text = lazy("The file is not in UTF-8 (line %(line)s); save it as UTF-8.", line=line)
        raise Unread(text) from error
    if "\0" in text:
        raise Unread(lazy("This is no text; send CSV, JSON or XLSX."))
    return text


def _csv(text: str) -> Iterator[list[Any]]:
    first = text.split("\n", 1)[0]
    sign = max(",;\t", key=first.count)
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=sign, strict=True):
            yield [unguarded(one) for one in row]
    except csv.Error as error:
        raise Unread(lazy("This cannot be read as CSV: %(why)s.", why=str(error))) from error


def _objects(text: str) -> Iterator[list[Any]]:
    try:
        if text.lstrip().startswith("["):
            found = json.loads(text, parse_constant=_refuse)
        else:
            lines = [line for line in text.splitlines() if line.strip()]
            found = [json.loads(line, parse_constant=_refuse) for line in lines]
    except (ValueError, RecursionError) as error:
        why = str(error)[:200]
        raise Unread(lazy("This cannot be read as JSON: %(why)s.", why=why)) from error
    if not all(isinstance(one, dict) for one in found):
        raise Unread(lazy("Send a list of objects: one for each row."))
    heads: dict[str, None] = {}
    for one in found[: MOST_ROWS + 1]:
        heads |= dict.fromkeys(one)
        if len(heads) > _MOST_COLUMNS:
            raise Unread(lazy("There are more than %(n)s columns.", n=_MOST_COLUMNS))
    yield list(heads)
    for one in found:
        yield [one.get(name, "") for name in heads]


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is no number of JSON")


def _plain_rows(rows: Sequence[Sequence[Any]]) -> Iterator[list[Any]]:
    for row in rows:
        yield [_plain(one) for one in row]


def _plain(value: Any) -> Any:
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    return str(value) if isinstance(value, timedelta) else value


def _checked(rows: Iterator[list[Any]]) -> Cells:
    heads = [str(one).strip() for one in next(rows, [])]
    while heads and not heads[-1]:
        heads.pop()
    if not heads:
        raise Unread(lazy("The first line has to say what the columns are."))
    if len(heads) > _MOST_COLUMNS:
        raise Unread(lazy("There are more than %(n)s columns.", n=_MOST_COLUMNS))
    if len(set(heads)) < len(heads):
        raise Unread(lazy("Two columns have the same name."))
    found: list[list[Any]] = []
    for number, row in enumerate(rows, 2):
        if len(row) > len(heads) and any(one not in ("", None) for one in row[len(heads) :]):
            raise Unread(lazy("Line %(line)s has more cells than there are columns.", line=number))
        cells = (row + [""] * len(heads))[: len(heads)]
        if all(one in ("", None) for one in cells):
            continue
        if any(isinstance(one, str) and len(one) > _LONGEST for one in cells):
            raise Unread(lazy("A cell in line %(line)s is too long.", line=number))
        found.append(cells)
        if len(found) > MOST_ROWS:
            raise Unread(lazy("There are more than %(n)s rows.", n=f"{MOST_ROWS:,}"))
    return Cells(tuple(one[:200] for one in heads), found)
