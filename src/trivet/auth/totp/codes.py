"""Codes of six digits that change every 30 seconds (RFC 6238), by pyotp and segno.

Pure functions of a secret and a moment: what was used already is known to who keeps it.
"""

from __future__ import annotations

import hmac
import re

import pyotp
import segno

from trivet.auth.errors import CodeRefused

__all__ = ["CodeRefused", "address_of", "new_secret", "picture_of", "step_of"]

_STEP = 30  # seconds
_WINDOW = (1, 0, -1)  # steps; clocks differ, and people type slowly
_CODE = re.compile(r"[0-9]{6}")
_SEPARATORS = re.compile(r"[\s-]")


def new_secret() -> str:
    """Give a random secret of 160 bits, as RFC 4226 advises, in Base32."""
    return pyotp.random_base32(32)


def step_of(secret: str, code: str, moment: float) -> int | None:
    """Give the step whose code this is, at `moment` (seconds since 1970) or one step beside it.

    The newest, should two steps have the same code, so that it is not taken twice. None for a wrong
    one; how long it takes does not tell how much of it was right.
    """
    plain = _SEPARATORS.sub("", code)
    if not _CODE.fullmatch(plain):
        return None
    made, now = pyotp.TOTP(secret), int(moment // _STEP)
    # All are compared, whichever is right.
    fits = [hmac.compare_digest(made.generate_otp(now + beside), plain) for beside in _WINDOW]
    return next((now + beside for beside, fit in zip(_WINDOW, fits, strict=True) if fit), None)


def address_of(secret: str, account: str, issuer: str) -> str:
    """Give the ``otpauth://`` address by which an app takes a secret in."""
    return pyotp.TOTP(secret).provisioning_uri(name=account, issuer_name=issuer or None)


def picture_of(address: str) -> str:
    """Give a QR code as an SVG element, which stands in a page without a style or script.

    Costs 10 ms of the processor, when somebody sets an app up and never else.
    """
    code = segno.make(address, error="m", micro=False)
    return code.svg_inline(scale=4, border=4, light="white", title="QR code", lineclass=None)
