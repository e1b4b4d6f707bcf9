"""Bad input of any kind is answered with a clear 4xx, never a 5xx, in both shapes of errors."""

from __future__ import annotations

import asyncio
import datetime
import json
import uuid
from decimal import Decimal
from ipaddress import IPv4Address
from typing import Annotated, Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Json

from trivet import App, Body, Cookie, File, Form, Header, Query, UploadFile
from trivet.openapi.error_shape import FASTAPI, PROBLEM_DETAILS, ErrorShape

Pairs = list[tuple[bytes, bytes]]


class Model(BaseModel):
    a: int
    b: str | None = None
    c: Decimal = Decimal(1)
    d: datetime.datetime | None = None
    e: datetime.timedelta | None = None
    f: float = 1.0
    g: list[int] = []
    h: Any = None


class Fields(BaseModel):
    n: int
    t: list[str] = []


class Filters(BaseModel):
    qi: int = 0
    ql: list[float] = []


def _make(shape: ErrorShape) -> App:
    app = App(openapi_url=None, error_shape=shape)

    @app.get("/converted/{a:int}/{b:float}/{c:uuid}/{p:path}")
    async def converted(a: int, b: float, c: uuid.UUID, p: str) -> Any:
        return [a, b, c, p]

    @app.get("/path/{a}/{b}/{c}/{d}")
    async def path(a: int, b: float, c: Decimal, d: datetime.datetime) -> Any:
        return [a, b, c, d]

    @app.get("/query")
    async def query(
        i: int | None = None,
        f: float | None = None,
        d: Decimal | None = None,
        dt: datetime.datetime | None = None,
        da: datetime.date | None = None,
        ti: datetime.time | None = None,
        td: datetime.timedelta | None = None,
        s: str | None = None,
        b: bool | None = None,
        ip: IPv4Address | None = None,
        u: uuid.UUID | None = None,
        many: Annotated[list[int] | None, Query()] = None,
        by: bytes | None = None,
        j: Annotated[Json[Any] | None, Query()] = None,
    ) -> dict[str, Any]:
        return {k: v for k, v in locals().items() if v is not None}

    @app.get("/filters")
    async def filters(m: Annotated[Filters, Query()]) -> Any:
        return m

    @app.get("/headers")
    async def headers(
        x_i: Annotated[int | None, Header()] = None,
        x_s: Annotated[str | None, Header()] = None,
        x_l: Annotated[list[str] | None, Header()] = None,
        ci: Annotated[int | None, Cookie()] = None,
        cs: Annotated[str | None, Cookie()] = None,
    ) -> Any:
        return [x_i, x_s, x_l, ci, cs]

    @app.post("/model")
    async def model(m: Model) -> Model:
        return m

    @app.post("/embedded")
    async def embedded(m: Model, n: Annotated[int, Body()] = 1) -> Any:
        return m

    @app.post("/dict")
    async def plain(d: dict[str, Any]) -> dict[str, Any]:
        return d

    @app.post("/any")
    async def anything(d: Annotated[Any, Body()]) -> dict[str, str]:
        return {"type": type(d).__name__}

    @app.post("/echo")
    def echo(d: list[Any]):  # type: ignore[no-untyped-def]  # without a model: encoded as it is
        return {"d": d}

    @app.post("/form")
    async def form(
        n: Annotated[int, Form()],
        s: Annotated[str, Form()] = "",
        up: Annotated[bytes | None, File()] = None,
    ) -> Any:
        return [n, s, up and len(up)]

    @app.post("/fields")
    async def fields(n: Annotated[Fields, Form()]) -> Any:
        return n

    @app.post("/upload")
    async def upload(up: UploadFile, ups: list[UploadFile] | None = None) -> Any:
        return up.filename

    return app


APPS = [_make(FASTAPI), _make(PROBLEM_DETAILS)]
LOOP = asyncio.new_event_loop()


@pytest.fixture(autouse=True, scope="module")
def _closed_loop() -> Any:
    yield
    LOOP.close()


class Sent:
    """What a client sends."""

    def __init__(
        self,
        method: str,
        path: str,
        query: bytes = b"",
        headers: Pairs | None = None,
        body: bytes = b"",
    ) -> None:
        self.method = method
        self.path = path
        self.query = query
        self.headers = headers or []
        self.body = body


async def _call(app: App, request: Sent) -> tuple[int, bytes]:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.request", "body": request.body, "more_body": False}

    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": request.method,
        "scheme": "http",
        "path": request.path,
        "root_path": "",
        "query_string": request.query,
        "headers": [(b"host", b"t"), *request.headers],
        "server": ("t", 80),
    }
    await app(scope, receive, send)
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:])


def refused_or_served(request: Sent) -> None:
    """Check that an answer is JSON and below 500, in both shapes and with the same status."""
    statuses = set()
    for app in APPS:
        status, body = LOOP.run_until_complete(_call(app, request))
        assert status < 500
        is_empty = status in (204, 307) or request.method == "HEAD"  # 307: to the path with a slash
        assert is_empty or json.loads(body) is not Ellipsis
        statuses.add(status)
    assert len(statuses) == 1


TEXTS = [
    *["1" * 5000, "9" * 400, "1e400", "-1e400", "nan", "inf", "1E+100000", "1E+1000000000", "-0"],
    *["0x10", "1_000", "\x00", "\ud800", "é", "P999999999999D", "PT1E999S", "9" * 30, "1.", "+1"],
    *["253402300800", "-62135596801", "2020-02-30", "10000-01-01", "0000-00-00", "12:00:61"],
    *[
        "24:00",
        "[",
        "{",
        "[" * 500,
        '{"a":"\\ud800"}',
        " 1 ",
        "\u0661",
        "Infinity",
        "1e-400",
        "null",
    ],
]
QUERIES = ["i", "f", "d", "dt", "da", "ti", "td", "s", "b", "ip", "u", "many", "by", "j"]


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: ascii(text[:12]))
def test_no_text_of_a_parameter_breaks_anything(text: str) -> None:
    quoted = quote(text, errors="surrogatepass").encode()

    for name in QUERIES:
        refused_or_served(Sent("GET", "/query", name.encode() + b"=" + quoted))
    for name in ("qi", "ql"):
        refused_or_served(Sent("GET", "/filters", name.encode() + b"=" + quoted))
    for place in range(4):
        plain, converted = ["1"] * 4, ["1", "1.5", str(uuid.UUID(int=1)), "x"]
        # Servers decode paths with a replacement for what is no UTF-8.
        plain[place] = converted[place] = text.encode(errors="replace").decode()
        refused_or_served(Sent("GET", "/path/" + "/".join(plain)))
        refused_or_served(Sent("GET", "/converted/" + "/".join(converted)))


BODIES = [
    *[b"", b"{", b"nul", b"\xff\xfe", b"\x00", b'"\\ud800"', b'{"a":"\\ud800"}', b'["\\udc00"]'],
    *[b'{"a":1,"h":"\\ud800"}', b'{"\\ud800":1}', b'{"a":1,"b":"\xed\xa0\x80"}', b'{"a":1}\xff'],
    *[b"[" * 500 + b"]" * 500, b"[" * 150 + b"]" * 150, b"[" * 100_000, b'{"a":' * 100_000],
    *[b'{"a":' * 190 + b"1" + b"}" * 190, b'{"a":' + b"[" * 180 + b"]" * 180 + b"}"],
    *[b"1" * 4000, b"1" * 5000, b'{"a":' + b"1" * 4290 + b"}", b'{"a":' + b"1" * 5000 + b"}"],
    *[b'{"a":1e400}', b'{"a":NaN}', b'{"a":1,"f":NaN}', b'{"a":1,"f":-Infinity}', b"NaN"],
    *[b'{"a":1,"c":1e999999}', b'{"a":1,"c":"1E+1000000000000000000"}', b'{"a":1,"h":1e999}'],
    *[b'{"a":1,"d":1e300}', b'{"a":1,"d":"99999-01-01"}', b'{"a":1,"e":1e300}'],
    *[b'{"a":1,"e":"P99999999999D"}', b'{"a":1,"a":2}', b'{"a":1,"b":"\\u0000"}'],
    *['{"a":1}'.encode(code) for code in ("utf-8-sig", "utf-16", "utf-32")],
    *[b"true", b"null", b'"x"', b"[]", b"{}", b"[1,2]", b"[" + b"1," * 10_000 + b"1]"],
    *[b'{"m":{"a":"\\ud800"},"n":"\\ud800"}', b'{"m":{"a":1},"n":[[[]]]}', b'{"m":1,"n":1}'],
]
TYPES = [b"application/json", b"text/plain", b"", b"\xff", b"application/x+json", b"application/"]
JSON_PATHS = ["/model", "/embedded", "/dict", "/any", "/echo"]


@pytest.mark.parametrize("body", BODIES, ids=lambda body: ascii(body[:12]))
def test_no_body_breaks_anything(body: bytes) -> None:
    for path in JSON_PATHS:
        for kind in TYPES:
            headers = [(b"content-type", kind)] if kind else []
            refused_or_served(Sent("POST", path, b"", headers, body))


def part(head: bytes, content: bytes = b"1") -> bytes:
    """Give a multipart body of one part."""
    return (
        b"--B\r\ncontent-disposition: form-data" + head + b"\r\n\r\n" + content + b"\r\n--B--\r\n"
    )


URLENCODED = b"application/x-www-form-urlencoded"
MULTIPART = b"multipart/form-data; boundary=B"
FORMS = [
    *[(URLENCODED, text) for text in (b"", b"n", b"n=%ff", b"n=\xff", b"n=1&s=%00", b"&&&=", b"%")],
    *[(URLENCODED, text) for text in (b"n=" + b"1" * 5000, b"n=1&" * 2000, b"t=%ED%A0%80&n=1")],
    *[
        (MULTIPART, text)
        for text in (b"", b"--B--", b"--B\r\n", b"garbage", b"--B\r\n\r\n1\r\n--B--")
    ],
    (MULTIPART, part(b"")),
    (MULTIPART, part(b'; name="n"; filename="x"')),
    (MULTIPART, part(b'; name="n"; filename=""', b"")),
    (MULTIPART, part(b'; name="n"', b"\xff\xfe")),
    (MULTIPART, part(b'; name="\xff"')),
    (MULTIPART, part(b'; name="n"', b"x" * 2_000_000)),
    (MULTIPART, part(b'; name="n"\r\ncontent-type: text/plain; charset=nonsense')),
    (MULTIPART, part(b'; name="up"; filename="\xff\x00"\r\ncontent-type: \xff')),
    (MULTIPART, part(b'; name="up"', b"no file")),
    (MULTIPART, part(b"; name=\"up\"; filename*=utf-8''%ff")),
    (MULTIPART, part(b"; name=\"up\"; filename*=nonsense''%ff")),
    *[
        (kind, b"n=1")
        for kind in (
            *[b"multipart/form-data", b"multipart/form-data; boundary=", b"", b"application/json"],
            *[b"multipart/form-data; boundary=\xff", URLENCODED + b"; charset=nonsense"],
            *[b"multipart/form-data; boundary=" + b"x" * 500, MULTIPART + b"; charset=nonsense"],
        )
    ],
]


@pytest.mark.parametrize(("kind", "body"), FORMS, ids=lambda value: ascii(value[:16]))
def test_no_form_breaks_anything(kind: bytes, body: bytes) -> None:
    for path in ("/form", "/fields", "/upload"):
        refused_or_served(Sent("POST", path, b"", [(b"content-type", kind)], body))


def test_a_refused_upload_shows_its_name_and_nothing_of_the_server() -> None:
    body = part(b'; name="n"; filename="x.txt"\r\ncontent-type: text/plain')
    request = Sent("POST", "/form", b"", [(b"content-type", MULTIPART)], body)

    _, answer = LOOP.run_until_complete(_call(APPS[0], request))

    (error,) = json.loads(answer)["detail"]
    assert error["loc"] == ["body", "n"]
    assert error["input"] == {"filename": "x.txt", "content_type": "text/plain", "size": 1}


def test_a_huge_decimal_is_shown_without_being_written_out() -> None:
    request = Sent("GET", "/query", b"d=1E%2B1000000000")

    status, answer = LOOP.run_until_complete(_call(APPS[0], request))

    assert (status, json.loads(answer)) == (200, {"d": "1E+1000000000"})


@pytest.mark.parametrize(
    ("query", "led"),
    [
        (b"\x80", b"%80"),
        (b"a=\xc3\xa4&b=%41+c", b"a=%C3%A4&b=%41+c"),
        (b"a=%80&b=/?:@!$'()*,;~-._[]", b"a=%80&b=/?:@!$'()*,;~-._[]"),
    ],
)
def test_a_query_that_is_no_text_goes_with_a_redirect(query: bytes, led: bytes) -> None:
    app = App()
    app.get("/here")(lambda: "here")
    sent: list[Any] = []

    async def ask() -> None:
        scope = {
            "type": "http",
            "method": "GET",
            "path": "/here/",
            "query_string": query,
            "headers": [(b"host", b"t")],
            "scheme": "http",
            "http_version": "1.1",
        }

        async def send(message: Any) -> None:
            sent.append(message)

        await app(scope, None, send)  # type: ignore[arg-type]  # nothing is received

    LOOP.run_until_complete(ask())

    assert sent[0]["status"] == 307
    assert dict(sent[0]["headers"])[b"location"] == b"http://t/here?" + led


_BYTES = st.binary(max_size=40)
_PATHS = st.sampled_from(
    [*JSON_PATHS, "/form", "/fields", "/upload", "/query", "/filters", "/headers", "/none", ""]
) | st.text(max_size=8).map("/path/1/1/1/{}".format)


@given(
    st.builds(
        Sent,
        st.sampled_from(["GET", "POST", "HEAD", "OPTIONS", "PUT"]),
        _PATHS,
        _BYTES
        | st.sampled_from(QUERIES).flatmap(lambda q: _BYTES.map(lambda b: q.encode() + b"=" + b)),
        st.lists(
            st.tuples(
                st.sampled_from([b"x-i", b"x-s", b"x-l", b"cookie", b"content-type", b"accept"]),
                st.text(st.characters(max_codepoint=255), max_size=20).map(
                    lambda t: t.encode("latin-1")
                )
                | st.sampled_from([*TYPES, URLENCODED, MULTIPART, b"ci=x; cs=y", b'cs="\\777"']),
            ),
            max_size=4,
        ),
        _BYTES | st.sampled_from([*BODIES[:16], *(body for _, body in FORMS[:12])]),
    )
)
def test_random_requests_break_nothing(request: Sent) -> None:
    refused_or_served(request)
