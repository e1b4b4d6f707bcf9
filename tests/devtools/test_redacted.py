"""What is recorded of requests has no secrets in it."""

from __future__ import annotations

import json

import pytest

from trivet.app.debug_hidden import HIDDEN
from trivet.devtools.redacted import body_text, header_rows, query_text


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("authorization", "Bearer sesame"),
        ("authorization", "sesame"),
        ("proxy-authorization", "Basic sesame"),
        ("cookie", "session=sesame; theme=sesame"),
        ("set-cookie", "session=sesame; HttpOnly"),
        ("x-api-key", "sesame"),
        ("x-csrf-token", "sesame"),
        ("referer", "http://localhost/reset?token=sesame"),
    ],
)
def test_headers_that_are_secret_are_hidden(name: str, value: str) -> None:
    [(shown, text)] = header_rows([(name.title().encode(), value.encode())])

    assert shown == name
    assert "sesame" not in text
    assert HIDDEN in text


def test_names_of_cookies_and_the_scheme_are_told() -> None:
    rows = dict(header_rows([(b"cookie", b"a=1; b=2"), (b"authorization", b"Bearer xyz")]))

    assert rows == {"cookie": f"a={HIDDEN}; b={HIDDEN}", "authorization": f"Bearer {HIDDEN}"}


def test_a_query_keeps_what_is_no_secret() -> None:
    assert query_text(b"limit=3&token=sesame&code=123456") == (
        f"limit=3&token={HIDDEN}&code={HIDDEN}"
    )


def test_secrets_are_hidden_anywhere_in_json() -> None:
    body = {"name": "ann", "password": "sesame", "more": [{"api_key": "sesame", "none": None}]}

    told = json.loads(body_text(json.dumps(body).encode(), "application/json"))

    assert told == {
        "name": "ann",
        "password": HIDDEN,
        "more": [{"api_key": HIDDEN, "none": None}],
    }


def test_forms_hide_passwords() -> None:
    told = body_text(b"log_in=ann&password=sesame&code=sesame", "application/x-www-form-urlencoded")

    assert told == f"log_in = ann\npassword = {HIDDEN}\ncode = {HIDDEN}"


def test_files_and_large_bodies_are_only_counted() -> None:
    assert body_text(b"x" * 10, "image/png") == "10 bytes of image/png"
    assert body_text(b"[" + b"1," * 50_000, "application/json").startswith("100,001 bytes")


def test_json_that_is_none_is_text() -> None:
    assert body_text(b"{token=sesame", "application/json") == f"{{token={HIDDEN}"
