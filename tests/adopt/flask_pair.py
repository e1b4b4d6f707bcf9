"""A Flask application and the file that was written for it, side by side in one process."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from trivet.adopt import Kind, write
from trivet.adopt.adoption import Adoption
from trivet.adopt.flask import adopt_flask
from trivet.adopt.report import Note
from trivet.testing import TestClient

HEADERS = ("content-type", "location", "x-kind", "cache-control", "allow")
HEAD = (
    "from flask import Blueprint, Flask, Response, abort, g, jsonify, make_response, redirect\n"
    "from flask import render_template, request, session, url_for\n"
)


class Pair:
    """Asks both the same."""

    def __init__(self, flask: Any, trivet: Any, notes: Sequence[Note], text: str) -> None:
        self._flask, self._trivet = flask.test_client(use_cookies=False), trivet
        self._root = ""
        self.kinds = {name: note.kind for name, note in _told(notes).items()}
        self.why = {name: note.what for name, note in _told(notes).items()}
        self.text = text

    def root_path(self, root: str) -> None:
        """Put both below a path, as a server does that is told so."""
        self._root = root
        self._trivet = _client(self._trivet.app, root)

    def asked(self, method: str, path: str, **sent: Any) -> tuple[Any, Any]:
        """Give both answers: status, body and headers."""
        where = {"base_url": f"http://localhost{self._root}"} if self._root else {}
        one = self._flask.open(path.removeprefix(self._root), method=method, **where, **sent)
        body = {"content": sent["data"]} if "data" in sent else {}
        headers = dict(sent.get("headers", {}))
        if "content_type" in sent:
            headers["content-type"] = sent["content_type"]
        other = self._trivet.request(method, path, headers=headers, **body)
        return (
            (one.status_code, one.data, _headers(one.headers)),
            (other.status_code, other.content, _headers(other.headers)),
        )

    def same(self, method: str, path: str, **sent: Any) -> int:
        """Fail where two answers are not the same; gives their status."""
        before, after = self.asked(method, path, **sent)
        assert (after[0], after[2]) == (before[0], before[2]), (method, path, sent)
        is_json = "json" in before[2]["content-type"] and before[1] and after[1]
        if is_json:  # Flask sorts its names, and ends it with a line
            assert repr(json.loads(after[1])) == repr(_sorted(json.loads(before[1]), after[1]))
        else:
            assert after[1] == before[1], (method, path, sent)
        return int(before[0])


def _sorted(value: Any, like: bytes) -> Any:
    """Give a value with its names in the order of another's text."""
    other = json.loads(like)
    if isinstance(value, dict) and isinstance(other, dict) and value.keys() == other.keys():
        return {name: value[name] for name in other}
    return value


def _headers(given: Any) -> dict[str, str]:
    found = {name.lower(): value for name, value in given.items()}
    allow = sorted(found.get("allow", "").replace(" ", "").split(","))
    return {name: found.get(name, "") for name in HEADERS} | {"allow": ",".join(allow)}


def why_stays(folder: Path, code: str, view: str, **files: str) -> str:
    """Give why a view of a project stays; nothing is written."""
    note = _told(_adoption(folder, code, files).notes)[view]
    assert note.kind is Kind.STAYS, note.what
    return note.what


def _adoption(folder: Path, code: str, files: dict[str, str]) -> Adoption:
    (folder / "app.py").write_text(HEAD + code)
    for name, text in files.items():
        path = folder / (name if "." in name else f"{name}.py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return adopt_flask(folder)


def _told(notes: Sequence[Note]) -> dict[str, Note]:
    """Give what is said of each view."""
    kinds = (Kind.REWRITTEN, Kind.STAYS)
    told = [note for note in notes if note.kind in kinds]
    return {note.what.split(":")[0].split(" ")[0]: note for note in told}


def _client(app: Any, root: str = "") -> TestClient:
    return TestClient(
        app, base_url="http://localhost", follow_redirects=False, raise_server_exceptions=False,
        root_path=root,
    )  # fmt: skip


@contextmanager
def pair(folder: Path, code: str, *, app_is: str = "app", **files: str) -> Iterator[Pair]:
    """Write a project, take it over, and load both applications.

    `files` are more modules; those with a slash or another ending are named by their whole path.
    """
    adoption = _adoption(folder, code, files)
    write(adoption, force=True)
    names = {"app", "trivet_app", *(name.split("/")[0] for name in files)}
    sys.path.insert(0, str(folder))
    importlib.invalidate_caches()
    before = {name: sys.modules.pop(name) for name in names if name in sys.modules}
    try:
        served = importlib.import_module("trivet_app").app
        flask = getattr(importlib.import_module("app"), app_is)
        text = (folder / "trivet_app.py").read_text()
        yield Pair(flask, _client(served), adoption.notes, text)
    finally:
        sys.path.remove(str(folder))
        for name in names:
            sys.modules.pop(name, None)
        sys.modules.update(before)
