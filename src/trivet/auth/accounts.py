"""Accounts: found, made and changed; for endpoints, pages and commands alike.

Within the present unit of work, like all that models do.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

from trivet.auth.options import LogIn
from trivet.auth.passwords import Passwords
from trivet.auth.users import NO_PASSWORD, UserMixin, normal_email, normal_username

__all__ = ["Accounts"]

Account = TypeVar("Account", bound=UserMixin)


class Accounts(Generic[Account]):
    """The accounts of one model; `Auth` has them: ``auth.accounts``."""

    def __init__(
        self,
        model: type[Account],
        passwords: Passwords,
        log_in: LogIn,
        end_sessions: Callable[[str, str | None], Awaitable[object]],
    ) -> None:
        self.model: Any = model  # Any: a mixin has no queries, and what it is mixed into has
        self._passwords = passwords
        self._log_in = log_in
        self._end_sessions = end_sessions
        self.belongings: list[Any] = []  # Any: models with a column `user`
        """What goes with an account: models whose `user` is a handle; each part adds its own."""

    async def find(self, log_in: str) -> Account | None:
        """Give the account that somebody signs in by, or None."""
        if self._log_in != "username" and "@" in log_in:
            return await self.by_email(log_in)
        if self._log_in == "email":
            return None
        return await self.by_username(log_in)

    async def by_email(self, email: str) -> Account | None:
        """Give the account of an address, or None."""
        try:
            normal = normal_email(email)
        except ValueError:
            return None
        return await self._one(email=normal)

    async def by_username(self, username: str) -> Account | None:
        """Give the account of a name, or None."""
        try:
            normal = normal_username(username)
        except ValueError:
            return None
        return await self._one(username=normal)

    async def by_handle(self, handle: str) -> Account | None:
        """Give the account of a handle, or None."""
        return await self._one(handle=handle)

    async def make(
        self,
        *,
        email: str | None = None,
        username: str | None = None,
        password: str | None = None,
        **values: Any,
    ) -> Account:
        """Make an account; without a password nobody signs in by one.

        Raises `ValueError` for what is no address or name, `PasswordRefused`, and `UniqueViolation`
        where there is such an account.
        """
        account = await self.prepared(email=email, username=username, password=password, **values)
        await self.model.save(account)
        return account

    async def prepared(
        self,
        *,
        email: str | None = None,
        username: str | None = None,
        password: str | None = None,
        **values: Any,
    ) -> Account:
        """Give an account that is not stored yet, with all that can be told about it alone.

        Raises `ValueError` and `PasswordRefused`, as `make` does.
        """
        account: Account = self.model(
            email=None if email is None else normal_email(email),
            username=None if username is None else normal_username(username),
            **values,
        )
        if password is not None:
            await self._set(account, password)
        return account

    async def set_password(
        self, account: Account, password: str | None, *, keep_session: str | None = None
    ) -> None:
        """Give an account another password, or none, and end its sessions but one.

        Raises what the password's rules raise. `keep_session` is the id of a session.
        """
        if password is None:
            account.password = NO_PASSWORD
        else:
            await self._set(account, password)
        account.password_changed_at = datetime.now(UTC)
        await self.model.save(account)
        await self._end_sessions(account.handle, keep_session)

    async def delete(self, account: Account) -> None:
        """Delete an account, and with it its sessions, tokens, passkeys, links and the like.

        The trail stays, which names it by its handle. Deleted in another way, an account leaves
        those rows behind: they let nobody in, and are nobody's any more.
        """
        await self._end_sessions(account.handle, None)
        for model in self.belongings:
            await model.where(user=account.handle).delete()
        await self.model.delete(account)

    async def has_password(self, account: Account | None, password: str) -> bool:
        """Tell whether this is the account's password; for None it takes as long, and it is not.

        A hash of an older kind is written anew in passing.
        """
        stored = None if account is None else account.password
        verdict = await self._passwords.verify(password, stored)
        if account is not None and verdict.upgraded is not None:
            account.password = verdict.upgraded
            await self.model.save(account)
        return verdict.ok

    async def _set(self, account: Account, password: str) -> None:
        about = [text for text in (account.email, account.username, account.name) if text]
        await self._passwords.check(password, about=about)
        account.password = await self._passwords.hash(password)

    async def _one(self, **lookup: Any) -> Account | None:
        found: Account | None = await self.model.where(**lookup).first()
        return found
