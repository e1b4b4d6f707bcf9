"""What must not stand in a log."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from enum import Enum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trivet.observe.redaction import HIDDEN, escaped, plain, without_secrets
from trivet.settings import SecretStr


class Colour(Enum):
    RED = "red"


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("password=hunter22 and more", "hunter22"),
        ('{"api_key": "abcdefgh"}', "abcdefgh"),
        ("Authorization: Bearer abcdefghijklmnop", "abcdefghijklmnop"),
        ("Cookie: session=abcdefgh", "abcdefgh"),
        ("postgresql://shop:hunter22@db/shop", "hunter22"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc", "eyJzdWIiOiIxIn0"),
    ],
)
def test_secrets_in_a_text_are_hidden(text: str, gone: str) -> None:
    found = without_secrets(text)

    assert gone not in found
    assert HIDDEN in found


def test_other_texts_are_left_as_they_are() -> None:
    assert without_secrets("sold 3 books to Ann: https://example.org/a?b=1") == (
        "sold 3 books to Ann: https://example.org/a?b=1"
    )


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("token", "abc", HIDDEN),
        ("Authorization", "abc", HIDDEN),
        ("set-cookie", "abc", HIDDEN),
        ("api_key", 42, HIDDEN),
        ("has_password", True, True),
        ("said", SecretStr("abc"), HIDDEN),
        (
            "request",
            {"headers": {"Cookie": "a=b"}, "n": 1},
            {"headers": {"Cookie": HIDDEN}, "n": 1},
        ),
        ("urls", ["redis://:hunter22@there"], [f"redis://:{HIDDEN}@there"]),
        ("colour", Colour.RED, "red"),
        ("when", datetime(2026, 1, 2, tzinfo=UTC), "2026-01-02T00:00:00+00:00"),
        ("share", float("nan"), "nan"),
        ("nothing", None, None),
    ],
)
def test_value_becomes_what_json_has_without_its_secrets(name: str, value: Any, shown: Any) -> None:
    assert plain(name, value) == shown


def test_object_whose_text_cannot_be_had_is_named() -> None:
    class Broken:
        def __repr__(self) -> str:
            raise ValueError("no")

    assert "Broken" in plain("it", Broken())


@given(st.text())
def test_escaped_text_is_one_line_and_loses_nothing(text: str) -> None:
    line = escaped(text)

    assert len(line.splitlines()) <= 1
    assert line.isprintable() or not any(ord(letter) < 32 for letter in line)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_json_that_is_escaped_is_the_same_json(text: str) -> None:
    line = escaped(json.dumps({"text": text}, ensure_ascii=False))

    assert json.loads(line) == {"text": text}
