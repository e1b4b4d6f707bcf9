"""Response classes: what they write, and how files are sent in part or not at all."""

from __future__ import annotations

import json
import os
import sys
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import Headers
from starlette.responses import JSONResponse as StarletteJSONResponse
from starlette.testclient import TestClient

from trivet.errors import SetupError, TrivetDeprecationWarning
from trivet.http.conditional import verdict
from trivet.http.files import (
    Folder,
    accepted_encodings,
    is_device,
    is_hashed,
    is_hidden,
    media_type_of,
    preferred,
)
from trivet.http.responses import (
    FileResponse,
    JSONResponse,
    ORJSONResponse,
    RedirectResponse,
    UJSONResponse,
)

ETAG = '"5d41402abc4b2a76b9719d911017c592"'
EARLIER, CHANGED, LATER = (formatdate(n, usegmt=True) for n in (999, 1000, 1001))


@pytest.fixture
def letters(tmp_path: Path) -> Path:
    path = tmp_path / "letters.txt"
    path.write_text("abcdefghijklmnopqrstuvwxyz")
    os.utime(path, (1000, 1000))
    return path


@pytest.fixture
def client(letters: Path) -> TestClient:
    return TestClient(FileResponse(letters))


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_json_is_written_as_starlette_writes_it(content: Any) -> None:
    assert JSONResponse(content).body == StarletteJSONResponse(content).body


def test_redirect_keeps_the_method() -> None:
    answer = RedirectResponse("/a b")

    assert (answer.status_code, answer.headers["location"]) == (307, "/a%20b")


@pytest.mark.parametrize(
    ("response_class", "name"), [(ORJSONResponse, "orjson"), (UJSONResponse, "ujson")]
)
def test_json_by_another_library_warns_and_works(response_class: Any, name: str) -> None:
    pytest.importorskip(name)

    with pytest.warns(TrivetDeprecationWarning, match=f"^{response_class.__name__} is deprecated"):
        answer = response_class({"a": "ü"})

    assert json.loads(answer.body) == {"a": "ü"}
    assert "ü".encode() in answer.body


def test_orjson_takes_keys_that_are_no_text() -> None:
    pytest.importorskip("orjson")

    with pytest.warns(TrivetDeprecationWarning):
        assert ORJSONResponse({1: 1}).body == b'{"1":1}'


def test_missing_json_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ujson", None)

    with (
        pytest.warns(TrivetDeprecationWarning),
        pytest.raises(SetupError, match="pip install ujson"),
    ):
        UJSONResponse({})


def test_whole_file_says_that_it_can_be_had_in_part(client: TestClient) -> None:
    answer = client.get("/")

    assert (answer.status_code, answer.text[:3]) == (200, "abc")
    assert answer.headers["accept-ranges"] == "bytes"
    assert answer.headers["last-modified"] == CHANGED


@pytest.mark.parametrize(
    ("asked", "body", "content_range"),
    [
        ("bytes=0-2", "abc", "bytes 0-2/26"),
        ("bytes=23-", "xyz", "bytes 23-25/26"),
        ("bytes=-1", "z", "bytes 25-25/26"),
        ("bytes=24-99", "yz", "bytes 24-25/26"),
        ("bytes=0-2, 2-4", "abcde", "bytes 0-4/26"),
    ],
)
def test_one_range_is_sent(client: TestClient, asked: str, body: str, content_range: str) -> None:
    answer = client.get("/", headers={"range": asked})

    assert (answer.status_code, answer.text) == (206, body)
    assert answer.headers["content-range"] == content_range
    assert answer.headers["content-length"] == str(len(body))


def test_several_ranges_are_sent_as_parts(client: TestClient) -> None:
    answer = client.get("/", headers={"range": "bytes=0-1, 24-25"})

    kind, boundary = answer.headers["content-type"].split("; boundary=")
    parts = answer.text.split(f"--{boundary}")
    assert (answer.status_code, kind) == (206, "multipart/byteranges")
    assert answer.headers["content-length"] == str(len(answer.content))
    assert "Content-Range: bytes 0-1/26\r\n\r\nab\r\n" in parts[1]
    assert "Content-Range: bytes 24-25/26\r\n\r\nyz\r\n" in parts[2]
    assert parts[3] == "--"


def test_range_behind_the_end_is_refused_with_the_length(client: TestClient) -> None:
    answer = client.get("/", headers={"range": "bytes=26-"})

    assert answer.status_code == 416
    assert answer.headers["content-range"] == "bytes */26"


@pytest.mark.parametrize("asked", ["lines=1-2", "bytes", "bytes=a-b"])
def test_range_that_says_nothing_is_refused(client: TestClient, asked: str) -> None:
    assert client.get("/", headers={"range": asked}).status_code == 400


def test_too_many_ranges_give_the_whole_file(client: TestClient) -> None:
    asked = "bytes=" + ",".join(["0-1"] * 101)

    assert client.get("/", headers={"range": asked}).status_code == 200


def test_range_is_sent_only_of_the_file_that_is_meant(client: TestClient) -> None:
    etag = client.get("/").headers["etag"]

    statuses = {
        condition: client.get(
            "/", headers={"range": "bytes=0-0", "if-range": condition}
        ).status_code
        for condition in (etag, CHANGED, '"other"', "W/" + etag, EARLIER)
    }

    assert list(statuses.values()) == [206, 206, 200, 200, 200]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_known_file_is_not_sent_again(client: TestClient, method: str) -> None:
    etag = client.get("/").headers["etag"]

    answer = client.request(method, "/", headers={"if-none-match": etag})

    assert (answer.status_code, answer.content) == (304, b"")
    assert answer.headers["etag"] == etag
    assert "content-length" not in answer.headers
    assert "content-type" not in answer.headers
    assert client.request(method, "/", headers={"if-modified-since": CHANGED}).status_code == 304
    assert client.request(method, "/", headers={"if-modified-since": EARLIER}).status_code == 200


def test_not_modified_comes_before_a_range(client: TestClient) -> None:
    etag = client.get("/").headers["etag"]

    answer = client.get("/", headers={"if-none-match": etag, "range": "bytes=0-0"})

    assert answer.status_code == 304


def test_not_modified_keeps_what_caches_and_browsers_need(letters: Path) -> None:
    response = FileResponse(letters, headers={"cache-control": "max-age=5", "x-other": "1"})
    response.set_cookie("seen", "1")

    answer = TestClient(response).get("/", headers={"if-none-match": "*"})

    assert answer.status_code == 304
    assert answer.headers["cache-control"] == "max-age=5"
    assert "seen=1" in answer.headers["set-cookie"]
    assert "x-other" not in answer.headers


def test_file_that_has_changed_is_refused_to_who_wants_another(client: TestClient) -> None:
    assert client.get("/", headers={"if-match": '"other"'}).status_code == 412
    assert client.get("/", headers={"if-unmodified-since": EARLIER}).status_code == 412


def test_other_methods_have_no_conditions(client: TestClient) -> None:
    assert client.post("/", headers={"if-none-match": "*"}).status_code == 200


def test_error_pages_have_no_conditions(letters: Path) -> None:
    client = TestClient(FileResponse(letters, status_code=404))

    assert client.get("/", headers={"if-none-match": "*"}).status_code == 404


def test_background_task_runs_after_not_modified(letters: Path) -> None:
    done: list[str] = []

    async def background() -> None:
        done.append("yes")

    client = TestClient(FileResponse(letters, background=background))  # type: ignore[arg-type]
    client.get("/", headers={"if-none-match": "*"})

    assert done == ["yes"]


@pytest.mark.parametrize("headers", [{}, {"if-none-match": "*"}])
def test_missing_file_fails_the_request(tmp_path: Path, headers: dict[str, str]) -> None:
    client = TestClient(FileResponse(tmp_path / "missing"))

    with pytest.raises(RuntimeError, match="does not exist"):
        client.get("/", headers=headers)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, None),
        ({"if-none-match": ETAG}, 304),
        ({"if-none-match": "W/" + ETAG}, 304),
        ({"if-none-match": f'"a,b", {ETAG}'}, 304),
        ({"if-none-match": "*"}, 304),
        ({"if-none-match": '"other"'}, None),
        # An entity tag is more than a date: with both, the date is not looked at.
        ({"if-none-match": '"other"', "if-modified-since": LATER}, None),
        ({"if-modified-since": LATER}, 304),
        ({"if-modified-since": "yesterday"}, None),
        ({"if-modified-since": "Fri, 31 Dec 9999 99:99:99 GMT"}, None),
        ({"if-match": ETAG}, None),
        ({"if-match": "*"}, None),
        ({"if-match": "W/" + ETAG}, 412),
        ({"if-match": f'"a", {ETAG}'}, None),
        ({"if-match": ETAG, "if-unmodified-since": EARLIER}, None),
        ({"if-match": ETAG, "if-none-match": ETAG}, 304),
        ({"if-unmodified-since": LATER}, None),
        ({"if-unmodified-since": EARLIER}, 412),
    ],
)
def test_conditions_are_read_in_their_order(headers: dict[str, str], status: int | None) -> None:
    assert verdict(Headers(headers), ETAG, CHANGED) == status


@given(
    st.dictionaries(
        st.sampled_from(["if-match", "if-none-match", "if-modified-since"]),
        st.text(st.characters(max_codepoint=255)),
    )
)
def test_no_condition_breaks_the_answer(headers: dict[str, str]) -> None:
    raw = [(k.encode(), v.encode("latin-1")) for k, v in headers.items()]

    assert verdict(Headers(raw=raw), ETAG, CHANGED) in (None, 304, 412)


def test_two_lines_of_one_condition_are_one_list() -> None:
    raw = [(b"if-none-match", b'"a"'), (b"if-none-match", ETAG.encode())]

    assert verdict(Headers(raw=raw), ETAG, CHANGED) == 304


@pytest.mark.parametrize(
    ("name", "hashed"),
    [
        ("app.3f2a91bc.js", True),
        ("app-3f2a91bc.css", True),
        ("main.5d41402abc4b.chunk.js", True),
        ("base.5d41402abc4b.css", True),
        ("index-Dx8wK2fQ.js", True),
        ("index-Dx8wK2fQ.js.br", True),
        ("app.js", False),
        ("jquery.min.js", False),
        ("jquery-compressed.js", False),
        ("report-20240115.pdf", False),
        ("report-Version2.pdf", False),
        ("app-settings.js", False),
        ("data-facade.json", False),
        ("archive-20240115a.zip", False),
        ("README", False),
    ],
)
def test_hash_in_a_name_is_told_from_words_and_dates(name: str, hashed: bool) -> None:
    assert is_hashed(name) is hashed


@pytest.mark.parametrize(
    ("path", "hidden"),
    [(".env", True), ("a/.git/config", True), ("a/b.c", False), (".well-known/x", False)],
)
def test_dot_names_are_hidden(path: str, hidden: bool) -> None:
    assert is_hidden(path) is hidden


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("a.js", "text/javascript"),
        ("a.MJS", "text/javascript"),
        ("a.wasm", "application/wasm"),
        ("a.woff2", "font/woff2"),
        ("a.tar.gz", "application/gzip"),
        ("a.png", "image/png"),
        ("unknown", "application/octet-stream"),
    ],
)
def test_media_types_are_those_of_the_web(name: str, media_type: str) -> None:
    assert media_type_of(name) == media_type


def test_encodings_are_read_with_their_weights() -> None:
    assert accepted_encodings("gzip, BR;q=0.5, *;q=0, zstd;q=much") == {
        "gzip": 1.0,
        "br": 0.5,
        "*": 0.0,
        "zstd": 0.0,
    }


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("", None),
        ("gzip", "gzip"),
        ("gzip, br", "br"),
        ("gzip;q=1, br;q=0.5", "gzip"),
        ("*", "br"),
        ("br;q=0, *", "gzip"),
        ("gzip;q=0", None),
        ("gzip;q=0.5, identity;q=1", None),
        ("zstd", None),
    ],
)
def test_best_neighbour_is_chosen(letters: Path, accepted: str, encoding: str | None) -> None:
    for suffix in (".br", ".gz"):
        letters.with_name(letters.name + suffix).write_bytes(b"small")

    found = preferred(str(letters), letters.stat(), accepted)

    assert (found.encoding, found.varies, found.media_type) == (encoding, True, "text/plain")


def test_old_neighbour_and_link_are_left_alone(letters: Path) -> None:
    old = letters.with_name(letters.name + ".br")
    old.write_bytes(b"old")
    os.utime(old, (500, 500))
    (letters.parent.parent / "secret").write_text("secret")
    os.symlink(letters.parent.parent / "secret", letters.with_name(letters.name + ".gz"))

    found = preferred(str(letters), letters.stat(), "br, gzip")

    assert (found.encoding, found.varies) == (None, False)


def test_first_folder_that_has_a_path_wins(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "both.txt").write_text(name)
    (tmp_path / "b" / "one.txt").write_text("b")
    folder = Folder(tmp_path / "a", tmp_path / "b")

    assert folder.lookup_path("both.txt")[0] == str(tmp_path / "a" / "both.txt")
    assert folder.lookup_path("/one.txt")[0] == str(tmp_path / "b" / "one.txt")
    assert folder.lookup_path("none.txt") == ("", None)


@pytest.mark.parametrize(
    "piece", ["nul", "NUL.txt", "Con", "aux.tar.gz", "com1", "LPT\u00b2", "prn "]
)
def test_devices_of_windows_are_known_whatever_their_extension(piece: str) -> None:
    assert is_device(piece)


@pytest.mark.parametrize("piece", ["null", "console.txt", "com", "com10", "a.nul", ".con"])
def test_names_like_those_of_devices_are_names(piece: str) -> None:
    assert not is_device(piece)
