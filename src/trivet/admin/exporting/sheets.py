"""Excel's format: the one door of XlsxWriter, which keeps one row in memory, the rest in a file."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from datetime import UTC, date, datetime, time
from decimal import Decimal
from tempfile import TemporaryDirectory
from typing import Any

from trivet.concurrency import run_in_thread
from trivet.errors import SetupError

try:
    import xlsxwriter  # type: ignore[import-untyped]  # it has none
except ImportError:
    xlsxwriter = None

__all__ = ["sheet_of"]

_ROWS = 1_048_576  # of a sheet
_LONGEST = 32_767  # characters of a cell
_EXACT = 10**15  # numbers of more digits are texts: Excel would round them
_PIECE = 256 * 1024
_AT_ONCE = 500


async def sheet_of(names: Sequence[str], rows: Any) -> AsyncIterator[bytes]:
    """Give a workbook of rows; further sheets where one is full. Raises `SetupError`."""
    if xlsxwriter is None:
        raise SetupError(
            "XlsxWriter is not installed, and it writes Excel's format",
            code="admin.xlsx",
            mend='pip install "trivet[admin]"',
        )
    with TemporaryDirectory(prefix="trivet-export-") as folder:
        path = f"{folder}/export.xlsx"
        book = _Book(path, folder, names)
        async with aclosing(rows) as found:
            some: list[list[Any]] = []
            async for row in found:
                some.append(row)
                if len(some) == _AT_ONCE:
                    await run_in_thread(book.write, some)
                    some = []
            await run_in_thread(book.write, some)
        await run_in_thread(book.close)
        file = await run_in_thread(open, path, "rb")
        try:
            while piece := await run_in_thread(file.read, _PIECE):
                yield piece
        finally:
            file.close()


class _Book:
    def __init__(self, path: str, folder: str, names: Sequence[str]) -> None:
        options = {
            "constant_memory": True,
            "tmpdir": folder,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
            "nan_inf_to_errors": True,
            "default_date_format": "yyyy-mm-dd hh:mm:ss",
        }
        assert xlsxwriter is not None, "asked for before"
        self._book = xlsxwriter.Workbook(path, options)
        self._day = self._book.add_format({"num_format": "yyyy-mm-dd"})
        self._names = names
        self._sheet: Any = None
        self._at = _ROWS

    def write(self, rows: Sequence[Sequence[Any]]) -> None:
        """Write rows, behind those that are there."""
        if self._sheet is None:
            self._begin()
        for row in rows:
            if self._at == _ROWS:
                self._begin()
            for column, value in enumerate(row):
                self._cell(column, value)
            self._at += 1

    def _begin(self) -> None:
        self._sheet = self._book.add_worksheet()
        for column, name in enumerate(self._names):
            self._sheet.write_string(0, column, name)
        self._at = 1

    def _cell(self, column: int, value: Any) -> None:
        at, sheet = self._at, self._sheet
        if value is None:
            return
        if isinstance(value, bool):
            sheet.write_boolean(at, column, value)
        elif isinstance(value, int | float | Decimal) and -_EXACT < value < _EXACT:
            sheet.write_number(at, column, value)
        elif isinstance(value, datetime):
            here = value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
            self._moment(column, here)
        elif isinstance(value, date):
            self._moment(column, value)
        else:
            sheet.write_string(at, column, _text(value)[:_LONGEST])

    def _moment(self, column: int, value: Any) -> None:
        if value.year < 1900:  # before Excel's time
            self._sheet.write_string(self._at, column, value.isoformat())
        elif isinstance(value, datetime):
            self._sheet.write_datetime(self._at, column, value)
        else:
            self._sheet.write_datetime(self._at, column, value, self._day)

    def close(self) -> None:
        """Put the file together."""
        if self._sheet is None:
            self._begin()
        self._book.close()


def _text(value: Any) -> str:
    if isinstance(value, dict | list):
        return json.dumps(value, default=str, ensure_ascii=False)
    return value.isoformat() if isinstance(value, time) else str(value)
