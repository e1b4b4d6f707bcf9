"""The command ``trivet mail test``: one message through each mailer, and what became of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from trivet.app.part import CommandGroup
from trivet.errors import SetupError
from trivet.mail.addresses import Mailbox
from trivet.mail.console import ConsoleTransport
from trivet.mail.file import FileTransport
from trivet.mail.memory import MemoryTransport
from trivet.mail.message import Message
from trivet.mail.transport import MailAway, MailError, MailRefused
from trivet.terminal import Pen

if TYPE_CHECKING:
    from trivet.mail.part import Mail

__all__ = ["group_of"]

_UNKNOWN_TO_IT = range(530, 539)  # codes of a server that does not know us: RFC 4954, 6
# What a transport does with a message in the place of sending it.
_KEEPS: dict[type, str] = {
    ConsoleTransport: "wrote it to the standard output",
    FileTransport: "wrote it to a file",
    MemoryTransport: "kept it in memory",
}


def group_of(mailers: Callable[[], Sequence[Mail]]) -> CommandGroup:
    """Give the group of commands for the mailers of an application."""
    return CommandGroup("mail", "Try out how mail is sent.", {"test": _Test(mailers).test})


class _Test:
    def __init__(self, mailers: Callable[[], Sequence[Mail]]) -> None:
        self._mailers = mailers

    async def test(self, *, to: str = "", mailer: str = "") -> None:
        """Send a test message now, and say what happened.

        --to is the address; --mailer is the name of one of several, which are all tried otherwise.
        Ends with 1 where one was not sent.
        """
        message = Message(
            to=_address(to),
            subject="A test of mail",
            text="This message was sent by `trivet mail test`. It has arrived, so mail works.",
        )
        chosen = _chosen(self._mailers(), mailer)
        pen = Pen()
        # A list: each is tried, whatever became of the one before.
        is_sent = [await _tried(pen, one, message) for one in chosen]
        if not all(is_sent):
            raise SystemExit(1)


async def _tried(pen: Pen, mail: Mail, message: Message) -> bool:
    name = type(mail.transport).__name__
    pen.write(f"{pen.paint(mail.name, 'strong')}  {mail.sender}, by {name}")
    try:
        await mail.transport.open()
        # Past the outbox: what a worker would meet is to be seen now.
        whole = mail.filled(message)
        await mail.deliver(whole)
    except (MailError, OSError) as error:
        told = "refused" if isinstance(error, MailRefused) else "not sent"
        pen.write(f"  {pen.paint(told, 'bad')}  {error}")
        pen.write(f"  {pen.paint('so', 'dim')}  {_advice(error)}")
        return False
    finally:
        await mail.close()
    keeps = _KEEPS.get(type(mail.transport))
    if keeps is not None:
        pen.write(f"  {pen.paint('not sent', 'warn')}  {name} {keeps}, which is all that it does")
    else:
        pen.write(f"  {pen.paint('sent', 'good')}  to {', '.join(message.to)}, as {whole.id}")
        pen.write(f"  {pen.paint('so', 'dim')}  look for it there, and among what is held as spam")
    return True


def _advice(error: MailError | OSError) -> str:
    if not isinstance(error, MailError):
        return "look at what the transport was given: a folder, an address, a right to write"
    if error.code in _UNKNOWN_TO_IT:
        return "look at the name and the password in the server's address"
    if error.refusals:
        return "look at the address after --to, and at what this server may send to"
    if isinstance(error, MailAway) and error.is_in_doubt:
        return "it may have been sent all the same: look there before you try again"
    if isinstance(error, MailAway) and error.code is None:
        return "look at the server's name and port, at TLS, and at what a firewall lets through"
    return "the words are the server's: look for the code in its documentation"


def _address(to: str) -> str:
    try:
        return str(Mailbox.read(to))
    except ValueError as error:
        raise SetupError(
            f"nobody can be written to: {error}",
            code="mail.recipient",
            mend="trivet mail test --to ann@example.org",
        ) from error


def _chosen(mailers: Sequence[Mail], name: str) -> Sequence[Mail]:
    found = [one for one in mailers if name in ("", one.name)]
    if not found:
        names = ", ".join(dict.fromkeys(one.name for one in mailers))
        raise SetupError(
            f"there is no mailer {name!r}, but {names}",
            code="mail.no-mailer",
            mend=f'--mailer {mailers[0].name}, or Mail(..., name="{name}")',
        )
    return found
