from __future__ import annotations

import secrets
import time
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from trivet import App
from trivet.errors import SetupError
from trivet.security.signing import BadToken, Expired, Signer
from trivet.testing import TestClient

SECRET = "iYt3vXo0-yR4QmB1sKcZ8wLdUeN6pHjA"
OTHER = "Zq7nTfG2_hVxP5oWbM9rCkE3aSuJdL0y"
SIGNER = Signer(SECRET, purpose="confirm-email")
TOKEN = SIGNER.sign({"user": 7})

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)  # fmt: skip


@given(json_values)
def test_what_was_signed_is_read(payload: Any) -> None:
    token = SIGNER.sign(payload)

    assert SIGNER.read(token, max_age=60) == payload
    assert set(token) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.")


@given(st.integers(0, len(TOKEN) - 1), st.characters())
def test_a_changed_character_is_refused_wherever_it_stands(place: int, sign: str) -> None:
    changed = TOKEN[:place] + sign + TOKEN[place + 1 :]

    if changed != TOKEN:
        with pytest.raises(BadToken):
            SIGNER.read(changed, max_age=None)


@given(st.integers(0, len(TOKEN)), st.text(min_size=1, max_size=3))
def test_an_added_character_is_refused_wherever_it_stands(place: int, signs: str) -> None:
    with pytest.raises(BadToken):
        SIGNER.read(TOKEN[:place] + signs + TOKEN[place:], max_age=None)


@given(st.integers(0, len(TOKEN) - 1), st.integers(1, 5))
def test_a_missing_piece_is_refused_wherever_it_stood(place: int, length: int) -> None:
    with pytest.raises(BadToken):
        SIGNER.read(TOKEN[:place] + TOKEN[place + length :], max_age=None)


@given(st.text())
def test_any_text_is_refused(text: str) -> None:
    with pytest.raises(BadToken):
        SIGNER.read(text, max_age=None)


def test_every_other_last_character_is_refused() -> None:
    """Its last two bits are dropped in decoding, so that four characters would do."""
    for sign in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_":
        if sign != TOKEN[-1]:
            with pytest.raises(BadToken):
                SIGNER.read(TOKEN[:-1] + sign, max_age=None)


def test_a_token_of_another_purpose_is_refused() -> None:
    other = Signer(SECRET, purpose="reset-password")

    with pytest.raises(BadToken):
        other.read(TOKEN, max_age=None)


def test_a_token_of_another_secret_is_refused() -> None:
    with pytest.raises(BadToken):
        Signer(OTHER, purpose="confirm-email").read(TOKEN, max_age=None)


def test_the_first_secret_signs_and_all_verify() -> None:
    both = Signer([OTHER, SECRET], purpose="confirm-email")

    assert both.read(TOKEN, max_age=None) == {"user": 7}
    new = both.sign(1)
    assert Signer(OTHER, purpose="confirm-email").read(new, max_age=None) == 1
    with pytest.raises(BadToken):
        SIGNER.read(new, max_age=None)


def test_an_old_token_has_expired_and_says_since_when(monkeypatch: pytest.MonkeyPatch) -> None:
    began = int(time.time())
    monkeypatch.setattr("itsdangerous.timed.time.time", lambda: began + 61)

    assert SIGNER.read(TOKEN, max_age=3600) == {"user": 7}
    assert SIGNER.read(TOKEN, max_age=None) == {"user": 7}
    with pytest.raises(Expired) as caught:
        SIGNER.read(TOKEN, max_age=1)
    assert caught.value.signed_at is not None
    assert caught.value.signed_at <= datetime.fromtimestamp(began, UTC)


def test_a_token_from_the_future_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("itsdangerous.timed.time.time", lambda: 1_000_000_000)

    with pytest.raises(BadToken):
        SIGNER.read(TOKEN, max_age=60)


@pytest.mark.parametrize(
    "secret",
    ["", "short", "a" * 64, "changeme" * 4, "0123456789abcdef" * 2, SecretStr("secret")],
)
def test_a_weak_secret_is_refused_with_a_command_that_makes_one(secret: str | SecretStr) -> None:
    with pytest.raises(SetupError) as caught:
        Signer([SECRET, secret], purpose="x")

    assert caught.value.code == "security.weak-secret"
    assert "secrets.token_urlsafe(32)" in str(caught.value)


def test_a_refused_secret_is_not_shown() -> None:
    with pytest.raises(SetupError) as caught:
        Signer("hunter2", purpose="x")

    assert "hunter2" not in str(caught.value)


def test_no_secret_at_all_is_refused() -> None:
    with pytest.raises(SetupError):
        Signer([], purpose="x")


@pytest.mark.parametrize("make", [secrets.token_urlsafe, secrets.token_hex])
def test_secrets_as_python_makes_them_are_strong_enough(make: Any) -> None:
    Signer(make(32), purpose="x")


@pytest.mark.parametrize("purpose", ["", "Reset", "a b", "ü"])
def test_a_purpose_that_is_no_name_is_refused(purpose: str) -> None:
    with pytest.raises(SetupError) as caught:
        Signer(SECRET, purpose=purpose)

    assert caught.value.code == "security.purpose"


def test_secrets_are_never_shown() -> None:
    signer = Signer(SecretStr(SECRET), purpose="x")

    assert repr(signer) == "Signer(purpose='x')"
    assert SECRET not in str(vars(signer).keys())


@pytest.mark.parametrize("payload", [object(), float("nan"), b"x"])
def test_what_json_cannot_write_is_not_signed(payload: object) -> None:
    with pytest.raises((TypeError, ValueError)):
        SIGNER.sign(payload)


def test_a_bad_token_that_nobody_catches_is_answered_with_400() -> None:
    app = App()

    @app.get("/confirm")
    async def confirm(token: str) -> int:
        return int(SIGNER.read(token, max_age=60)["user"])

    client = TestClient(app)

    assert client.get("/confirm", params={"token": SIGNER.sign({"user": 7})}).json() == 7
    refused = client.get("/confirm", params={"token": TOKEN + "x"})
    assert refused.status_code == 400
    assert refused.json() == {"detail": "This token is not valid"}
