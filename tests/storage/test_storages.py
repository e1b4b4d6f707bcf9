"""What every storage does alike: a folder, memory, and buckets of three kinds."""

from __future__ import annotations

import asyncio
import io
import re
from collections.abc import AsyncIterator
from hashlib import sha256

import pytest
from starlette.datastructures import Headers

from trivet import App, UploadFile
from trivet.errors import SetupError
from trivet.storage import BadName, FileMissing, FileTooLarge, Media, Storage
from trivet.storage.storage import chunks_of

LARGE = b"0123456789abcdef" * (400 * 1024)  # 6.25 MiB: a bucket takes it in two parts


def upload(content: bytes, filename: str, content_type: str = "image/png") -> UploadFile:
    return UploadFile(
        io.BytesIO(content),
        size=len(content),
        filename=filename,
        headers=Headers({"content-type": content_type}),
    )


async def pieces(*given: bytes) -> AsyncIterator[bytes]:
    for one in given:
        yield one


async def broken() -> AsyncIterator[bytes]:
    yield LARGE
    raise ConnectionError("the client has left")


async def put(storage: Storage, name: str, content: bytes) -> None:
    await storage.write(name, chunks_of(content), content_type="text/plain")


async def names(storage: Storage, prefix: str = "") -> set[str]:
    return {name async for name in storage.list(prefix)}


async def test_what_is_saved_is_read_again(storage: Storage) -> None:
    file = await storage.save(b"hello", filename="Greeting.TXT")

    assert await storage.read(file.name) == b"hello"
    assert (file.size, file.content_type, file.filename) == (5, "text/plain", "Greeting.TXT")
    assert file.checksum == sha256(b"hello").hexdigest()


async def test_an_upload_is_saved_from_its_start_with_its_own_name(storage: Storage) -> None:
    given = upload(b"%PDF-1.7 and more", "report.pdf", "application/pdf")
    await given.read(9)

    file = await storage.save(given)

    assert await storage.read(file.name) == b"%PDF-1.7 and more"
    assert (file.content_type, file.filename) == ("application/pdf", "report.pdf")


async def test_a_stream_is_saved_in_its_order(storage: Storage) -> None:
    file = await storage.save(pieces(b"one ", b"", b"two ", b"three"))

    assert await storage.read(file.name) == b"one two three"
    assert file.size == 13


async def test_a_large_file_comes_back_as_it_was(storage: Storage) -> None:
    file = await storage.save(LARGE, filename="large.txt")

    read = [len(piece) async for piece in await storage.open(file.name)]

    assert sum(read) == len(LARGE)
    assert len(read) > 1 or len(LARGE) in read
    assert sha256(await storage.read(file.name)).hexdigest() == file.checksum


async def test_an_empty_file_is_a_file(storage: Storage) -> None:
    file = await storage.save(b"")

    assert await storage.read(file.name) == b""
    assert await storage.size(file.name) == 0


async def test_names_are_made_by_us_and_never_twice(storage: Storage) -> None:
    one, two = [await storage.save(b"x", filename="../../etc/passwd") for _ in range(2)]

    assert one.name != two.name
    assert re.fullmatch(r"\d{4}/\d\d/[0-9a-f]{32}\.txt", one.name)
    assert one.filename == "passwd"


async def test_folder_and_date_are_as_wanted(storage: Storage) -> None:
    file = await storage.save(b"x", folder="covers/small", dated=False)

    assert re.fullmatch(r"covers/small/[0-9a-f]{32}\.txt", file.name)


async def test_what_is_larger_than_allowed_is_refused_and_not_kept(storage: Storage) -> None:
    with pytest.raises(FileTooLarge) as found:
        await storage.save(pieces(LARGE, LARGE), max_size=len(LARGE) + 1)

    assert found.value.status_code == 413
    assert await names(storage) == set()


async def test_what_fails_half_way_leaves_nothing(storage: Storage) -> None:
    with pytest.raises(ConnectionError, match="has left"):
        await storage.save(broken())

    assert await names(storage) == set()


async def test_what_fails_half_way_leaves_the_file_before_it(storage: Storage) -> None:
    await put(storage, "a/page.txt", b"before")

    with pytest.raises(ConnectionError):
        await storage.write("a/page.txt", broken(), content_type="text/plain")

    assert await storage.read("a/page.txt") == b"before"


async def test_a_file_is_written_in_place_of_another(storage: Storage) -> None:
    await put(storage, "a/page.txt", b"before")
    before = await storage.state("a/page.txt")

    await put(storage, "a/page.txt", b"after!!")

    after = await storage.state("a/page.txt")
    assert await storage.read("a/page.txt") == b"after!!"
    assert before is not None
    assert after is not None
    assert before.etag != after.etag


async def test_many_write_one_name_and_one_of_them_is_there(storage: Storage) -> None:
    contents = [bytes([65 + n]) * 100_000 for n in range(8)]

    await asyncio.gather(*(put(storage, "a/one.txt", content) for content in contents))

    assert await storage.read("a/one.txt") in contents
    assert await names(storage) == {"a/one.txt"}


async def test_what_is_read_may_be_bounded(storage: Storage) -> None:
    await put(storage, "a.txt", b"12345")

    assert await storage.read("a.txt", max_size=5) == b"12345"
    with pytest.raises(FileTooLarge):
        await storage.read("a.txt", max_size=4)


async def test_what_is_not_there_is_missing(storage: Storage) -> None:
    assert not await storage.exists("a/b.txt")
    assert await storage.state("a/b.txt") is None
    for call in (storage.read, storage.size, storage.open):
        with pytest.raises(FileMissing) as found:
            await call("a/b.txt")
        assert found.value.status_code == 404
        assert "a/b" not in str(found.value.detail)


async def test_a_folder_is_no_file(storage: Storage) -> None:
    await put(storage, "a/b/c.txt", b"x")

    assert not await storage.exists("a/b")
    with pytest.raises(FileMissing):
        await storage.read("a/b")


async def test_what_is_deleted_is_gone(storage: Storage) -> None:
    await put(storage, "a/b.txt", b"x")

    assert await storage.delete("a/b.txt")
    await storage.delete("a/b.txt")  # once more does no harm

    assert not await storage.exists("a/b.txt")


async def test_names_are_listed_by_their_folder(storage: Storage) -> None:
    for name in ("a/1.txt", "a/b/2.txt", "ab/3.txt", "4.txt"):
        await put(storage, name, b"x")

    assert await names(storage) == {"a/1.txt", "a/b/2.txt", "ab/3.txt", "4.txt"}
    assert await names(storage, "a") == {"a/1.txt", "a/b/2.txt"}
    assert await names(storage, "a/") == {"a/1.txt", "a/b/2.txt"}
    assert await names(storage, "nowhere") == set()


async def test_names_of_every_alphabet_are_kept(storage: Storage) -> None:
    name = "фото/Straße 100% ü+&=#1.txt"

    await put(storage, name, b"x")

    assert await storage.read(name) == b"x"
    assert await names(storage, "фото") == {name}


@pytest.mark.parametrize(
    "name", ["", "../a", "a/../b", "/etc/passwd", "a\\b", "a\0b", "c:a", "nul"]
)
async def test_what_is_no_name_is_refused_by_all_methods(storage: Storage, name: str) -> None:
    for call in (
        storage.read, storage.open, storage.state, storage.exists, storage.size, storage.delete,
        storage.url,
    ):  # fmt: skip
        with pytest.raises(BadName):
            await call(name)
    with pytest.raises(BadName):
        await put(storage, name, b"x")
    with pytest.raises(BadName):
        await storage.save(b"x", folder=name or "..")


async def test_addresses_end_within_a_week(storage: Storage) -> None:
    for seconds in (0, -1, 7 * 24 * 3600 + 1):
        with pytest.raises(ValueError, match="a week"):
            await storage.url("a.txt", expires=seconds)


async def test_without_a_media_there_are_no_addresses_but_a_provider_s(storage: Storage) -> None:
    if "S3" in repr(storage):
        assert "X-Amz-Signature" in await storage.url("a.txt")
        return
    with pytest.raises(SetupError) as found:
        await storage.url("a.txt")

    assert found.value.code == "storage.no-media"


async def test_a_storage_is_served_at_one_path(storage: Storage) -> None:
    App().use(Media(storage, public=True))

    with pytest.raises(SetupError) as found:
        Media(storage, "/other", public=True)

    assert found.value.code == "storage.second-media"
