"""Files in the memory of this process: for tests, and for trying things out."""

from __future__ import annotations

import time
from collections.abc import AsyncIterable, AsyncIterator

from trivet.http.conditional import entity_tag
from trivet.storage.errors import FileMissing
from trivet.storage.names import check_folder, check_name
from trivet.storage.storage import CHUNK, FileState, Storage

__all__ = ["MemoryStorage"]


class MemoryStorage(Storage):
    """Files that end with the process; what they need of memory nothing bounds."""

    def __init__(self) -> None:
        self._files: dict[str, tuple[bytes, float]] = {}

    def __repr__(self) -> str:
        return f"MemoryStorage({len(self._files)} files)"

    async def write(self, name: str, content: AsyncIterable[bytes], *, content_type: str) -> None:
        """Keep content under a name."""
        check_name(name)
        whole = b"".join([chunk async for chunk in content])
        self._files[name] = (whole, time.time())

    async def open(self, name: str) -> AsyncIterator[bytes]:
        """Give the content in pieces of at most 256 KiB."""
        found = self._files.get(check_name(name))
        if found is None:
            raise FileMissing(name)
        return _pieces(found[0])

    async def state(self, name: str) -> FileState | None:
        """Give size, moment and tag."""
        found = self._files.get(check_name(name))
        if found is None:
            return None
        return FileState(len(found[0]), found[1], entity_tag(found[0]))

    async def delete(self, name: str) -> bool:
        """Forget a file."""
        return self._files.pop(check_name(name), None) is not None

    async def list(self, prefix: str = "") -> AsyncIterator[str]:
        """Give the names in a folder and below it."""
        folder = check_folder(prefix)
        for name in sorted(self._files):
            if not folder or name.startswith(folder + "/"):
                yield name


async def _pieces(content: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(content), CHUNK):
        yield content[start : start + CHUNK]
