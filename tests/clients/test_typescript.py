"""Written TypeScript clients: strict for the compiler, and run by Node against a live server."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from trivet.clients.reading import read
from trivet.clients.typescript.writing import TAKEN, write_typescript

SCRIPT = Path(__file__).parent / "everything_run.ts"
OPTIONS = [
    "--strict", "--noUnusedLocals", "--exactOptionalPropertyTypes", "--target", "es2022",
    "--lib", "es2022,dom,dom.iterable", "--module", "es2022", "--moduleResolution", "node",
]  # fmt: skip

Compile = Callable[..., Path]


@pytest.fixture
def compiled(tsc: str, tmp_path: Path) -> Compile:
    """Give a function that writes a client of a document, compiles it and gives its folder."""

    def compile_it(document: Any, *beside: Path) -> Path:
        text = write_typescript(read(document, TAKEN), "trivet client typescript")
        (tmp_path / "client.ts").write_text(text)
        (tmp_path / "package.json").write_text('{"type": "module"}')
        for file in beside:
            shutil.copy(file, tmp_path)
        files = ["client.ts", *(file.name for file in beside)]
        done = subprocess.run(
            [tsc, *OPTIONS, *files], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout
        return tmp_path

    return compile_it


@pytest.fixture
def ran(compiled: Compile, node: str, document: dict[str, Any], server: str) -> dict[str, Any]:
    """Give what the script beside this file said of the live server."""
    folder = compiled(document, SCRIPT)
    done = subprocess.run(
        [node, "everything_run.js", server],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=50,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.slow
def test_a_client_does_what_its_operations_say(ran: dict[str, Any]) -> None:
    assert ran["values"] == {
        "number": 7, "words": "a b ü?", "day": "2026-03-04", "colours": ["red", "dark-blue"],
        "big": True, "size": 2, "x_token": "t", "x_many": [1], "flavour": "mint",
        "from": "here",
    }  # fmt: skip
    assert ran["tree"] == "c"
    assert ran["pet"] == {"kind": "dog", "class": "poodle"}
    assert ran["form"] == {"name": "a & b", "tags": ["x", "y"]}
    assert ran["upload"] == {
        "files": [["1.txt", "text/plain", "one"]], "title": "t", "raw": None,
    }  # fmt: skip
    assert ran["who"] == ["secret", "ann password", "key"]
    assert ran["trees"] == ["oak", "élm", "fir"]
    assert ran["events"] == ["tree 0\nwith two lines", "tree 1\nwith two lines"]
    assert ran["plain"] == [{"data": "one\ntwo", "event": "told", "id": "7", "retry": 10}]
    assert ran["file"] == "abab"
    assert ran["text"] == "just text"
    assert ran["gone"] is None
    assert ran["raw"] == [0, 1]
    assert ran["conflict"] == ["Conflict", 409, {"detail": "nothing is free"}]
    assert ran["invalid"] == ["ValidationFailed", ["body", "price"]]
    assert ran["unauthorized"] == ["Unauthorized", 401]
    assert ran["left"] == 1
    assert ran["stopped"] == "AbortError"
    assert ran["elsewhere"] == "TypeError"


def test_a_document_gives_one_text(document: dict[str, Any]) -> None:
    texts = {write_typescript(read(document, TAKEN), "x") for _ in range(2)}

    assert len(texts) == 1
    assert "Made by `x`" in texts.pop()
