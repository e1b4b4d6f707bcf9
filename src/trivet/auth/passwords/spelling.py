"""The one form in which a password is hashed, however a keyboard spelled it.

NFKC, as NIST SP 800-63B asks for: one person's keyboards write é as one sign or as two, and full
or half in width. What another program hashed may be the form as it was typed: both are tried.
"""

from __future__ import annotations

import unicodedata

from trivet.auth.passwords.refused import PasswordRefused, Reason

__all__ = ["MOST_BYTES", "spelled", "spellings"]

MOST_BYTES = 1024  # of UTF-8; more is work for us, and safety for nobody


def spelled(password: str) -> bytes:
    """Give a password as it is hashed; raises `PasswordRefused` for what never is."""
    return spellings(password)[0]


def spellings(password: str) -> tuple[bytes, ...]:
    """Give a password as we hash it and, where that is another, as it was typed.

    Raises `PasswordRefused` for none at all, for more than `MOST_BYTES` in either form, for the
    character NUL, where some programs stop reading, and for half characters.
    """
    if not password:
        raise _refused("missing", "Enter a password.")
    if len(password) > MOST_BYTES:  # before anything walks through it
        raise _too_long()
    if "\x00" in password:
        raise _refused("character", "This password has a character that cannot be used.")
    try:
        typed = password.encode()
        ours = unicodedata.normalize("NFKC", password).encode()
    except UnicodeEncodeError:
        # The cause would show the password.
        raise _refused("character", "This password has a character that cannot be used.") from None
    if max(len(typed), len(ours)) > MOST_BYTES:
        raise _too_long()
    return (ours,) if ours == typed else (ours, typed)


def _too_long() -> PasswordRefused:
    return _refused("too-long", f"This password is too long: use at most {MOST_BYTES:,} bytes.")


def _refused(code: str, text: str) -> PasswordRefused:
    return PasswordRefused([Reason(code, text)])
