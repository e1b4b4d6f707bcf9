"""A message as it goes over the wire (RFC 5322, MIME), made by the standard library.

Headers with free text are written here and not folded again: the standard library would encode long
words, which breaks addresses of lists (RFC 8058), and loses blanks in long names.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from email.header import Header
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime

from trivet.mail.addresses import Mailbox
from trivet.mail.message import Attachment, Message

__all__ = ["mime_of", "needs_utf8"]

_WIDTH = 76  # letters of a line of a header


def needs_utf8(message: Message) -> bool:
    """True where only servers with SMTPUTF8 (RFC 6531) take the message."""
    given = [*message.to, *message.cc, *message.bcc, *message.reply_to, message.sender or ""]
    return any(Mailbox.read(one).needs_utf8 for one in given if one)


def mime_of(message: Message) -> EmailMessage:
    """Give a whole message as an `EmailMessage`; its hidden recipients stand nowhere in it."""
    assert message.sender is not None
    assert message.date is not None
    assert message.id is not None
    policy = (SMTPUTF8 if needs_utf8(message) else SMTP).clone(
        cte_type="7bit", refold_source="none"
    )
    made = EmailMessage(policy=policy)
    made.set_raw("From", _mailboxes([message.sender]))
    for name, given in (("To", message.to), ("Cc", message.cc), ("Reply-To", message.reply_to)):
        if given:
            made.set_raw(name, _mailboxes(given))
    made.set_raw("Subject", _folded("Subject", message.subject))
    made.set_raw("Date", format_datetime(message.date))
    made.set_raw("Message-ID", message.id)
    for name, value in message.headers.items():
        made.set_raw(name, _folded(name, value))
    _write_body(made, message)
    return made


def _write_body(made: EmailMessage, message: Message) -> None:
    made.set_content(_lines(message.text or ""))
    pictures = [one for one in message.attachments if one.cid is not None]
    if message.html is not None:
        made.add_alternative(_lines(message.html), subtype="html")
        html = made.get_payload(1)
        assert isinstance(html, EmailMessage)
        for one in pictures:
            html.add_related(
                one.content, *_type(one), filename=one.name, cid=f"<{one.cid}>",
                disposition="inline",
            )  # fmt: skip
    for one in message.attachments:
        if one.cid is None:
            made.add_attachment(one.content, *_type(one), filename=one.name)


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _type(one: Attachment) -> tuple[str, str]:
    main, _, sub = one.type.partition("/")
    return main, sub


def _mailboxes(given: Sequence[str]) -> str:
    return ",\n ".join(Mailbox.read(one).folded() for one in given)


def _folded(name: str, value: str) -> str:
    """Give a free text on lines of their length, each broken at a blank."""
    if not value.isascii() or "=?" in value:
        return Header(value, "utf-8", header_name=name, maxlinelen=_WIDTH).encode()
    lines = [""]
    room = _WIDTH - len(name) - 2
    for word in re.findall(r" *[^ ]+| +$", value):
        # A line of blanks alone would end the head for some readers.
        if lines[-1].strip() and len(lines[-1]) + len(word) > room and word.startswith(" "):
            lines.append("")
            room = _WIDTH
        lines[-1] += word
    return "\n".join(lines)
