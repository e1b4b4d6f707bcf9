"""Messages over SMTP (RFC 5321), by aiosmtplib.

A password never crosses a network in the clear: TLS with checked certificates comes first, or the
server is on this machine. A message goes to all recipients or to none: where one is refused, none
gets it.
"""

from __future__ import annotations

import asyncio
import ipaddress
import ssl
from importlib import import_module
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

from trivet.errors import MissingExtraError, SetupError
from trivet.mail.addresses import Mailbox
from trivet.mail.message import Message
from trivet.mail.mime import mime_of, needs_utf8
from trivet.mail.pool import Pool
from trivet.mail.transport import MailAway, MailError, MailRefused, Refusal

__all__ = ["SmtpTransport"]

_CLOSING = 421  # the server goes away, whatever was asked: RFC 5321, 3.8
_PERMANENT = 500  # and above: RFC 5321, 4.2.1
_OF_US = frozenset({530, 534, 535, 538})  # who we are is not clear: RFC 4954, 6; RFC 3207, 4


class SmtpTransport:
    """Send over SMTP: ``SmtpTransport("smtp://user:password@mail.example.org:587")``.

    ``smtp://`` begins TLS by STARTTLS, which must work unless the server is on this machine;
    ``smtps://`` begins with TLS (port 465). What is special in a name or password is written as in
    URLs: `%40` for `@`. `starttls` says otherwise; False is refused with a password, except to this
    machine. `tls` is a context of one's own, with an authority's certificate. Each step has
    `timeout` seconds. At most `connections` are open; `hostname` is what the server is told of us.
    Raises `SetupError`, and `MissingExtraError` without aiosmtplib.
    """

    def __init__(
        self,
        url: str,
        *,
        starttls: bool | None = None,
        tls: ssl.SSLContext | None = None,
        timeout: float = 10.0,
        connections: int = 4,
        hostname: str = "localhost",
    ) -> None:
        try:
            self._library: Any = import_module("aiosmtplib")  # Any: a module
        except ImportError as error:
            raise MissingExtraError("aiosmtplib", "mail", what="SmtpTransport") from error
        parts = _checked(url)
        self._is_tls = parts.scheme == "smtps"
        self._host = parts.hostname or ""
        self._port = parts.port or (465 if self._is_tls else 587)
        self._user = unquote(parts.username) if parts.username else None
        self._password = unquote(parts.password or "")
        is_here = _is_loopback(self._host)
        self._starttls = not is_here if starttls is None else starttls
        if self._user and not (self._is_tls or self._starttls or is_here):
            raise SetupError(
                f"the password for {self._host} would cross the network in the clear",
                code="mail.clear-password",
                mend="leave `starttls=False` out, or write smtps://",
            )
        self._tls = tls
        self._timeout = timeout
        self._connections = connections
        self._hostname = hostname
        self._pool: Pool | None = None

    def __repr__(self) -> str:
        return f"<SmtpTransport {self._name}>"

    @property
    def _name(self) -> str:
        return f"{self._host}:{self._port}"

    async def open(self) -> None:
        """Do nothing: connections are made when they are needed."""

    async def close(self) -> None:
        """Close all connections."""
        pool, self._pool = self._pool, None
        if pool is not None:
            await pool.close()

    async def send(self, message: Message) -> None:
        """Send a message; raises `MailRefused` or `MailAway`."""
        content = mime_of(message).as_bytes()
        async with self._open_pool().connection() as client:
            failure = await self._tried(client, message, content)
        if failure is not None:
            raise failure

    async def _tried(self, client: Any, message: Message, content: bytes) -> MailError | None:
        """Send a message; gives what is wrong with it, raises where the connection is lost."""
        try:
            await self._send(client, message, content)
        except self._library.SMTPResponseException as error:
            if error.code == _CLOSING:
                raise self._translated(error) from error
            return self._translated(error)
        except self._library.SMTPException as error:
            raise self._translated(error) from error
        except OSError as error:  # a time-out is one too
            raise MailAway(f"{self._name} went away: {error}") from error
        except MailError as error:
            if isinstance(error, MailAway) and error.is_in_doubt:
                raise
            return error
        return None

    def _open_pool(self) -> Pool:
        loop = asyncio.get_running_loop()
        if self._pool is None or self._pool.loop is not loop:
            self._pool = Pool(
                self._connect, most=self._connections, wait=self._timeout * 3, name=self._name
            )
        return self._pool

    async def _connect(self) -> Any:
        client = self._library.SMTP(
            hostname=self._host,
            port=self._port,
            username=self._user,
            password=self._password if self._user else None,
            local_hostname=self._hostname,
            timeout=self._timeout,
            use_tls=self._is_tls,
            start_tls=self._starttls and not self._is_tls,
            tls_context=self._tls,
        )
        try:
            await client.connect()
        except self._library.SMTPAuthenticationError as error:
            client.close()
            raise MailAway(
                f"{self._name} does not take our name and password: {error.code} {error.message}",
                code=error.code,
            ) from error
        except (self._library.SMTPException, OSError) as error:
            client.close()
            code = getattr(error, "code", None)
            raise MailAway(f"no way to {self._name}: {error}", code=code) from error
        except BaseException:
            client.close()
            raise
        return client

    async def _send(self, client: Any, message: Message, content: bytes) -> None:
        assert message.sender is not None
        is_utf8 = needs_utf8(message)
        encoding = "utf-8" if is_utf8 else "ascii"
        options = ["SMTPUTF8"] if is_utf8 else []
        if is_utf8 and not client.supports_extension("smtputf8"):
            raise MailRefused(
                f"{self._name} takes no addresses with letters beyond ASCII before the @ (SMTPUTF8)"
            )
        if client.supports_extension("size"):
            options.append(f"SIZE={len(content)}")
        sender = Mailbox.read(message.sender).address
        await client.mail(sender, options=options, encoding=encoding)
        refusals = []
        for recipient in message.recipients:
            try:
                await client.rcpt(recipient, encoding=encoding)
            except self._library.SMTPRecipientRefused as error:
                if error.code == _CLOSING:
                    raise
                refusals.append(Refusal(recipient, error.code, error.message))
        if refusals:
            raise _refused(self._name, refusals)
        try:
            await client.data(content)
        except (
            self._library.SMTPServerDisconnected, self._library.SMTPTimeoutError, OSError,
        ) as error:  # fmt: skip
            raise MailAway(
                f"{self._name} was lost while it took the message: {error}", is_in_doubt=True
            ) from error

    def _translated(self, error: Any) -> MailError:  # Any: aiosmtplib's own
        code = getattr(error, "code", None)
        text = f"{self._name} answered {code} {error.message}" if code else f"{error}"
        if code is not None and code >= _PERMANENT and code not in _OF_US:
            return MailRefused(text, code=code)
        return MailAway(text, code=code)


def _refused(name: str, refusals: list[Refusal]) -> MailError:
    told = "; ".join(f"{one.recipient}: {one.code} {one.reply}" for one in refusals)
    worst = max(refusals, key=lambda one: one.code)
    kind = MailRefused if worst.code >= _PERMANENT else MailAway
    return kind(
        f"{name} refuses recipients, so that nobody gets it: {told}",
        code=worst.code,
        refusals=refusals,
    )


def _checked(url: str) -> SplitResult:
    """Give the parts of an address; raises `SetupError`, which does not show the password."""
    try:
        parts = urlsplit(url)
        is_known = parts.scheme in {"smtp", "smtps"} and bool(parts.hostname)
        is_known = is_known and parts.port != 0 and parts.path in {"", "/"} and not parts.query
    except ValueError:
        is_known = False
    if not is_known:
        raise SetupError(
            f"the address of a mail server, {url.rpartition('@')[2]!r}, cannot be read",
            code="mail.server",
            mend='SmtpTransport("smtp://user:password@mail.example.org:587")',
        )
    return parts


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"
