"""Signing in: the first factor, the second where an account has one, and the session behind them.

Between the two factors the visitor's session says who they are about to be, and nothing reads that
as being signed in.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from starlette.requests import HTTPConnection

from trivet.auth.accounts import Accounts
from trivet.auth.current import forget_identity
from trivet.auth.errors import NotAllowed, SignInFailed
from trivet.auth.guessing import SECOND_FACTOR, Guessing
from trivet.auth.happened import SessionTakenOver, SignedIn, SignedOut, SignInRefused
from trivet.auth.options import AuthOptions
from trivet.auth.trail import Trail, where_from
from trivet.sessions import Session, Sessions

__all__ = ["SecondFactor", "SignInResult", "SigningIn", "StandIn", "Way"]

_PENDING = "auth.pending"  # in the session of a visitor who is half signed in
_FACTORS = "auth.factors"
_STRONG = "auth.strong"  # in a session: two factors were shown in it, or one that is two


class SecondFactor(Protocol):
    """One kind of second factor, such as codes of an app."""

    name: str

    async def has(self, user: Any) -> bool:
        """Tell whether an account has set it up."""


class StandIn(Protocol):
    """What stands in for any second factor of an account that is lost: recovery codes."""

    name: str

    async def has(self, user: Any) -> bool:
        """Tell whether an account has some left."""

    async def withdraw(self, user: Any) -> None:
        """Let none of an account's count any more."""


class Way(Protocol):
    """One kind of first factor beside the password, such as passkeys."""

    name: str

    async def has(self, user: Any) -> bool:
        """Tell whether an account can sign in by it."""


@dataclass(frozen=True, slots=True)
class SignInResult:
    """What became of it: signed in, or second factors of which one is wanted."""

    user: Any  # Any: the application's model of accounts
    wanted: tuple[str, ...] = ()

    @property
    def is_done(self) -> bool:
        """True where they are signed in."""
        return not self.wanted


class SigningIn:
    """What happens between who somebody says they are and a session that says so."""

    def __init__(
        self,
        accounts: Accounts[Any],
        sessions: Sessions,
        guessing: Guessing,
        trail: Trail,
        options: AuthOptions,
    ) -> None:
        self._accounts = accounts
        self._sessions = sessions
        self._guessing = guessing
        self._trail = trail
        self._options = options
        self.needs_confirmed = False
        self.factors: list[SecondFactor] = []
        self.stand_in: StandIn | None = None
        self.ways: list[Way] = []
        """What people can sign in by beside a password; each part adds its own."""
        self.also_ended: list[Callable[[HTTPConnection], Awaitable[object]]] = []
        """What ends with a session that somebody signs out of; each part adds its own."""

    async def by_password(
        self, log_in: str, password: str, connection: HTTPConnection | None
    ) -> Any:
        """Give the account that a log-in and a password are of, and sign nobody in.

        Raises `SignInFailed` (401) with one text for all reasons, `TooManyAttempts` (429), and
        `NotAllowed` (403) where the password is right and the address was never confirmed.
        """
        await self._guessing.count("password", log_in.strip().lower(), connection)
        user = await self._accounts.find(log_in)
        is_right = await self._accounts.has_password(user, password)
        if user is None or not is_right or not user.is_active or user.is_service:
            why = "unknown" if user is None else "password" if not is_right else "inactive"
            await self.refuse(user, why, connection)
            raise SignInFailed
        if self.needs_confirmed and user.email_confirmed_at is None:
            await self.refuse(user, "not-confirmed", connection)
            raise NotAllowed("Confirm your e-mail address first, by the link that was sent to it")
        return user

    async def is_password_of(
        self, user: Any, password: str, connection: HTTPConnection | None
    ) -> bool:
        """Tell whether a password is that of who is signed in; raises `TooManyAttempts` (429)."""
        await self._guessing.count("password", user.handle, connection)
        return await self._accounts.has_password(user, password)

    async def refuse(self, user: Any, why: str, connection: HTTPConnection | None) -> None:
        """Write into the trail that somebody could not sign in."""
        handle = None if user is None else user.handle
        event = SignInRefused(user=handle, details={"why": why}, **where_from(connection))
        await self._trail.note_refused(event)

    async def sign_in(
        self,
        connection: HTTPConnection,
        user: Any,
        *,
        factor: str,
        remember: bool = False,
        is_enough: bool = False,
    ) -> SignInResult:
        """Sign an account in by a first factor that was shown, or say which second one is wanted.

        `is_enough` for a factor that is two in one, such as a passkey that was unlocked. Raises
        `SignInFailed` for an account that is not active.
        """
        if not user.is_active or user.is_service:
            await self.refuse(user, "inactive", connection)
            raise SignInFailed
        session = await self._sessions.of_request(connection)
        wanted = () if is_enough else await self.factors_of(user)
        if wanted:
            session.rotate()
            session[_PENDING] = {
                "user": user.handle,
                "factor": factor,
                "remember": remember,
                "until": datetime.now(UTC).timestamp() + self._options.second_factor_lifetime,
            }
            return SignInResult(user, wanted)
        await self._signed_in(connection, session, user, [factor], remember=remember)
        session[_STRONG] = is_enough
        return SignInResult(user)

    async def factors_of(self, user: Any) -> tuple[str, ...]:
        """Give the names of the second factors that an account has set up, and what stands in.

        What stands in for nothing asks for nothing.
        """
        found = [one.name for one in self.factors if await one.has(user)]
        if found and self.stand_in is not None and await self.stand_in.has(user):
            found.append(self.stand_in.name)
        return tuple(found)

    async def has_factor(self, user: Any) -> bool:
        """Tell whether an account has a second factor, beside what stands in for one."""
        for factor in self.factors:
            if await factor.has(user):
                return True
        return False

    async def factor_removed(self, user: Any) -> None:
        """Withdraw what stood in for the last second factor of an account; each part calls it."""
        if self.stand_in is not None and not await self.has_factor(user):
            await self.stand_in.withdraw(user)

    async def strengthen(self, connection: HTTPConnection, user: Any) -> None:
        """Note that who is signed in here has shown a second factor, the first of all codes too."""
        session = await self._sessions.of_request(connection)
        if session.user == user.handle:
            session[_STRONG] = True

    async def is_strong(self, connection: HTTPConnection) -> bool:
        """Tell whether who is signed in here has shown two factors, or one that is two in one."""
        session = await self._sessions.of_request(connection)
        return session.get(_STRONG) is True

    async def hold(self, user: Any) -> None:
        """Let nobody else take a way to sign in from an account until this transaction ends.

        Before the ways are looked at: of two who take away the last two, one is refused.
        """
        await self._accounts.model.where(handle=user.handle).for_update().first()

    async def has_way(self, user: Any, *, besides: str) -> bool:
        """Tell whether an account could still sign in without one way, by that one's name."""
        if user.has_password:
            return True
        for way in self.ways:
            if way.name != besides and await way.has(user):
                return True
        return False

    async def half_signed_in(self, connection: HTTPConnection) -> Any:
        """Give the account whose second factor is wanted here, or None; for the page that asks."""
        session = await self._sessions.of_request(connection)
        pending = session.get(_PENDING)
        if not isinstance(pending, dict) or pending["until"] <= datetime.now(UTC).timestamp():
            return None
        user = await self._accounts.by_handle(pending["user"])
        begun = pending["until"] - self._options.second_factor_lifetime
        if user is None or not user.is_active or _changed_since(user, begun):
            return None
        return user

    async def pending(self, connection: HTTPConnection) -> Any:
        """Give the account whose second factor is wanted here, and count a try at it.

        Raises `SignInFailed` (401) where none is, or the time is over, and `TooManyAttempts` (429).
        """
        user = await self.half_signed_in(connection)
        if user is None:
            session = await self._sessions.of_request(connection)
            session.pop(_PENDING, None)
            raise SignInFailed
        # By account: a new session, and with it a new count, is but one right password away.
        await self._guessing.count(SECOND_FACTOR, user.handle, connection)
        return user

    async def finish(self, connection: HTTPConnection, user: Any, *, factor: str) -> SignInResult:
        """Sign in the account that was pending, whose second factor was shown."""
        session = await self._sessions.of_request(connection)
        pending = session.pop(_PENDING, None)
        if not isinstance(pending, dict) or pending["user"] != user.handle:
            raise SignInFailed
        shown = [pending["factor"], factor]
        await self._signed_in(connection, session, user, shown, remember=pending["remember"])
        session[_STRONG] = True
        return SignInResult(user)

    async def may_go_on(self, connection: HTTPConnection, user: Any) -> bool:
        """Tell whether who is signed in elsewhere may be so here without proving anything.

        Not with an account that is not active or has a second factor, and not while somebody is
        about to sign in here.
        """
        if not user.is_active or user.is_service or await self.has_factor(user):
            return False
        return await self.half_signed_in(connection) is None

    async def go_on(
        self, connection: HTTPConnection, user: Any, *, of: str, remember: bool
    ) -> None:
        """Begin a session for who is signed in elsewhere, and has proved nothing here: not recent.

        Who calls this has asked `may_go_on`. `of` is where they were, for the trail.
        """
        session = await self._sessions.of_request(connection)
        session.pop(_PENDING, None)
        session.sign_in(user.handle, remember=remember, is_proof=False)
        session[_FACTORS] = []
        forget_identity(connection)
        event = SessionTakenOver(user=user.handle, details={"of": of}, **where_from(connection))
        await self._trail.note(event)

    async def confirm(self, connection: HTTPConnection, user: Any, *, factor: str) -> None:
        """Note that who is signed in here has just proved it again."""
        session = await self._sessions.of_request(connection)
        if session.user != user.handle:
            raise SignInFailed
        if factor != "password":
            session[_STRONG] = True
        session.confirm()
        forget_identity(connection)

    async def sign_out(self, connection: HTTPConnection) -> None:
        """End the session of who is signed in here; nothing happens where nobody is."""
        session = await self._sessions.of_request(connection)
        if session.user is not None:
            await self._trail.note(SignedOut(user=session.user, **where_from(connection)))
            for end in self.also_ended:
                await end(connection)
        session.sign_out()
        forget_identity(connection)

    async def _signed_in(
        self,
        connection: HTTPConnection,
        session: Session,
        user: Any,
        factors: Sequence[str],
        *,
        remember: bool,
    ) -> None:
        session.pop(_PENDING, None)
        session.sign_in(user.handle, remember=remember)
        session[_FACTORS] = list(factors)
        forget_identity(connection)
        user.signed_in_at = datetime.now(UTC)
        await self._accounts.model.save(user)
        details = {"factors": list(factors)}
        event = SignedIn(user=user.handle, details=details, **where_from(connection))
        await self._trail.note(event)


def _changed_since(user: Any, moment: float) -> bool:
    """Tell whether the password was changed since a first factor was shown."""
    changed = user.password_changed_at
    return changed is not None and changed.timestamp() > moment
