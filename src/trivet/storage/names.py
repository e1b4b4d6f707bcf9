"""Names of files in a storage. What a client called its file never becomes one.

A name is a path of pieces with `/` between, good on every system and in every bucket: what any of
them would read in its own way is refused on all. These are pure functions over text, and the first
of two walls; the second, in `local.py`, asks the file system.
"""

from __future__ import annotations

import re
import secrets
from datetime import UTC, datetime

from trivet.http.files import is_device
from trivet.storage.errors import BadName

__all__ = ["check_folder", "check_name", "clean_extension", "clean_filename", "new_name"]

_LONGEST_NAME = 1024  # bytes; a bucket's limit
_LONGEST_PIECE = 255  # bytes; a file system's limit
_LONGEST_FILENAME = 200  # characters
_LONGEST_EXTENSION = 10

# Control characters; what Windows reads as a path, a drive, a stream or a pattern.
_REFUSED = re.compile(r'[\x00-\x1f\x7f\\:*?"<>|]')
_EXTENSION = re.compile(rf"\.[a-z0-9]{{1,{_LONGEST_EXTENSION}}}")
# Control and format characters: line breaks, and those that turn the direction of text around.
_UNSEEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]"
)


def check_name(name: str) -> str:
    """Give `name` back; raises `BadName` for what is no name of a file in a storage."""
    try:
        size = len(name.encode())
    except UnicodeEncodeError:
        raise BadName(name, "it cannot be written as UTF-8") from None
    if not 0 < size <= _LONGEST_NAME:
        raise BadName(name, f"it has {size} bytes, where 1 to {_LONGEST_NAME} are allowed")
    if found := _REFUSED.search(name):
        raise BadName(name, f"it has {found[0]!r} in it")
    for piece in name.split("/"):
        if not piece:
            raise BadName(name, "it begins or ends with a slash, or has two in a row")
        if piece.startswith(".") or piece[-1] in ". ":
            raise BadName(name, f"{piece!r} begins with a dot, or ends with one or a space")
        if len(piece.encode()) > _LONGEST_PIECE:
            raise BadName(name, f"a piece of it has more than {_LONGEST_PIECE} bytes")
        if is_device(piece):
            raise BadName(name, f"{piece!r} is a device on Windows")
    return name


def check_folder(folder: str) -> str:
    """Give a folder of a storage without a slash at its end, "" for the first; or `BadName`."""
    plain = folder.rstrip("/")
    return check_name(plain) if plain else ""


def new_name(extension: str = "", *, folder: str = "", dated: bool = False) -> str:
    """Give a name that nobody can guess: 128 random bits and a clean extension.

    `dated` puts year and month (UTC) before it, so that no folder grows without end.
    """
    pieces = [checked] if (checked := check_folder(folder)) else []
    if dated:
        pieces.append(f"{datetime.now(UTC):%Y/%m}")
    return "/".join([*pieces, secrets.token_hex(16) + clean_extension(extension)])


def clean_extension(filename: str) -> str:
    """Give the last extension of a file's name, in small letters, or "" where it has no clean one.

    Clean are 1 to 10 letters and digits of ASCII.
    """
    _, dot, last = filename.lower().rpartition(".")
    extension = dot + last
    return extension if _EXTENSION.fullmatch(extension) else ""


def clean_filename(filename: str | None) -> str | None:
    """Give what a client called its file as one line of text to show, or None without any.

    Folders before it, control characters and such as turn text around are taken away; of a long
    name the end stays, with the extension.
    """
    if not filename:
        return None
    last = re.split(r"[/\\]", filename)[-1]
    return _UNSEEN.sub("", last).strip()[-_LONGEST_FILENAME:].strip() or None
