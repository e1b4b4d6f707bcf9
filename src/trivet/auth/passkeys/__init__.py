"""Passkeys, by WebAuthn. ``from trivet.auth.passkeys import Passkeys``"""

from __future__ import annotations

from trivet.errors import MissingExtraError

try:
    from trivet.auth.passkeys.part import Passkeys
except ModuleNotFoundError as error:
    if error.name != "webauthn":
        raise
    raise MissingExtraError("webauthn", "auth", what="Passkeys") from error

from trivet.auth.passkeys.happened import PasskeyAdded, PasskeyCloned, PasskeyRemoved
from trivet.auth.passkeys.keys import Keys
from trivet.auth.passkeys.refused import CeremonyOver, PasskeyRefused

__all__ = [
    "CeremonyOver",
    "Keys",
    "PasskeyAdded",
    "PasskeyCloned",
    "PasskeyRefused",
    "PasskeyRemoved",
    "Passkeys",
]
