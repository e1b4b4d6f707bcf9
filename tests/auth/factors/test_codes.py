"""Codes of an app, as functions of a secret and a moment; and letters about what has changed."""

from __future__ import annotations

import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.auth.factors.site import normal
from tests.auth.site import site_on
from trivet.auth.recovery.codes import RecoveryCodes, _new_code
from trivet.auth.totp import Totp
from trivet.auth.totp.codes import address_of, new_secret, step_of
from trivet.db import Database

SECRET = new_secret()
MOMENTS = st.integers(120, 4_000_000_000)


@given(moment=MOMENTS, beside=st.integers(-3, 3))
def test_a_code_counts_in_its_step_and_one_beside_it(moment: int, beside: int) -> None:
    step = moment // 30 + beside
    code = pyotp.TOTP(SECRET).generate_otp(step)

    found = step_of(SECRET, code, moment)

    # Two steps may have the same code: then it is the other one that was found.
    if abs(beside) <= 1 or found is not None:
        assert found is not None
        assert found == step or pyotp.TOTP(SECRET).generate_otp(found) == code


@given(moment=MOMENTS, text=st.text(max_size=10))
def test_whatever_is_typed_is_a_code_or_not(moment: int, text: str) -> None:
    assert step_of(SECRET, text, moment) is None or text.strip()


def test_the_examples_of_the_rfc() -> None:
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"  # RFC 6238, appendix B, in Base32

    assert step_of(secret, "287082", 59) == 1
    assert step_of(secret, "081804", 1_111_111_109) == 37_037_036
    assert step_of(secret, "005924", 1_234_567_890) == 41_152_263


@pytest.mark.parametrize("issuer", ["", "Shop", "A: B & C/ü?"])
def test_an_address_is_read_back(issuer: str) -> None:
    found = pyotp.parse_uri(address_of(SECRET, "ann@example.org", issuer))

    assert (found.name, found.issuer, found.secret) == ("ann@example.org", issuer or None, SECRET)


def test_recovery_codes_are_long_and_easy_to_read() -> None:
    codes = {_new_code() for _ in range(200)}

    assert len(codes) == 200
    assert {len(code) for code in codes} == {19}
    assert not set("".join(codes)) & set("oiluOILU")
    assert normal("ab0d-1fgh") == "AB0D 1FGH"
    assert RecoveryCodes.name == "recovery-code"


async def test_an_account_is_told_by_mail_of_what_has_changed(database: Database) -> None:
    site = site_on(database)
    site.app.use(Totp(site.auth))
    await site.make()
    client = await site.signed_in()

    begun = (await client.post("/auth/totp/begin")).json()
    code = pyotp.TOTP(begun["secret"]).now()
    await client.post("/auth/totp/confirm", json={"code": code})
    await client.post("/auth/totp/disable", json={})

    subjects = [message.subject for message in site.letters.messages]
    assert subjects == ["How you sign in has changed (Shop)"] * 2
    assert all(begun["secret"] not in str(message.text) for message in site.letters.messages)
