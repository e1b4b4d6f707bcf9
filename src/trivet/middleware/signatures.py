"""What is signed and comes back: one form, one strength of secrets, for all that signs here.

HMAC-SHA256 by itsdangerous, whose key is HMAC(secret, salt): no salt can be written into the
secret's place, as it could where the two are only joined. A signed text is read in the one form in
which it is written. A decoder of Base64 takes others too (signs that it passes over, bits that it
drops), and one value would have many texts.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from hashlib import sha256

from itsdangerous import BadSignature, SignatureExpired, TimestampSigner
from itsdangerous.encoding import base64_decode, base64_encode
from pydantic import SecretStr

from trivet.errors import SetupError

__all__ = ["MAKE_ONE", "BadSignature", "SignatureExpired", "Signatures", "secrets_of"]

MAKE_ONE = 'python -c "import secrets; print(secrets.token_urlsafe(32))"'
"""The command that prints a secret of the right strength."""

_SHORTEST_SECRET = 32
_FEWEST_SIGNS = 8  # 32 random hexadecimal digits have fewer different ones once in 25 million
_SIGNED = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]")

Secrets = str | SecretStr | Sequence[str | SecretStr]


class Signatures:
    """Sign bytes as URL-safe text, and read them back: payload, moment and signature.

    The first of `secrets` signs, all verify. `salt` keeps what is signed for one use from counting
    for another. Safe to call from any thread.
    """

    __slots__ = ("_signer",)

    def __init__(self, secrets: Sequence[str], salt: bytes) -> None:
        # The last of itsdangerous' secrets signs.
        self._signer = TimestampSigner(
            [*reversed(secrets)], salt=salt, key_derivation="hmac", digest_method=sha256
        )

    def __repr__(self) -> str:
        return "Signatures(…)"

    def sign(self, payload: bytes) -> str:
        """Give the signed text of `payload`."""
        return self._signer.sign(base64_encode(payload)).decode("ascii")

    def read(self, text: str, max_age: int | None) -> bytes:
        """Give the payload of a text that is at most `max_age` seconds old; None is for ever.

        Raises SignatureExpired, and BadSignature for whatever was not signed as it stands.
        """
        if not _SIGNED.fullmatch(text):
            raise BadSignature("no signed text")
        return base64_decode(self._signer.unsign(text, max_age=max_age))


def secrets_of(given: Secrets, *, what: str, code: str = "security.weak-secret") -> list[str]:
    """Give secrets as text; raises SetupError for those that can be guessed. `what` signs."""
    several = [given] if isinstance(given, str | SecretStr) else list(given)
    return [_checked(secret, what, code) for secret in several or [""]]


def _checked(secret: str | SecretStr, what: str, code: str) -> str:
    text = secret.get_secret_value() if isinstance(secret, SecretStr) else secret
    if not isinstance(text, str) or len(text) < _SHORTEST_SECRET:
        found = f"of fewer than {_SHORTEST_SECRET} characters"
    elif len(set(text)) < _FEWEST_SIGNS or text in (text + text)[1:-1]:
        found = "that repeats itself"
    else:
        return text
    raise SetupError(
        f"{what} cannot sign with a secret {found}: whoever guesses it can write what it signs",
        code=code,
        mend="set it to what this prints, the same for every process, and keep it out of the"
        f" code: {MAKE_ONE}",
    )
