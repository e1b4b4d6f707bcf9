"""Apps that make codes: set up, shown, taken away; called by endpoints and pages alike.

A secret counts from the moment at which a first code of it was shown. A step of the clock counts
once, and those before it no more: one statement decides, so that of two who show the same code at
the same time one is let in.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from starlette.requests import HTTPConnection

from trivet.auth.guessing import SECOND_FACTOR, Guessing
from trivet.auth.letters import Letters
from trivet.auth.recovery.codes import RecoveryCodes
from trivet.auth.signing_in import SigningIn, SignInResult
from trivet.auth.totp.codes import CodeRefused, address_of, new_secret, picture_of, step_of
from trivet.auth.totp.happened import TotpDisabled, TotpEnabled
from trivet.auth.totp.sealing import Sealing
from trivet.auth.totp.tables import StoredTotp
from trivet.auth.trail import Trail, where_from
from trivet.db import LostRace
from trivet.errors import HTTPException

__all__ = ["Apps", "Begun", "TotpStatus"]

_TO_CONFIRM = 3600.0  # seconds


@dataclass(frozen=True, slots=True)
class Begun:
    """A secret that waits for its first code, in the forms in which an app takes it in."""

    secret: str = field(repr=False)
    """In Base32, to be typed in."""
    address: str = field(repr=False)
    """``otpauth://totp/…``, to be followed on a telephone."""
    picture: str = field(repr=False)
    """A QR code, as an SVG element."""


@dataclass(frozen=True, slots=True)
class TotpStatus:
    """What an account has set up."""

    confirmed_at: datetime | None
    """Since when the app counts; None where there is none."""
    codes_left: int
    """How many recovery codes were not used yet."""

    @property
    def is_active(self) -> bool:
        """True where a code of an app is wanted."""
        return self.confirmed_at is not None


class Apps:
    """The apps of all accounts; a second factor for signing in."""

    name = "totp"

    def __init__(
        self,
        signing_in: SigningIn,
        guessing: Guessing,
        trail: Trail,
        letters: Letters,
        sealing: Sealing,
        recovery: RecoveryCodes,
        clock: Callable[[], float],
    ) -> None:
        self._signing_in = signing_in
        self._guessing = guessing
        self._trail = trail
        self._letters = letters
        self._sealing = sealing
        self._clock = clock
        self.issuer = ""
        self.recovery = recovery

    # -- what there is ---------------------------------------------------------------------------

    async def has(self, user: Any) -> bool:
        """Tell whether an account has an app that counts."""
        return (await _active(user)) is not None

    async def status(self, user: Any) -> TotpStatus:
        """Give what an account has set up."""
        stored = await _active(user)
        if stored is None:
            return TotpStatus(None, 0)
        return TotpStatus(stored.confirmed_at, await self.recovery.left(user))

    # -- setting up and taking away; who calls these has asked for a recent sign-in ---------------

    async def begin(self, user: Any) -> Begun:
        """Make a secret; it counts once `confirm` was shown a code of it, within an hour.

        An app that was set up before counts until then.
        """
        secret = new_secret()
        pending = self._sealing.seal(secret, user.handle)
        stored = await StoredTotp.find(user.handle)
        if stored is None:
            await StoredTotp(user=user.handle, pending=pending, begun_at=self._now()).save()
        else:
            await stored.update(pending=pending, begun_at=self._now())
        address = address_of(secret, user.email or user.username or user.handle, self.issuer)
        return Begun(secret, address, picture_of(address))

    async def confirm(self, connection: HTTPConnection, user: Any, code: str) -> list[str]:
        """Let the secret count of which a first code is shown, and give ten recovery codes.

        Raises `CodeRefused`, and `HTTPException` (409) where nothing was begun of late.
        """
        await self._guessing.count(SECOND_FACTOR, user.handle, connection)
        stored = await StoredTotp.find(user.handle)
        early = self._now() - timedelta(seconds=_TO_CONFIRM)
        if stored is None or stored.pending is None or stored.begun_at < early:
            raise HTTPException(409, "Begin again: there is nothing to confirm, or not any more")
        pending = stored.pending
        step = step_of(self._sealing.open(pending, user.handle), code, self._clock())
        if step is None:
            raise CodeRefused
        changed = await _changed(
            StoredTotp.where(user=user.handle, pending=pending),
            secret=pending,
            pending=None,
            confirmed_at=self._now(),
            codes_made_at=self._now(),
            last_step=step,
        )
        if not changed:
            raise CodeRefused
        codes = await self.recovery.replace(user)
        await self._signing_in.strengthen(connection, user)
        await self._trail.note(TotpEnabled(user=user.handle, **where_from(connection)))
        await self._letters.factor_changed(user, "An app that makes codes was set up.")
        return codes

    async def disable(self, connection: HTTPConnection, user: Any) -> None:
        """Take the app away; with the last second factor go the recovery codes."""
        was_active = await StoredTotp.where(user=user.handle, secret__isnull=False).delete() == 1
        await StoredTotp.where(user=user.handle).delete()
        await self._signing_in.factor_removed(user)
        if was_active:
            await self._trail.note(TotpDisabled(user=user.handle, **where_from(connection)))
            await self._letters.factor_changed(user, "The app that makes codes was taken away.")

    async def renew_codes(self, connection: HTTPConnection, user: Any) -> list[str]:
        """Give ten new recovery codes; see `RecoveryCodes.renew`."""
        return await self.recovery.renew(connection, user)

    # -- showing ---------------------------------------------------------------------------------

    async def verify(self, user: Any, code: str) -> bool:
        """Tell whether this is a code of the account's app that was not used yet, and use it up.

        Attempts are counted by who calls. Costs 0.05 ms beside its two statements,
        with a sealed secret 0.1 ms.
        """
        stored = await _active(user)
        if stored is None or stored.secret is None:
            return False
        secret = self._sealing.open(stored.secret, user.handle)
        step = step_of(secret, code, self._clock())
        if step is None or step <= stored.last_step:
            return False
        kept = stored.secret
        if not self._sealing.is_current(kept):
            kept = self._sealing.seal(secret, user.handle)
        query = StoredTotp.where(user=user.handle, secret=stored.secret, last_step__lt=step)
        return await _changed(query, last_step=step, secret=kept)

    async def sign_in(self, connection: HTTPConnection, code: str) -> SignInResult:
        """Finish a sign-in by a code.

        Raises `SignInFailed` where none was begun, `TooManyAttempts` and `CodeRefused`.
        """
        user = await self._signing_in.pending(connection)
        await self._show(connection, user, code)
        return await self._signing_in.finish(connection, user, factor=self.name)

    async def sign_in_by_recovery_code(self, connection: HTTPConnection, code: str) -> SignInResult:
        """Finish a sign-in by a recovery code; raises as `sign_in` does."""
        return await self.recovery.sign_in(connection, code)

    async def confirm_identity(self, connection: HTTPConnection, user: Any, code: str) -> None:
        """Note that who is signed in has proved it again by a code; raises as `sign_in` does."""
        await self._guessing.count(SECOND_FACTOR, user.handle, connection)
        await self._show(connection, user, code)
        await self._signing_in.confirm(connection, user, factor=self.name)

    async def _show(self, connection: HTTPConnection, user: Any, code: str) -> None:
        if not await self.verify(user, code):
            await self._signing_in.refuse(user, self.name, connection)
            raise CodeRefused

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock(), UTC)


async def _active(user: Any) -> StoredTotp | None:
    stored = await StoredTotp.find(user.handle)
    return None if stored is None or stored.secret is None else stored


async def _changed(query: Any, **values: Any) -> bool:
    """Tell whether one statement has changed the row that it is about."""
    try:
        return bool(await query.update(**values) == 1)
    except LostRace:  # MariaDB's word for a row that another has changed meanwhile
        return False
