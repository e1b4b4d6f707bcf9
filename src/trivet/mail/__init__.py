"""Mail: messages, what carries them, an outbox, and an inbox for development.

``from trivet.mail import Mail, Message, SmtpTransport``
"""

from __future__ import annotations

from trivet.mail.console import ConsoleTransport
from trivet.mail.file import FileTransport
from trivet.mail.memory import MemoryTransport
from trivet.mail.message import Attachment, Message
from trivet.mail.part import Mail, Outbox
from trivet.mail.smtp import SmtpTransport
from trivet.mail.templated import Renderer
from trivet.mail.transport import MailAway, MailError, MailRefused, Refusal, Transport

__all__ = [
    "Attachment",
    "ConsoleTransport",
    "FileTransport",
    "Mail",
    "MailAway",
    "MailError",
    "MailRefused",
    "MemoryTransport",
    "Message",
    "Outbox",
    "Refusal",
    "Renderer",
    "SmtpTransport",
    "Transport",
]
