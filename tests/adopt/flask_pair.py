"""A Flask application and the file that was written for it, side by side in one process."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from trivet.adopt import Kind, write
from trivet.adopt.flask import adopt_flask
from trivet.testing import TestClient

HEADERS = ("content-type", "location", "x-kind", "cache-control", "allow")
HEAD = (
    "from flask import Blueprint, Flask, Response, abort, g, jsonify, make_response, redirect\n"
    "from flask import render_template, request, session, url_for\n"
)


class Pair:
    """Asks both the same."""

    def __init__(self, flask: Any, trivet: Any, kinds: dict[str, Kind], text: str) -> None:
        self._flask, self._trivet = flask, trivet
        self.kinds, self.text = kinds, text

    def asked(self, method: str, path: str, **sent: Any) -> tuple[Any, Any]:
        """Give both answers: status, body and headers."""
        one = self._flask.open(path, method=method, **sent)
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
        if "json" in before[2]["content-type"] and before[1] != after[1]:
            assert (before[0], before[2]) == (after[0], after[2])
            assert importlib.import_module("json").loads(before[1]) == (
                importlib.import_module("json").loads(after[1])
            )
            return int(before[0])
        assert after == before, (method, path, sent)
        return int(before[0])


def _headers(given: Any) -> dict[str, str]:
    found = {name.lower(): value for name, value in given.items()}
    allow = sorted(found.get("allow", "").replace(" ", "").split(","))
    return {name: found.get(name, "") for name in HEADERS} | {"allow": ",".join(allow)}


@contextmanager
def pair(folder: Path, code: str, **files: str) -> Iterator[Pair]:
    """Write a project, take it over, and load both applications.

    `files` are more modules; those with a slash or another ending are named by their whole path.
    """
    (folder / "app.py").write_text(HEAD + code)
    for name, text in files.items():
        path = folder / (name if "." in name else f"{name}.py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    adoption = adopt_flask(folder)
    write(adoption, force=True)
    kinds = {
        note.what.split(":")[0].split(" ")[0]: note.kind
        for note in adoption.notes
        if note.kind in (Kind.REWRITTEN, Kind.STAYS)
    }
    names = {"app", "trivet_app", *files}
    sys.path.insert(0, str(folder))
    importlib.invalidate_caches()
    before = {name: sys.modules.pop(name) for name in names if name in sys.modules}
    try:
        served = importlib.import_module("trivet_app").app
        flask = importlib.import_module("app").app
        client = TestClient(
            served, base_url="http://localhost", follow_redirects=False,
            raise_server_exceptions=False,
        )  # fmt: skip
        yield Pair(flask.test_client(), client, kinds, (folder / "trivet_app.py").read_text())
    finally:
        sys.path.remove(str(folder))
        for name in names:
            sys.modules.pop(name, None)
        sys.modules.update(before)
