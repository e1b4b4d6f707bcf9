from __future__ import annotations

from datetime import UTC, datetime
from http.cookies import SimpleCookie

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from starlette.requests import Request, cookie_parser
from starlette.responses import Response

from trivet.http.cookies import cookies_of, delete_cookie, parse_cookies, set_cookie

NAMES = st.text("abcXYZ019!#$%&'*+-.^_`|~", min_size=1, max_size=8)
VALUES = st.text(
    st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_characters=["\x7f"]), max_size=40
)


@given(st.text(st.sampled_from('ab =;,"\\01237\t\xe9{}'), max_size=30))
@example('a=1; a=2; b="x\\054y"; c; =d; "; e="')
def test_a_header_is_read_as_starlette_reads_it(header: str) -> None:
    assert parse_cookies(header) == cookie_parser(header)


@given(st.lists(st.text(st.sampled_from('ab=;"'), max_size=8), max_size=3))
def test_several_headers_are_read_as_starlette_reads_them(headers: list[str]) -> None:
    raw = [(b"cookie", header.encode("latin-1")) for header in headers]

    theirs = Request({"type": "http", "headers": raw}).cookies

    assert cookies_of([(b"host", b"x"), *raw]) == theirs


@given(name=NAMES.filter(lambda name: not name.startswith("__")), value=VALUES)
def test_what_is_written_is_read_again(name: str, value: str) -> None:
    sent_back = set_cookie(name, value, path=None, same_site=None).decode("latin-1")

    assert parse_cookies(sent_back) == {name: value}


@given(value=VALUES)
def test_values_are_written_as_starlette_writes_them(value: str) -> None:
    response = Response()
    response.set_cookie("name", value, path=None, samesite=None)

    assert set_cookie("name", value, path=None, same_site=None) == response.headers[
        "set-cookie"
    ].encode("latin-1")


def test_every_attribute_is_one_that_pythons_own_parser_knows() -> None:
    header = set_cookie(
        "id",
        "1",
        max_age=60,
        expires=datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC),
        path="/app",
        domain="example.com",
        secure=True,
        http_only=True,
        same_site="strict",
    )

    morsel = SimpleCookie(header.decode())["id"]

    assert morsel.value == "1"
    assert {key: found for key, found in morsel.items() if found} == {
        "max-age": "60",
        "expires": "Wed, 02 Jan 2030 03:04:05 GMT",
        "path": "/app",
        "domain": "example.com",
        "secure": True,
        "httponly": True,
        "samesite": "strict",
    }


def test_seconds_from_now_become_a_date() -> None:
    header = set_cookie("id", "1", expires=3600).decode()

    assert header.startswith("id=1; Expires=")
    assert header.endswith(" GMT; Path=/; SameSite=lax")


def test_partitioned_is_written_with_every_python() -> None:
    assert b"; Partitioned; " in set_cookie("id", "1", secure=True, partitioned=True)


def test_deleting_names_the_beginning_of_time_and_the_same_path() -> None:
    assert delete_cookie("id", path="/app") == (
        b'id=""; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Path=/app; SameSite=lax'
    )


@pytest.mark.parametrize(
    ("name", "options", "mend"),
    [
        ("a b", {}, "letters, digits"),
        ("a", {"value": "x\r\nset-cookie: y"}, "encode the value first"),
        ("a", {"value": "x\x00"}, "encode the value first"),
        ("a", {"value": "€"}, "encode the value first"),
        ("a", {"path": "/; Domain=evil.example"}, "without ';'"),
        ("a", {"domain": "x\ny"}, "printable ASCII"),
        ("a", {"same_site": "loose"}, "'lax', 'strict' or 'none'"),
        ("a", {"same_site": "none"}, "secure=True"),
        ("a", {"partitioned": True}, "secure=True"),
        ("__Secure-a", {}, "secure=True"),
        ("__Host-a", {}, "secure=True"),
        ("__Host-a", {"secure": True, "path": "/x"}, "path='/'"),
        ("__host-a", {"secure": True, "domain": "a.example"}, "no domain"),
        ("a", {"expires": datetime(2030, 1, 1)}, "datetime.now"),
    ],
)
def test_what_a_browser_would_drop_or_misread_is_refused(
    name: str, options: dict[str, object], mend: str
) -> None:
    with pytest.raises(ValueError, match=mend):
        set_cookie(name, **options)  # type: ignore[arg-type]
