"""A head's lines taken apart, and what is remembered of those that repeat.

The lines come from a head that llhttp has passed, so that splitting them is safe. Request lines
and the headers that clients repeat word for word are looked up instead of taken apart again.
Nothing that may be a secret is remembered, and every table is bounded. An answer's lines are
written here too.
"""

from __future__ import annotations

from collections.abc import Sequence

from trivet.adapters.gate import HABITS, SINGLETONS, Line, Refused, check_host, parse_line

__all__ = [
    "CLOSER",
    "HOST",
    "LENGTH",
    "common_line",
    "header_block",
    "known_header",
    "known_line",
    "learn_header",
    "learn_line",
]

HOST = 1
"""The bit of a Host header whose value passed the gate."""

LENGTH = 1 << 30
"""The bit of a Content-Length that is a plain number; a second one clashes like any other."""

CLOSER = 2
"""The bit of anything that the gate must look at: what frames a body, or may clash."""

# One bit for each header that may come once only, to see a second one.
_BITS: dict[bytes, int] = {name: 4 << place for place, name in enumerate(sorted(SINGLETONS))}
for _name in (b"content-length", b"transfer-encoding", b"expect", b"upgrade", b"connection"):
    _BITS[_name] = CLOSER

_MOST_DIGITS = 15  # of a length that is taken as it stands; the gate judges longer ones
_MOST = 1024
_LONGEST = 256

# Request lines in origin form of HTTP/1.1, but for HEAD, whose answers are not like the others.
_lines: dict[bytes, Line] = {}
known_line = _lines.get

# The pair, its bits, and of a plain Content-Length its number.
_headers: dict[bytes, tuple[tuple[bytes, bytes], int, int]] = {}
known_header = _headers.get

# Headers that clients repeat and that tell no secret.
_REPEATED = frozenset(
    {
        b"accept",
        b"accept-charset",
        b"accept-encoding",
        b"accept-language",
        b"cache-control",
        b"connection",
        b"content-length",
        b"content-type",
        b"dnt",
        b"host",
        b"origin",
        b"pragma",
        b"sec-ch-ua",
        b"sec-ch-ua-mobile",
        b"sec-ch-ua-platform",
        b"sec-fetch-dest",
        b"sec-fetch-mode",
        b"sec-fetch-site",
        b"sec-fetch-user",
        b"te",
        b"upgrade-insecure-requests",
        b"user-agent",
    }
)


def learn_line(raw: bytes) -> Line:
    """Take a request line apart, and remember it if it is of the common kind."""
    line = parse_line(raw)
    if line.minor and not line.authority and line.method != "HEAD" and len(raw) <= _LONGEST:
        if len(_lines) >= _MOST:
            _lines.clear()
        _lines[raw] = line
    return line


def common_line(raw: bytes) -> Line | None:
    """Take apart a request line of the common kind; None for any other, good or bad."""
    try:
        line = learn_line(raw)
    except Refused:
        return None
    return line if line.minor and not line.authority else None


def learn_header(raw: bytes) -> tuple[tuple[bytes, bytes], int, int]:
    """Give ((lower-case name, value), bits, number) of a header line; the common are remembered.

    The number is that of a plain Content-Length, otherwise 0.
    """
    name, _, value = raw.partition(b":")
    name = name.lower()
    value = value.strip(b" \t")
    bits = _BITS.get(name, 0)
    number = 0
    if name == b"host":
        try:
            check_host(value)
            bits = HOST
        except Refused:
            bits = CLOSER
    elif name == b"content-length" and value.isdigit() and len(value) <= _MOST_DIGITS:
        bits, number = LENGTH, int(value)
    elif name == b"connection" and value in HABITS:
        bits = 0
    elif b"_" in name:
        bits = CLOSER
    entry = (name, value), bits, number
    if name in _REPEATED and len(raw) <= _LONGEST:
        if len(_headers) >= _MOST:
            _headers.clear()
        _headers[raw] = entry
    return entry


def header_block(headers: Sequence[tuple[bytes, bytes]]) -> bytes:
    """Write header lines, refusing values that would begin a line of their own."""
    block = b"".join([b"%b: %b\r\n" % pair for pair in headers])
    count = len(headers)
    if block.count(b"\n") != count or block.count(b"\r") != count or b"\0" in block:
        raise RuntimeError("a header of the answer holds a line break or a NUL byte")
    return block
