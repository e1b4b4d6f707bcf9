"""Sizes of images from their headers, without decoding them."""

from __future__ import annotations

import io
import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.storage.conftest import Make
from trivet.storage.pixels import MEASURED, pixels_of


def bomb(width: int, height: int) -> bytes:
    """Give a PNG whose header promises as many pixels, and which has none."""
    head = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    chunk = b"IHDR" + head
    return (
        b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))
    )


@pytest.mark.parametrize("size", [(1, 1), (60, 30), (3, 700), (1025, 2)])
@pytest.mark.parametrize(
    ("format", "options"),
    [
        ("PNG", {}), ("GIF", {}), ("JPEG", {}), ("JPEG", {"progressive": True}), ("BMP", {}),
        ("WEBP", {}), ("WEBP", {"lossless": True}), ("AVIF", {}),
        ("WEBP", {"mode": "RGBA", "color": (1, 2, 3, 4)}),
    ],
)  # fmt: skip
def test_a_header_tells_the_size(
    format: str, options: dict[str, object], size: tuple[int, int], picture: Make
) -> None:
    content = picture(format, size, **options)

    assert pixels_of(io.BytesIO(content), f"image/{format.lower()}") == size


def test_metadata_before_the_size_is_passed_over(picture: Make) -> None:
    content = picture(
        "JPEG", (60, 30), exif=b"Exif\0\0" + b"\xff" * 60_000, comment=b"\xff\xc0" * 9
    )

    assert pixels_of(io.BytesIO(content), "image/jpeg") == (60, 30)


def test_a_bomb_says_how_large_it_is() -> None:
    assert pixels_of(io.BytesIO(bomb(100_000, 100_000)), "image/png") == (100_000, 100_000)


@given(st.sampled_from(sorted(MEASURED)), st.binary(max_size=100))
def test_no_content_breaks_a_reader(kind: str, content: bytes) -> None:
    found = pixels_of(io.BytesIO(content), kind)

    assert found is None or all(one >= 0 for one in found)


@given(st.binary(max_size=100))
def test_no_jpeg_breaks_the_walk_along_its_segments(content: bytes) -> None:
    pixels_of(io.BytesIO(b"\xff\xd8\xff" + content), "image/jpeg")


def test_a_jpeg_of_nothing_but_marks_is_given_up() -> None:
    assert pixels_of(io.BytesIO(b"\xff\xd8" + b"\xff\x01" * 100_000), "image/jpeg") is None
    assert pixels_of(io.BytesIO(b"\xff\xd8" + b"\xff" * 100_000), "image/jpeg") is None
