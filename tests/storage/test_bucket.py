"""Buckets: a provider's own links, how files are marked, and what is told where it fails."""

from __future__ import annotations

import sys
from datetime import timedelta
from importlib import import_module

import pytest
from pydantic import SecretStr

from tests.storage.conftest import SECRET
from trivet.errors import MissingExtraError, SetupError
from trivet.storage import BucketStorage, StorageAway

httpx2 = import_module("httpx2")


async def test_a_signed_link_of_the_provider_gives_the_file(bucket: BucketStorage) -> None:
    file = await bucket.save(b"\x89PNG\r\n\x1a\n", filename="a.png")

    answer = httpx2.get(await bucket.url(file.name, expires=60))

    assert answer.content == b"\x89PNG\r\n\x1a\n"
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["content-disposition"] == "inline"


async def test_what_can_carry_scripts_is_marked_for_saving(bucket: BucketStorage) -> None:
    file = await bucket.save(b"<svg><script>alert(1)</script></svg>", filename="a.svg")

    answer = httpx2.get(await bucket.url(file.name))

    assert answer.headers["content-type"] == "image/svg+xml"
    assert answer.headers["content-disposition"] == "attachment"


async def test_a_server_that_is_away_is_told_without_secrets() -> None:
    away = BucketStorage(
        "s3://photos",
        endpoint="http://127.0.0.1:9",
        region="us-east-1",
        access_key_id="tester",
        secret_access_key=SecretStr(SECRET),
        client_options={"allow_http": True},
        retry_config={"max_retries": 0, "retry_timeout": timedelta(seconds=1)},
    )

    with pytest.raises(StorageAway) as found:
        await away.read("a.txt")

    assert SECRET not in f"{found.value}{found.value.__cause__}{away!r}"


def test_options_that_are_none_are_an_error_without_secrets() -> None:
    with pytest.raises(SetupError) as found:
        BucketStorage("s3://photos", secret_access_key=SECRET, bogus="1")

    assert found.value.code == "storage.bucket"
    assert "'bogus'" in str(found.value)
    assert SECRET not in f"{found.value}{found.value.__cause__}"


def test_without_obstore_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "obstore", None)

    with pytest.raises(MissingExtraError, match=r"trivet\[storage\]"):
        BucketStorage("s3://photos")
