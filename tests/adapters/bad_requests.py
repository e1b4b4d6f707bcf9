"""What the gate must refuse: a name, the bytes, and the status."""

from __future__ import annotations

_H = b"Host: test\r\n"


def _get(
    headers: bytes = _H,
    *,
    line: bytes = b"GET / HTTP/1.1",
    body: bytes = b"",
) -> bytes:
    return line + b"\r\n" + headers + b"\r\n" + body


def _post(headers: bytes, body: bytes) -> bytes:
    return _get(_H + headers, line=b"POST / HTTP/1.1", body=body)


def _chunked(body: bytes) -> bytes:
    return _post(b"Transfer-Encoding: chunked\r\n", body)


BAD: dict[str, tuple[bytes, int]] = {
    "length and coding": (
        _post(b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", b"0\r\n\r\n"), 400),
    "coding and length": (
        _post(b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", b"0\r\n\r\n"), 400),
    "two lengths": (_post(b"Content-Length: 3\r\nContent-Length: 4\r\n", b"abcd"), 400),
    "the same length twice": (_post(b"Content-Length: 3\r\nContent-Length: 3\r\n", b"abc"), 400),
    "a list of lengths": (_post(b"Content-Length: 3, 3\r\n", b"abc"), 400),
    "a signed length": (_post(b"Content-Length: +3\r\n", b"abc"), 400),
    "a negative length": (_post(b"Content-Length: -1\r\n", b""), 400),
    "a hexadecimal length": (_post(b"Content-Length: 0x3\r\n", b"abc"), 400),
    "an empty length": (_post(b"Content-Length: \r\n", b""), 400),
    "an endless length": (_post(b"Content-Length: 99999999999999999999\r\n", b""), 400),
    "an unknown coding": (_post(b"Transfer-Encoding: gzip\r\n", b""), 400),
    "two codings": (_post(b"Transfer-Encoding: gzip, chunked\r\n", b"0\r\n\r\n"), 400),
    "a doubled coding": (_post(b"Transfer-Encoding: chunked, chunked\r\n", b"0\r\n\r\n"), 400),
    "coding twice": (
        _post(b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", b"0\r\n\r\n"), 400),
    "coding identity": (_post(b"Transfer-Encoding: identity\r\n", b""), 400),
    "an empty coding": (_post(b"Transfer-Encoding:\r\n", b""), 400),
    "a near coding": (_post(b"Transfer-Encoding: xchunked\r\n", b"0\r\n\r\n"), 400),
    "coding in 1.0": (
        _get(_H + b"Transfer-Encoding: chunked\r\n", line=b"POST / HTTP/1.0", body=b"0\r\n\r\n"),
        400),
    "a chunk size that is no number": (_chunked(b"g\r\nabc\r\n0\r\n\r\n"), 400),
    "a chunk size with 0x": (_chunked(b"0x3\r\nabc\r\n0\r\n\r\n"), 400),
    "a negative chunk size": (_chunked(b"-3\r\nabc\r\n0\r\n\r\n"), 400),
    "an empty chunk size": (_chunked(b"\r\nabc\r\n0\r\n\r\n"), 400),
    "a chunk size with a space": (_chunked(b"3 \r\nabc\r\n0\r\n\r\n"), 400),
    "a huge chunk size": (_chunked(b"fffffffffffffffff\r\nabc\r\n0\r\n\r\n"), 400),
    "a chunk size of many digits": (_chunked(b"0" * 30 + b"3\r\nabc\r\n0\r\n\r\n"), 400),
    "a chunk longer than its size": (_chunked(b"3\r\nabcd\r\n0\r\n\r\n"), 400),
    "a chunk line with bare LF": (_chunked(b"3\nabc\r\n0\r\n\r\n"), 400),
    "a chunk that ends with bare LF": (_chunked(b"3\r\nabc\n0\r\n\r\n"), 400),
    "a malformed chunk extension": (_chunked(b"3;=\r\nabc\r\n0\r\n\r\n"), 400),
    "a control byte in a chunk extension": (_chunked(b"3;a=\x01\r\nabc\r\n0\r\n\r\n"), 400),
    "a long chunk extension": (_chunked(b"3;a=" + b"b" * 400 + b"\r\nabc\r\n0\r\n\r\n"), 400),
    "many chunk extensions": (
        _chunked((b"1;a=" + b"b" * 200 + b"\r\nx\r\n") * 30 + b"0\r\n\r\n"), 400),
    "a forbidden trailer": (_chunked(b"0\r\nHost: other\r\n\r\n"), 400),
    "a trailer that frames": (_chunked(b"0\r\nContent-Length: 3\r\n\r\n"), 400),
    "a malformed trailer": (_chunked(b"0\r\nno colon\r\n\r\n"), 400),
    "a folded trailer": (_chunked(b"0\r\nX: a\r\n b\r\n\r\n"), 400),
    "a trailer with bare LF": (_chunked(b"0\r\nX: a\n\r\n"), 400),
    "large trailers": (_chunked(b"0\r\nX: " + b"a" * 9000 + b"\r\n\r\n"), 431),
    "bare LF after the request line": (b"GET / HTTP/1.1\nHost: test\r\n\r\n", 400),
    "bare LF after a header": (b"GET / HTTP/1.1\r\nHost: test\n\r\n", 400),
    "bare LF at the end": (b"GET / HTTP/1.1\r\nHost: test\r\n\n", 400),
    "bare LF alone": (b"GET / HTTP/1.1\nHost: test\n\n", 400),
    "bare CR": (b"GET / HTTP/1.1\rHost: test\r\n\r\n", 400),
    "a leading LF": (b"\n" + _get(), 400),
    "two leading empty lines": (b"\r\n\r\n" + _get(), 400),
    "a leading space": (b" " + _get(), 400),
    "white space before the colon": (_get(_H + b"X : a\r\n"), 400),
    "a tab before the colon": (_get(_H + b"X\t: a\r\n"), 400),
    "white space before the first header": (b"GET / HTTP/1.1\r\n Host: test\r\n\r\n", 400),
    "a folded header": (_get(_H + b"X: a\r\n b\r\n"), 400),
    "a header folded by a tab": (_get(_H + b"X: a\r\n\tb\r\n"), 400),
    "NUL in a value": (_get(_H + b"X: a\0b\r\n"), 400),
    "a control byte in a value": (_get(_H + b"X: a\x01b\r\n"), 400),
    "DEL in a value": (_get(_H + b"X: a\x7fb\r\n"), 400),
    "CR in a value": (_get(_H + b"X: a\rb\r\n"), 400),
    "NUL in a name": (_get(_H + b"X\0: a\r\n"), 400),
    "a name that is no token": (_get(_H + b"X(y): a\r\n"), 400),
    "an empty name": (_get(_H + b": a\r\n"), 400),
    "a header without a colon": (_get(_H + b"abc\r\n"), 400),
    "no host": (_get(b"X: a\r\n"), 400),
    "two hosts": (_get(b"Host: a\r\nHost: b\r\n"), 400),
    "the same host twice": (_get(_H + _H), 400),
    "an empty host": (_get(b"Host:\r\n"), 400),
    "a host with a path": (_get(b"Host: a/b\r\n"), 400),
    "a host with a user": (_get(b"Host: me@a\r\n"), 400),
    "a host with a space": (_get(b"Host: a b\r\n"), 400),
    "a host with a bad port": (_get(b"Host: a:b\r\n"), 400),
    "a host with a huge port": (_get(b"Host: a:70000\r\n"), 400),
    "a host with an open bracket": (_get(b"Host: [::1\r\n"), 400),
    "a host with a bad address": (_get(b"Host: [::g]\r\n"), 400),
    "a host with a bad escape": (_get(b"Host: a%2\r\n"), 400),
    "a host beyond ASCII": (_get(b"Host: \xc3\xa9.example\r\n"), 400),
    "a doubled content type": (
        _get(_H + b"Content-Type: text/plain\r\nContent-Type: text/html\r\n"), 400),
    "a doubled authorization": (_get(_H + b"Authorization: a\r\nauthorization: b\r\n"), 400),
    "an underscore beside its twin": (_get(_H + b"X-User: a\r\nX_User: b\r\n"), 400),
    "a length with an underscore beside it": (
        _post(b"Content-Length: 3\r\nContent_Length: 9\r\n", b"abc"), 400),
    "authority form": (_get(line=b"GET test:80 HTTP/1.1"), 400),
    "asterisk on GET": (_get(line=b"GET * HTTP/1.1"), 400),
    "CONNECT": (_get(line=b"CONNECT test:80 HTTP/1.1"), 400),
    "a target without a slash": (_get(line=b"GET a HTTP/1.1"), 400),
    "another scheme": (_get(line=b"GET ftp://test/ HTTP/1.1"), 400),
    "another authority": (_get(line=b"GET http://other/ HTTP/1.1"), 400),
    "a fragment": (_get(line=b"GET /a#b HTTP/1.1"), 400),
    "a target beyond ASCII": (_get(line=b"GET /\xc3\xa9 HTTP/1.1"), 400),
    "a control byte in the target": (_get(line=b"GET /\x01 HTTP/1.1"), 400),
    "a tab in the target": (_get(line=b"GET /a\tb HTTP/1.1"), 400),
    "NUL in the path": (_get(line=b"GET /a%00b HTTP/1.1"), 400),
    "two spaces": (_get(line=b"GET  / HTTP/1.1"), 400),
    "two spaces before the version": (_get(line=b"GET /  HTTP/1.1"), 400),
    "HTTP/0.9": (b"GET /\r\n\r\n", 400),
    "HTTP/0.9 with a version": (_get(line=b"GET / HTTP/0.9"), 400),
    "HTTP/1.2": (_get(line=b"GET / HTTP/1.2"), 400),
    "HTTP/1.10": (_get(line=b"GET / HTTP/1.10"), 400),
    "HTTP/2.0": (_get(line=b"GET / HTTP/2.0"), 400),
    "HTTP/3": (_get(line=b"GET / HTTP/3"), 400),
    "another protocol": (_get(line=b"GET / RTSP/1.0"), 400),
    "lower case protocol": (_get(line=b"GET / http/1.1"), 400),
    "the preface of HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
    "a lower case method": (_get(line=b"get / HTTP/1.1"), 400),
    "an unknown method": (_get(line=b"NOTHING / HTTP/1.1"), 400),
    "TLS on a plain port": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
    "a long target": (_get(line=b"GET /" + b"a" * 9000 + b" HTTP/1.1"), 414),
    "a long request line without an end": (b"GET /" + b"a" * 9000, 414),
    "many headers": (_get(_H + b"X: a\r\n" * 101), 431),
    "large headers": (_get(_H + b"X: " + b"a" * 70_000 + b"\r\n"), 431),
    "headers without an end": (b"GET / HTTP/1.1\r\nHost: test\r\nX: " + b"a" * 70_000, 431),
    "an unknown expectation": (_post(b"Expect: more\r\nContent-Length: 3\r\n", b"abc"), 417),
}  # fmt: skip
