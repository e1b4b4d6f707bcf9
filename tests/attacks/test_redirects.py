"""Open redirects: whatever path is asked for, no answer leads to another host than was asked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from trivet import App, Request, Router
from trivet.security.redirects import redirect_back, redirect_to
from trivet.static import Static, StaticFiles
from trivet.testing import TestClient

_PATHS = [
    "//evil.example", "//evil.example/", "//evil.example/%2e%2e", "///evil.example/..",
    "/\\evil.example/", "/%5cevil.example/", "/%5c%5cevil.example/%2e%2e/",
    "/%2f%2fevil.example/", "/%2f/evil.example", "//evil.example//", "/.//evil.example/",
    "/%09/evil.example/", "/%0d%0alocation:%20https://evil.example/", "//evil.example%2f..",
    "/http://evil.example/", "/https:evil.example/", "//evil.example/folder",
    "/folder//evil.example/",
    "/folder/%2e%2e//evil.example",
    "//evil.example:80/items/", "/items//evil.example/",
    "/@evil.example/", "//user@evil.example/items/", "/items/", "/folder", "/;@evil.example/",
]  # fmt: skip


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "index.html").write_text("index")
    (tmp_path / "site.css").write_text("a {}")
    app = App()
    router = Router()

    @router.get("/items")
    async def items() -> str:
        return "items"

    @router.get("/{rest:path}/x/")
    async def anything(rest: str) -> str:
        return rest

    app.include_router(router)
    app.use(Static(tmp_path))
    app.mount("/mounted", StaticFiles(directory=tmp_path, html=True))
    app.mount("/", StaticFiles(directory=tmp_path, html=True))
    with TestClient(app, base_url="http://shop.test", follow_redirects=False) as found:
        yield found


@pytest.mark.parametrize("path", _PATHS)
@pytest.mark.parametrize("before", ["", "/mounted", "/static"])
def test_no_path_leads_elsewhere(client: TestClient, before: str, path: str) -> None:
    answer = client.get("http://shop.test" + before + path)

    location = answer.headers.get("location")
    if location is None:
        assert answer.status_code < 300 or answer.status_code >= 400
        return
    assert urlsplit(location).netloc in ("", "shop.test"), location
    assert not location.startswith(("//", "/\\", "/%5c")), location
    assert "\\" not in location


@pytest.mark.parametrize("path", _PATHS)
def test_no_value_leads_elsewhere(path: str) -> None:
    app = App()

    @app.get("/to")
    async def to(next: str) -> object:
        return redirect_to(next)

    with TestClient(app, base_url="http://shop.test", follow_redirects=False) as client:
        location = client.get("/to", params={"next": path}).headers["location"]

    assert location == "/" or (location.startswith("/") and not location.startswith(("//", "/\\")))
    assert urlsplit(location).netloc == ""


@pytest.mark.parametrize(
    "referer",
    [
        "http://shop.test.evil.example/", "http://shop.test@evil.example/", "http://shop.test:80@e/",
        "http://shop.test//evil.example/", "http://shop.test/\\evil.example", "//shop.test/",
        "http://shop.test", "javascript:alert(1)//http://shop.test/", "http://shop.test/%0a/evil",
    ],
)  # fmt: skip
def test_no_referer_leads_elsewhere(referer: str) -> None:
    app = App()

    @app.get("/back")
    async def back(request: Request) -> object:
        return redirect_back(request)

    with TestClient(app, base_url="http://shop.test", follow_redirects=False) as client:
        location = client.get("/back", headers={"referer": referer}).headers["location"]

    assert location == "/"
