"""Files in a bucket: S3 and what speaks its language, Google Cloud Storage, Azure; by obstore.

Its errors are translated here, and nowhere else. Names go into the bucket as they are.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import timedelta
from importlib import import_module
from typing import Any

from pydantic import SecretStr

from trivet.errors import MissingExtraError, SetupError
from trivet.http.conditional import entity_tag
from trivet.storage.errors import FileMissing, StorageAway
from trivet.storage.names import check_folder, check_name
from trivet.storage.showing import disposition_of
from trivet.storage.storage import CHUNK, FileState, Storage

__all__ = ["BucketStorage"]

_PART = 5 * 1024 * 1024  # bytes; the least that a part of an S3 upload may have
_AT_ONCE = 2  # parts on their way; more would be more memory for each upload


class BucketStorage(Storage):
    """Files in a bucket: ``BucketStorage("s3://photos", region="eu-central-1", …)``.

    Addresses begin with ``s3://``, ``gs://`` or ``az://``; `options` are obstore's for that store,
    of which secrets may be `SecretStr`. Without any, the provider's own variables and machine roles
    are used. In an address's place a store of obstore's is taken as it is. Up to 15 MB of an upload
    are in memory at once. Types that a browser must not show are marked for saving when they are
    written; what `url` is told of `filename` and `inline` a provider does not know.

    Raises `SetupError`, and `MissingExtraError` without obstore.
    """

    def __init__(self, store: Any, **options: Any) -> None:  # Any: obstore's own
        try:
            self._library: Any = import_module("obstore")  # Any: a module
            stores: Any = import_module("obstore.store")
            self._errors: Any = import_module("obstore.exceptions")
        except ImportError as error:
            raise MissingExtraError("obstore", "storage", what="BucketStorage") from error
        if isinstance(store, str):
            plain = {
                name: value.get_secret_value() if isinstance(value, SecretStr) else value
                for name, value in options.items()
            }
            try:
                store = stores.from_url(store, **plain)
            except (self._errors.BaseError, ValueError, TypeError) as error:
                # Not the library's words: it shows what it was given.
                raise SetupError(
                    f"obstore can make no store of {store.partition('://')[0] + '://…'!r} with"
                    f" the options {sorted(options)}",
                    code="storage.bucket",
                    mend='BucketStorage("s3://bucket", region="eu-central-1")',
                ) from error
        self.store = store
        self._can_sign = isinstance(store, stores.S3Store | stores.GCSStore | stores.AzureStore)

    def __repr__(self) -> str:
        return f"BucketStorage({type(self.store).__name__})"

    async def write(self, name: str, content: AsyncIterable[bytes], *, content_type: str) -> None:
        """Write a file as a whole, with its type; large ones in parts, two at once."""
        check_name(name)
        options: dict[str, Any] = {"max_concurrency": _AT_ONCE, "chunk_size": _PART}
        if self._can_sign:
            shown = disposition_of(content_type)
            options["attributes"] = {"Content-Type": content_type, "Content-Disposition": shown}
        # Where content itself fails, that error is told, and not what obstore makes of it.
        source = _Source(content)
        try:
            with self._translated(name):
                first = await source.first()
                if first is not None:
                    await self._library.put_async(self.store, name, first, **options)
                else:
                    await self._library.put_async(self.store, name, source, **options)
        except Exception:
            if source.error is not None:
                raise source.error from None
            raise

    async def open(self, name: str) -> AsyncIterator[bytes]:
        """Give the content in pieces."""
        check_name(name)
        with self._translated(name):
            found = await self._library.get_async(self.store, name)
        return self._pieces(name, found)

    async def _pieces(self, name: str, found: Any) -> AsyncIterator[bytes]:
        pieces = aiter(found.stream(min_chunk_size=CHUNK))
        while True:
            with self._translated(name):
                piece = await anext(pieces, None)
            if piece is None:
                return
            yield bytes(piece)

    async def state(self, name: str) -> FileState | None:
        """Give what the provider knows."""
        check_name(name)
        try:
            with self._translated(name):
                found = await self._library.head_async(self.store, name)
        except FileMissing:
            return None
        moment = found["last_modified"].timestamp()
        tag = found.get("e_tag") or entity_tag(moment, found["size"])
        return FileState(found["size"], moment, tag if tag.startswith(('"', "W/")) else f'"{tag}"')

    async def delete(self, name: str) -> bool:
        """Delete a file; providers do not say whether there was one."""
        check_name(name)
        try:
            with self._translated(name):
                await self._library.delete_async(self.store, name)
        except FileMissing:
            return False
        return True

    async def list(self, prefix: str = "") -> AsyncIterator[str]:
        """Give the names in a folder and below it, fifty at a time."""
        pages = self._library.list(self.store, check_folder(prefix) or None)
        pages = aiter(pages)
        while True:
            with self._translated(prefix):
                page = await anext(pages, None)
            if page is None:
                return
            for one in page:
                yield one["path"]

    async def _url(self, name: str, expires: float, filename: str | None, inline: bool) -> str:
        if not self._can_sign:
            return await super()._url(name, expires, filename, inline)
        with self._translated(name):
            signed: str = await self._library.sign_async(
                self.store, "GET", name, timedelta(seconds=int(expires))
            )
        return signed

    @contextmanager
    def _translated(self, name: str) -> Iterator[None]:
        try:
            yield
        except (FileNotFoundError, self._errors.NotFoundError) as error:
            raise FileMissing(name) from error
        except (self._errors.BaseError, OSError) as error:
            # The library's words may hold addresses with signatures; they are in the cause.
            raise StorageAway(f"{self!r} failed for {name!r}: {type(error).__name__}") from error


class _Source:
    """Content for obstore: whole where it is small, in parts otherwise."""

    def __init__(self, content: AsyncIterable[bytes]) -> None:
        self._chunks = aiter(content)
        self._kept = b""
        self.error: BaseException | None = None

    async def first(self) -> bytes | None:
        """Give all content where it is less than a part, else None; what was read is kept."""
        kept = bytearray()
        while len(kept) < _PART:
            chunk = await self._next()
            if chunk is None:
                return bytes(kept)
            kept += chunk
        self._kept = bytes(kept)
        return None

    async def __aiter__(self) -> AsyncIterator[bytes]:
        kept, self._kept = self._kept, b""
        yield kept
        while (chunk := await self._next()) is not None:
            yield chunk

    async def _next(self) -> bytes | None:
        try:
            return await anext(self._chunks, None)
        except BaseException as error:
            self.error = error
            raise
