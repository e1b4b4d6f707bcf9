"""Small versions of images, made when they are first asked for and kept beside the original.

An image is decoded by Pillow on a worker thread, by a decoder of its own type and no other, and not
at all where its header tells of too many pixels. What is written is made anew of pixels alone: no
place and camera, no profile, nothing that was hidden behind the image.
"""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from importlib import import_module
from typing import Any, Literal

import anyio

from trivet.concurrency import run_in_thread
from trivet.errors import HTTPException, MissingExtraError, SetupError
from trivet.storage.kinds import kind_of
from trivet.storage.names import check_name
from trivet.storage.pixels import MEASURED, pixels_of
from trivet.storage.reference import FileRef
from trivet.storage.storage import Storage, chunks_of

__all__ = ["ImageRefused", "Thumbnails"]

Format = Literal["webp", "jpeg", "png"]

_DECODERS = {
    "image/jpeg": "JPEG", "image/png": "PNG", "image/gif": "GIF", "image/webp": "WEBP",
    "image/avif": "AVIF", "image/bmp": "BMP",
}  # fmt: skip
_EXTENSIONS = {"webp": ".webp", "jpeg": ".jpg", "png": ".png"}


class ImageRefused(HTTPException, ValueError):
    """A file that is no image, a broken one, or one of too many pixels; answered with 422."""

    def __init__(self, reason: str) -> None:
        super().__init__(422, f"This file cannot be shown as an image: {reason}")


class Thumbnails:
    """Small versions of images: ``Thumbnails(storage, sizes={"small": (200, 200)})``.

    A version fits into width and height in pixels, keeps its proportions, stands as the camera was
    held, and is never larger than the original; of a moving image it is the first picture. It is
    called as the original with size and extension behind it. An original may have `max_size` bytes
    and `max_pixels` pixels; `at_once` are made at the same time. `quality` is Pillow's, 1 to 100.

    Raises `SetupError` for sizes that are none, and `MissingExtraError` without Pillow.
    """

    def __init__(
        self,
        storage: Storage,
        sizes: Mapping[str, tuple[int, int]],
        *,
        format: Format = "webp",
        quality: int = 80,
        max_size: int = 32 * 1024 * 1024,
        max_pixels: int = 50_000_000,
        at_once: int = 2,
    ) -> None:
        try:
            self._image: Any = import_module("PIL.Image")  # Any: a module
            self._turned: Any = import_module("PIL.ImageOps").exif_transpose
        except ImportError as error:
            raise MissingExtraError("pillow", "images", what="Thumbnails") from error
        if not sizes or any(min(size) < 1 for size in sizes.values()):
            raise SetupError(
                f"thumbnails cannot have the sizes {dict(sizes)!r}",
                code="storage.thumbnail-sizes",
                mend='sizes={"small": (200, 200)}, in pixels',
            )
        self.storage = storage
        self.sizes = dict(sizes)
        self._format = format
        self._quality = quality
        self._max_size = max_size
        self._max_pixels = max_pixels
        self._places = anyio.Semaphore(at_once)
        self._turns: dict[str, tuple[anyio.Lock, int]] = {}

    def name_of(self, file: FileRef | str, size: str) -> str:
        """Give the name of a version, whether it is there or not; raises `SetupError`."""
        if size not in self.sizes:
            raise SetupError(
                f"there are no thumbnails of the size {size!r}",
                code="storage.thumbnail-size",
                mend=" or ".join(repr(one) for one in self.sizes),
            )
        name = check_name(file if isinstance(file, str) else file.name)
        width, height = self.sizes[size]
        return f"{name}.{width}x{height}{_EXTENSIONS[self._format]}"

    async def get(self, file: FileRef | str, size: str) -> str:
        """Give the name of a version, which is made where it is not there yet.

        However many ask at once in this process, it is made once; another process may make it too,
        and writes the same. Raises `FileMissing`, `FileTooLarge` and `ImageRefused`.
        """
        made = self.name_of(file, size)
        if await self.storage.exists(made):
            return made
        async with self._turn(made):
            if not await self.storage.exists(made):
                original = file if isinstance(file, str) else file.name
                async with self._places:
                    content = await self.storage.read(original, max_size=self._max_size)
                    small = await run_in_thread(self._make, content, self.sizes[size])
                await self.storage.write(
                    made, chunks_of(small), content_type=f"image/{self._format}"
                )
        return made

    async def delete(self, file: FileRef | str) -> None:
        """Delete all versions of a file; the original stays."""
        for size in self.sizes:
            await self.storage.delete(self.name_of(file, size))

    @asynccontextmanager
    async def _turn(self, name: str) -> AsyncIterator[None]:
        """Let one after the other in for a name; a lock lives while somebody has or wants it."""
        lock, count = self._turns.get(name) or (anyio.Lock(), 0)
        self._turns[name] = (lock, count + 1)
        try:
            async with lock:
                yield
        finally:
            lock, count = self._turns[name]
            if count == 1:
                del self._turns[name]
            else:
                self._turns[name] = (lock, count - 1)

    def _make(self, content: bytes, box: tuple[int, int]) -> bytes:
        """Give an image within `box` as bytes. Blocks, and computes."""
        kind = kind_of(content[:4096])
        if kind not in _DECODERS:
            raise ImageRefused("it is of none of the types that are made smaller")
        self._judge(pixels_of(io.BytesIO(content), kind) if kind in MEASURED else None)
        try:
            image = self._image.open(io.BytesIO(content), formats=[_DECODERS[kind]])
            self._judge(image.size)
            image.draft(None, (box[0] * 2, box[1] * 2))  # of a JPEG fewer pixels are decoded
            image.seek(0)
            image = self._upright(image, box)
            file = io.BytesIO()
            image.save(file, self._format.upper(), quality=self._quality)
        except (OSError, SyntaxError, ValueError, EOFError, ArithmeticError, LookupError) as error:
            raise ImageRefused("it is broken") from error
        except self._image.DecompressionBombError as error:
            raise ImageRefused("it has too many pixels") from error
        return file.getvalue()

    def _judge(self, size: tuple[int, int] | None) -> None:
        if size is None or 0 in size:
            raise ImageRefused("it does not say how large it is")
        if size[0] * size[1] > self._max_pixels:
            raise ImageRefused(f"it has more than {self._max_pixels} pixels")

    def _upright(self, image: Any, box: tuple[int, int]) -> Any:  # Any: Pillow's images
        """Give the pixels alone, turned as the camera was held, within the box."""
        turned = self._turned(image)
        has_alpha = turned.has_transparency_data and self._format != "jpeg"
        plain = turned.convert("RGBA" if turned.has_transparency_data else "RGB")
        plain.thumbnail(box, self._image.Resampling.LANCZOS)
        if plain.mode == "RGBA" and not has_alpha:  # a JPEG has none: on white, as pages are
            ground = self._image.new("RGB", plain.size, "white")
            ground.paste(plain, mask=plain.getchannel("A"))
            plain = ground
        fresh = self._image.new(plain.mode, plain.size)  # carries nothing of the original's
        fresh.paste(plain)
        return fresh
