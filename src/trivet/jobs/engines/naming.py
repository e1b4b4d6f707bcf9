"""What engines call things: queues by names that every engine can hold, servers without secrets."""

from __future__ import annotations

import re
from hashlib import sha256
from urllib.parse import urlsplit

from trivet.errors import SetupError

__all__ = ["checked", "server_of", "token_of"]

_PLAIN = re.compile(r"[A-Za-z0-9_-]")
_PREFIX = re.compile(r"[A-Za-z0-9_-]{1,32}")
_LONGEST = 120  # bytes: with a prefix before it, below the 255 of NATS and RabbitMQ


def token_of(queue: str) -> str:
    """Give a queue's name in letters, digits, `_`, `-` and `@`; two queues never share one.

    Other characters are written as the bytes of UTF-8 (``@2E`` for a dot). A name that is too long
    so is cut, and told from others by its digest.
    """
    token = "".join(
        one if _PLAIN.fullmatch(one) else "".join(f"@{byte:02X}" for byte in one.encode())
        for one in queue
    )
    if len(token) <= _LONGEST:
        return token
    # "@@" stands in no token that was not cut.
    return f"{token[:50]}@@{sha256(queue.encode()).hexdigest()[:48]}"


def server_of(url: str) -> str:
    """Give the server that an address names, without user, password and options."""
    parts = urlsplit(url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname or ""
    return f"{parts.scheme}://{host}{f':{parts.port}' if parts.port else ''}"


def checked(engine: str, prefix: str, patience: float) -> None:
    """Raise `SetupError` for what no engine can be made of."""
    if not _PREFIX.fullmatch(prefix):
        raise SetupError(
            f"{engine} has prefix={prefix!r}; it needs 1 to 32 letters, digits, '_' and '-', as it"
            " begins the names of everything that is made on the server",
            code="jobs.engine",
            mend='prefix="trivet-jobs"',
        )
    if not 0.5 <= patience <= 86_400:
        raise SetupError(
            f"{engine} has patience={patience!r} seconds; it is from 0.5 to 86400",
            code="jobs.engine",
            mend="patience=30.0",
        )
