"""What carries messages, and the two ways in which it fails.

A message goes to all of its recipients or to none, so that trying again sends nothing twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from trivet.errors import TrivetError
from trivet.mail.message import Message

__all__ = ["MailAway", "MailError", "MailRefused", "Refusal", "Transport"]


@dataclass(frozen=True)
class Refusal:
    """What a server answered for one recipient: its code (RFC 5321, 4.2) and its words."""

    recipient: str
    code: int
    reply: str


class MailError(TrivetError):
    """A message was not sent.

    `code` is the server's, None where there was no answer; `refusals` are those of recipients.
    """

    def __init__(
        self, what: str, *, code: int | None = None, refusals: Sequence[Refusal] = ()
    ) -> None:
        super().__init__(what)
        self.code = code
        self.refusals = tuple(refusals)


class MailRefused(MailError):
    """This message will never be taken; nobody has got it, and trying again is of no use."""


class MailAway(MailError):
    """Not now: the server is away, busy, or lets us not in; the same message may be taken later.

    `is_in_doubt` where the connection was lost after the whole message was on its way: it may have
    been sent, and will be sent twice if it is tried again, with the same Message-ID.
    """

    def __init__(
        self,
        what: str,
        *,
        code: int | None = None,
        refusals: Sequence[Refusal] = (),
        is_in_doubt: bool = False,
    ) -> None:
        super().__init__(what, code=code, refusals=refusals)
        self.is_in_doubt = is_in_doubt


class Transport(Protocol):
    """Carries messages; opened when the application starts, closed when it stops."""

    async def open(self) -> None:
        """Get ready; may be called again after `close`."""

    async def close(self) -> None:
        """Let go of what is open."""

    async def send(self, message: Message) -> None:
        """Send one whole message (`Message.is_whole`), to all recipients or none.

        Raises `MailRefused` where it is of no use to try again, and `MailAway` where it is.
        """
