"""Views of Django's that move: each request is answered as Django itself answers it, or stays."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.adopt.running import project, said_by
from trivet.adopt import Adoption, Kind, write
from trivet.adopt.django import adopt_django

KEY = "5b4f5d0e-6a0e-4a34-9d1a-1a2b3c4d5e6f"
PATHS = [
    "/", "/about", "/about/", "/version/", "/version", "/old/", "/moved/", "/away/", "/teapot/",
    "/trace/", "/method/", "/soon/", "/years/2024/", "/years/1999/", "/years/24/", "/years/20245/",
    "/years/2024", "/shop/", "/shop", "/shop/?name=bo", "/shop/?name=x%FF&name=b&name=",
    "/shop/?name=%3Cb%3E", "/shop/1/", "/shop/2/", "/shop/9/", "/shop/1", "/shop/-1/",
    "/shop/one/", "/shop/%D9%A3/", "/shop/123456789012345678901234567890/", "/shop/1/a-b_C/",
    "/shop/9/a/", "/shop/1/a.b/", "/shop/1/%C3%A9/", "/shop/by/J%C3%BCrgen/", "/shop/by/a%2Fb/",
    "/shop/by/ann/?kind=", "/shop/by/ann/?kind=x&kind=y", "/shop/by//", f"/shop/copies/{KEY}/",
    f"/shop/copies/{KEY}/?plain=1", f"/shop/copies/{KEY.upper()}/",
    f"/shop/copies/{KEY.replace('-', '')}/", f"/shop/copies/{KEY}", "/api/v1/shelf/",
    "/api/v1/shelf", "/api/v1/status/", "/api/v2/shelf/", "/checked/", "/visits/", "/number/?n=2",
    "/listed/", "/given/", "/files/a/b", "/hello/", "/later/", "/nothing/at/all", "//", "/docs",
    "/openapi.json",
]  # fmt: skip
ASKED = f"""
import json, logging, os
logging.disable(logging.CRITICAL)
os.environ["DJANGO_SETTINGS_MODULE"] = "library.settings"
from trivet.testing import TestClient
paths = {PATHS!r}
methods = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "DELETE")
asked = [(method, path, {{}}) for path in paths for method in methods]
asked += [("GET", "/trace/", {{"X-Trace": "äb"}}), ("GET", "/trace/", {{"X_Trace": "ab"}})]
def answers(app, base):
    client = TestClient(app, base_url=base, follow_redirects=False)
    found = []
    for method, path, headers in asked:
        if base.startswith("https") and method != "GET":
            continue
        headers = {{name: value.encode("latin-1") for name, value in headers.items()}}
        one = client.request(method, path, headers=headers)
        sent = sorted((name, value.split("=")[0] if name == "set-cookie" else value)
                      for name, value in one.headers.multi_items())
        found.append([method, path, one.status_code, one.text, sent])
    twice = client.get("/trace/", headers=[("X-Trace", "a"), ("x-trace", "b")])
    return [*found, twice.text]
"""
BEFORE = """
from django.core.asgi import get_asgi_application
app = get_asgi_application()
"""
AFTER = """
from trivet_app import app
"""
BOTH = """
print(json.dumps([answers(app, base) for base in ("http://testserver", "https://testserver")]))
"""


def adopted(folder: Path, **settings: str) -> tuple[Path, Adoption]:
    """A copy of the library, with lines of its settings replaced, adopted."""
    root = project("library", folder)
    file = root / "library" / "settings.py"
    lines = file.read_text()
    for name, value in settings.items():
        lines += f"{name} = {value}\n"
    file.write_text(lines)
    adoption = adopt_django(root)
    write(adoption, force=True)
    return root, adoption


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Adoption]:
    return adopted(tmp_path_factory.mktemp("library"))


def told(adoption: Adoption, kind: Kind) -> dict[str, str]:
    """Give notes of a kind: an address, or the first word, → what is said of it."""
    found = {}
    for note in adoption.notes:
        if note.kind is kind:
            first, _, rest = note.what.partition(" ")
            found[first] = rest
    return found


def test_every_request_is_answered_as_by_django(library: tuple[Path, Adoption]) -> None:
    root, _ = library

    before = said_by(ASKED + BEFORE + BOTH, root)
    after = said_by(ASKED + AFTER + BOTH, root)

    for ours, theirs in zip(after, before, strict=True):
        for mine, original in zip(ours, theirs, strict=True):
            assert mine == original
    statuses = {one[2] for one in before[0][:-1]}
    assert {200, 201, 301, 302, 400, 403, 404, 405, 418, 500} <= statuses
