"""Forms and packed bodies that are made to take memory or time: refused, and the server goes on.

The server is a process of its own, and its memory is the kernel's figure.
"""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import socket
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import brotli  # type: ignore[import-untyped]
import httpx2
import pytest
import zstandard

from trivet.testing import LiveProcess

_MIB = 1024 * 1024
# A body is held once and its form once more; what a bomb would take is hundreds.
_MOST_GROWTH = 120 * _MIB
_LINE = b"\r\n"
_FORM = "multipart/form-data; boundary=b"
_PATHS = ("/form", "/file", "/files", "/own", "/posted", "/guarded/form")


@pytest.fixture(scope="module")
def server() -> Iterator[LiveProcess]:
    with LiveProcess(
        ["tests/attacks/bombed.py"], folder=Path(__file__).parents[2], patience=60
    ) as running:
        yield running


@pytest.fixture(scope="module")
def at_first(server: LiveProcess) -> int:
    assert httpx2.get(f"{server.url}/well").json() == "well"
    for path in _PATHS:
        _post(server, path, _part("title", b"x") + b"--b--\r\n")
    return _peak(server)


def _peak(server: LiveProcess) -> int:
    assert server.process is not None
    for line in Path(f"/proc/{server.process.pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise ValueError("the kernel tells no peak")


def _post(
    server: LiveProcess, path: str, body: bytes, kind: str = _FORM, **headers: str
) -> httpx2.Response:
    given = {"content-type": kind, "cookie": "csrf=" + "0" * 32, **headers}
    return httpx2.post(f"{server.url}{path}", content=body, headers=given, timeout=30)


def _part(name: str, value: bytes, *, file: str | None = None, more: bytes = b"") -> bytes:
    said = f'content-disposition: form-data; name="{name}"'
    said += "" if file is None else f'; filename="{file}"'
    return b"--b\r\n" + said.encode() + _LINE + more + _LINE + value + _LINE


def _nested(depth: int) -> bytes:
    body = b"x"
    for level in range(depth):
        mark = b"--%d" % level
        head = b"\r\ncontent-type: multipart/mixed; boundary=%d\r\n" % level
        body = mark + head + b"content-disposition: form-data\r\n\r\n" + body + _LINE + mark + b"--"
    return body


_END = b"--b--\r\n"
_BOMBS: dict[str, Callable[[], bytes]] = {
    "many-fields": lambda: _part("title", b"x") * 100_000 + _END,
    "many-files": lambda: _part("files", b"x", file="a.txt") * 100_000 + _END,
    "many-empty-parts": lambda: b"--b\r\n\r\n\r\n" * 300_000 + _END,
    "many-boundaries": lambda: b"--b\r\n" * 500_000,
    "many-headers-of-a-part": lambda: _part("title", b"x", more=b"x-a: b\r\n" * 500_000) + _END,
    "a-huge-header": lambda: _part("title", b"x", more=b"x-a: " + b"b" * 4 * _MIB + _LINE) + _END,
    "a-huge-name-of-a-header": lambda: _part("title", b"x", more=b"a" * 4 * _MIB) + _END,
    "a-huge-name": lambda: _part("n" * 4 * _MIB, b"x") + _END,
    "a-huge-file-name": lambda: _part("file", b"x", file="f" * 4 * _MIB) + _END,
    "many-parameters": lambda: _part("title", b"x", file='a"' + ';a="b"' * _MIB) + _END,
    "quotes": lambda: _part("title", b"x", file="\\" * 4 * _MIB) + _END,
    "a-huge-text": lambda: _part("title", b"x" * 4 * _MIB) + _END,
    "an-end-that-is-missing": lambda: _part("title", b"x" * 4 * _MIB),
    "nearly-boundaries": lambda: _part("title", b"\r\n--" * 2 * _MIB) + _END,
    "line-breaks": lambda: _part("title", _LINE * 4 * _MIB) + _END,
    "only-line-breaks": lambda: _LINE * 4 * _MIB,
    "nested": lambda: _part("title", _nested(200)) + b"--b\r\n" + _nested(1_000),
    "no-form": lambda: b"\x00" * 4 * _MIB,
    "too-large": lambda: _part("file", b"x" * 17 * _MIB, file="a.bin") + _END,
}


@pytest.mark.parametrize("bomb", list(_BOMBS))
def test_no_form_of_parts_takes_memory_or_the_server(
    server: LiveProcess, at_first: int, bomb: str
) -> None:
    body = _BOMBS[bomb]()

    for path in _PATHS:
        answer = _post(server, path, body)
        # A nested form is a text, and a handler that reads the form itself takes an empty one too.
        is_harmless = path == "/own" or bomb in ("nested", "quotes", "many-parameters")
        is_taken = answer.status_code == 200 and is_harmless
        assert is_taken or 400 <= answer.status_code < 500, (path, answer.status_code)
        assert len(answer.content) < 50_000, path
    assert httpx2.get(f"{server.url}/well", timeout=5).json() == "well"
    assert _peak(server) - at_first < _MOST_GROWTH


_PAIRS: dict[str, Callable[[], bytes]] = {
    "many-fields": lambda: b"title=x&" * 300_000,
    "many-names": lambda: b"&".join(b"n%d=x" % number for number in range(300_000)),
    "separators": lambda: b"&" * _MIB,
    "a-huge-text": lambda: b"title=" + b"x" * 4 * _MIB,
    "a-huge-name": lambda: b"x" * 4 * _MIB,
    "percents": lambda: b"title=" + b"%" * 4 * _MIB,
    "rows": lambda: b"".join(b"tags-%d=x&" % (number * 1_000_003) for number in range(900)),
    "deep-names": lambda: b"tags" + b"-0" * 500_000 + b"=x",
}


@pytest.mark.parametrize("bomb", list(_PAIRS))
def test_no_form_of_pairs_takes_memory_or_the_server(
    server: LiveProcess, at_first: int, bomb: str
) -> None:
    body = _PAIRS[bomb]()

    for path in _PATHS:
        answer = _post(server, path, body, "application/x-www-form-urlencoded")
        # The handler that reads the form itself takes whatever names come, within the limits.
        is_taken = answer.status_code == 200 and path == "/own"
        assert is_taken or 400 <= answer.status_code < 500, (path, answer.status_code)
        assert len(answer.content) < 50_000, path
    assert httpx2.get(f"{server.url}/well", timeout=5).json() == "well"
    assert _peak(server) - at_first < _MOST_GROWTH


@pytest.mark.parametrize(
    ("path", "begin"),
    [
        *(("/form", "text"), ("/file", "file"), ("/files", "header"), ("/own", "text")),
        *(("/posted", "file"), ("/guarded/form", "header")),
    ],
)
def test_a_part_without_end_is_refused_when_it_is_too_large(
    server: LiveProcess, at_first: int, path: str, begin: str
) -> None:
    first = {
        "text": _part("title", b""),
        "file": _part("file", b"", file="a.bin"),
        "header": b"--b\r\nx-a: ",
    }[begin]
    head = f"POST {path} HTTP/1.1\r\nhost: a\r\ncontent-type: {_FORM}\r\ncookie: csrf=x\r\n"
    piece = b"10000\r\n" + b"x" * 65_536 + _LINE
    with socket.create_connection((server.host, server.port), timeout=30) as client:
        client.sendall(head.encode() + b"transfer-encoding: chunked\r\n\r\n")
        client.sendall(b"%x\r\n" % len(first) + first + _LINE)
        with suppress(OSError):  # it need not listen any longer
            for _ in range(24 * _MIB // 65_536):
                client.sendall(piece)
        answer = client.recv(4096)

    assert answer[:12] in (b"HTTP/1.1 413", b"HTTP/1.1 400", b"HTTP/1.1 403"), answer
    assert httpx2.get(f"{server.url}/well", timeout=5).json() == "well"
    assert _peak(server) - at_first < _MOST_GROWTH


@pytest.mark.parametrize(
    "kind",
    [
        "multipart/form-data",
        "multipart/form-data; boundary=",
        "multipart/form-data; boundary=" + "b" * 4_000,
        "multipart/form-data; boundary=" + "b;" * 2_000,
        "multipart/form-data; boundary*=utf-8''b",
        'multipart/form-data; boundary="' + "\\" * 2_000,
        "multipart/form-data; boundary=b" + "; a=b" * 1_000,
        "multipart/mixed; boundary=b",
        "multipart/related; boundary=b; type=multipart/form-data",
        "multipart/form-data, application/json",
    ],
    ids=lambda kind: kind[:45],
)
def test_no_content_type_of_a_form_breaks_anything(server: LiveProcess, kind: str) -> None:
    for path in _PATHS:
        answer = _post(server, path, _nested(20), kind)
        assert answer.status_code == 200 or 400 <= answer.status_code < 500, path
    assert httpx2.get(f"{server.url}/well", timeout=5).json() == "well"


# Charsets of Python's that are no charsets of forms: reading a text of one costs time that grows
# with its square, and each unknown name would be remembered for as long as the process lives.
@pytest.mark.parametrize(
    "charset",
    [
        *("punycode", "PUNYCODE", "idna", "utf-7", "unicode_escape", "raw-unicode-escape"),
        *("undefined", "rot13", "zip", "bz2", "hex", "base64", "mbcs", "x" * 8_000, "..", "os"),
    ],
)
def test_a_form_is_in_a_charset_of_forms(server: LiveProcess, charset: str) -> None:
    body = _part("title", b"-" + b"a" * 900_000) + _END

    for path in _PATHS:
        answer = _post(server, path, body, f'{_FORM}; charset="{charset}"')
        assert answer.status_code in (403, 415), path
        assert len(answer.content) < 1_000
    assert httpx2.get(f"{server.url}/well", timeout=5).json() == "well"


@pytest.mark.parametrize("charset", ["utf-8", "UTF8", "iso-8859-1", "latin-1", "windows-1252"])
def test_the_charsets_that_browsers_write_are_read(server: LiveProcess, charset: str) -> None:
    body = _part("title", "né".encode(charset)) + _END

    assert _post(server, "/form", body, f"{_FORM}; charset={charset}").json() == 2
    assert _post(server, "/own", body, f"{_FORM}; charset={charset}").json() == 1


_ZEROS = bytes(16 * _MIB)
_PACKED: dict[str, Callable[[], bytes]] = {
    "gzip": lambda: gzip.compress(gzip.compress(_ZEROS)),
    "deflate": lambda: zlib.compress(_ZEROS),
    "zstd": lambda: zstandard.compress(_ZEROS),
    "br": lambda: brotli.compress(_ZEROS, quality=1),
    "bzip2": lambda: bz2.compress(_ZEROS),
    "xz": lambda: lzma.compress(_ZEROS, preset=0),
}


@pytest.mark.parametrize("coding", list(_PACKED))
def test_a_packed_body_is_not_unpacked(server: LiveProcess, at_first: int, coding: str) -> None:
    packed = _PACKED[coding]()

    given = {"content-encoding": coding}
    whole = _post(server, "/bytes", packed, "application/octet-stream", **given)
    for path, kind in (
        ("/json", "application/json"),
        *((path, _FORM) for path in _PATHS),
        *((path, "application/x-www-form-urlencoded") for path in ("/form", "/posted")),
    ):
        answer = _post(server, path, packed, kind, **given)
        assert answer.status_code in range(400, 500), path

    assert bytes.fromhex(whole.json()["hex"]) == packed
    assert _peak(server) - at_first < _MOST_GROWTH


@pytest.mark.parametrize("coding", ["gzip, gzip", "gzip, chunked", "identity, gzip", "x" * 4_000])
def test_no_list_of_codings_changes_how_a_body_is_read(server: LiveProcess, coding: str) -> None:
    body = json.dumps([1, 2, 3]).encode()

    answer = _post(server, "/json", body, "application/json", **{"content-encoding": coding})

    assert answer.status_code == 415 or answer.json() == 3


@pytest.mark.parametrize("coding", ["gzip", "deflate", "zstd", "x, chunked", "chunked, gzip"])
def test_a_packed_transfer_is_refused(server: LiveProcess, coding: str) -> None:
    with socket.create_connection((server.host, server.port), timeout=10) as client:
        head = f"POST /json HTTP/1.1\r\nhost: a\r\ntransfer-encoding: {coding}\r\n\r\n"
        client.sendall(head.encode() + b"2\r\n[]\r\n0\r\n\r\n")
        answer = client.recv(4096)

    assert answer[:10] == b"HTTP/1.1 4" or answer[:12] == b"HTTP/1.1 501"
