"""The letters that accounts are sent, and where their links go.

Where mail has templates, a letter is one (``account/letters/reset.html``), with a plain text beside
it, in the language of the account; without, it is the plain text alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from starlette.requests import HTTPConnection, Request

from trivet.auth.options import AuthOptions
from trivet.errors import SetupError
from trivet.mail import Mail, Message
from trivet.texts import lazy

__all__ = ["Letter", "Letters"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What one kind of letter says: around its link, and on the button that is the link."""

    name: str
    subject: str
    before: str
    after: str
    button: str = ""


_CONFIRM = Letter(
    name="confirm",
    subject=lazy("Confirm your e-mail address"),
    before=lazy("Somebody, we hope you, made an account with this address. Confirm it here:"),
    button=lazy("Confirm the address"),
    after=lazy("If it was not you, do nothing: without it nobody can sign in."),
)
_THERE_ALREADY = Letter(
    name="there_already",
    subject=lazy("You have an account already"),
    before=lazy(
        "Somebody, we hope you, wanted to make an account with this address. There is one already."
        " If you do not know its password any more, set a new one here:"
    ),
    button=lazy("Set a new password"),
    after=lazy("If it was not you, do nothing: nothing has changed."),
)
_RESET = Letter(
    name="reset",
    subject=lazy("Set a new password"),
    before=lazy("Somebody, we hope you, wants to set a new password for your account. Do it here:"),
    button=lazy("Set a new password"),
    after=lazy("If it was not you, do nothing: your password is as it was."),
)
_MAGIC = Letter(
    name="magic",
    subject=lazy("Your link to sign in"),
    before=lazy("Sign in by this link, which counts once:"),
    button=lazy("Sign in"),
    after=lazy("If you did not ask for it, do nothing."),
)
_PASSWORD_CHANGED = Letter(
    name="password_changed",
    subject=lazy("Your password was changed"),
    before=lazy("The password of your account was changed, and all other devices are signed out."),
    after=lazy("If it was not you, set a new one at once, and tell us."),
)
_INVITATION = Letter(
    name="invitation",
    subject=lazy("You are invited"),
    before="",
    button=lazy("Accept the invitation"),
    after=lazy("If you do not know them, do nothing."),
)
_FACTOR_CHANGED = Letter(
    name="factor_changed",
    subject=lazy("How you sign in has changed"),
    before="",
    after=lazy("If it was not you, set a new password at once, and tell us."),
)


class Letters:
    """Writes and sends them; within a transaction they go out with its commit, by mail's outbox."""

    def __init__(self, mail: Mail | None, options: AuthOptions) -> None:
        self._mail = mail
        self._options = options
        self.title = options.site_name
        self.is_debug = False
        self.language: Callable[[Any], Request | None] = lambda user: None
        """Gives what templates take in a request's place, to speak the language of an account."""

    @property
    def can_send(self) -> bool:
        """True where there is mail."""
        return self._mail is not None

    def check(self) -> None:
        """Raise `SetupError` where no letter can be sent, or none with a link in it."""
        if self._mail is None:
            raise SetupError(
                "accounts send letters here, and there is no mail",
                code="auth.no-mail",
                mend="app.use(Auth(db, mail=mail))",
            )
        if self._options.site is None and not self.is_debug:
            raise SetupError(
                "letters have links in them, and nobody said where the site is: what a request"
                " says of its host, anybody may have written",
                code="auth.no-site",
                mend='Auth(db, options=AuthOptions(site="https://shop.example.org"))',
            )

    def link(self, purpose: str, token: str, connection: HTTPConnection | None) -> str:
        """Give the address at which a token counts; raises `SetupError`, see `check`."""
        self.check()
        site = self._options.site
        if site is None:  # only while it is being developed
            site = str(connection.base_url).rstrip("/") if connection else "http://127.0.0.1:8000"
        return f"{site}{self._options.link_path(purpose)}?{urlencode({'token': token})}"

    async def confirm(self, user: Any, link: str) -> None:
        """Ask an account to confirm its address."""
        await self._send(user, _CONFIRM, link)

    async def there_already(self, user: Any, link: str) -> None:
        """Tell an account that somebody tried to make another one with its address."""
        await self._send(user, _THERE_ALREADY, link)

    async def reset(self, user: Any, link: str) -> None:
        """Send the link by which a new password is set."""
        await self._send(user, _RESET, link)

    async def magic(self, user: Any, link: str) -> None:
        """Send the link by which somebody signs in."""
        await self._send(user, _MAGIC, link)

    async def password_changed(self, user: Any) -> None:
        """Tell an account that its password is another one now."""
        await self._send(user, _PASSWORD_CHANGED)

    async def invitation(self, email: str, organisation: str, link: str) -> None:
        """Invite an address, which may be nobody's yet, to an organisation."""
        before = f"Somebody invites you to work with them in “{organisation}”. Accept it here:"
        await self._send_to(email, None, replace(_INVITATION, before=before), link)

    async def factor_changed(self, user: Any, what: str) -> None:
        """Tell an account that what it signs in by is not what it was; `what` is a sentence."""
        await self._send(user, replace(_FACTOR_CHANGED, before=what))

    async def _send(self, user: Any, letter: Letter, link: str | None = None) -> None:
        if user.email is not None:
            await self._send_to(user.email, user, letter, link)

    async def _send_to(self, email: str, user: Any, letter: Letter, link: str | None) -> None:
        if self._mail is None:
            return
        template = f"account/letters/{letter.name}"
        if self._mail.templates is not None and self._mail.templates.has(f"{template}.html"):
            await self._mail.send_template(
                template,
                to=[email],
                subject=letter.subject,
                before=letter.before,
                link=link,
                button=letter.button,
                after=letter.after,
                title=self.title,
                user=user,
                request=None if user is None else self.language(user),
            )
            return
        title = f" ({self.title})" if self.title else ""
        parts = [letter.before, link, letter.after]
        text = "\n\n".join(part for part in parts if part is not None)
        await self._mail.send(Message(to=[email], subject=letter.subject + title, text=text + "\n"))
