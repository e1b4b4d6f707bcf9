"""What every storage does: save, read, look, list, delete, and give addresses.

A storage of one's own writes the six abstract methods; all others stand on them. Files are written
as a whole: who reads meanwhile has the old one or the new one, and what fails half-way leaves
nothing that anybody can see.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterable, AsyncIterator
from dataclasses import dataclass
from hashlib import sha256
from typing import TypeAlias

from starlette.datastructures import UploadFile

from trivet.concurrency import run_in_thread
from trivet.errors import SetupError
from trivet.storage.errors import FileMissing, FileTooLarge
from trivet.storage.kinds import settled
from trivet.storage.links import LONGEST, Links
from trivet.storage.names import check_name, clean_filename, new_name
from trivet.storage.reference import FileRef

__all__ = ["CHUNK", "Content", "FileState", "Storage", "chunks_of"]

CHUNK = 256 * 1024  # bytes that are read and written at once

Content: TypeAlias = bytes | UploadFile | AsyncIterable[bytes]


@dataclass(frozen=True, slots=True)
class FileState:
    """What a storage knows of a file: `size` in bytes, `modified` in seconds since 1970.

    `etag` is an entity tag in quotes, another one whenever the content is.
    """

    size: int
    modified: float
    etag: str


class Storage(ABC):
    """Files by their names: a folder, a bucket, or memory behind the same methods.

    Methods raise `BadName` for what is no name, `FileMissing` for what is not there (both are
    answered with 404), and `StorageAway` where the storage itself fails.
    """

    _links: Links | None = None

    @abstractmethod
    async def write(self, name: str, content: AsyncIterable[bytes], *, content_type: str) -> None:
        """Write a file as a whole under a name of our own, in place of what is there."""

    @abstractmethod
    async def open(self, name: str) -> AsyncIterator[bytes]:
        """Give the content in pieces; what is not there is found out before the first."""

    @abstractmethod
    async def state(self, name: str) -> FileState | None:
        """Give what is known of a file, or None where there is none."""

    @abstractmethod
    async def delete(self, name: str) -> bool:
        """Delete a file; tells whether there may have been one (buckets do not say)."""

    @abstractmethod
    def list(self, prefix: str = "") -> AsyncIterator[str]:
        """Give the names in a folder and all below it, in no order; "" is everything."""

    async def save(
        self,
        data: Content,
        *,
        filename: str | None = None,
        content_type: str | None = None,
        folder: str = "",
        dated: bool = True,
        max_size: int | None = None,
    ) -> FileRef:
        """Keep content under a new name that nobody can guess, and give what to remember of it.

        `filename` is what its owner calls it, of an upload its own: it gives an extension where
        that fits the content, and is kept as data. `content_type` is found in the content unless it
        is given; what a client claims is not believed. `dated` has a folder for each month. Raises
        `FileTooLarge` (413) beyond `max_size` bytes, and keeps nothing then. Not more than a piece
        of it is in memory at once.
        """
        if filename is None and isinstance(data, UploadFile):
            filename = data.filename
        counted = _Counted(chunks_of(data), max_size)
        found, extension = settled(await counted.head(), filename or "", content_type)
        name = new_name(extension, folder=folder, dated=dated)
        await self.write(name, counted, content_type=found)
        return FileRef(
            name=name,
            size=counted.size,
            content_type=found,
            filename=clean_filename(filename),
            checksum=counted.checksum,
        )

    async def read(self, name: str, *, max_size: int | None = None) -> bytes:
        """Give the whole content; raises `FileTooLarge` where it has more than `max_size` bytes."""
        content = bytearray()
        async for chunk in await self.open(name):
            content += chunk
            if max_size is not None and len(content) > max_size:
                raise FileTooLarge(max_size)
        return bytes(content)

    async def exists(self, name: str) -> bool:
        """Tell whether there is such a file."""
        return await self.state(name) is not None

    async def size(self, name: str) -> int:
        """Give the size of a file in bytes."""
        found = await self.state(name)
        if found is None:
            raise FileMissing(name)
        return found.size

    async def url(
        self,
        name: str,
        *,
        expires: float = 3600.0,
        filename: str | None = None,
        inline: bool = True,
    ) -> str:
        """Give an address that lets whoever has it read the file for `expires` seconds.

        At most a week. `filename` is what it is saved as; without `inline` a browser always saves
        it. Where a `Media` serves this storage the address is a path of the application. Raises
        `SetupError` where nothing serves it.
        """
        check_name(name)
        if not 1 <= expires <= LONGEST:
            raise ValueError(f"expires={expires!r} must be 1 to {LONGEST:.0f} seconds, a week")
        return await self._url(name, expires, filename, inline)

    async def _url(self, name: str, expires: float, filename: str | None, inline: bool) -> str:
        if self._links is None:
            raise SetupError(
                f"files of {self!r} have no addresses: nothing serves them",
                code="storage.no-media",
                mend="app.use(Media(storage, secrets=settings.secret))",
            )
        return self._links.url(name, expires=expires, filename=filename, inline=inline)

    def link_by(self, links: Links) -> None:
        """Take the addresses of whoever serves this storage; `Media` calls it, once."""
        if self._links is not None:
            raise SetupError(
                f"{self!r} is served at {self._links.path!r} already",
                code="storage.second-media",
                mend="one Media for a storage; make a second storage for other rules",
            )
        self._links = links


async def chunks_of(data: Content) -> AsyncIterator[bytes]:
    """Give content in pieces; an upload from its start."""
    if isinstance(data, bytes | bytearray | memoryview):
        yield bytes(data)
    elif isinstance(data, UploadFile):
        await data.seek(0)
        while chunk := await data.read(CHUNK):
            yield chunk
    else:
        async for chunk in data:
            if chunk:
                yield chunk


class _Counted:
    """Content on its way: its size, its checksum, and a look at its beginning."""

    _SEEN = 4096  # bytes of the beginning

    def __init__(self, chunks: AsyncIterator[bytes], most: int | None) -> None:
        self._chunks = chunks
        self._most = most
        self._kept: list[bytes] = []
        self._digest = sha256()
        self.size = 0

    @property
    def checksum(self) -> str:
        return self._digest.hexdigest()

    async def head(self) -> bytes:
        """Give the beginning; it is kept for who iterates."""
        while sum(map(len, self._kept)) < self._SEEN:
            chunk = await anext(self._chunks, None)
            if chunk is None:
                break
            self._kept.append(chunk)
        return b"".join(self._kept)[: self._SEEN]

    async def __aiter__(self) -> AsyncIterator[bytes]:
        kept, self._kept = self._kept, []
        for chunk in kept:
            yield await self._seen(chunk)
        async for chunk in self._chunks:
            yield await self._seen(chunk)

    async def _seen(self, chunk: bytes) -> bytes:
        self.size += len(chunk)
        if self._most is not None and self.size > self._most:
            raise FileTooLarge(self._most)
        await run_in_thread(self._digest.update, chunk)
        return chunk
