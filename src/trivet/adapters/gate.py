"""The request gate: what a request must be before any route sees it.

Pure functions over values, no I/O, and the same for every face. Each raises :class:`Refused` with
the status and a sentence that names what was found and the mend; otherwise it gives the parsed
form. The verdict depends on the bytes alone, never on how they were split on their way.

What llhttp refuses by itself on the socket (bare LF, folded lines, control bytes, white space
before the colon, bad chunk sizes) is checked again here for the faces behind other servers.
"""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import unquote

from trivet.http.exchange import Answer, Head

__all__ = [
    "HABITS",
    "PLAIN",
    "SINGLETONS",
    "Framing",
    "Line",
    "Refused",
    "check_headers",
    "check_host",
    "check_length",
    "check_method",
    "check_parsed",
    "check_raw_headers",
    "check_target",
    "has_token",
    "parse_line",
    "refusal",
]


class Refused(Exception):
    """The request is refused with `status`; `detail` goes to the client as it is."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail


class Line:
    """A request line, taken apart."""

    __slots__ = ("authority", "method", "minor", "path", "query", "raw_path")

    def __init__(self, method: str, path: str, raw_path: bytes, query: bytes, minor: int) -> None:
        self.method = method
        self.path = path
        """Percent-decoded; `*` for OPTIONS of the server as a whole."""
        self.raw_path = raw_path
        self.query = query
        self.minor = minor
        """The minor version: 0 for HTTP/1.0, 1 for HTTP/1.1."""
        self.authority = b""
        """The authority of an absolute target, otherwise empty."""


class Framing(NamedTuple):
    """What the headers say about the message around them."""

    length: int = 0
    """Bytes of the body; -1 for a chunked body, whose length only its end tells."""
    expects: bool = False
    """True if the client waits for `100 Continue` before it sends the body."""
    upgrade: bytes = b""
    """The protocol asked for by Upgrade, in lower case, where Connection names it too."""
    connection: bytes = b""
    """The Connection header in lower case, several joined by commas; empty for `keep-alive`."""


PLAIN = Framing()
"""The framing of a request without a body or anything else to mind."""

# RFC 9110 gives these one value each; a second one lets two readers of a request disagree.
SINGLETONS = frozenset(
    {
        b"authorization",
        b"content-length",
        b"content-location",
        b"content-range",
        b"content-type",
        b"date",
        b"expect",
        b"from",
        b"host",
        b"if-modified-since",
        b"if-range",
        b"if-unmodified-since",
        b"max-forwards",
        b"origin",
        b"proxy-authorization",
        b"range",
        b"referer",
        b"sec-websocket-key",
        b"sec-websocket-version",
        b"transfer-encoding",
        b"upgrade",
        b"user-agent",
    }
)
# What everybody sends by habit; in HTTP/1.1 it says nothing.
HABITS = frozenset({b"keep-alive", b"Keep-Alive"})

_TOKEN = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_BAD_VALUE = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_HOST_FORM = re.compile(
    rb"(?:\[(?P<literal>[0-9A-Za-z:.\-_~!$&'()*+,;=]+)\]"
    rb"|(?:[A-Za-z0-9\-._~!$&'()*+,;=]|%[0-9A-Fa-f]{2})+)"
    rb"(?::(?P<port>[0-9]*))?"
)
_FUTURE_ADDRESS = re.compile(rb"[vV][0-9A-Fa-f]+\.[A-Za-z0-9\-._~!$&'()*+,;=:]+")
_ABSOLUTE = re.compile(rb"https?://([^/?#]*)(.*)", re.IGNORECASE | re.DOTALL)
_TARGET = re.compile(rb"[!-~]+")


def _shown(value: bytes) -> str:
    """Give `value` as text for a message, cut to a size that is harmless to echo."""
    text = value[:60].decode("latin-1").encode("unicode_escape").decode("ascii")
    return f"'{text}{'…' if len(value) > 60 else ''}'"


def parse_line(line: bytes) -> Line:
    """Take apart a request line given without its line end."""
    parts = line.split(b" ")
    if len(parts) != 3:
        raise Refused(
            400,
            f"The request line {_shown(line)} does not have the form 'METHOD target HTTP/1.1' with "
            "one space between the parts.",
        )
    method, target, version = parts
    if version == b"HTTP/1.1":
        minor = 1
    elif version == b"HTTP/1.0":
        minor = 0
    else:
        raise Refused(
            400, f"The version {_shown(version)} is not served here; send HTTP/1.1 or HTTP/1.0."
        )
    check_method(method)
    authority = b""
    if target[:1] != b"/":
        target, authority = _other_form(method, target)
    if b"#" in target or not _TARGET.fullmatch(target):
        raise Refused(
            400,
            f"The request target {_shown(target)} holds a character that a target cannot hold; "
            "percent-encode it, and send no fragment ('#').",
        )
    raw_path, _, query = target.partition(b"?")
    path = check_target(raw_path)
    parsed = Line(method.decode("ascii"), path, raw_path, query, minor)
    parsed.authority = authority
    return parsed


def check_method(method: bytes) -> None:
    """Refuse what is no method at all, and CONNECT, which only a proxy can serve."""
    if method == b"CONNECT":
        raise Refused(400, "CONNECT asks for a tunnel, and this server is not a proxy.")
    if not _TOKEN.fullmatch(method):
        raise Refused(400, f"The method {_shown(method)} is not an HTTP method.")


def check_target(raw_path: bytes) -> str:
    """Give the percent-decoded path, refusing what no path can hold."""
    path = raw_path.decode("ascii")
    if "%" in path:
        path = unquote(path)
        if "\x00" in path:
            raise Refused(400, "The path holds an encoded NUL byte ('%00'); leave it out.")
    return path


def _other_form(method: bytes, target: bytes) -> tuple[bytes, bytes]:
    """Give (origin-form target, authority) of a target that does not begin with a slash."""
    absolute = _ABSOLUTE.fullmatch(target)
    if absolute is not None:
        authority, rest = absolute.groups()
        if rest[:1] != b"/":
            rest = b"/" + rest
        check_host(authority)
        return rest, authority
    if target == b"*" and method == b"OPTIONS":
        return target, b""
    raise Refused(
        400,
        f"The request target {_shown(target)} is not a path; a target begins with '/' "
        "('*' is for OPTIONS alone).",
    )


def check_host(value: bytes) -> None:
    """Refuse what is not `host` or `host:port` in the form of RFC 3986, 3.2."""
    found = _HOST_FORM.fullmatch(value)
    good = found is not None
    if found is not None:
        literal, port = found["literal"], found["port"]
        if literal is not None and not _FUTURE_ADDRESS.fullmatch(literal):
            try:
                ipaddress.IPv6Address(literal.decode("ascii"))
            except ValueError:
                good = False
        if port and (len(port) > 5 or int(port) > 65535):
            good = False
    if not good:
        raise Refused(
            400, f"The host {_shown(value)} is not of the form host or host:port (RFC 3986)."
        )


def check_headers(
    headers: Sequence[tuple[bytes, bytes]], minor: int = 1, authority: bytes = b""
) -> Framing:
    """Check the headers of an HTTP/1 request (lower-case names) and give their framing.

    `minor` is the minor version, `authority` that of an absolute target, if there was one.
    """
    single: dict[bytes, bytes] = {}
    connection = b""
    is_underscored = False
    for name, value in headers:
        if name in SINGLETONS:
            if name in single:
                raise Refused(
                    400,
                    f"The header {name.decode('ascii')!r} came more than once; "
                    "it may come only once.",
                )
            single[name] = value
        elif name == b"connection":
            if minor != 1 or value not in HABITS:
                connection += b"," + value.lower()
        elif b"_" in name:
            is_underscored = True
    take = single.get
    _check_host_header(take(b"host"), minor, authority)
    if is_underscored:
        _check_twins(headers)
    return Framing(
        _body_length(take(b"content-length"), take(b"transfer-encoding"), minor),
        _expects_continue(take(b"expect"), minor),
        _asked_upgrade(take(b"upgrade"), connection),
        connection,
    )


def _check_host_header(host: bytes | None, minor: int, authority: bytes) -> None:
    if host is None:
        if minor == 1:
            raise Refused(400, "The request has no Host header; HTTP/1.1 needs exactly one.")
        return
    check_host(host)
    if authority and authority.lower() != host.lower():
        raise Refused(
            400,
            f"The Host header {_shown(host)} and the request target's {_shown(authority)} differ; "
            "send the same in both.",
        )


def _check_twins(headers: Sequence[tuple[bytes, bytes]]) -> None:
    """Refuse `x_user` beside `x-user`: gateways that map both to one name would mix them up."""
    names = {name for name, _ in headers}
    for name in names:
        if b"_" in name and name.replace(b"_", b"-") in names:
            raise Refused(
                400,
                f"The header {_shown(name)} came beside its twin with dashes, and some readers "
                "take both for one; send only one of them.",
            )


def _body_length(length: bytes | None, coding: bytes | None, minor: int) -> int:
    if coding is not None:
        if length is not None:
            raise Refused(
                400,
                "Content-Length and Transfer-Encoding came together, so that the end of the body "
                "is in doubt; send one of them.",
            )
        if minor == 0:
            raise Refused(400, "Transfer-Encoding does not exist in HTTP/1.0; send HTTP/1.1.")
        if coding.strip(b" \t").lower() != b"chunked":
            raise Refused(
                400,
                f"The transfer coding {_shown(coding)} is not served; "
                "the only one is 'chunked', once.",
            )
        return -1
    if length is None:
        return 0
    digits = length.strip(b" \t")
    if not digits.isdigit() or len(digits) > 18:
        raise Refused(
            400, f"The Content-Length {_shown(length)} is not one decimal number of bytes."
        )
    return int(digits)


def _expects_continue(expect: bytes | None, minor: int) -> bool:
    if expect is None or minor == 0:
        return False
    if expect.strip(b" \t").lower() != b"100-continue":
        raise Refused(
            417, f"The expectation {_shown(expect)} cannot be met; the only one is '100-continue'."
        )
    return True


def has_token(connection: bytes, token: bytes) -> bool:
    """Tell whether `token` is among the options of a Connection header in lower case."""
    return token in [part.strip(b" \t") for part in connection.split(b",")]


def _asked_upgrade(upgrade: bytes | None, connection: bytes) -> bytes:
    if upgrade is None or not has_token(connection, b"upgrade"):
        return b""
    return upgrade.strip(b" \t").lower()


def check_raw_headers(headers: Sequence[tuple[bytes, bytes]]) -> None:
    """Refuse names and values that no HTTP message can carry; for faces without our parser."""
    for name, value in headers:
        if not _TOKEN.fullmatch(name):
            raise Refused(
                400, f"The header name {_shown(name)} holds a character that a name cannot hold."
            )
        if _BAD_VALUE.search(value):
            raise Refused(
                400,
                f"The header {_shown(name)} holds a control byte; leave it out or encode it.",
            )


def check_parsed(
    method: str, path: str, version: str, headers: Sequence[tuple[bytes, bytes]]
) -> int:
    """Check a request that another server parsed; give its body's length, -1 if not told.

    `version` is `1.0`, `1.1` or `2`; where it is missing, the rules of HTTP/1.1 alone do not apply.
    """
    check_method(method.encode("latin-1", "replace"))
    if "\x00" in path:
        raise Refused(400, "The path holds an encoded NUL byte ('%00'); leave it out.")
    if path and path[0] != "/" and not (path == "*" and method == "OPTIONS"):
        raise Refused(
            400,
            f"The request target {_shown(path.encode())} is not a path; a target begins with '/' "
            "('*' is for OPTIONS alone).",
        )
    check_raw_headers(headers)
    return check_headers(headers, 1 if version == "1.1" else 0).length


def check_length(length: int, most: int | None) -> None:
    """Refuse a body whose announced length is above what the target takes."""
    if most is not None and length > most:
        raise Refused(413, f"The body is larger than {most} bytes; send less.")


_HEADERS = ((b"content-type", b"application/json"),)
_HEADS: dict[int, Head] = {}


def refusal(refused: Refused, extra: list[tuple[bytes, bytes]] | None = None) -> Answer:
    """Give the answer that tells the client why it was refused."""
    head = _HEADS.get(refused.status)
    if head is None:
        head = _HEADS.setdefault(refused.status, Head(refused.status, _HEADERS))
    body = json.dumps({"detail": refused.detail}, ensure_ascii=False).encode("utf-8")
    return Answer(head, body, extra)
