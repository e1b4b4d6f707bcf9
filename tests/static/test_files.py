"""StaticFiles: mounted folders, and what is added to Starlette's."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles as StarletteStaticFiles
from starlette.testclient import TestClient

from trivet.static import StaticFiles

Serve = Callable[..., TestClient]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "files"
    (made / "docs").mkdir(parents=True)
    (made / "app.js").write_text("code")
    (made / "app.3f2a91bc.js").write_text("code for good")
    (made / "docs" / "index.html").write_text("docs")
    (made / ".env").write_text("KEY=1")
    (tmp_path / "secret.txt").write_text("secret")
    return made


@pytest.fixture
def serve(folder: Path) -> Serve:
    def made(**options: Any) -> TestClient:
        files = StaticFiles(directory=folder, **options)
        return TestClient(Starlette(routes=[Mount("/static", files)]))

    return made


def test_it_is_a_starlette_application(folder: Path) -> None:
    assert isinstance(StaticFiles(directory=folder), StarletteStaticFiles)


def test_file_is_served_under_its_mount(serve: Serve) -> None:
    answer = serve().get("/static/app.js")

    assert (answer.status_code, answer.text) == (200, "code")
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert "cache-control" not in answer.headers


def test_unchanged_file_is_answered_with_304(serve: Serve) -> None:
    etag = serve().get("/static/app.js").headers["etag"]

    assert serve().get("/static/app.js", headers={"if-none-match": etag}).status_code == 304


def test_range_is_served(serve: Serve) -> None:
    answer = serve().get("/static/app.js", headers={"range": "bytes=0-1"})

    assert (answer.status_code, answer.text) == (206, "co")


def test_name_with_a_hash_is_kept_for_good(serve: Serve) -> None:
    path = "/static/app.3f2a91bc.js"

    kept = serve().get(path).headers["cache-control"]
    again = serve().get(path, headers={"if-none-match": "*"})

    assert kept == "public, max-age=31536000, immutable"
    assert (again.status_code, again.headers["cache-control"]) == (304, kept)
    assert "cache-control" not in serve(immutable=None).get(path).headers


def test_own_rule_says_what_never_changes(serve: Serve) -> None:
    client = serve(immutable=lambda name: name == "app.js")

    assert "immutable" in client.get("/static/app.js").headers["cache-control"]


def raw(client: TestClient, path: str, accepted: str) -> tuple[bytes, dict[str, str]]:
    with client.stream("GET", path, headers={"accept-encoding": accepted}) as answer:
        return b"".join(answer.iter_raw()), dict(answer.headers)


@pytest.mark.parametrize(("coding", "suffix"), [("br", "br"), ("gzip", "gz"), ("zstd", "zst")])
def test_ready_compressed_file_is_sent(
    serve: Serve, folder: Path, coding: str, suffix: str
) -> None:
    (folder / f"app.js.{suffix}").write_bytes(b"small")

    body, headers = raw(serve(), "/static/app.js", coding)

    assert body == b"small"
    assert headers["content-encoding"] == coding
    assert headers["content-type"] == "text/javascript; charset=utf-8"
    assert headers["vary"] == "Accept-Encoding"


def test_encodings_have_tags_of_their_own(serve: Serve, folder: Path) -> None:
    (folder / "app.js.br").write_bytes(b"small")

    _, plain = raw(serve(), "/static/app.js", "identity")
    _, small = raw(serve(), "/static/app.js", "br")

    assert plain["vary"] == "Accept-Encoding"
    assert plain["etag"] != small["etag"]


def test_ready_compressed_files_can_be_left_out(serve: Serve, folder: Path) -> None:
    (folder / "app.js.br").write_bytes(b"small")

    body, headers = raw(serve(precompressed=False), "/static/app.js", "br")

    assert body == b"code"
    assert "vary" not in headers


def test_dot_files_are_not_there_unless_wanted(serve: Serve) -> None:
    assert serve().get("/static/.env").status_code == 404
    assert serve(dot_files=True).get("/static/.env").text == "KEY=1"


@pytest.mark.parametrize(
    "path",
    ["../secret.txt", "%2e%2e/secret.txt", "..%2fsecret.txt", "..%5csecret.txt", "%2fetc/passwd"],
)
def test_nothing_outside_the_folder_is_served(serve: Serve, path: str) -> None:
    assert serve().get("/static/" + path).status_code == 404


def test_link_that_leads_out_is_followed_only_where_wanted(serve: Serve, folder: Path) -> None:
    os.symlink(folder.parent / "secret.txt", folder / "link.txt")

    assert serve().get("/static/link.txt").status_code == 404
    assert serve(follow_symlink=True).get("/static/link.txt").text == "secret"


def test_index_page_is_served_in_html_mode_only(serve: Serve) -> None:
    redirect = serve(html=True).get("/static/docs", follow_redirects=False)

    assert redirect.headers["location"] == "http://testserver/static/docs/"
    assert serve(html=True).get("/static/docs/").text == "docs"
    assert serve().get("/static/docs/").status_code == 404


def test_page_for_missing_files_is_served_in_html_mode(serve: Serve, folder: Path) -> None:
    (folder / "404.html").write_text("missing")

    answer = serve(html=True).get("/static/nowhere")

    assert (answer.status_code, answer.text) == (404, "missing")
    assert serve().get("/static/nowhere").text == "Not Found"


def test_other_methods_are_refused(serve: Serve) -> None:
    answer = serve().post("/static/app.js")

    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize("name", ["a" * 5000, "%00"])
def test_names_that_no_file_can_have_are_not_found(serve: Serve, name: str) -> None:
    assert serve().get("/static/" + name).status_code == 404


def test_unreadable_folder_is_refused(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: StaticFiles, path: str) -> Any:
        raise PermissionError

    monkeypatch.setattr(StaticFiles, "lookup_path", fail)

    assert serve().get("/static/app.js").status_code == 401


def test_files_of_a_package_are_served() -> None:
    files = StaticFiles(packages=[("trivet", "static")])

    assert "StaticFiles" in TestClient(files).get("/__init__.py").text


def test_missing_folder_is_an_error_at_once(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="does not exist"):
        StaticFiles(directory=tmp_path / "missing")


def test_folder_that_disappears_fails_the_request(tmp_path: Path) -> None:
    files = StaticFiles(directory=tmp_path / "missing", check_dir=False)

    with pytest.raises(RuntimeError, match="does not exist"):
        TestClient(files).get("/a")


@pytest.fixture
def letters(folder: Path) -> str:
    (folder / "letters.txt").write_text("abcdefghijklmnopqrstuvwxyz" * 100)
    return "/static/letters.txt"


def test_ten_ranges_are_served_and_no_more(serve: Serve, letters: str) -> None:
    ten = ",".join(f"{n * 10}-{n * 10 + 1}" for n in range(10))

    served = serve().get(letters, headers={"range": f"bytes={ten}"})
    whole = serve().get(letters, headers={"range": f"bytes={ten},200-201"})

    assert served.status_code == 206
    assert served.headers["content-type"].startswith("multipart/byteranges; boundary=")
    assert served.text.count("Content-Range: bytes ") == 10
    assert int(served.headers["content-length"]) == len(served.content)
    assert (whole.status_code, len(whole.content)) == (200, 2600)


def test_ranges_that_overlap_are_sent_once(serve: Serve, letters: str) -> None:
    answer = serve().get(letters, headers={"range": "bytes=" + ",".join(["0-"] * 10)})

    assert (answer.status_code, len(answer.content)) == (206, 2600)
    assert answer.headers["content-range"] == "bytes 0-2599/2600"


@pytest.mark.parametrize(
    "asked",
    [
        "bytes=" + "0-," * 20_000, "bytes=" + "," * 60_000, "bytes=" + "9" * 60_000 + "-",
        "bytes=-" + "9" * 60_000, "bytes=0-" + "9" * 4_000, "bytes=" + "-" * 60_000,
        "bytes=" + " " * 60_000, "bytes=", "bytes", "=", "bytes=x-y", "bytes=5-1", "bytes=--1",
        "lines=0-1", "bytes=0x0-1", "bytes=1e3-", "bytes=-0", "bytes=2600-", "bytes=\u00b2-\u00b3",
    ],
)  # fmt: skip
def test_a_hostile_range_gets_the_file_or_a_clear_refusal(
    serve: Serve, letters: str, asked: str
) -> None:
    answer = serve().get(letters, headers=[(b"range", asked.encode("latin-1"))])

    assert answer.status_code in {200, 206, 400, 416}
    assert answer.status_code != 206 or len(answer.content) <= 2600
    assert answer.status_code != 416 or answer.headers["content-range"] == "bytes */2600"


def test_a_range_of_an_empty_file_is_refused(serve: Serve, folder: Path) -> None:
    (folder / "empty.txt").touch()

    assert serve().get("/static/empty.txt", headers={"range": "bytes=0-"}).status_code == 416


def test_a_range_is_of_what_is_sent(serve: Serve, folder: Path) -> None:
    (folder / "app.js.br").write_bytes(b"0123456789")
    asked = {"accept-encoding": "br", "range": "bytes=2-4"}

    with serve().stream("GET", "/static/app.js", headers=asked) as answer:
        body = b"".join(answer.iter_raw())

    assert (answer.status_code, body) == (206, b"234")
    assert answer.headers["content-range"] == "bytes 2-4/10"
    assert answer.headers["content-encoding"] == "br"


def test_a_range_of_another_version_gets_the_whole_file(serve: Serve, letters: str) -> None:
    etag = serve().get(letters).headers["etag"]

    same = serve().get(letters, headers={"range": "bytes=0-1", "if-range": etag})
    other = serve().get(letters, headers={"range": "bytes=0-1", "if-range": '"other"'})

    assert (same.status_code, other.status_code) == (206, 200)


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("gzip, br", "br"), ("gzip", "gzip"), ("br;q=0.1, gzip;q=0.9", "gzip"), ("*", "br"),
        ("br;q=0, *", "gzip"), ("identity", None), ("br;q=0, gzip;q=0", None), ("", None),
        ("br;q=x", None), ("br;q=nan", None),
    ],
)  # fmt: skip
def test_the_client_chooses_among_the_ready_encodings(
    serve: Serve, folder: Path, accepted: str, coding: str | None
) -> None:
    (folder / "app.js.br").write_bytes(b"br")
    (folder / "app.js.gz").write_bytes(b"gzip")

    body, headers = raw(serve(), "/static/app.js", accepted)

    assert headers.get("content-encoding") == coding
    assert body == (coding or "code").encode()
    assert headers["vary"] == "Accept-Encoding"


def test_an_encoding_that_is_older_than_its_file_is_left_alone(serve: Serve, folder: Path) -> None:
    (folder / "app.js.br").write_bytes(b"old")
    os.utime(folder / "app.js.br", (1, 1))

    assert raw(serve(), "/static/app.js", "br")[0] == b"code"
