"""A real SMTP server (aiosmtpd) on this machine, whose answers a test decides."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword

USER, PASSWORD = "ann", "pass@word"


@dataclass
class Received:
    """One message as the server took it."""

    sender: str
    recipients: list[str]
    content: bytes
    options: list[str]
    was_secure: bool

    @property
    def mail(self) -> EmailMessage:
        found = BytesParser(policy=default).parsebytes(self.content)
        assert isinstance(found, EmailMessage)
        return found


@dataclass
class Server:
    """What it has taken, how often it was called, and what it is to answer next."""

    port: int = 0
    received: list[Received] = field(default_factory=list)
    connections: list[SMTP] = field(default_factory=list)
    passwords: list[bytes] = field(default_factory=list)
    on_mail: str | None = None
    on_recipient: dict[str, str] = field(default_factory=dict)
    on_data: list[str] = field(default_factory=list)  # "drop" and "wait", or an answer
    waiting: asyncio.Event = field(default_factory=asyncio.Event)
    most_at_once: int = 0
    _at_once: int = 0

    async def handle_MAIL(  # noqa: N802  # aiosmtpd's name
        self, server: Any, session: Any, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.on_mail is not None:
            return self.on_mail
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(  # noqa: N802  # aiosmtpd's name
        self, server: Any, session: Any, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.on_recipient:
            return self.on_recipient[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Envelope) -> str:  # noqa: N802
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        await asyncio.sleep(0)
        self._at_once -= 1
        if self.on_data:
            answer = self.on_data.pop(0)
            if answer == "wait":
                self.waiting.set()
                await asyncio.Event().wait()
            if answer == "drop":
                server.transport.abort()
            return answer
        content = envelope.content
        assert isinstance(content, bytes)
        assert envelope.mail_from is not None
        self.received.append(
            Received(
                envelope.mail_from,
                list(envelope.rcpt_tos),
                content,
                list(envelope.mail_options),
                session.ssl is not None,
            )
        )
        return "250 taken"

    def authenticate(
        self, server: Any, session: Any, envelope: Any, mechanism: str, given: Any
    ) -> AuthResult:
        assert isinstance(given, LoginPassword)
        self.passwords.append(given.password)
        is_right = given == LoginPassword(USER.encode(), PASSWORD.encode())
        return AuthResult(success=is_right, handled=False)

    def drop_all(self) -> None:
        for one in self.connections:
            if one.transport is not None:
                one.transport.abort()


@asynccontextmanager
async def serving(
    server: Server,
    *,
    tls: ssl.SSLContext | None = None,
    from_start: bool = False,
    utf8: bool = True,
    **options: Any,
) -> AsyncIterator[Server]:
    """Serve on a free port: with STARTTLS where `tls` is given, or with TLS `from_start`."""

    def made() -> SMTP:
        connection = SMTP(
            server,
            hostname="mail.test",
            tls_context=None if from_start else tls,
            enable_SMTPUTF8=utf8,
            **options,
        )
        server.connections.append(connection)
        return connection

    loop = asyncio.get_running_loop()
    listening = await loop.create_server(made, "127.0.0.1", 0, ssl=tls if from_start else None)
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listening.close()
        server.drop_all()
        for one in server.connections:
            task = one._handler_coroutine
            if task is not None:
                task.cancel()
                await asyncio.wait([task])
        await listening.wait_closed()
