"""Files in a folder of this machine.

Two walls keep every access inside the folder: `check_name` refuses what could climb or mean
something else, and then the file system is asked where the path really leads, through all links.
"""

from __future__ import annotations

import os
import secrets
import stat
import sys
from collections.abc import AsyncIterable, AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from trivet.concurrency import clean_in_thread, iterate_in_thread, run_in_thread
from trivet.errors import SetupError
from trivet.http.conditional import entity_tag
from trivet.storage.errors import BadName, FileMissing
from trivet.storage.names import check_folder, check_name
from trivet.storage.storage import CHUNK, FileState, Storage

__all__ = ["LocalStorage"]


class LocalStorage(Storage):
    """Files below `folder`, beside the file that says so; it is made with the first file.

    A file is written beside its place under a hidden name, flushed to the disk, and renamed. Files
    get `file_mode` and folders `folder_mode`, whatever the process's mask is: the owner writes, the
    group reads, nobody else does. Links that lead out of the folder are not followed. All work is
    done on worker threads. Raises `SetupError` where `folder` is something else.
    """

    def __init__(
        self, folder: str | Path = "media", *, file_mode: int = 0o640, folder_mode: int = 0o750
    ) -> None:
        beside = Path(sys._getframe(1).f_globals.get("__file__") or "main.py").resolve().parent
        self.folder = beside / folder
        if self.folder.exists() and not self.folder.is_dir():
            raise SetupError(
                f"{str(self.folder)!r} is not a folder, and files are to be kept in it",
                code="storage.folder",
                mend='LocalStorage("media")',
            )
        self._file_mode = file_mode
        self._folder_mode = folder_mode

    def __repr__(self) -> str:
        return f"LocalStorage({str(self.folder)!r})"

    async def write(self, name: str, content: AsyncIterable[bytes], *, content_type: str) -> None:
        """Write a file as a whole; the type is in the name, and kept nowhere else."""
        check_name(name)
        fresh = _Fresh(self._file_mode)
        try:
            await run_in_thread(self._begin, name, fresh)
            async for chunk in content:
                await run_in_thread(fresh.write, chunk)
            await run_in_thread(fresh.finish)
        finally:
            await clean_in_thread(fresh.leave)

    async def open(self, name: str) -> AsyncIterator[bytes]:
        """Give the content in pieces of at most 256 KiB; the file is open while it is iterated."""
        await run_in_thread(self.find, name)
        return self._pieces(name)

    async def _pieces(self, name: str) -> AsyncIterator[bytes]:
        file = await run_in_thread(self._open, name)
        try:
            while chunk := await run_in_thread(file.read, CHUNK):
                yield chunk
        finally:
            file.close()  # nothing is buffered, so that it does not wait

    async def state(self, name: str) -> FileState | None:
        """Give what the file system knows."""
        try:
            _, found = await run_in_thread(self.find, name)
        except FileMissing as error:
            if isinstance(error, BadName):
                raise
            return None
        return FileState(
            found.st_size, found.st_mtime, entity_tag(found.st_mtime_ns, found.st_size)
        )

    async def delete(self, name: str) -> bool:
        """Delete a file; tells whether there was one. Folders stay."""
        return await run_in_thread(self._delete, name)

    async def list(self, prefix: str = "") -> AsyncIterator[str]:
        """Give the names in a folder and below it; links to folders are not followed."""
        async for name in iterate_in_thread(self._names(check_folder(prefix))):
            yield name

    def find(self, name: str) -> tuple[str, os.stat_result]:
        """Give the path and the state of a file; raises `FileMissing`. Blocks."""
        path = self._place(name)
        try:
            found = os.stat(path)
        except OSError as error:
            raise FileMissing(name) from error
        if not stat.S_ISREG(found.st_mode):
            raise FileMissing(name)
        return path, found

    def _place(self, name: str, *, follows: bool = True) -> str:
        """Give the path of a name; raises `BadName` where it really leads out of the folder.

        Not `follows`: the last piece is meant itself, though it may be a link.
        """
        root = os.path.realpath(self.folder)
        path = os.path.join(root, *check_name(name).split("/"))
        if follows:
            real = os.path.realpath(path)
        else:
            real = os.path.join(os.path.realpath(os.path.dirname(path)), os.path.basename(path))
        if not real.startswith(root.rstrip(os.sep) + os.sep):
            raise BadName(name, "a link on its way leads out of the folder")
        return real

    def _begin(self, name: str, fresh: _Fresh) -> None:
        place = self._place(name, follows=False)
        if os.path.isdir(place):
            raise BadName(name, "a folder is called so")
        self._make_folders(os.path.dirname(place), name)
        fresh.begin(place)

    def _make_folders(self, path: str, name: str) -> None:
        missing = []
        while not os.path.isdir(path):
            missing.append(path)
            path = os.path.dirname(path)
        for one in reversed(missing):
            try:
                os.mkdir(one)
            except FileExistsError as error:
                if not os.path.isdir(one):
                    raise BadName(name, "a file is called as one of its folders") from error
                continue  # somebody made it meanwhile
            except NotADirectoryError as error:
                raise BadName(name, "a file is called as one of its folders") from error
            os.chmod(one, self._folder_mode)

    def _open(self, name: str) -> BinaryIO:
        path, _ = self.find(name)
        # Where another put a link there since it was looked at, it is not followed.
        flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
        try:
            return os.fdopen(os.open(path, flags), "rb", buffering=0)
        except OSError as error:
            raise FileMissing(name) from error

    def _delete(self, name: str) -> bool:
        try:
            os.unlink(self._place(name, follows=False))
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError, PermissionError) as error:
            if isinstance(error, PermissionError) and not os.path.isdir(self._place(name)):
                raise
            return False
        return True

    def _names(self, folder: str) -> Iterator[str]:
        root = self.folder
        for path, folders, files in os.walk(root / folder):
            folders[:] = sorted(one for one in folders if not one.startswith("."))
            for file in sorted(files):
                name = Path(path, file).relative_to(root).as_posix()
                with suppress(FileMissing):
                    self.find(name)
                    yield name


class _Fresh:
    """A file that is being written, under a hidden name until it is whole. Blocks."""

    def __init__(self, mode: int) -> None:
        self._mode = mode
        self._place = ""
        self._path: str | None = None
        self._file: BinaryIO | None = None

    def begin(self, place: str) -> None:
        """Open the hidden file beside its place."""
        self._place = place
        path = os.path.join(os.path.dirname(place), f".{secrets.token_hex(8)}.part")
        # Nobody else can read it before it is whole, and nobody's link is written through.
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
        handle = os.open(path, flags | getattr(os, "O_BINARY", 0), 0o600)
        self._path = path
        self._file = os.fdopen(handle, "wb")

    def write(self, chunk: bytes) -> None:
        assert self._file is not None
        self._file.write(chunk)

    def finish(self) -> None:
        """Put the file into its place: first its bytes are on the disk, then its name is."""
        assert self._path is not None
        assert self._file is not None
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        os.chmod(self._path, self._mode)
        os.replace(self._path, self._place)
        self._path = None

    def leave(self) -> None:
        """Close, and take away what is not finished."""
        if self._file is not None:
            self._file.close()
        if self._path is not None:
            with suppress(FileNotFoundError):
                os.unlink(self._path)
