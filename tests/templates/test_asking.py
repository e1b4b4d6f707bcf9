"""What a client asks for, by its headers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trivet.templates.asking import wants_json

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("", False),
        ("*/*", False),
        (BROWSER, False),
        ("application/json", True),
        ("Application/JSON", True),
        ("application/json, text/plain, */*", True),
        ("application/json, text/html", False),
        ("application/json, text/html;q=0.9", True),
        ("application/json;q=0.5, text/html", False),
        ("application/json;q=0", False),
        ("application/json;q=0, */*", False),
        ("text/html;q=0, application/json;q=0.1", True),
        ("application/json;q=nonsense", False),
        ("text/*, application/json", True),
        ("application/problem+json", False),
    ],
)
def test_json_is_for_who_prefers_it(accept: str, expected: bool) -> None:
    assert wants_json(accept) is expected


@given(st.text(max_size=60))
def test_every_header_has_a_verdict(accept: str) -> None:
    assert wants_json(accept) in (True, False)
    assert wants_json(f"{accept},json;q") in (True, False)
