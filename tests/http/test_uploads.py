"""Uploaded files: what a handler gets, and what the document says of it."""

from __future__ import annotations

from typing import Annotated

import pytest
from pydantic import TypeAdapter, ValidationError

from trivet import App, File, UploadFile
from trivet.testing import TestClient

app = App()
seen: list[UploadFile] = []


@app.post("/one")
async def one(file: UploadFile) -> dict[str, object]:
    seen.append(file)
    content = await file.read()
    return {"name": file.filename, "type": file.content_type, "size": file.size, "is": content}


@app.post("/sync")
def sync(file: UploadFile) -> int:
    return len(file.file.read())


@app.post("/many")
async def many(files: list[UploadFile], small: Annotated[bytes, File()] = b"none") -> list[object]:
    return [[file.filename for file in files], small]


client = TestClient(app)


def test_a_file_has_its_name_type_size_and_content() -> None:
    answer = client.post("/one", files={"file": ("é.txt", b"abc", "text/x-own")})

    assert answer.json() == {"name": "é.txt", "type": "text/x-own", "size": 3, "is": "abc"}


def test_files_are_closed_after_the_answer() -> None:
    seen.clear()

    client.post("/one", files={"file": ("a", b"abc")})

    assert seen[0].file.closed


def test_a_large_file_is_read_by_a_sync_handler_too() -> None:
    assert client.post("/sync", files={"file": ("a", b"x" * 3_000_000)}).json() == 3_000_000


def test_several_files_and_bytes_beside_them() -> None:
    files = [("files", ("a", b"1")), ("files", ("b", b"2")), ("small", ("c", b"3"))]

    assert client.post("/many", files=files).json() == [["a", "b"], "3"]


def test_a_field_without_a_chosen_file_is_missing() -> None:
    answer = client.post("/one", files={"file": ("", b"")})

    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["body", "file"]


def test_text_is_no_file() -> None:
    assert client.post("/one", data={"file": "text"}).status_code == 422
    with pytest.raises(ValidationError, match="Expected UploadFile"):
        TypeAdapter(UploadFile).validate_python("text")


def test_the_document_shows_binary_content() -> None:
    assert TypeAdapter(UploadFile).json_schema() == {
        "type": "string",
        "contentMediaType": "application/octet-stream",
    }
