"""Passkeys: made, shown, renamed, taken away; called by endpoints and pages alike.

Everything is checked before anything is written, so that what is refused can be noted apart; then
the challenge counts no more, and the passkey's count goes on, by one statement each.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from starlette.requests import HTTPConnection

from trivet.auth.accounts import Accounts
from trivet.auth.guessing import Guessing
from trivet.auth.letters import Letters
from trivet.auth.passkeys.ceremony import (
    Asked,
    Claim,
    Person,
    Signed,
    Wanted,
    claim_of,
    creation_options,
    request_options,
    verify_new,
    verify_signed,
)
from trivet.auth.passkeys.challenges import Challenges
from trivet.auth.passkeys.happened import PasskeyAdded, PasskeyCloned, PasskeyRemoved
from trivet.auth.passkeys.refused import CeremonyOver, PasskeyRefused
from trivet.auth.passkeys.relying import Relying
from trivet.auth.passkeys.tables import StoredPasskey
from trivet.auth.signing_in import SigningIn, SignInResult
from trivet.auth.trail import Trail, where_from
from trivet.db import Database, LostRace, UniqueViolation
from trivet.errors import HTTPException
from trivet.sessions.agents import system_of

__all__ = ["Keys"]

_MOST = 20  # of one account
_LONGEST_NAME = 100
_REGISTER, _SIGN_IN, _SECOND, _CONFIRM = "register", "sign-in", "second", "confirm"


class Keys:
    """The passkeys of all accounts; a second factor for signing in, and a first one."""

    name = "passkey"

    def __init__(
        self,
        database: Database,
        accounts: Accounts[Any],
        signing_in: SigningIn,
        guessing: Guessing,
        trail: Trail,
        letters: Letters,
        challenges: Challenges,
        relying: Relying,
    ) -> None:
        self._database = database
        self._accounts = accounts
        self._signing_in = signing_in
        self._guessing = guessing
        self._trail = trail
        self._letters = letters
        self._challenges = challenges
        self.relying = relying

    # -- what there is ---------------------------------------------------------------------------

    async def has(self, user: Any) -> bool:
        """Tell whether an account has a passkey."""
        return await StoredPasskey.where(user=user.handle).exists()

    async def of(self, user: Any) -> list[StoredPasskey]:
        """Give the passkeys of an account, the oldest first."""
        query = StoredPasskey.where(user=user.handle)
        return await query.order_by(StoredPasskey.created_at, StoredPasskey.id)

    async def rename(self, user: Any, id: str, name: str) -> StoredPasskey:
        """Call a passkey of an account something else; raises `HTTPException` (404)."""
        stored = await self._one(user, id)
        return await stored.update(name=_clean(name) or stored.name)

    async def remove(self, connection: HTTPConnection, user: Any, id: str) -> None:
        """Take a passkey away; who calls this has asked for a recent sign-in.

        Raises `HTTPException`: 404, and 409 where the account could not be signed in to any more.
        """
        await self._signing_in.hold(user)
        held = await self.of(user)
        stored = next((one for one in held if one.id == id), None)
        if stored is None:
            raise HTTPException(404, "There is no such passkey")
        if len(held) == 1 and not await self._signing_in.has_way(user, besides=self.name):
            raise HTTPException(409, "Nothing else signs you in: set a password first")
        await StoredPasskey.where(id=id, user=user.handle).delete()
        if len(held) == 1:
            await self._signing_in.factor_removed(user)
        event = PasskeyRemoved(user=user.handle, details=_told(stored), **where_from(connection))
        await self._trail.note(event)
        await self._letters.factor_changed(user, f"The passkey “{stored.name}” was taken away.")

    async def _one(self, user: Any, id: str) -> StoredPasskey:
        stored = await StoredPasskey.where(id=id, user=user.handle).first()
        if stored is None:
            raise HTTPException(404, "There is no such passkey")
        return stored

    # -- making; who calls these has asked for a recent sign-in -----------------------------------

    async def begin(self, connection: HTTPConnection, user: Any) -> dict[str, Any]:
        """Give what a browser makes a passkey by; raises `HTTPException` (409) beyond twenty."""
        known = await self.of(user)
        if len(known) >= _MOST:
            raise HTTPException(409, f"You have {_MOST} passkeys: take one away first")
        challenge = await self._challenges.give(connection, _REGISTER, user)
        name = user.email or user.username or user.handle
        return creation_options(
            Asked(self.relying.of(connection), challenge),
            Person(user.handle, name, user.shown_name),
            _wanted(known),
            self._challenges.lifetime,
        )

    async def register(
        self, connection: HTTPConnection, user: Any, given: Mapping[str, Any], name: str = ""
    ) -> StoredPasskey:
        """Keep the passkey that a browser has made.

        Raises `CeremonyOver`, `PasskeyRefused`, and `HTTPException` (409) for one that is known.
        """
        challenge = await self._challenges.look(connection, _REGISTER, user)
        new = verify_new(Asked(self.relying.of(connection), challenge), given)
        await self._challenges.use(connection, _REGISTER)
        stored = StoredPasskey(
            id=_digest(new.credential),
            user=user.handle,
            credential=new.credential,
            public_key=new.public_key,
            sign_count=new.sign_count,
            transports=list(new.transports),
            aaguid=new.aaguid,
            is_synced=new.is_synced,
            is_backed_up=new.is_backed_up,
            name=_clean(name) or _name_of(connection),
        )
        try:
            async with self._database.transaction():
                await stored.save()
        except UniqueViolation as error:
            raise HTTPException(409, "This passkey is known already") from error
        event = PasskeyAdded(user=user.handle, details=_told(stored), **where_from(connection))
        await self._trail.note(event)
        await self._letters.factor_changed(user, f"The passkey “{stored.name}” was made.")
        return stored

    # -- showing ---------------------------------------------------------------------------------

    async def ask(self, connection: HTTPConnection) -> dict[str, Any]:
        """Give what a browser asks any passkey by, of whoever is in front of it."""
        return await self._ask(connection, _SIGN_IN, None)

    async def sign_in(
        self, connection: HTTPConnection, given: Mapping[str, Any], *, remember: bool = False
    ) -> SignInResult:
        """Sign in by a passkey alone: whoever has it has unlocked it, which are two factors.

        Raises `CeremonyOver`, `PasskeyRefused` and `TooManyAttempts`.
        """
        user = await self._shown(connection, _SIGN_IN, None, given)
        return await self._signing_in.sign_in(
            connection, user, factor=self.name, remember=remember, is_enough=True
        )

    async def ask_for_second(self, connection: HTTPConnection) -> dict[str, Any]:
        """Give what a browser asks the passkeys by of who is half signed in.

        Raises `SignInFailed` where nobody is, and `TooManyAttempts`.
        """
        return await self._ask(connection, _SECOND, await self._signing_in.pending(connection))

    async def sign_in_as_second(
        self, connection: HTTPConnection, given: Mapping[str, Any]
    ) -> SignInResult:
        """Finish a sign-in by a passkey, locked or not; raises as the two above."""
        user = await self._signing_in.pending(connection)
        await self._shown(connection, _SECOND, user, given)
        return await self._signing_in.finish(connection, user, factor=self.name)

    async def ask_to_confirm(self, connection: HTTPConnection, user: Any) -> dict[str, Any]:
        """Give what a browser asks the passkeys by of who is signed in."""
        return await self._ask(connection, _CONFIRM, user)

    async def confirm_identity(
        self, connection: HTTPConnection, user: Any, given: Mapping[str, Any]
    ) -> None:
        """Note that who is signed in has proved it again; raises as `sign_in` does."""
        await self._shown(connection, _CONFIRM, user, given)
        await self._signing_in.confirm(connection, user, factor=self.name)

    async def _ask(self, connection: HTTPConnection, purpose: str, user: Any) -> dict[str, Any]:
        allowed = [] if user is None else await self.of(user)
        if user is not None and not allowed:
            raise HTTPException(409, "There is no passkey here that could be asked for")
        challenge = await self._challenges.give(connection, purpose, user)
        asked = Asked(self.relying.of(connection), challenge, purpose != _SECOND)
        return request_options(asked, _wanted(allowed), self._challenges.lifetime)

    async def _shown(
        self, connection: HTTPConnection, purpose: str, user: Any, given: Mapping[str, Any]
    ) -> Any:
        """Give the account whose passkey was shown, `user`'s where one is given."""
        claim = claim_of(given)
        await self._guessing.count("passkey", claim.credential, connection)
        challenge = await self._challenges.look(connection, purpose, user)
        stored = await StoredPasskey.find(_digest(claim.credential))
        owner = None if stored is None else await self._accounts.by_handle(stored.user)
        if stored is None or not _fits(claim, owner, user):
            await self._signing_in.refuse(owner, self.name, connection)
            raise PasskeyRefused
        asked = Asked(self.relying.of(connection), challenge, purpose != _SECOND)
        try:
            signed = verify_signed(asked, given, stored.public_key)
        except PasskeyRefused:
            await self._signing_in.refuse(owner, self.name, connection)
            raise
        await self._check_copies(connection, stored, signed)
        await self._challenges.use(connection, purpose)
        await _go_on(stored, signed)
        return owner

    async def _check_copies(
        self, connection: HTTPConnection, stored: StoredPasskey, signed: Signed
    ) -> None:
        """Refuse a passkey whose count did not go on, or that has become another kind."""
        counts = signed.sign_count or stored.sign_count
        went_back = counts and signed.sign_count <= stored.sign_count
        if not went_back and signed.is_synced == stored.is_synced:
            return
        event = PasskeyCloned(
            user=stored.user,
            details={**_told(stored), "count": signed.sign_count, "known": stored.sign_count},
            **where_from(connection),
        )
        await self._trail.note_refused(event)
        raise PasskeyRefused


def _fits(claim: Claim, owner: Any, user: Any) -> bool:
    """Tell whether a passkey's owner is who it says, and is `user`, where one is asked for."""
    if owner is None or not owner.is_active or owner.is_service:
        return False
    if user is None:  # found without a name, it has to say whose it is
        return bool(claim.user_handle == owner.handle)
    return bool(user.handle == owner.handle and claim.user_handle in (None, owner.handle))


async def _go_on(stored: StoredPasskey, signed: Signed) -> None:
    query = StoredPasskey.where(id=stored.id, sign_count=stored.sign_count)
    try:
        changed = await query.update(
            sign_count=signed.sign_count,
            is_backed_up=signed.is_backed_up,
            used_at=datetime.now(UTC),
        )
    except LostRace as error:
        raise CeremonyOver from error
    if changed != 1:  # used, or taken away, at the same time
        raise CeremonyOver


def _wanted(passkeys: Sequence[StoredPasskey]) -> list[Wanted]:
    return [Wanted(one.credential, tuple(one.transports)) for one in passkeys]


def _told(stored: StoredPasskey) -> dict[str, Any]:
    return {"id": stored.id, "name": stored.name}


def _clean(name: str) -> str:
    return "".join(sign for sign in name if sign.isprintable()).strip()[:_LONGEST_NAME]


def _name_of(connection: HTTPConnection) -> str:
    system = system_of(connection.headers.get("user-agent", ""))
    return f"Passkey on {system}" if system else "Passkey"


def _digest(credential: str) -> str:
    return sha256(credential.encode()).hexdigest()
