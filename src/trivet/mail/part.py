"""Mail as a part: ``mail = app.use(Mail(SmtpTransport("smtp://…"), sender="shop@example.org"))``.

`send` sends now, or keeps a message in the outbox, where there is one; `deliver` always sends now.
A message has its id and date before it is kept, so that it has the same whenever it is delivered.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol, TypeVar, runtime_checkable

import anyio
import anyio.from_thread

from trivet.app.application import App
from trivet.app.part import Link, Part
from trivet.checks import Finding, Level
from trivet.errors import SetupError
from trivet.mail.addresses import Mailbox
from trivet.mail.commands import group_of
from trivet.mail.console import ConsoleTransport
from trivet.mail.file import FileTransport
from trivet.mail.inbox import INBOX_PATH, Inbox, inbox_router
from trivet.mail.memory import MemoryTransport
from trivet.mail.message import Attachment, Message
from trivet.mail.templated import Renderer, written
from trivet.mail.transport import Transport
from trivet.routing.router import Router
from trivet.watching import Happening, Watcher, told

__all__ = ["Mail", "Outbox"]

_LAYOUTS = Path(__file__).with_name("templates")
_log = logging.getLogger("trivet.mail")


@runtime_checkable
class Outbox(Protocol):
    """What keeps a message for later, such as a job: it is there if the transaction commits."""

    async def enqueue(self, message: Message, /) -> object:
        """Keep a message, in the present transaction."""


Keeper = TypeVar("Keeper", bound=Outbox)


class Mail(Part):
    """Sends messages over `transport`, from `sender` where they say nothing else.

    `templates` are what `send_template` writes with, such as `Templates`. An application may have
    several mailers; `name` is what a command calls this one. In debug, and never otherwise, the
    last 200 messages are shown at ``/_dev/mail``, unless `inbox` is False. Raises `SetupError`.
    """

    name = "mail"
    may_be_several = True

    def __init__(
        self,
        transport: Transport,
        *,
        sender: str,
        templates: Renderer | None = None,
        inbox: bool = True,
        name: str = "mail",
    ) -> None:
        try:
            self._mailbox = Mailbox.read(sender)
        except ValueError as error:
            raise SetupError(
                f"nobody can send mail from {sender!r}: {error}",
                code="mail.sender",
                mend='Mail(..., sender="Shop <shop@example.org>")',
            ) from error
        self.name = name
        self.transport = transport
        self.templates = templates
        self.sender = str(self._mailbox)
        self._wants_inbox = inbox
        self._inbox: Inbox | None = None
        self._owns_inbox = False
        self._app: App | None = None
        self._outbox: Outbox | None = None
        self._watchers: list[Watcher] = []

    def outbox(self, given: Keeper, /) -> Keeper:
        """Let `send` keep messages in a job, or in anything else with `enqueue`; a decorator.

        The job's function takes a `Message` and awaits `deliver`. Raises `SetupError` for what
        keeps nothing, and for a second outbox.
        """
        if not isinstance(given, Outbox):
            raise SetupError(
                f"{given!r} cannot keep messages: it has no enqueue(message)",
                code="mail.outbox",
                mend="@mail.outbox above @jobs.job",
            )
        if self._outbox is not None:
            raise SetupError(
                f"mail has an outbox already, {self._outbox!r}, and {given!r} would be another",
                code="mail.second-outbox",
                mend="one of the two, or a second Mail(...)",
            )
        self._outbox = given
        return given

    async def send(self, message: Message) -> str:
        """Send a message, or keep it in the outbox where there is one; gives its Message-ID.

        Kept, it is sent if, and only if, the present transaction commits; without a transaction the
        outbox raises. Sent at once, what the transport raises is raised: `MailRefused`, `MailAway`.
        """
        whole = self.filled(message)
        if self._outbox is not None:
            await self._outbox.enqueue(whole)
        else:
            await self.deliver(whole)
        assert whole.id is not None
        return whole.id

    def send_from_thread(self, message: Message) -> str:
        """Do what `send` does, for a handler without `async`: blocks its worker thread meanwhile.

        It is in the unit of work of the handler's request. Raises `SetupError` on other threads.
        """
        try:
            return anyio.from_thread.run(self.send, message)
        except anyio.NoEventLoopError as error:
            raise SetupError(
                "send_from_thread was called outside of the worker threads of handlers",
                code="mail.no-thread",
                mend="await mail.send(message), or asyncio.run(mail.send(message)) in a script",
            ) from error

    async def send_template(
        self,
        name: str,
        /,
        *,
        to: str | Sequence[str] = (),
        cc: str | Sequence[str] = (),
        bcc: str | Sequence[str] = (),
        reply_to: str | Sequence[str] = (),
        attachments: Sequence[Attachment] = (),
        headers: Mapping[str, str] | None = None,
        **context: Any,  # whatever a template shows
    ) -> str:
        """Send ``name.html``, whose title is the subject, and ``name.txt`` where there is one.

        Otherwise like `send`. Raises `SetupError` where it cannot be written.
        """
        if self.templates is None:
            raise SetupError(
                f"the mail {name!r} is to come from a template, and this Mail has none",
                code="mail.no-templates",
                mend='Mail(..., templates=app.use(Templates("templates")))',
            )
        subject, html, text = await written(self.templates, name, context)
        return await self.send(
            Message(
                to=to,
                cc=cc,
                bcc=bcc,
                reply_to=reply_to,
                subject=subject,
                html=html,
                text=text,
                attachments=attachments,
                headers=headers or {},
            )
        )

    async def deliver(self, message: Message) -> None:
        """Send a message now; raises `MailRefused` or `MailAway`. What a job of an outbox does."""
        whole = self.filled(message)
        kept = None if self._inbox is None else self._inbox.add(whole)
        try:
            if self._watchers:
                with told(self._watchers, self._happening(whole)):
                    await self.transport.send(whole)
            else:
                await self.transport.send(whole)
        except Exception as error:
            if kept is not None:
                kept.failure = str(error)
            raise
        # Who it went to is nobody's business but the two of them: a log gets its id.
        _log.info("sent %s to %d recipients", whole.id, len(whole.recipients))

    def _happening(self, message: Message) -> Happening:
        # Neither who it goes to nor what it is about: what is told may leave the house.
        facts = {
            "messaging.system": "mail",
            "messaging.operation.type": "send",
            "messaging.destination.name": self.name,
            "messaging.message.id": message.id,
            "trivet.mail.recipients": len(message.recipients),
        }
        return Happening("mail", type(self.transport).__name__, facts)

    async def close(self) -> None:
        """Close the transport; for scripts, an application does it when it stops."""
        await self.transport.close()

    def filled(self, message: Message) -> Message:
        """Give a message whole, as `deliver` sends it: with a sender, an id and a date."""
        if message.is_whole:
            return message
        sender = Mailbox.read(message.sender) if message.sender else self._mailbox
        made = f"<{uuid.uuid4().hex}@{sender.domain}>"
        return message.filled(sender=self.sender, id=made, date=datetime.now(UTC))

    # -- as a part -------------------------------------------------------------------------------

    def install(self, app: App) -> None:
        """Share the inbox of the application's other mailers, in debug alone."""
        self._app = app
        if not (app.debug and self._wants_inbox):
            return
        found = [one._inbox for one in self._mailers() if one._inbox is not None]
        self._inbox = found[0] if found else Inbox()
        self._owns_inbox = not found

    def _mailers(self) -> Sequence[Mail]:
        """Give those of the application, in the order in which it was given them."""
        parts = () if self._app is None else self._app.parts.values()
        return [one for one in parts if isinstance(one, Mail)]

    def watch(self, watcher: Watcher) -> None:
        """Tell of each message that is delivered from now on."""
        self._watchers.append(watcher)

    def commands(self) -> Sequence[Any]:
        """Give ``trivet mail test``, once for all mailers of an application."""
        is_first = next(iter(self._mailers()), self) is self
        return [group_of(self._mailers)] if is_first else ()

    def template_folders(self) -> Sequence[str | Path]:
        """Give the folder of ``mail/layout.html``, which mails may extend."""
        return (_LAYOUTS,)

    def router(self) -> Router | None:
        """Give the pages of the inbox, in debug alone."""
        if self._inbox is None or not self._owns_inbox:
            return None
        return inbox_router(self._inbox)

    def links(self) -> Sequence[Link]:
        """Give the inbox, in debug alone."""
        if self._inbox is None or not self._owns_inbox:
            return ()
        about = "What the application has sent, before anybody else reads it."
        return [Link("Mail", INBOX_PATH, about, is_development=True)]

    def lifespan(self, app: App) -> AbstractAsyncContextManager[Any]:
        """Open the transport when the app starts, and close it when it stops."""
        return self._running()

    @asynccontextmanager
    async def _running(self) -> AsyncIterator[None]:
        await self.transport.open()
        try:
            yield
        finally:
            await self.close()

    def checks(self, app: App) -> Sequence[Finding]:
        """Tell of mail that goes nowhere where the application is not being developed."""
        if app.debug or not isinstance(
            self.transport, ConsoleTransport | FileTransport | MemoryTransport
        ):
            return ()
        return [
            Finding(
                Level.WARNING,
                "mail.not-sent",
                f"{type(self.transport).__name__} sends nothing, and debug is off",
                'Mail(SmtpTransport("smtp://user:password@mail.example.org:587"), …)',
            )
        ]
