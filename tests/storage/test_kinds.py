"""Which kind a file is: by what it begins with, never by what it is called alone."""

from __future__ import annotations

import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.storage.conftest import Make
from trivet.storage.kinds import EXTENSIONS, agrees, claim_agrees, kind_of, settled

OFFICE = "application/vnd.openxmlformats-officedocument."


def zipped(*names: str, first: str = "") -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        if first:
            archive.writestr("mimetype", first)
        for name in names:
            archive.writestr(name, "x")
    return file.getvalue()


def boxed(brand: bytes, *others: bytes) -> bytes:
    body = b"ftyp" + brand + b"\0\0\0\0" + b"".join(others)
    return (len(body) + 4).to_bytes(4, "big") + body + b"\0\0\0\x08mdat"


BEGINNINGS = [
    (b"\xff\xd8\xff\xe0\0\x10JFIF", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"RIFF\0\0\0\0WEBPVP8 ", "image/webp"),
    (b"RIFF\0\0\0\0WAVEfmt ", "audio/wav"),
    (b"RIFF\0\0\0\0AVI LIST", None),
    (b"%PDF-1.7\n%\xe2\xe3", "application/pdf"),
    (b"\x1f\x8b\x08\0", "application/gzip"),
    (b"OggS\0\x02" + b"\0" * 22 + b"\x01\x1e\x01vorbis", "audio/ogg"),
    (b"OggS\0\x02" + b"\0" * 22 + b"\x01\x2a\x80theora", "video/ogg"),
    (b"fLaC\0\0\0\x22", "audio/flac"),
    (b"ID3\x04\0", "audio/mpeg"),
    (b"\xff\xfb\x90\x64", "audio/mpeg"),
    (b"\xff\xff\xff\xff", None),
    (b"\xff\xf1\x50\x80", None),  # AAC: the layer is another
    (b"\x1a\x45\xdf\xa3\x9f\x42\x82\x84webm", "video/webm"),
    (b"\x1a\x45\xdf\xa3\x9f\x42\x82\x88matroska", "video/x-matroska"),
    (boxed(b"isom", b"iso2", b"mp41"), "video/mp4"),
    (boxed(b"M4A ", b"isom"), "audio/mp4"),
    (boxed(b"qt  "), "video/quicktime"),
    (boxed(b"avif", b"mif1"), "image/avif"),
    (boxed(b"mif1", b"avif"), "image/heic"),
    (boxed(b"heic"), "image/heic"),
    (boxed(b"what"), None),
    (b"\xff\xff\xff\xffftypisom", None),
    (b"\x7fELF\x02\x01\x01\0", None),
    (b"MZ\x90\0\x03\0", None),
    (b"", None),
    (b"caf\xe9 in Latin-1", None),
    (b"a\0b", None),
    (b"MZ\x90\0\x03", None),
    (b"\x1b$B in another alphabet", None),
    (b"plain text", "text/plain"),
    ("naïve café".encode(), "text/plain"),
    (b"\xef\xbb\xbfwith a mark", "text/plain"),
    (b"<!DOCTYPE html><p>", "text/html"),
    (b"  \n<HTML>", "text/html"),
    (b"<script>alert(1)</script>", "text/html"),
    (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml"),
    (b"<?xml version='1.0'?><x:svg xmlns:x='http://www.w3.org/2000/svg'/>", "image/svg+xml"),
    (b"<?xml version='1.0'?><feed/>", "application/xml"),
    (b"<?xml version='1.0'?><html xmlns='http://www.w3.org/1999/xhtml'/>", "text/html"),
]


@pytest.mark.parametrize(("content", "kind"), BEGINNINGS)
def test_content_is_known_by_its_beginning(content: bytes, kind: str | None) -> None:
    assert kind_of(content) == kind


@pytest.mark.parametrize("format", ["JPEG", "PNG", "GIF", "WEBP", "AVIF", "BMP"])
def test_images_of_a_real_encoder_are_known(format: str, picture: Make) -> None:
    assert kind_of(picture(format)) == f"image/{format.lower()}"


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (zipped("a.txt"), "application/zip"),
        (zipped(), "application/zip"),
        (zipped("[Content_Types].xml", "word/document.xml"), OFFICE + "wordprocessingml.document"),
        (zipped("[Content_Types].xml", "xl/workbook.xml"), OFFICE + "spreadsheetml.sheet"),
        (zipped("[Content_Types].xml", "ppt/slides.xml"), OFFICE + "presentationml.presentation"),
        (
            zipped("content.xml", first="application/vnd.oasis.opendocument.text"),
            "application/vnd.oasis.opendocument.text",
        ),
        (zipped("a.opf", first="application/epub+zip"), "application/epub+zip"),
        (zipped("word/document.xml"), "application/zip"),
    ],
)
def test_what_is_in_a_zip_file_tells_its_kind(content: bytes, kind: str) -> None:
    assert kind_of(content[:4096], content[4096:]) == kind


def test_an_extension_tells_texts_apart_and_nothing_else() -> None:
    assert kind_of(b"a;b", extension=".csv") == "text/csv"
    assert kind_of(b"{}", extension=".json") == "application/json"
    assert kind_of(b"<b>a", extension=".txt") == "text/plain"
    assert kind_of(b"<script>", extension=".txt") == "text/html"
    assert kind_of(b"GIF89a", extension=".csv") == "image/gif"


@pytest.mark.parametrize("cut", [1, 2, 3])
def test_a_letter_that_is_cut_in_two_is_still_text(cut: int) -> None:
    assert kind_of("a𝄞".encode()[: 1 + cut]) == "text/plain"


@given(st.binary(max_size=200))
def test_every_kind_that_is_found_is_in_the_table(content: bytes) -> None:
    assert kind_of(content) in {None, *EXTENSIONS}
    assert kind_of(content, content, ".csv") in {None, *EXTENSIONS}


@given(st.sampled_from([content for content, _ in BEGINNINGS]), st.binary(max_size=60))
def test_broken_files_break_nothing(begin: bytes, rest: bytes) -> None:
    kind_of(begin[: len(rest)] + rest)
    kind_of(begin + rest)


def test_claims_of_other_names_agree_and_of_other_types_do_not() -> None:
    assert claim_agrees("image/jpeg", "image/jpg")
    assert claim_agrees("image/jpeg", "IMAGE/JPEG; q=1")
    assert claim_agrees("text/csv", "application/vnd.ms-excel")
    assert claim_agrees("image/png", None)
    assert claim_agrees("image/png", "application/octet-stream")
    assert not claim_agrees("image/png", "image/jpeg")
    assert not claim_agrees("text/html", "image/png")
    assert agrees("image/jpeg", ".jpeg")
    assert not agrees("image/jpeg", ".png")


@pytest.mark.parametrize(
    ("head", "filename", "given", "found"),
    [
        (b"GIF89a", "a.gif", None, ("image/gif", ".gif")),
        (b"GIF89a", "a.html", None, ("image/gif", ".gif")),
        (b"<html>", "a.png", None, ("text/html", ".html")),
        (b"\0\1\2", "a.png", None, ("application/octet-stream", "")),
        (b"\0\1\2", "a.js", None, ("application/octet-stream", "")),
        (b"\0\1\2", "a.woff2", None, ("font/woff2", ".woff2")),
        (b"\0\1\2", "", None, ("application/octet-stream", "")),
        (b"PK\x03\x04", "a.docx", None, (OFFICE + "wordprocessingml.document", ".docx")),
        (b"PK\x03\x04", "a.jar", None, ("application/zip", ".zip")),
        (b"a,b", "a.csv", None, ("text/csv", ".csv")),
        (b"alert(1)", "a.js", None, ("text/plain", ".txt")),
        (b"any", "a.bin", "application/x-own", ("application/x-own", ".bin")),
        (b"any", "a.html", "image/png", ("image/png", ".png")),
    ],
)
def test_type_and_extension_are_settled_together(
    head: bytes, filename: str, given: str | None, found: tuple[str, str]
) -> None:
    assert settled(head, filename, given) == found
