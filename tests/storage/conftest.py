"""Storages of every kind, a server of S3's kind, and images to bring."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NoReturn
from uuid import uuid4

import pytest
from obstore.store import LocalStore, MemoryStore
from PIL import Image

from trivet.storage import BucketStorage, LocalStorage, MemoryStorage, Storage

SECRET = "a-secret-of-the-tests-0123456789-abcdefgh"
KINDS = ("local", "memory", "bucket-folder", "bucket-memory", "bucket-s3")


@pytest.fixture(scope="session")
def s3(missing: Callable[[str], NoReturn]) -> Iterator[str]:
    """Give the address of a server that speaks S3."""
    if find_spec("moto") is None:
        missing('moto is not installed (pip install "moto[s3], flask and flask-cors")')
    server: Any = import_module("moto.server").ThreadedMotoServer(
        ip_address="127.0.0.1", port=0, verbose=False
    )
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(s3: str) -> BucketStorage:
    """Give a storage in a fresh bucket of S3."""
    httpx2 = import_module("httpx2")
    name = f"photos-{uuid4().hex}"
    httpx2.put(f"{s3}/{name}").raise_for_status()
    return BucketStorage(
        f"s3://{name}",
        endpoint=s3,
        region="us-east-1",
        access_key_id="tester",
        secret_access_key=SECRET,
        client_options={"allow_http": True},
    )


@pytest.fixture(params=KINDS)
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    """Give a storage of each kind, empty."""
    kind = request.param
    if kind == "local":
        return LocalStorage(tmp_path / "media")
    if kind == "memory":
        return MemoryStorage()
    if kind == "bucket-folder":
        return BucketStorage(LocalStore(tmp_path / "bucket", mkdir=True))
    if kind == "bucket-memory":
        return BucketStorage(MemoryStore())
    found: Storage = request.getfixturevalue("bucket")
    return found


Make = Callable[..., bytes]


@pytest.fixture(scope="session")
def picture() -> Make:
    """Give a function that makes an image as bytes; `options` are Pillow's for the format."""

    def made(format: str = "PNG", size: tuple[int, int] = (60, 30), **options: Any) -> bytes:
        file = io.BytesIO()
        mode = options.pop("mode", "RGB")
        Image.new(mode, size, options.pop("color", "red")).save(file, format, **options)
        return file.getvalue()

    return made
