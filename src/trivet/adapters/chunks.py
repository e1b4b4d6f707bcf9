"""Where a chunked body ends, and whether its framing is sound.

The scanner stands before llhttp, which decodes what it lets through: it finds the end of the
message and holds the limits that llhttp does not know (extensions, trailers, total size). It never
decodes. Both must find the same bytes sound.
Its verdict depends on the bytes alone, not on how they are split.
"""

from __future__ import annotations

import re

from trivet.adapters.gate import Refused

__all__ = ["ChunkScanner"]

_MOST_DIGITS = 16
_MOST_LINE = 256
_MOST_EXTENSIONS = 4096

_SIZE = 0
_DATA = 1
_DATA_END = 2
_TRAILER = 3
_DONE = 4

_TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_QUOTED = rb'"(?:[\t !#-\[\]-~\x80-\xff]|\\[\t -~\x80-\xff])*"'
_SIZE_LINE = re.compile(
    rb"(?P<size>[0-9A-Fa-f]{1,16})(?:;%b(?:=(?:%b|%b))?)*" % (_TOKEN, _TOKEN, _QUOTED)
)
_TRAILER_LINE = re.compile(
    rb"(?P<name>" + _TOKEN + rb"):[\t ]*(?:[!-~\x80-\xff](?:[\t !-~\x80-\xff])*)?"
)

# Fields that steer a message or its reader, and therefore may not follow a body (RFC 9110, 6.5.1).
_FORBIDDEN = frozenset(
    {
        b"authorization",
        b"cache-control",
        b"connection",
        b"content-encoding",
        b"content-length",
        b"content-range",
        b"content-type",
        b"cookie",
        b"expect",
        b"forwarded",
        b"host",
        b"max-forwards",
        b"proxy-authorization",
        b"range",
        b"set-cookie",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
        b"x-forwarded-for",
        b"x-forwarded-host",
        b"x-forwarded-proto",
    }
)


class ChunkScanner:
    """Follows the framing of one chunked body."""

    __slots__ = ("_extensions", "_left", "_line", "_state", "_trailers", "max_trailers", "size")

    def __init__(self, max_trailers: int) -> None:
        self.max_trailers = max_trailers
        self.size = 0
        """Bytes that the chunks announced so far hold together."""
        self._state = _SIZE
        self._line = bytearray()
        self._left = 0
        self._extensions = 0
        self._trailers = 0

    @property
    def done(self) -> bool:
        """True once the last byte of the message was seen."""
        return self._state == _DONE

    def scan(self, data: bytes, max_size: int | None) -> tuple[bytes, int]:
        """Give the bytes that are found sound, and how many of `data` belong to the body.

        A line is withheld until it is whole and sound. Raises `Refused` at the first line that is
        wrong, or that takes the body over `max_size`.
        """
        sound = []
        at = 0
        end = len(data)
        while at < end and self._state != _DONE:
            if self._state == _DATA:
                step = min(self._left, end - at)
                sound.append(data[at : at + step])
                at += step
                self._left -= step
                if not self._left:
                    self._state = _DATA_END
            else:
                at = self._gather(data, at, end)
                if self._line.endswith(b"\n"):
                    sound.append(self._take_line(max_size))
        return b"".join(sound), at

    def _gather(self, data: bytes, at: int, end: int) -> int:
        """Move the bytes up to and including the next line feed into the line."""
        room = self._room() - len(self._line)
        stop = data.find(b"\n", at, min(end, at + room))
        stop = min(end, at + room) if stop < 0 else stop + 1
        self._line += data[at:stop]
        if not self._line.endswith(b"\n") and len(self._line) >= self._room():
            raise self._too_long()
        return stop

    def _room(self) -> int:
        if self._state == _SIZE:
            return _MOST_LINE
        if self._state == _DATA_END:
            return 2
        return max(self.max_trailers - self._trailers, 0) + 2

    def _too_long(self) -> Refused:
        if self._state == _SIZE:
            return Refused(
                400, f"The line before a chunk is longer than {_MOST_LINE} bytes; send it shorter."
            )
        if self._state == _DATA_END:
            return Refused(
                400, "A chunk does not end with CRLF where its size says; correct the size."
            )
        return Refused(
            431, f"The trailers of the body take more than {self.max_trailers} bytes; send fewer."
        )

    def _take_line(self, max_size: int | None) -> bytes:
        whole = line = bytes(self._line)
        self._line.clear()
        if not line.endswith(b"\r\n"):
            raise Refused(400, "A line of the chunked body ends with a bare LF; end it with CRLF.")
        line = line[:-2]
        if self._state == _SIZE:
            self._take_size(line, max_size)
        elif self._state == _DATA_END:
            if line:
                raise self._too_long()
            self._state = _SIZE
        else:
            self._take_trailer(line)
        return whole

    def _take_size(self, line: bytes, max_size: int | None) -> None:
        found = _SIZE_LINE.fullmatch(line)
        if found is None:
            raise Refused(
                400,
                "The line before a chunk is not a hexadecimal size of at most "
                f"{_MOST_DIGITS} digits with well-formed extensions.",
            )
        self._extensions += len(line) - found.end("size")
        if self._extensions > _MOST_EXTENSIONS:
            raise Refused(
                400, f"The chunk extensions take more than {_MOST_EXTENSIONS} bytes; send none."
            )
        size = int(found["size"], 16)
        if not size:
            self._state = _TRAILER
            return
        self.size += size
        if max_size is not None and self.size > max_size:
            raise Refused(413, f"The body is larger than {max_size} bytes; send less.")
        self._left = size
        self._state = _DATA

    def _take_trailer(self, line: bytes) -> None:
        if not line:
            self._state = _DONE
            return
        self._trailers += len(line) + 2
        found = _TRAILER_LINE.fullmatch(line)
        if found is None:
            raise Refused(400, "A trailer is not of the form 'name: value'; correct or omit it.")
        name = found["name"].lower()
        if name in _FORBIDDEN:
            raise Refused(
                400,
                f"The field {name.decode('ascii')!r} may not be a trailer; send it as a header.",
            )
