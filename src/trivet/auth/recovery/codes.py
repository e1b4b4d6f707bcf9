"""Recovery codes: a way in for who has lost their second factor; each counts once.

A code has 80 random bits, so that a digest is enough to keep it: nobody tries them all.
"""

from __future__ import annotations

import re
import secrets
from hashlib import sha256
from typing import Any

from starlette.requests import HTTPConnection

from trivet.auth.errors import CodeRefused
from trivet.auth.letters import Letters
from trivet.auth.recovery.happened import RecoveryCodesMade, RecoveryCodeUsed
from trivet.auth.recovery.tables import StoredRecoveryCode
from trivet.auth.signing_in import SigningIn, SignInResult
from trivet.auth.trail import Trail, where_from
from trivet.errors import HTTPException

__all__ = ["RecoveryCodes"]

_COUNT = 10
_SIGNS = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's: none looks like another
_GROUPS, _IN_GROUP = 4, 4
_MISREAD = str.maketrans("oil", "011")
_SEPARATORS = re.compile(r"[\s-]")
_CODE = re.compile(f"[{_SIGNS}]{{{_GROUPS * _IN_GROUP}}}")


class RecoveryCodes:
    """The recovery codes of accounts: they stand in for any second factor."""

    name = "recovery-code"

    def __init__(self, signing_in: SigningIn, trail: Trail, letters: Letters) -> None:
        self._signing_in = signing_in
        self._trail = trail
        self._letters = letters

    async def has(self, user: Any) -> bool:
        """Tell whether an account has codes left."""
        return await StoredRecoveryCode.where(user=user.handle).exists()

    async def left(self, user: Any) -> int:
        """Give how many codes were not used yet."""
        return await StoredRecoveryCode.where(user=user.handle).count()

    async def replace(self, user: Any) -> list[str]:
        """Give ten new codes, which are nowhere to be seen again; earlier ones count no more.

        Of two who do this at once one comes after the other.
        """
        await self._signing_in.hold(user)
        codes = [_new_code() for _ in range(_COUNT)]
        await self.withdraw(user)
        rows = [StoredRecoveryCode(digest=_digest(user, one), user=user.handle) for one in codes]
        await StoredRecoveryCode.bulk_create(rows)
        return codes

    async def withdraw(self, user: Any) -> None:
        """Let no code of an account count any more."""
        await StoredRecoveryCode.where(user=user.handle).delete()

    async def renew(self, connection: HTTPConnection, user: Any) -> list[str]:
        """Give ten new codes to who has a second factor, and tell them by a letter.

        Who calls this has asked for a recent sign-in. Raises `HTTPException` (409) where there is
        nothing that they could stand in for.
        """
        await self._signing_in.hold(user)
        if not await self._signing_in.has_factor(user):
            raise HTTPException(
                409, "Set up a second factor first: recovery codes stand in for one"
            )
        codes = await self.replace(user)
        await self._trail.note(RecoveryCodesMade(user=user.handle, **where_from(connection)))
        await self._letters.factor_changed(user, "New recovery codes were made.")
        return codes

    async def sign_in(self, connection: HTTPConnection, code: str) -> SignInResult:
        """Finish a sign-in by a code.

        Raises `SignInFailed` where none was begun, `TooManyAttempts` and `CodeRefused`.
        """
        user = await self._signing_in.pending(connection)
        if not await self.use(user, code):
            await self._signing_in.refuse(user, self.name, connection)
            raise CodeRefused
        result = await self._signing_in.finish(connection, user, factor=self.name)
        left = {"left": await self.left(user)}
        event = RecoveryCodeUsed(user=user.handle, details=left, **where_from(connection))
        await self._trail.note(event)
        await self._letters.factor_changed(user, "Somebody signed in by a recovery code.")
        return result

    async def use(self, user: Any, code: str) -> bool:
        """Let a code count, once: of two who use it at the same time one is told True."""
        plain = _SEPARATORS.sub("", code.lower()).translate(_MISREAD)
        if not _CODE.fullmatch(plain):
            return False
        query = StoredRecoveryCode.where(digest=_digest(user, plain))
        # Nothing is written for a wrong one, so that it can be noted apart that there was one.
        return await query.exists() and await query.delete() == 1


def _new_code() -> str:
    groups = ("".join(secrets.choice(_SIGNS) for _ in range(_IN_GROUP)) for _ in range(_GROUPS))
    return "-".join(groups)


def _digest(user: Any, code: str) -> str:
    return sha256(f"{user.handle}:{_SEPARATORS.sub('', code)}".encode()).hexdigest()
