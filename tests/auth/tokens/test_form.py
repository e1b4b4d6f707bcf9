"""The form of tokens, by its rules."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trivet.auth import Auth
from trivet.auth.tokens import ApiTokens
from trivet.auth.tokens.form import TokenForm, is_same
from trivet.db import Database
from trivet.errors import SetupError

FORM = TokenForm("trv")
LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_-"


def test_a_token_reads_as_itself_and_does_not_print() -> None:
    shown = FORM.make()

    assert FORM.read(shown.text) == shown
    assert shown.text not in repr(shown)
    assert len(shown.text) == 4 + 12 + 1 + 43 + 6


@given(st.text(max_size=100) | st.text(LETTERS, max_size=80).map("trv_{}".format))
def test_no_other_text_is_a_token(text: str) -> None:
    assert FORM.read(text) is None


@given(st.integers(0, 65), st.sampled_from(LETTERS))
def test_a_token_with_one_other_letter_is_none(place: int, letter: str) -> None:
    text = FORM.make().text
    changed = text[:place] + letter + text[place + 1 :]

    assert changed == text or FORM.read(changed) is None


@given(st.sampled_from(["\n", " ", "\0", "=", "é"]), st.booleans())
def test_nothing_stands_around_a_token(sign: str, is_behind: bool) -> None:
    text = FORM.make().text

    assert FORM.read(text + sign if is_behind else sign + text) is None


def test_a_token_of_another_prefix_is_another() -> None:
    assert TokenForm("acme").read(FORM.make().text) is None


def test_digests_are_compared_as_a_whole() -> None:
    assert is_same("ab", "ab")
    assert not is_same("ab", "")


@pytest.mark.parametrize("prefix", ["", "T", "a_b", "a" * 17, "1a"])
def test_what_is_no_prefix_is_told(prefix: str) -> None:
    with pytest.raises(SetupError) as raised:
        TokenForm(prefix)

    assert raised.value.code == "auth.token-prefix"


@pytest.mark.parametrize("header", ["", "X Key", "Authorization", "cookie", "X-Key\r\n"])
def test_what_is_no_header_for_tokens_is_told(header: str) -> None:
    with pytest.raises(SetupError) as raised:
        ApiTokens(Auth(Database("sqlite://")), header=header)

    assert raised.value.code == "auth.token-header"
