"""`trivet client`: where the document is from, where the client goes, whether it is up to date."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.typed import Trivet, Write

APP = """
from trivet import App

app = App(title="Books", version="3")


@app.get("/books/{number}")
def read_book(number: int) -> list[str]:
    return []
"""
DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Elsewhere", "version": "1"},
    "paths": {"/a": {"get": {"operationId": "findA", "responses": {"204": {"description": ""}}}}},
}


def test_a_python_client_is_written_from_an_application(trivet: Trivet, write: Write) -> None:
    folder = write({"books.py": APP})

    done = trivet("--app", "books.py:app", "client", "python", "--out", "client.py")

    assert done.code == 0, done.err
    text = (folder / "client.py").read_text()
    assert "Made by `trivet client python --app books.py:app --out client.py`" in text
    assert "def read_book(self, number: int) -> list[str]:" in text


def test_a_folder_becomes_a_typed_package(trivet: Trivet, write: Write) -> None:
    folder = write({"books.py": APP})

    done = trivet("client", "python", "books.py", "--out", "clients/books")

    assert done.code == 0, done.err
    assert (folder / "clients/books/py.typed").read_text() == ""
    assert "class AsyncClient" in (folder / "clients/books/__init__.py").read_text()


def test_a_typescript_client_goes_to_standard_output(trivet: Trivet, write: Write) -> None:
    write({"books.py": APP})

    done = trivet("client", "typescript", "books.py")

    assert done.code == 0, done.err
    assert "export class Client" in done.out
    assert "readBook(" in done.out


@pytest.mark.parametrize("name", ["api.json", "api.yaml"])
def test_a_document_may_be_a_file_from_anywhere(trivet: Trivet, write: Write, name: str) -> None:
    write({name: json.dumps(DOCUMENT)})

    done = trivet("client", "python", "--document", name)

    assert done.code == 0, done.err
    assert "def find_a(self) -> None:" in done.out


def test_yaml_is_read_as_json_would_be(trivet: Trivet, write: Write) -> None:
    write(
        {
            "api.yml": "openapi: 3.1.0\ninfo: {title: T, version: 2026-01-02}\npaths:\n"
            "  /a:\n    get:\n      responses:\n        204: {description: nothing}\n"
        }
    )

    done = trivet("client", "python", "--document", "api.yml")

    assert done.code == 0, done.err
    assert "A client of T 2026-01-02." in done.out


def test_a_document_may_come_in(trivet: Trivet) -> None:
    done = trivet("client", "typescript", "--document", "-", text=json.dumps(DOCUMENT))

    assert done.code == 0, done.err
    assert "findA(" in done.out


def test_a_client_that_is_out_of_date_is_a_problem_and_stays(trivet: Trivet, write: Write) -> None:
    folder = write({"books.py": APP})
    words = ("client", "python", "books.py", "--out", "client.py")
    missing = trivet(*words, "--check")
    trivet(*words)
    fresh = trivet(*words, "--check")
    (folder / "client.py").write_text("old")
    stale = trivet(*words, "--check")

    assert (missing.code, fresh.code, stale.code) == (1, 0, 1)
    assert "Out of date: client.py" in stale.err
    assert (folder / "client.py").read_text() == "old"


def test_folders_of_the_machine_are_not_in_the_client(
    trivet: Trivet, write: Write, tmp_path: Path
) -> None:
    folder = write({"api.json": json.dumps(DOCUMENT)})

    done = trivet("client", "python", "--document", str(folder / "api.json"))

    assert str(tmp_path) not in done.out
    assert "--document api.json" in done.out


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{", "cli.document"),
        ('{"swagger": "2.0"}', "clients.document"),
        (
            json.dumps(DOCUMENT).replace(
                '{"204": {"description": ""}}', '{"200": {"$ref": "#/x"}}'
            ),
            "clients.reference",
        ),
    ],
)
def test_what_cannot_be_read_says_why(trivet: Trivet, write: Write, text: str, code: str) -> None:
    write({"api.json": text})

    done = trivet("client", "python", "--document", "api.json")

    assert done.code == 3
    assert code in done.err
    assert "What to do:" in done.err


def test_a_file_that_is_not_there_says_so(trivet: Trivet) -> None:
    done = trivet("client", "python", "--document", "nowhere.json")

    assert done.code == 3
    assert "cli.document" in done.err


@pytest.mark.parametrize(
    "words",
    [
        ["client"],
        ["client", "cobol"],
        ["client", "python", "--check"],
        ["client", "python", "main.py", "--document", "api.json"],
    ],
)
def test_what_is_typed_wrongly_ends_with_2(trivet: Trivet, words: list[str]) -> None:
    done = trivet(*words)

    assert done.code == 2
    assert "Error" in done.err
