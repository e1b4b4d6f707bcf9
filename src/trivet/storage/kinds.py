"""Which kind of file it is, told by its content: a table of what files of a type begin with.

Few types, those that people upload, each with the extensions and the other names that go with it.
What is not in the table is not known. Text has no mark: it is what reads as text, and which text it
is only its extension can say.
"""

from __future__ import annotations

import re
from codecs import getincrementaldecoder
from collections.abc import Callable
from dataclasses import dataclass

from trivet.http.files import media_type_of
from trivet.storage.names import clean_extension

__all__ = ["EXTENSIONS", "HEAD", "agrees", "claim_agrees", "kind_of", "settled"]

HEAD = 64 * 1024  # bytes at each end of a file that are looked at
_UNKNOWN = "application/octet-stream"
_ZIP = b"PK\x03\x04"
_OFFICE = "application/vnd.openxmlformats-officedocument."

# Media type → its extensions, the usual one first.
EXTENSIONS: dict[str, tuple[str, ...]] = {
    "image/jpeg": (".jpg", ".jpeg", ".jpe", ".jfif"),
    "image/png": (".png",),
    "image/gif": (".gif",),
    "image/webp": (".webp",),
    "image/avif": (".avif",),
    "image/heic": (".heic", ".heif"),
    "image/bmp": (".bmp",),
    "image/svg+xml": (".svg",),
    "application/pdf": (".pdf",),
    "application/zip": (".zip",),
    _OFFICE + "wordprocessingml.document": (".docx",),
    _OFFICE + "spreadsheetml.sheet": (".xlsx",),
    _OFFICE + "presentationml.presentation": (".pptx",),
    "application/vnd.oasis.opendocument.text": (".odt",),
    "application/vnd.oasis.opendocument.spreadsheet": (".ods",),
    "application/vnd.oasis.opendocument.presentation": (".odp",),
    "application/epub+zip": (".epub",),
    "application/gzip": (".gz", ".tgz"),
    "video/mp4": (".mp4", ".m4v"),
    "video/quicktime": (".mov",),
    "video/webm": (".webm",),
    "video/x-matroska": (".mkv",),
    "video/ogg": (".ogv",),
    "audio/mpeg": (".mp3",),
    "audio/mp4": (".m4a",),
    "audio/wav": (".wav",),
    "audio/ogg": (".ogg", ".oga", ".opus"),
    "audio/flac": (".flac",),
    "text/plain": (".txt", ".log"),
    "text/csv": (".csv",),
    "text/tab-separated-values": (".tsv",),
    "text/markdown": (".md",),
    "application/json": (".json",),
    "text/html": (".html", ".htm"),
    "application/xml": (".xml",),
}

# Other names that programs send for a type.
_ALIASES: dict[str, frozenset[str]] = {
    "image/jpeg": frozenset({"image/jpg", "image/pjpeg"}),
    "image/heic": frozenset({"image/heif"}),
    "image/bmp": frozenset({"image/x-ms-bmp"}),
    "application/pdf": frozenset({"application/x-pdf"}),
    "application/zip": frozenset({"application/x-zip-compressed"}),
    "application/gzip": frozenset({"application/x-gzip"}),
    "audio/mpeg": frozenset({"audio/mp3"}),
    "audio/wav": frozenset({"audio/x-wav", "audio/wave", "audio/vnd.wave"}),
    "audio/ogg": frozenset({"application/ogg", "audio/opus"}),
    "audio/mp4": frozenset({"audio/x-m4a", "audio/m4a"}),
    "audio/flac": frozenset({"audio/x-flac"}),
    "video/ogg": frozenset({"application/ogg"}),
    "video/webm": frozenset({"audio/webm"}),
    "text/csv": frozenset({"text/plain", "application/csv", "application/vnd.ms-excel"}),
    "text/tab-separated-values": frozenset({"text/plain"}),
    "text/markdown": frozenset({"text/plain", "text/x-markdown"}),
    "application/json": frozenset({"text/plain", "text/json"}),
    "application/xml": frozenset({"text/xml", "text/plain"}),
}

_TEXTS = ("text/plain", "text/csv", "text/tab-separated-values", "text/markdown",
          "application/json")  # fmt: skip
_TEXT_OF = {extension: kind for kind in _TEXTS for extension in EXTENSIONS[kind]}
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0e-\x1f]")
_HTML = re.compile(
    r"<(!doctype\s+html|html|head|body|script|iframe|title|style|meta|link|img|a|p|div|table"
    r"|form|h1|base|object|embed)\b",
    re.IGNORECASE,
)
_XHTML = re.compile(r"<(\w+:)?(html|script)\b", re.IGNORECASE)
_SVG = re.compile(r"<(\w+:)?svg\b", re.IGNORECASE)

# What stands behind `ftyp` in files of ISO 14496-12.
_BRANDS = {
    b"avif": "image/avif", b"avis": "image/avif", b"heic": "image/heic", b"heix": "image/heic",
    b"mif1": "image/heic", b"M4A ": "audio/mp4", b"M4B ": "audio/mp4", b"qt  ": "video/quicktime",
    b"isom": "video/mp4", b"iso2": "video/mp4", b"iso4": "video/mp4", b"iso5": "video/mp4",
    b"iso6": "video/mp4", b"mp41": "video/mp4", b"mp42": "video/mp4", b"avc1": "video/mp4",
    b"dash": "video/mp4", b"M4V ": "video/mp4", b"MSNV": "video/mp4",
}  # fmt: skip


def kind_of(head: bytes, tail: bytes = b"", extension: str = "") -> str | None:
    """Give the media type of content, or None where it is not known.

    `head` are its first bytes, `tail` its last where there are more: zip files keep the list of
    what is in them there. `extension` tells texts from each other.
    """
    for mark in _MARKS:
        if head.startswith(mark.begins):
            kind = mark.kind if isinstance(mark.kind, str) else mark.kind(head, tail)
            if kind is not None:
                return kind
    return _text(head, extension)


def agrees(kind: str, extension: str) -> bool:
    """Tell whether files of a kind have such an extension."""
    return extension in EXTENSIONS[kind]


def claim_agrees(kind: str, claimed: str | None) -> bool:
    """Tell whether a Content-Type claims what was found; one that claims nothing does."""
    plain = (claimed or "").partition(";")[0].strip().lower()
    return plain in ("", _UNKNOWN, kind) or plain in _ALIASES.get(kind, ())


def settled(head: bytes, filename: str, content_type: str | None) -> tuple[str, str]:
    """Give the type that content is kept as, and the extension that goes with it.

    Given types are trusted. Otherwise the content decides; where it says nothing, or no more than
    "a zip file", the extension does, unless it promises a type that we would have known.
    """
    extension = clean_extension(filename)
    if content_type is not None:
        plain = content_type.partition(";")[0].strip().lower()
        usual = EXTENSIONS.get(plain)
        if usual is None or extension in usual:
            return content_type, extension
        return content_type, usual[0]
    found = kind_of(head, extension=extension)
    named = media_type_of("x" + extension) if extension else _UNKNOWN
    if found is None:
        return (_UNKNOWN, "") if named in EXTENSIONS or _can_run(named) else (named, extension)
    if agrees(found, extension):
        return found, extension
    if found == "application/zip" and named in _IN_ZIP:
        return named, extension
    return found, EXTENSIONS[found][0]


def _can_run(media_type: str) -> bool:
    return media_type.endswith(("javascript", "xml", "html", "/css"))


@dataclass(frozen=True, slots=True)
class _Mark:
    """What a file begins with, and what it is then; a function looks further, and may say no."""

    begins: bytes
    kind: str | Callable[[bytes, bytes], str | None]


def _riff(head: bytes, tail: bytes) -> str | None:
    return {b"WEBP": "image/webp", b"WAVE": "audio/wav"}.get(head[8:12])


def _iso(head: bytes, tail: bytes) -> str | None:
    if head[4:8] != b"ftyp":
        return None
    length = int.from_bytes(head[:4], "big")
    if not 16 <= length <= 512:
        return None
    box = head[8:length]
    brands = [box[:4], *(box[at : at + 4] for at in range(8, len(box) - 3, 4))]
    return next((_BRANDS[brand] for brand in brands if brand in _BRANDS), None)


def _matroska(head: bytes, tail: bytes) -> str | None:
    return "video/webm" if b"webm" in head[:64] else "video/x-matroska"


def _ogg(head: bytes, tail: bytes) -> str | None:
    return "video/ogg" if b"theora" in head[:128] else "audio/ogg"


def _mp3_frame(head: bytes, tail: bytes) -> str | None:
    # Eleven bits of ones, a version and a bit rate that exist, and layer III.
    if len(head) < 4 or head[1] & 0xE6 != 0xE2 or head[1] & 0x18 == 0x08:
        return None
    return None if head[2] & 0xF0 == 0xF0 or head[2] & 0x0C == 0x0C else "audio/mpeg"


def _bmp(head: bytes, tail: bytes) -> str | None:
    return "image/bmp" if head[6:10] == b"\0\0\0\0" and head[14:18] == b"\x28\0\0\0" else None


_IN_ZIP = {
    _OFFICE + "wordprocessingml.document": b"word/",
    _OFFICE + "spreadsheetml.sheet": b"xl/",
    _OFFICE + "presentationml.presentation": b"ppt/",
}


def _zip(head: bytes, tail: bytes) -> str | None:
    if head[30:38] == b"mimetype":
        told = head[38:128]
        for kind in EXTENSIONS:
            if told.startswith(kind.encode()) and (kind.endswith("+zip") or "oasis" in kind):
                return kind
    listed = head + tail
    if b"[Content_Types].xml" in listed:
        for kind, folder in _IN_ZIP.items():
            if folder in listed:
                return kind
    return "application/zip"


_MARKS = (
    _Mark(b"\xff\xd8\xff", "image/jpeg"),
    _Mark(b"\x89PNG\r\n\x1a\n", "image/png"),
    _Mark(b"GIF87a", "image/gif"),
    _Mark(b"GIF89a", "image/gif"),
    _Mark(b"RIFF", _riff),
    _Mark(b"BM", _bmp),
    _Mark(b"%PDF-", "application/pdf"),
    _Mark(_ZIP, _zip),
    _Mark(b"PK\x05\x06", "application/zip"),  # one with nothing in it
    _Mark(b"\x1f\x8b\x08", "application/gzip"),
    _Mark(b"\x1a\x45\xdf\xa3", _matroska),
    _Mark(b"OggS", _ogg),
    _Mark(b"fLaC", "audio/flac"),
    _Mark(b"ID3", "audio/mpeg"),
    _Mark(b"\xff", _mp3_frame),
    _Mark(b"\0\0", _iso),
)


def _text(head: bytes, extension: str) -> str | None:
    """Give the kind of a text, None for what is none: not UTF-8, or with control characters."""
    try:
        # The last character may be cut in two: that is not the end of the file.
        text = getincrementaldecoder("utf-8-sig")().decode(head, final=False)
    except UnicodeDecodeError:
        return None
    if not text or _CONTROLS.search(text):
        return None
    begin = text.lstrip()[:1024]
    if begin.startswith("<"):
        if _SVG.search(text):
            return "image/svg+xml"
        if begin.lower().startswith("<?xml"):
            return "text/html" if _XHTML.search(text) else "application/xml"
        if _HTML.search(text) or not extension:
            return "text/html"
        return "application/xml" if extension == ".xml" else _TEXT_OF.get(extension, "text/html")
    return _TEXT_OF.get(extension, "text/plain")
