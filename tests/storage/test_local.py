"""The folder: permissions, links, what is there while a file is being written."""

from __future__ import annotations

import asyncio
import errno
import os
import stat
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from trivet.errors import SetupError
from trivet.storage import BadName, FileMissing, LocalStorage
from trivet.storage.storage import chunks_of


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "key.txt").write_text("secret")
    return tmp_path / "media"


@pytest.fixture
def storage(folder: Path) -> LocalStorage:
    return LocalStorage(folder)


async def put(storage: LocalStorage, name: str, content: bytes = b"x") -> None:
    await storage.write(name, chunks_of(content), content_type="text/plain")


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


async def test_files_and_folders_get_their_modes_whatever_the_mask_is(folder: Path) -> None:
    before = os.umask(0o077)
    try:
        await put(LocalStorage(folder), "a/b/c.txt")
        await put(LocalStorage(folder, file_mode=0o644, folder_mode=0o755), "d/e.txt")
    finally:
        os.umask(before)

    assert mode_of(folder) == mode_of(folder / "a" / "b") == 0o750
    assert mode_of(folder / "a" / "b" / "c.txt") == 0o640
    assert (mode_of(folder / "d"), mode_of(folder / "d" / "e.txt")) == (0o755, 0o644)


async def test_nothing_is_made_before_the_first_file(folder: Path, storage: LocalStorage) -> None:
    assert [name async for name in storage.list()] == []
    assert not await storage.exists("a.txt")

    assert names_in(folder) == []
    assert names_in(folder.parent) == ["secret"]


async def test_a_file_is_hidden_until_it_is_whole(folder: Path, storage: LocalStorage) -> None:
    seen: list[tuple[list[str], list[int]]] = []

    async def content() -> AsyncIterator[bytes]:
        yield b"one"
        listed = [name async for name in storage.list()]
        seen.append((listed, [mode_of(folder / name) for name in names_in(folder)]))
        yield b"two"

    await storage.write("a.txt", content(), content_type="text/plain")

    assert seen == [([], [0o600])]
    assert names_in(folder) == ["a.txt"]


async def test_a_link_out_of_the_folder_is_not_followed(
    folder: Path, storage: LocalStorage
) -> None:
    await put(storage, "a.txt")
    (folder / "out").symlink_to(folder.parent / "secret")
    (folder / "key.txt").symlink_to(folder.parent / "secret" / "key.txt")

    for name in ("out/key.txt", "key.txt"):
        with pytest.raises(BadName, match="leads out"):
            await storage.read(name)
        with pytest.raises(BadName):
            storage.find(name)
    with pytest.raises(BadName):
        await put(storage, "out/new/file.txt")
    with pytest.raises(BadName):
        await storage.delete("out/key.txt")
    assert [name async for name in storage.list()] == ["a.txt"]
    assert names_in(folder.parent / "secret") == ["key.txt"]


async def test_a_link_is_written_over_and_deleted_itself(
    folder: Path, storage: LocalStorage
) -> None:
    secret = folder.parent / "secret" / "key.txt"
    await put(storage, "a.txt")
    (folder / "key.txt").symlink_to(secret)
    (folder / "other.txt").symlink_to(secret)

    await put(storage, "key.txt", b"mine")
    await storage.delete("other.txt")

    assert secret.read_text() == "secret"
    assert not (folder / "key.txt").is_symlink()
    assert await storage.read("key.txt") == b"mine"


async def test_the_folder_itself_may_be_a_link(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    os.symlink(tmp_path / "disk", folder)
    storage = LocalStorage(folder)

    await put(storage, "a/b.txt")

    assert (tmp_path / "disk" / "a" / "b.txt").read_bytes() == b"x"
    assert [name async for name in storage.list("a")] == ["a/b.txt"]


async def test_what_is_no_ordinary_file_is_missing(folder: Path, storage: LocalStorage) -> None:
    await put(storage, "a/b.txt")
    os.mkfifo(folder / "pipe")

    for name in ("a", "pipe", "a/b.txt/c"):
        with pytest.raises(FileMissing):
            await storage.read(name)
        assert not await storage.delete(name) or name == "pipe"


async def test_a_file_and_a_folder_cannot_have_one_name(storage: LocalStorage) -> None:
    await put(storage, "a/b.txt")

    with pytest.raises(BadName, match="a folder is called so"):
        await put(storage, "a")
    with pytest.raises(BadName, match="a file is called as one of its folders"):
        await put(storage, "a/b.txt/c.txt")


def test_a_folder_is_looked_for_beside_the_file_that_says_so() -> None:
    assert LocalStorage("some-media").folder == Path(__file__).resolve().parent / "some-media"


def test_a_file_in_the_folder_s_place_is_an_error_at_once(tmp_path: Path) -> None:
    (tmp_path / "media").write_text("x")

    with pytest.raises(SetupError) as found:
        LocalStorage(tmp_path / "media")

    assert found.value.code == "storage.folder"


def test_a_killed_writer_leaves_no_file_that_anybody_sees(folder: Path) -> None:
    program = f"""
import asyncio, os
from trivet.storage import LocalStorage
async def content():
    yield b"half"
    os._exit(9)
asyncio.run(LocalStorage({str(folder)!r}).write("a.txt", content(), content_type="text/plain"))
"""

    done = subprocess.run([sys.executable, "-c", program], check=False, timeout=50)

    assert done.returncode == 9
    assert not (folder / "a.txt").exists()
    assert [name[0] for name in names_in(folder)] == ["."]


async def test_a_writer_that_is_cancelled_leaves_nothing(
    folder: Path, storage: LocalStorage
) -> None:
    begun = asyncio.Event()

    async def content() -> AsyncIterator[bytes]:
        yield b"half"
        begun.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(storage.write("a.txt", content(), content_type="text/plain"))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert names_in(folder) == []


async def test_a_disk_that_is_full_leaves_nothing(
    folder: Path, storage: LocalStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(handle: int) -> None:
        raise OSError(errno.ENOSPC, "no space left on device")

    monkeypatch.setattr("trivet.storage.local.os.fsync", fail)

    with pytest.raises(OSError, match="no space"):
        await put(storage, "a.txt")
    assert names_in(folder) == []


async def test_a_file_is_not_open_before_it_is_read(storage: LocalStorage) -> None:
    await put(storage, "a.txt")

    content = await storage.open("a.txt")
    await storage.delete("a.txt")

    with pytest.raises(FileMissing):
        await anext(content)
