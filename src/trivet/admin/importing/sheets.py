"""A sheet of Excel's: the one door of python-calamine, behind a check that the file is no bomb.

Every part is unpacked once, into nothing, before anything is parsed: so far as it may grow, with
nothing in it that declares entities. What a file says of its own sizes is not believed.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Sequence
from typing import Any

from trivet.admin.importing.unread import Unread
from trivet.errors import SetupError
from trivet.texts import lazy

try:
    import python_calamine
except ImportError:
    python_calamine = None  # type: ignore[assignment]

__all__ = ["sheet_rows"]

_MOST_PARTS = 500
_MOST_UNPACKED = 100 * 1024 * 1024  # bytes of all parts
_PIECE = 1024 * 1024
_DECLARES = (b"<!DOCTYPE", b"<!ENTITY", b"<!doctype", b"<!entity")
_OVERLAP = 16  # bytes of a piece that are looked at again with the next
_MOST_CELLS = 2_000_000
_NO_SHEET = lazy("This cannot be read as a sheet of Excel's; save it as XLSX, or as CSV.")


def sheet_rows(content: bytes, most: int) -> Sequence[Sequence[Any]]:
    """Give the rows of the first sheet, its head first; raises `Unread` and `SetupError`."""
    if python_calamine is None:
        raise SetupError(
            "python-calamine is not installed, and it reads Excel's format",
            code="admin.xlsx",
            mend='pip install "trivet[admin]"',
        )
    _check(content)
    try:
        book = python_calamine.load_workbook(io.BytesIO(content))
        if not book.sheet_names:
            raise Unread(_NO_SHEET)
        sheet = book.get_sheet_by_index(0)
        if (
            sheet.total_height > most + 1_000
            or sheet.total_height * sheet.total_width > _MOST_CELLS
        ):
            raise Unread(lazy("There are more than %(n)s rows.", n=f"{most:,}"))
        rows: Sequence[Sequence[Any]] = sheet.to_python(skip_empty_area=True)
    except Unread:
        raise
    except (Exception, BaseExceptionGroup) as error:
        raise Unread(_NO_SHEET) from error
    return rows


def _check(content: bytes) -> None:
    room = _MOST_UNPACKED
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
            if len(parts) > _MOST_PARTS or "[Content_Types].xml" not in archive.namelist():
                raise Unread(_NO_SHEET)
            for one in parts:
                room = _unpacked(archive, one, room)
    except (
        zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError,
        OSError,
    ) as error:  # fmt: skip
        raise Unread(_NO_SHEET) from error


def _unpacked(archive: zipfile.ZipFile, part: zipfile.ZipInfo, room: int) -> int:
    """Unpack one part into nothing; gives how much may still be unpacked."""
    before = b""
    with archive.open(part) as file:
        while piece := file.read(_PIECE):
            room -= len(piece)
            if room < 0:
                raise Unread(lazy("The file unpacks to more than may be read."))
            if any(one in before + piece for one in _DECLARES):
                raise Unread(_NO_SHEET)
            before = piece[-_OVERLAP:]
    return room
