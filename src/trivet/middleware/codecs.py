"""Content codings: gzip from the standard library, brotli and zstd where they are installed.

Each packs a whole body at once or a stream chunk by chunk; a chunk that was fed can be unpacked by
the client before the next one comes.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Protocol

from trivet.errors import MissingExtraError

__all__ = ["CODINGS", "Codec", "Packer", "codec", "is_installed"]


class Packer(Protocol):
    """One stream on its way through a coding."""

    def feed(self, chunk: bytes) -> bytes:
        """Pack a chunk, and everything that was held back until now."""

    def end(self, chunk: bytes) -> bytes:
        """Pack the last chunk and close the stream."""


@dataclass(frozen=True, slots=True)
class Codec:
    """One coding: its name in HTTP, its usual level, a quick one, and how it packs."""

    name: str
    level: int
    quick_level: int
    whole: Callable[[bytes, int], bytes]
    packer: Callable[[int], Packer]


def _module(name: str) -> Any:  # Any: neither package has types of its own
    try:
        return import_module(name)
    except ImportError:
        return None


_brotli = _module("brotli")
_zstandard = _module("zstandard")


class _GzipPacker:
    __slots__ = ("_stream",)

    def __init__(self, level: int) -> None:
        self._stream = zlib.compressobj(level, wbits=31)

    def feed(self, chunk: bytes) -> bytes:
        return self._stream.compress(chunk) + self._stream.flush(zlib.Z_SYNC_FLUSH)

    def end(self, chunk: bytes) -> bytes:
        return self._stream.compress(chunk) + self._stream.flush()


class _BrotliPacker:
    __slots__ = ("_stream",)

    def __init__(self, level: int) -> None:
        self._stream = _brotli.Compressor(quality=level)

    def feed(self, chunk: bytes) -> bytes:
        packed: bytes = self._stream.process(chunk) + self._stream.flush()
        return packed

    def end(self, chunk: bytes) -> bytes:
        packed: bytes = self._stream.process(chunk) + self._stream.finish()
        return packed


class _ZstdPacker:
    __slots__ = ("_stream",)

    def __init__(self, level: int) -> None:
        self._stream = _zstandard.ZstdCompressor(level).compressobj()

    def feed(self, chunk: bytes) -> bytes:
        packed: bytes = self._stream.compress(chunk)
        packed += self._stream.flush(_zstandard.COMPRESSOBJ_FLUSH_BLOCK)
        return packed

    def end(self, chunk: bytes) -> bytes:
        packed: bytes = self._stream.compress(chunk) + self._stream.flush()
        return packed


def _gzip(body: bytes, level: int) -> bytes:
    return zlib.compress(body, level, wbits=31)


def _br(body: bytes, level: int) -> bytes:
    packed: bytes = _brotli.compress(body, quality=level)
    return packed


def _zstd(body: bytes, level: int) -> bytes:
    # A compressor must not be shared between threads, so each body has its own.
    packed: bytes = _zstandard.ZstdCompressor(level).compress(body)
    return packed


_CODECS: Mapping[str, Codec] = {
    "zstd": Codec("zstd", 3, 1, _zstd, _ZstdPacker),
    "br": Codec("br", 4, 1, _br, _BrotliPacker),
    "gzip": Codec("gzip", 6, 1, _gzip, _GzipPacker),
}
_PACKAGES = {"zstd": ("zstandard", _zstandard), "br": ("brotli", _brotli), "gzip": ("zlib", zlib)}

CODINGS = tuple(_CODECS)
"""Every coding that is known, the best for text first."""


def is_installed(coding: str) -> bool:
    """Tell whether the package that packs `coding` (one of `CODINGS`) is there."""
    return _PACKAGES[coding][1] is not None


def codec(coding: str) -> Codec:
    """Give the codec of `coding`, one of `CODINGS`.

    Raises MissingExtraError where its package is not installed.
    """
    package, module = _PACKAGES[coding]
    if module is None:
        raise MissingExtraError(package, "compress", what=f"Compress with {coding!r}")
    return _CODECS[coding]
