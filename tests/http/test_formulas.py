"""Texts in CSV: no spreadsheet computes them, and who reads them again has what was written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trivet.http.formulas import guarded, unguarded

SIGNS = ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"]  # noqa: RUF001  # as Excel


@pytest.mark.parametrize("sign", SIGNS)
def test_a_text_that_looks_like_a_formula_is_guarded(sign: str) -> None:
    assert guarded(f"{sign}1") == f"'{sign}1"


@given(st.text())
def test_a_guarded_text_begins_as_no_formula(text: str) -> None:
    assert not guarded(text).startswith(tuple(SIGNS))


@given(st.text().filter(lambda text: not text.startswith("'")) | st.sampled_from(SIGNS))
def test_what_was_guarded_is_read_as_it_was(text: str) -> None:
    assert unguarded(guarded(text)) == text


@pytest.mark.parametrize("text", ["'", "'tis", "''", "a'=1"])
def test_an_apostrophe_of_ones_own_stays(text: str) -> None:
    assert unguarded(text) == guarded(text) == text
