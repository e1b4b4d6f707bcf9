"""The commands of accounts, as plain functions; the command line makes commands of them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from trivet.app.part import CommandGroup
from trivet.auth.commands.asking import asked, asked_password
from trivet.auth.permissions.names import checked_name
from trivet.db import UniqueViolation
from trivet.errors import HTTPException, SetupError
from trivet.terminal import Pen

if TYPE_CHECKING:
    from trivet.auth.part import Auth

__all__ = ["commands_of"]

_TRAIL = 20


def commands_of(auth: Auth) -> Sequence[Any]:
    """Give the commands of an application's accounts."""
    commands = _Commands(auth)
    words: dict[str, Callable[..., Any]] = {
        "list": commands.listed,
        "show": commands.show,
        "switch-off": commands.switch_off,
        "switch-on": commands.switch_on,
        "grant": commands.grant,
        "revoke": commands.revoke,
        "sign-out": commands.sign_out,
        "delete": commands.delete,
    }
    group = CommandGroup("users", "Look at accounts, and change what they may", words)
    return [commands.createsuperuser, commands.changepassword, group]


class _Commands:
    def __init__(self, auth: Auth) -> None:
        self._auth = auth

    @property
    def _pen(self) -> Pen:
        return Pen()

    async def createsuperuser(
        self, *, log_in: str = "", name: str = "", password_file: str = ""
    ) -> None:
        """Make an account that may everything.

        --log-in is what it signs in by; what is missing is asked for. --password-file names a file
        whose first line is the password, - for the standard input.
        """
        by_name = self._auth.options.log_in == "username"
        log_in = log_in or asked("Name" if by_name else "E-mail address")
        password = asked_password(password_file)
        values: dict[str, Any] = {"username" if by_name else "email": log_in, "name": name}
        async with self._unit():
            try:
                user = await self._auth.accounts.make(
                    password=password, is_superuser=True, is_staff=True, **values
                )
            except UniqueViolation as error:
                raise _told(f"there is an account {log_in!r} already") from error
            except (ValueError, HTTPException) as error:
                raise _told(_reason(error)) from error
            # Whoever types commands here needs no letter to be believed.
            await user.update(email_confirmed_at=user.joined_at)
        self._pen.write(f"{log_in} may everything now")

    async def changepassword(self, log_in: str, /, *, password_file: str = "") -> None:
        """Give the account LOG_IN a new password, and sign it out everywhere."""
        async with self._unit():
            user = await self._found(log_in)
            try:
                await self._auth.accounts.set_password(user, asked_password(password_file))
            except HTTPException as error:
                raise _told(_reason(error)) from error
        self._pen.write(f"{log_in} has a new password, and is signed out everywhere")

    async def listed(self, *, search: str = "", limit: int = 50) -> None:
        """List accounts, the newest first; --search looks in address, user name and name."""
        model = self._auth.user
        query = model.all()
        if search:
            query = model.where(
                model.email.icontains(search, autoescape=True)
                | model.username.icontains(search, autoescape=True)
                | model.name.icontains(search, autoescape=True)
            )
        async with self._unit():
            users = await query.order_by(model.joined_at.desc()).limit(limit)
        rows = [
            (_log_in(user), _printable(user.name), _state(user), f"{user.joined_at:%Y-%m-%d}")
            for user in users
        ]
        self._pen.table(["log-in", "name", "state", "since"], rows)

    async def show(self, log_in: str, /) -> None:
        """Show the account LOG_IN: what it may, and what happened to it of late."""
        async with self._unit():
            user = await self._found(log_in)
            held = sorted(await self._auth.deciding.held(user))
            events = await self._auth.trail.of(user.handle, limit=_TRAIL)
        say = self._pen.write
        say(f"{_log_in(user)}  {_printable(user.name)}  {_state(user)}  {user.handle}")
        say(f"roles: {', '.join(user.roles) or '-'}")
        say(f"may: {'everything' if user.is_superuser else ', '.join(held) or '-'}")
        for event in events:
            say(f"{event.at:%Y-%m-%d %H:%M}Z  {event.kind}  {event.address or '-'}")

    async def switch_off(self, log_in: str, /) -> None:
        """Switch the account LOG_IN off: nobody signs in by it, and nobody is."""
        await self._switch(log_in, is_active=False)

    async def switch_on(self, log_in: str, /) -> None:
        """Switch the account LOG_IN on again."""
        await self._switch(log_in, is_active=True)

    async def delete(self, log_in: str, /) -> None:
        """Delete the account LOG_IN, with its sessions, tokens and passkeys; its history stays."""
        async with self._unit():
            await self._auth.flows.delete(None, await self._found(log_in))
        self._pen.write(f"{log_in} is deleted")

    async def grant(self, log_in: str, permission: str, /) -> None:
        """Give the account LOG_IN a PERMISSION such as post.change, or a role by its name."""
        await self._change(log_in, permission, has=True)

    async def revoke(self, log_in: str, permission: str, /) -> None:
        """Take a PERMISSION, or a role, from the account LOG_IN."""
        await self._change(log_in, permission, has=False)

    async def sign_out(self, log_in: str, /) -> None:
        """Sign the account LOG_IN out everywhere."""
        async with self._unit():
            user = await self._found(log_in)
            await self._auth.sessions.end_all(user.handle)
        self._pen.write(f"{log_in} is signed out")

    # -- what they share -------------------------------------------------------------------------

    @asynccontextmanager
    async def _unit(self) -> AsyncIterator[None]:
        try:
            async with self._auth.database.own_transaction():
                yield
        finally:
            await self._auth.database.close()

    async def _found(self, log_in: str) -> Any:
        accounts = self._auth.accounts
        user = (
            await accounts.by_email(log_in)
            or await accounts.by_username(log_in)
            or await accounts.by_handle(log_in)
        )
        if user is None:
            raise _told(f"there is no account {log_in!r}")
        return user

    async def _switch(self, log_in: str, *, is_active: bool) -> None:
        async with self._unit():
            user = await self._found(log_in)
            await user.update(is_active=is_active)
            if not is_active:
                await self._auth.sessions.end_all(user.handle)
        self._pen.write(f"{log_in} is switched {'on' if is_active else 'off'}")

    async def _change(self, log_in: str, given: str, *, has: bool) -> None:
        async with self._unit():
            user = await self._found(log_in)
            is_role = given in self._auth.rules.roles or given in user.roles
            column = "roles" if is_role else "permissions"
            held = [one for one in getattr(user, column) if one != given]
            if has:
                held.append(given if is_role else checked_name(given))
            await user.update(**{column: held})
        word = "has" if has else "has no longer"
        self._pen.write(f"{log_in} {word} the {'role' if is_role else 'permission'} {given}")


def _log_in(user: Any) -> str:
    return _printable(user.email or user.username or user.handle)


def _printable(text: str) -> str:
    """Give a text that a terminal does not take for orders."""
    return "".join(sign if sign.isprintable() else "?" for sign in text)


def _state(user: Any) -> str:
    if not user.is_active:
        return "off"
    kinds = ("superuser", "staff", "service")
    return ", ".join(kind for kind in kinds if getattr(user, f"is_{kind}")) or "on"


def _reason(error: Exception) -> str:
    detail = getattr(error, "detail", None)
    if isinstance(detail, list):
        return "; ".join(str(one["msg"]) for one in detail)
    return str(detail or error)


def _told(reason: str) -> SetupError:
    return SetupError(reason, code="auth.command")
