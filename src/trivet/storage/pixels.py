"""How large an image is, read from its header: nothing is decoded, and a bomb costs nothing.

Each reader takes an open file at any place, reads a bounded number of bytes, and gives width and
height in pixels, or None where the header does not say.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import BinaryIO

__all__ = ["MEASURED", "pixels_of"]

Size = tuple[int, int]
_MOST_SEGMENTS = 2000  # of a JPEG before its size; metadata of a megabyte has twenty
_ISO_HEAD = 64 * 1024


def pixels_of(file: BinaryIO, media_type: str) -> Size | None:
    """Give width and height of an image of a type in `MEASURED`. Reads, and does not seek back."""
    file.seek(0)
    return MEASURED[media_type](file)


def _png(file: BinaryIO) -> Size | None:
    head = file.read(24)
    if len(head) < 24 or head[12:16] != b"IHDR":
        return None
    return _big(head[16:20]), _big(head[20:24])


def _gif(file: BinaryIO) -> Size | None:
    head = file.read(10)
    return None if len(head) < 10 else (_little(head[6:8]), _little(head[8:10]))


def _bmp(file: BinaryIO) -> Size | None:
    head = file.read(26)
    if len(head) < 26:
        return None
    height = int.from_bytes(head[22:26], "little", signed=True)  # negative: from the top down
    return _little(head[18:22]), abs(height)


def _jpeg(file: BinaryIO) -> Size | None:
    file.seek(2)
    for _ in range(_MOST_SEGMENTS):
        mark = file.read(2)
        if len(mark) < 2 or mark[0] != 0xFF:
            return None
        code = mark[1]
        if code == 0xFF:  # a byte that fills
            file.seek(-1, 1)
            continue
        if code == 0x01 or 0xD0 <= code <= 0xD8:  # marks without anything behind them
            continue
        length = file.read(2)
        if len(length) < 2 or _big(length) < 2:
            return None
        if 0xC0 <= code <= 0xCF and code not in (0xC4, 0xC8, 0xCC):  # a frame
            frame = file.read(5)
            return None if len(frame) < 5 else (_big(frame[3:5]), _big(frame[1:3]))
        if code in (0xD9, 0xDA):  # the image begins or ends, and no frame came
            return None
        file.seek(_big(length) - 2, 1)
    return None


def _webp(file: BinaryIO) -> Size | None:
    head = file.read(30)
    if len(head) < 30:
        return None
    kind = head[12:16]
    if kind == b"VP8 " and head[23:26] == b"\x9d\x01\x2a":
        return _little(head[26:28]) & 0x3FFF, _little(head[28:30]) & 0x3FFF
    if kind == b"VP8L" and head[20] == 0x2F:
        bits = _little(head[21:25])
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8X":
        return _little(head[24:27]) + 1, _little(head[27:30]) + 1
    return None


def _iso(file: BinaryIO) -> Size | None:
    # The largest of the sizes that are told: an image may be made of tiles, and has one of each.
    head = file.read(_ISO_HEAD)
    found: Size | None = None
    place = head.find(b"ispe")
    while place >= 0:
        size = _big(head[place + 8 : place + 12]), _big(head[place + 12 : place + 16])
        if found is None or size[0] * size[1] > found[0] * found[1]:
            found = size
        place = head.find(b"ispe", place + 4)
    return found


def _big(data: bytes) -> int:
    return int.from_bytes(data, "big")


def _little(data: bytes) -> int:
    return int.from_bytes(data, "little")


MEASURED: dict[str, Callable[[BinaryIO], Size | None]] = {
    "image/png": _png,
    "image/gif": _gif,
    "image/bmp": _bmp,
    "image/jpeg": _jpeg,
    "image/webp": _webp,
    "image/avif": _iso,
    "image/heic": _iso,
}
