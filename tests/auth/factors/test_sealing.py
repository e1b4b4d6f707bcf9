"""Secrets at rest."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from tests.auth.factors.site import SECRET
from trivet.auth.totp.codes import new_secret
from trivet.auth.totp.sealing import Sealing, UnreadableSecret
from trivet.errors import SetupError

OLDER = SECRET[::-1]


@given(secret=st.text(min_size=1, max_size=100), user=st.text(min_size=1, max_size=32))
def test_what_was_sealed_is_opened(secret: str, user: str) -> None:
    sealing = Sealing(SecretStr(SECRET))

    sealed = sealing.seal(secret, user)

    assert sealing.open(sealed, user) == secret
    assert sealing.is_current(sealed)
    assert sealing.seal(secret, user) != sealed  # another nonce each time


def test_a_sealed_secret_of_the_usual_length_fits_its_column() -> None:
    assert len(Sealing(SECRET).seal(new_secret(), "h" * 32)) < 300


def test_without_secrets_text_stays_as_it_is() -> None:
    sealing = Sealing(None)

    assert sealing.seal("JBSWY3DP", "ann") == "JBSWY3DP" == sealing.open("JBSWY3DP", "ann")
    assert sealing.is_current("JBSWY3DP")
    assert not sealing.is_on


def test_the_first_secret_seals_and_all_open() -> None:
    both, older = Sealing([SECRET, OLDER]), Sealing(OLDER)
    sealed = older.seal("JBSWY3DP", "ann")

    assert both.open(sealed, "ann") == both.open("JBSWY3DP", "ann") == "JBSWY3DP"
    assert not both.is_current(sealed)
    assert not both.is_current("JBSWY3DP")
    with pytest.raises(UnreadableSecret):
        Sealing(SECRET).open(sealed, "ann")
    with pytest.raises(UnreadableSecret):
        older.open(both.seal("JBSWY3DP", "ann"), "ann")


def test_the_row_of_one_account_is_worth_nothing_in_that_of_another() -> None:
    sealing = Sealing(SECRET)

    with pytest.raises(UnreadableSecret):
        sealing.open(sealing.seal("JBSWY3DP", "ann"), "bob")


@given(place=st.integers(16, 100), sign=st.sampled_from("AZaz09-_."))
def test_what_was_changed_is_not_opened(place: int, sign: str) -> None:
    sealing = Sealing(SECRET)
    sealed = sealing.seal("JBSWY3DP", "ann")
    changed = sealed[:place] + sign + sealed[place + 1 :]

    if changed != sealed:
        with pytest.raises(UnreadableSecret):
            sealing.open(changed, "ann")


@pytest.mark.parametrize("secret", ["", "short", [SECRET, "x" * 31], SecretStr("short")])
def test_a_secret_that_can_be_guessed_is_refused(secret: str) -> None:
    with pytest.raises(SetupError) as raised:
        Sealing(secret)

    assert raised.value.code == "auth.totp-secret"
    assert "short" not in str(raised.value)


def test_nothing_secret_is_shown() -> None:
    assert SECRET not in repr(Sealing(SECRET))
