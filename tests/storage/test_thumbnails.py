"""Thumbnails: their size, what they carry no more, how often they are made, what is refused."""

from __future__ import annotations

import asyncio
import io
import struct
import sys
from typing import Any

import pytest
from PIL import Image

from tests.storage.conftest import Make
from tests.storage.test_pixels import bomb
from trivet.errors import MissingExtraError, SetupError
from trivet.storage import (
    FileMissing,
    FileRef,
    FileTooLarge,
    ImageRefused,
    MemoryStorage,
    Thumbnails,
)
from trivet.storage.storage import chunks_of

SIZES = {"small": (20, 20), "wide": (200, 10)}


@pytest.fixture
def storage() -> MemoryStorage:
    return MemoryStorage()


async def put(storage: MemoryStorage, content: bytes, name: str = "a/photo.jpg") -> str:
    await storage.write(name, chunks_of(content), content_type="image/jpeg")
    return name


async def opened(storage: MemoryStorage, name: str) -> Image.Image:
    return Image.open(io.BytesIO(await storage.read(name)))


async def test_a_version_fits_its_box_and_lies_beside_the_original(
    storage: MemoryStorage, picture: Make
) -> None:
    name = await put(storage, picture("JPEG", (600, 300)))
    thumbnails = Thumbnails(storage, SIZES)

    small, wide = await thumbnails.get(name, "small"), await thumbnails.get(name, "wide")

    assert (small, wide) == ("a/photo.jpg.20x20.webp", "a/photo.jpg.200x10.webp")
    assert (await opened(storage, small)).size == (20, 10)
    assert (await opened(storage, wide)).size == (20, 10)


async def test_a_file_reference_is_taken_in_a_name_s_place(
    storage: MemoryStorage, picture: Make
) -> None:
    file = await storage.save(picture("PNG"), filename="a.png")

    assert await Thumbnails(storage, SIZES).get(file, "small") == f"{file.name}.20x20.webp"


@pytest.mark.parametrize("format", ["webp", "jpeg", "png"])
@pytest.mark.parametrize("source", ["JPEG", "PNG", "GIF", "WEBP", "AVIF", "BMP"])
async def test_every_format_is_made_of_every_other(
    storage: MemoryStorage, picture: Make, source: str, format: Any
) -> None:
    name = await put(storage, picture(source, (60, 30)))

    made = await opened(storage, await Thumbnails(storage, SIZES, format=format).get(name, "small"))

    assert (made.format, made.size) == (format.upper(), (20, 10))


async def test_a_small_image_is_not_made_larger(storage: MemoryStorage, picture: Make) -> None:
    name = await put(storage, picture("PNG", (4, 3)))

    assert (await opened(storage, await Thumbnails(storage, SIZES).get(name, "small"))).size == (
        4,
        3,
    )


async def test_an_image_stands_as_the_camera_was_held_and_tells_no_place(
    storage: MemoryStorage,
) -> None:
    image = Image.new("RGB", (60, 30), "red")
    image.paste("blue", (0, 0, 30, 30))
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    exif[0x8825] = {1: "N", 2: (48.0, 8.0, 0.0)}
    file = io.BytesIO()
    image.save(file, "JPEG", exif=exif, icc_profile=b"profile", comment=b"my secret", quality=95)

    name = await put(storage, file.getvalue())
    made = await Thumbnails(storage, {"x": (60, 60)}, format="jpeg", quality=95).get(name, "x")

    content = await storage.read(made)
    found = Image.open(io.BytesIO(content))
    assert found.size == (30, 60)
    top: Any = found.getpixel((15, 5))
    assert top[2] > 200 > top[0]
    assert not found.getexif()
    assert "icc_profile" not in found.info
    assert b"my secret" not in content


async def test_what_was_hidden_behind_an_image_is_gone(
    storage: MemoryStorage, picture: Make
) -> None:
    name = await put(storage, picture("PNG") + b"<script>alert(1)</script>")

    made = await Thumbnails(storage, SIZES, format="png").get(name, "small")

    assert b"script" not in await storage.read(made)


async def test_what_is_clear_stays_clear_or_becomes_white(
    storage: MemoryStorage, picture: Make
) -> None:
    name = await put(storage, picture("PNG", mode="RGBA", color=(255, 0, 0, 0)))

    clear = await opened(storage, await Thumbnails(storage, SIZES).get(name, "small"))
    white = await opened(
        storage, await Thumbnails(storage, SIZES, format="jpeg").get(name, "small")
    )

    assert clear.convert("RGBA").getpixel((5, 5)) == (255, 0, 0, 0) or (
        clear.convert("RGBA").getchannel("A").getextrema() == (0, 0)
    )
    assert white.getpixel((5, 5)) == (255, 255, 255)


@pytest.mark.parametrize("format", ["GIF", "WEBP", "PNG"])
async def test_of_a_moving_image_it_is_the_first_picture(
    storage: MemoryStorage, picture: Make, format: str
) -> None:
    others = [Image.new("RGB", (60, 30), color) for color in ("blue", "green")]
    name = await put(storage, picture(format, save_all=True, append_images=others, duration=50))

    made = await opened(storage, await Thumbnails(storage, SIZES, format="png").get(name, "small"))

    assert getattr(made, "n_frames", 1) == 1
    assert made.convert("RGB").getpixel((5, 5)) == (255, 0, 0) or format == "WEBP"


async def test_many_who_ask_at_once_get_one_that_is_made_once(
    storage: MemoryStorage, picture: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = await put(storage, picture("JPEG", (600, 300)))
    thumbnails = Thumbnails(storage, SIZES)
    made: list[tuple[int, int]] = []
    make = thumbnails._make

    def counted(content: bytes, box: tuple[int, int]) -> bytes:
        made.append(box)
        return make(content, box)

    monkeypatch.setattr(thumbnails, "_make", counted)

    found = await asyncio.gather(*(thumbnails.get(name, "small") for _ in range(20)))
    await thumbnails.get(name, "small")

    assert set(found) == {"a/photo.jpg.20x20.webp"}
    assert len(made) == 1
    assert thumbnails._turns == {}


async def test_one_who_leaves_does_not_take_it_from_the_others(
    storage: MemoryStorage, picture: Make
) -> None:
    name = await put(storage, picture("JPEG", (600, 300)))
    thumbnails = Thumbnails(storage, SIZES)
    first = asyncio.create_task(thumbnails.get(name, "small"))
    second = asyncio.create_task(thumbnails.get(name, "small"))
    await asyncio.sleep(0)

    first.cancel()

    assert await second == "a/photo.jpg.20x20.webp"
    assert thumbnails._turns == {}


async def test_versions_are_deleted_and_the_original_stays(
    storage: MemoryStorage, picture: Make
) -> None:
    name = await put(storage, picture())
    thumbnails = Thumbnails(storage, SIZES)
    await thumbnails.get(name, "small")

    await thumbnails.delete(name)

    assert [one async for one in storage.list()] == [name]


def broken_jpeg() -> bytes:
    frame = b"\xff\xc0" + struct.pack(">HBHHB", 8, 8, 30, 60, 0)
    return b"\xff\xd8" + frame + b"\xff\xd9"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"plain text", "of none of the types"),
        (b"<svg/>", "of none of the types"),
        (b"%!PS-Adobe-3.0 EPSF-3.0", "of none of the types"),
        (b"\x89PNG\r\n\x1a\n", "does not say how large"),
        (bomb(60_000, 60_000), "more than 50000000 pixels"),
        (bomb(60, 60), "broken"),
        (broken_jpeg(), "broken"),
        (b"GIF89a\x05\0\x05\0\0\0\0", "broken"),
    ],
)
async def test_what_is_no_good_image_is_refused(
    storage: MemoryStorage, content: bytes, reason: str
) -> None:
    name = await put(storage, content)

    with pytest.raises(ImageRefused, match=reason) as found:
        await Thumbnails(storage, SIZES).get(name, "small")

    assert found.value.status_code == 422
    assert [one async for one in storage.list()] == [name]


async def test_a_half_image_is_refused(storage: MemoryStorage, picture: Make) -> None:
    name = await put(storage, picture("PNG", (600, 300))[:200])

    with pytest.raises(ImageRefused, match="broken"):
        await Thumbnails(storage, SIZES).get(name, "small")


async def test_an_original_that_is_too_large_or_missing_is_told(
    storage: MemoryStorage, picture: Make
) -> None:
    name = await put(storage, picture())

    with pytest.raises(FileTooLarge):
        await Thumbnails(storage, SIZES, max_size=10).get(name, "small")
    with pytest.raises(FileMissing):
        await Thumbnails(storage, SIZES).get(FileRef(name="gone.png", size=1), "small")


@pytest.mark.parametrize("sizes", [{}, {"small": (0, 10)}])
def test_sizes_that_are_none_are_an_error_at_once(sizes: dict[str, tuple[int, int]]) -> None:
    with pytest.raises(SetupError) as found:
        Thumbnails(MemoryStorage(), sizes)

    assert found.value.code == "storage.thumbnail-sizes"


async def test_a_size_that_there_is_not_names_those_that_there_are() -> None:
    with pytest.raises(SetupError) as found:
        await Thumbnails(MemoryStorage(), SIZES).get("a.png", "large")

    assert found.value.code == "storage.thumbnail-size"
    assert found.value.mend == "'small' or 'wide'"


def test_without_pillow_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "PIL.Image", None)

    with pytest.raises(MissingExtraError, match=r"trivet\[images\]"):
        Thumbnails(MemoryStorage(), SIZES)
