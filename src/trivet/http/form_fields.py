"""One text field of a form, found in a body that is there as a whole.

For what has to be known before a form is read properly, such as a token. Whatever is no form, or
not one that browsers write, has no field; nothing here raises for what a client sent.
"""

from __future__ import annotations

from urllib.parse import unquote_plus

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

__all__ = ["form_field"]

_MOST_FIELDS = 1000  # as many as a form has by default
_LONGEST = 8 * 1024  # bytes of a value in a form of pairs, as it came


def form_field(content_type: bytes, body: bytes, name: str) -> str | None:
    """Give the value of the text field `name`; None where there is none, or more than one.

    `content_type` is the header's value, as it came: only ``application/x-www-form-urlencoded`` and
    ``multipart/form-data`` have fields.
    """
    try:
        kind, options = parse_options_header(content_type)
        if kind == b"application/x-www-form-urlencoded":
            found = _of_pairs(body, name)
        elif kind == b"multipart/form-data" and b"boundary" in options:
            found = _of_parts(options[b"boundary"], body, name)
        else:
            return None
    except (ValueError, FormParserError):
        return None
    return found[0] if len(found) == 1 else None


def _of_pairs(body: bytes, name: str) -> list[str]:
    if body.count(b"&") >= _MOST_FIELDS:
        raise ValueError("too many fields")
    found = []
    for pair in body.split(b"&"):
        key, _, value = pair.partition(b"=")
        # Only what may be it is decoded: a body of nothing but percents takes 100 times its size.
        if len(key) <= 3 * len(name) and unquote_plus(key.decode("latin-1")) == name:
            if len(value) > _LONGEST:
                raise ValueError("too long")
            found.append(unquote_plus(value.decode("latin-1")))
    return found


def _of_parts(boundary: bytes, body: bytes, name: str) -> list[str]:
    parts = _Parts(name)
    parser = MultipartParser(
        boundary,
        {
            "on_part_begin": parts.begin,
            "on_header_field": parts.header_name,
            "on_header_value": parts.header_value,
            "on_header_end": parts.header_end,
            "on_headers_finished": parts.headers_end,
            "on_part_data": parts.data,
            "on_part_end": parts.end,
        },
    )
    parser.write(body)
    parser.finalize()
    return parts.found


class _Parts:
    """What the parser tells of the parts, of which one is looked for; others are passed over."""

    def __init__(self, name: str) -> None:
        self.found: list[str] = []
        self._name = name
        self._count = 0
        self._key = self._value = b""
        self._disposition = b""
        self._kept: bytearray | None = None

    def begin(self) -> None:
        self._count += 1
        if self._count > 2 * _MOST_FIELDS:  # as many fields, and as many files
            raise ValueError("too many parts")
        self._disposition = b""
        self._kept = None

    def header_name(self, data: bytes, start: int, end: int) -> None:
        self._key += data[start:end]

    def header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def header_end(self) -> None:
        if self._key.lower() == b"content-disposition":
            self._disposition = self._value
        self._key = self._value = b""

    def headers_end(self) -> None:
        _, options = parse_options_header(self._disposition)
        is_it = options.get(b"name") == self._name.encode() and b"filename" not in options
        self._kept = bytearray() if is_it else None

    def data(self, data: bytes, start: int, end: int) -> None:
        if self._kept is not None:
            self._kept += data[start:end]

    def end(self) -> None:
        if self._kept is not None:
            self.found.append(self._kept.decode("latin-1"))
