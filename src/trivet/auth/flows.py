"""What people do with their accounts, once: endpoints and pages call it alike.

Nothing here tells who has an account: whoever asks for a letter is told the same, and the letter is
written behind the answer.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from starlette.requests import HTTPConnection

from trivet.auth.accounts import Accounts
from trivet.auth.current import requires_recent_login
from trivet.auth.errors import NotAllowed, SignInFailed
from trivet.auth.guessing import Guessing
from trivet.auth.happened import (
    AccountCreated,
    AccountDeleted,
    EmailConfirmed,
    PasswordChanged,
    PasswordReset,
)
from trivet.auth.letters import Letters
from trivet.auth.links import Links
from trivet.auth.options import AuthOptions
from trivet.auth.trail import Trail, where_from
from trivet.db import Database, UniqueViolation
from trivet.errors import HTTPException
from trivet.security.signing import BadToken

__all__ = ["Flows"]

_log = logging.getLogger("trivet.auth")
_CONFIRM, _RESET = "confirm", "reset"
_THERE_ALREADY = "There is such an account already"


class Flows:
    """Signing up, confirming an address, changing and resetting passwords."""

    def __init__(
        self,
        database: Database,
        accounts: Accounts[Any],
        guessing: Guessing,
        trail: Trail,
        letters: Letters,
        options: AuthOptions,
    ) -> None:
        self._database = database
        self._accounts = accounts
        self._guessing = guessing
        self._trail = trail
        self._options = options
        self.letters = letters
        self.links = Links()

    # -- signing up ------------------------------------------------------------------------------

    async def sign_up(self, connection: HTTPConnection, *, password: str, **values: Any) -> Any:
        """Make an account, and send the letter that confirms its address, where there is mail.

        With mail, an address that has an account is told so by a letter, and who asks is told the
        same as ever; None is given then. Without, and for names, who asks is told (409). Raises
        `ValueError` for what is no address or name, and `PasswordRefused`.
        """
        if not self._options.sign_up:
            raise NotAllowed("Nobody can make an account here")
        await self._guessing.count("sign-up", "", connection)
        # Whatever may be wrong is told before anybody looks for the address, and costs the same.
        account = await self._accounts.prepared(password=password, **values)
        by_letter = account.email is not None and self.letters.can_send
        if by_letter:
            self.letters.check()
            name = account.username
            if name is not None and await self._accounts.by_username(name) is not None:
                raise HTTPException(409, _THERE_ALREADY)
            # By mailbox: from many addresses, somebody's could be filled with letters.
            await self._guessing.count("sign-up-letter", str(account.email), None)
            known = await self._accounts.by_email(str(account.email))
            if known is not None:
                await self._tell_owner(connection, known)
                return None
        try:
            async with self._database.transaction():
                user = await self._accounts.model.save(account)
        except UniqueViolation as error:
            if by_letter and await self._accounts.by_email(str(account.email)) is not None:
                return None  # somebody else was quicker, and has just got the letter
            raise HTTPException(409, _THERE_ALREADY) from error
        await self._trail.note(AccountCreated(user=user.handle, **where_from(connection)))
        if user.email is not None and self.letters.can_send:
            await self.send_confirmation(connection, user)
        return user

    async def delete(self, connection: HTTPConnection | None, user: Any) -> None:
        """Delete an account with all that lets somebody in by it; the trail stays and says so.

        Who calls this has asked for a recent sign-in.
        """
        handle = user.handle
        await self._accounts.delete(user)
        await self._trail.note(AccountDeleted(user=handle, **where_from(connection)))

    async def _tell_owner(self, connection: HTTPConnection, known: Any) -> None:
        """Tell an account that somebody wanted another one with its address."""
        token = await self.links.make(_RESET, known, self._options.reset_lifetime)
        await self.letters.there_already(known, self.letters.link(_RESET, token, connection))

    async def send_confirmation(self, connection: HTTPConnection, user: Any) -> None:
        """Send the letter that confirms an account's address; earlier ones count no more."""
        await self.links.withdraw(user, _CONFIRM)
        seconds = self._options.confirm_lifetime
        token = await self.links.make(_CONFIRM, user, seconds, email=user.email)
        await self.letters.confirm(user, self.letters.link(_CONFIRM, token, connection))

    async def confirm_email(self, connection: HTTPConnection, token: str) -> Any:
        """Note that an address reaches who has its account; raises `BadToken` (400).

        The account may have got another address since: the link is of the one it was sent to.
        """
        link = await self.links.use(_CONFIRM, token)
        user = await self._accounts.by_handle(link.user)
        if user is None or user.email != link.details.get("email"):
            raise BadToken("This link is not valid, or was used already")
        await self.note_confirmed(connection, user)
        return user

    async def note_confirmed(self, connection: HTTPConnection, user: Any) -> None:
        """Note that a letter has reached an account, if that was not known."""
        if user.email_confirmed_at is None:
            user.email_confirmed_at = datetime.now(UTC)
            await self._accounts.model.save(user)
            await self._trail.note(EmailConfirmed(user=user.handle, **where_from(connection)))

    # -- passwords -------------------------------------------------------------------------------

    async def ask_for_reset(self, connection: HTTPConnection, email: str) -> None:
        """Count that somebody asks for a letter by which a password is set anew.

        The letter itself is `send_reset`'s, behind the answer.
        """
        self.letters.check()
        await self._guessing.count("reset", email.strip().lower(), connection)

    async def send_reset(self, connection: HTTPConnection, email: str) -> None:
        """Send the letter, if there is such an account; see `send_link`."""
        lifetime = self._options.reset_lifetime
        await self.send_link(connection, email, _RESET, lifetime, self.letters.reset)

    async def send_link(
        self,
        connection: HTTPConnection,
        email: str,
        purpose: str,
        seconds: float,
        write: Callable[[Any, str], Awaitable[None]],
    ) -> None:
        """Send a letter with a link, if there is such an account; raises nothing.

        In a transaction of its own, as a background task: how long it takes tells nobody anything.
        Earlier links for the same purpose count no more.
        """
        try:
            async with self._database.own_transaction():
                user = await self._accounts.by_email(email)
                if user is None or not user.is_active or user.is_service:
                    return
                await self.links.withdraw(user, purpose)
                token = await self.links.make(purpose, user, seconds)
                await write(user, self.letters.link(purpose, token, connection))
        except Exception:
            _log.exception("a letter could not be sent")

    async def reset_password(self, connection: HTTPConnection, token: str, password: str) -> Any:
        """Set a new password by a link, which counts once; all sessions of the account end.

        Raises `BadToken` (400), and `PasswordRefused`, after which the link still counts.
        """
        link = await self.links.look(_RESET, token)
        user = await self._accounts.by_handle(link.user)
        if user is None or not user.is_active:
            raise BadToken("This link is not valid, or was used already")
        await self._accounts.set_password(user, password)
        await self.links.use(_RESET, token)
        await self.links.withdraw(user)
        await self.note_confirmed(connection, user)
        await self._trail.note(PasswordReset(user=user.handle, **where_from(connection)))
        await self.letters.password_changed(user)
        return user

    async def change_password(
        self,
        connection: HTTPConnection,
        user: Any,
        *,
        present: str,
        new: str,
        keep_session: str | None,
    ) -> None:
        """Change the password of who is signed in, who says the present one; other sessions end.

        Who has none signed in of late. Raises `SignInFailed`, `NotRecent` (403), `TooManyAttempts`
        and `PasswordRefused`.
        """
        await self._guessing.count("password", user.handle, connection)
        if not user.has_password:
            # There is nothing to be said: a session that was stolen would make itself at home.
            await requires_recent_login(connection)
        if user.has_password and not await self._accounts.has_password(user, present):
            raise SignInFailed
        await self._accounts.set_password(user, new, keep_session=keep_session)
        await self.links.withdraw(user)
        await self._trail.note(PasswordChanged(user=user.handle, **where_from(connection)))
        await self.letters.password_changed(user)
