"""Static: links with fingerprints, and how the files behind them are served."""

from __future__ import annotations

import gzip
import os
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from trivet import App, Part
from trivet.checks import Level
from trivet.errors import SetupError
from trivet.static import Static
from trivet.static.collecting import collect
from trivet.static.fingerprints import fingerprint, marked, unmarked
from trivet.testing import TestClient

STYLE = "body { color: teal }\n" * 50


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "static"
    (made / "css").mkdir(parents=True)
    (made / "css" / "site.css").write_text(STYLE)
    (made / "logo.svg").write_text("<svg/>")
    (tmp_path / "secret.txt").write_text("secret")
    return made


@pytest.fixture
def static(folder: Path) -> Static:
    return App().use(Static(folder))


def client_of(static: Static) -> TestClient:
    assert static._app is not None
    return TestClient(static._app)


def test_link_carries_a_fingerprint_of_the_content(static: Static, folder: Path) -> None:
    mark = fingerprint(folder / "css" / "site.css")

    assert static.url("css/site.css") == f"/static/css/site.{mark}.css"
    assert static.url("/css/site.css") == static.url("css/site.css")


def test_linked_file_is_kept_for_good(static: Static) -> None:
    answer = client_of(static).get(static.url("css/site.css"))

    assert answer.text == STYLE
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-type"] == "text/css; charset=utf-8"


def test_plain_name_is_asked_for_again(static: Static) -> None:
    client = client_of(static)
    answer = client.get("/static/css/site.css")

    assert (answer.text, answer.headers["cache-control"]) == (STYLE, "no-cache")
    again = client.get("/static/css/site.css", headers={"if-none-match": answer.headers["etag"]})
    assert (again.status_code, again.headers["cache-control"]) == (304, "no-cache")


def test_name_of_an_old_version_gives_the_new_one_and_is_not_kept(static: Static) -> None:
    answer = client_of(static).get("/static/css/site.0123456789ab.css")

    assert (answer.text, answer.headers["cache-control"]) == (STYLE, "no-cache")


def test_ranges_and_conditions_are_answered(static: Static) -> None:
    client, url = client_of(static), static.url("css/site.css")
    etag = client.get(url).headers["etag"]

    part = client.get(url, headers={"range": "bytes=0-3"})
    assert (part.status_code, part.text) == (206, "body")
    assert client.get(url, headers={"if-none-match": etag}).status_code == 304
    assert client.get(url, headers={"range": "bytes=99999-"}).status_code == 416


def test_compressed_neighbour_is_sent_to_who_takes_it(static: Static, folder: Path) -> None:
    (folder / "css" / "site.css.gz").write_bytes(gzip.compress(STYLE.encode()))
    client, url = client_of(static), static.url("css/site.css")

    answer = client.get(url, headers={"accept-encoding": "gzip"})
    plain = client.get(url, headers={"accept-encoding": "identity"})

    assert (answer.headers["content-encoding"], answer.text) == ("gzip", STYLE)
    assert "content-encoding" not in plain.headers
    for one in (answer, plain):
        assert one.headers["vary"] == "Accept-Encoding"
        assert "immutable" in one.headers["cache-control"]


@pytest.mark.parametrize(
    "path",
    [
        "../secret.txt", "%2e%2e/secret.txt", "css/../../secret.txt", "..%5csecret.txt",
        "../secret.0123456789ab.txt", "%2e%2e/secret.0123456789ab.txt", "%00.0123456789ab.css",
        "x" * 300 + ".0123456789ab.css", ".hidden.0123456789ab.css", "css", "css.0123456789ab",
    ],
)  # fmt: skip
def test_paths_do_not_lead_out(static: Static, folder: Path, path: str) -> None:
    (folder / ".hidden.css").write_text("hidden")

    answer = client_of(static).get(f"/static/{path}")

    assert answer.status_code in (400, 404)
    assert "secret" not in answer.text


def test_links_begin_where_the_application_is_mounted(static: Static, folder: Path) -> None:
    assert static._app is not None
    app = static._app

    @app.get("/link")
    async def link(request: Request) -> str:
        return static.url("logo.svg", request)

    outer = App()
    outer.mount("/shop", app)
    client = TestClient(outer)
    url = client.get("/shop/link").json()

    assert url.startswith("/shop/static/logo.")
    assert client.get(url).text == "<svg/>"


def test_links_begin_with_the_address_of_another_server(folder: Path) -> None:
    static = App().use(Static(folder, url="https://cdn.example.com/static/"))

    assert static.url("logo.svg").startswith("https://cdn.example.com/static/logo.")


def test_fingerprint_is_computed_once(static: Static, folder: Path) -> None:
    before = static.url("logo.svg")

    (folder / "logo.svg").write_text("<svg></svg>")

    assert static.url("logo.svg") == before


def test_changed_file_has_another_fingerprint_with_debug(folder: Path) -> None:
    static = App(debug=True).use(Static(folder))
    before = static.url("logo.svg")

    (folder / "logo.svg").write_text("<svg></svg>")

    assert static.url("logo.svg") != before
    assert client_of(static).get(static.url("logo.svg")).text == "<svg></svg>"
    assert client_of(static).get(before).headers["cache-control"] == "no-cache"


def test_missing_file_names_the_nearest(static: Static) -> None:
    with pytest.raises(SetupError, match=r"'css/stie.css'[^$]*'css/site.css'") as found:
        static.url("css/stie.css")

    assert found.value.code == "static.not-found"


def test_missing_folder_is_told_of_at_once() -> None:
    with pytest.raises(SetupError, match="no-such-folder") as found:
        Static("no-such-folder")

    assert found.value.code == "static.no-folder"


def test_the_users_own_file_stands_before_that_of_a_part(static: Static, tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    (theirs / "logo.svg").write_text("theirs")
    (theirs / "admin.css").write_text("theirs")

    class Admin(Part):
        name = "admin"

        def static_folders(self) -> Sequence[Path]:
            return [theirs]

    assert static._app is not None
    static._app.use(Admin())
    client = client_of(static)

    assert client.get(static.url("logo.svg")).text == "<svg/>"
    assert client.get(static.url("admin.css")).text == "theirs"


def test_collected_files_are_served_by_their_manifest(folder: Path, tmp_path: Path) -> None:
    built = tmp_path / "built"
    collect([folder], built)
    (folder / "css" / "site.css").write_text("newer than what was collected")
    app = App()
    static = app.use(Static(folder, collected=built))
    url = static.url("css/site.css")
    answer = TestClient(app).get(url, headers={"accept-encoding": "gzip"})

    assert answer.text == STYLE
    assert answer.headers["content-encoding"] == "gzip"
    assert "immutable" in answer.headers["cache-control"]
    assert static.checks(app) == ()
    with pytest.raises(SetupError, match="collect again") as found:
        static.url("new.css")
    assert found.value.code == "static.not-found"


def test_collected_files_are_left_alone_with_debug(folder: Path, tmp_path: Path) -> None:
    built = tmp_path / "built"
    collect([folder], built)
    (folder / "logo.svg").write_text("<svg>new</svg>")
    app = App(debug=True)
    static = app.use(Static(folder, collected=built))

    assert TestClient(app).get(static.url("logo.svg")).text == "<svg>new</svg>"


def test_files_that_were_not_collected_are_told_of(folder: Path, tmp_path: Path) -> None:
    app = App()
    static = app.use(Static(folder, collected=tmp_path / "built"))

    (finding,) = static.checks(app)

    assert (finding.level, finding.code) == (Level.WARNING, "static.not-collected")
    assert TestClient(app).get(static.url("logo.svg")).text == "<svg/>"


NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="/\0"), min_size=1)
MARKS = st.text("0123456789abcdef", min_size=12, max_size=12)


@given(st.lists(NAMES, min_size=1, max_size=3).map("/".join), MARKS)
def test_marked_names_are_unmarked_again(name: str, mark: str) -> None:
    last = name.rpartition("/")[2]
    if last.endswith("."):
        return  # has a dot and no suffix; no file that a browser asks for

    assert unmarked(marked(name, mark)) == (name, mark)


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege there")
def test_links_out_of_the_folder_are_not_followed(static: Static, folder: Path) -> None:
    (folder / "out.txt").symlink_to(folder.parent / "secret.txt")

    assert client_of(static).get("/static/out.txt").status_code == 404
    with pytest.raises(SetupError):
        static.url("out.txt")


@pytest.mark.parametrize("coding", ["br", "gzip"])
def test_collected_files_are_sent_compressed_and_kept_for_good(
    folder: Path, tmp_path: Path, coding: str
) -> None:
    collect([folder], tmp_path / "built")
    static = App().use(Static(folder, collected=tmp_path / "built"))

    answer = client_of(static).get(static.url("css/site.css"), headers={"accept-encoding": coding})

    assert answer.text == STYLE
    assert int(answer.headers["content-length"]) < len(STYLE)
    assert answer.headers["content-encoding"] == coding
    assert answer.headers["vary"] == "Accept-Encoding"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-type"] == "text/css; charset=utf-8"
