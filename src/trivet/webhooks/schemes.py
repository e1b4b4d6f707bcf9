"""How incoming webhooks are signed, by who sends them: each scheme reads its own headers.

A scheme says yes by giving the message's id and event, and no by `BadSignature`. Signatures are
compared in constant time, over the bytes as they came.
"""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Protocol

from pydantic import SecretStr

from trivet.webhooks.secrets import key_of, plain_secrets
from trivet.webhooks.signing import sign

__all__ = [
    "BadMessage",
    "BadSignature",
    "GitHubSignature",
    "Scheme",
    "StandardSignature",
    "StripeSignature",
    "Verified",
]

_MOST_SIGNATURES = 16
_MOMENT = re.compile(r"[0-9]{1,12}")


class BadSignature(Exception):  # an answer, not a fault
    """A message that was not signed by who has the secret, or too long ago."""


class BadMessage(Exception):  # an answer, not a fault
    """A message that is signed well, and is not what its sender says that it sends."""


@dataclass(frozen=True)
class Verified:
    """What a good message says of itself: its id, the same when it is sent again, and its event."""

    id: str
    event: str


class Scheme(Protocol):
    """One way of signing; write your own for a sender that is not here."""

    def verify(self, headers: Mapping[str, str], body: bytes, now: float) -> Verified:
        """Give what a message is; raises `BadSignature`, and `BadMessage`.

        `headers` are looked up by lower-case names; `now` is in seconds since 1970, UTC.
        """


class StandardSignature:
    """Standard Webhooks: ``webhook-id``, ``webhook-timestamp``, ``webhook-signature``.

    With several secrets, any of them is good: the old and the new one. `tolerance` is in seconds.
    """

    def __init__(self, *secrets: str | SecretStr | None, tolerance: float = 300.0) -> None:
        self._secrets = plain_secrets(secrets, "StandardSignature")
        for secret in self._secrets:
            key_of(secret)
        self._tolerance = tolerance

    def verify(self, headers: Mapping[str, str], body: bytes, now: float) -> Verified:
        """Give the message's id and its `type`; raises `BadSignature`."""
        id = _header(headers, "webhook-id")
        given = _header(headers, "webhook-signature").split(" ")
        timestamp = _recent(_header(headers, "webhook-timestamp"), now, self._tolerance)
        good = [sign(secret, id, timestamp, body) for secret in self._secrets]
        _check_any(given, good)
        message = _json(body)
        event = message.get("type") if isinstance(message, dict) else None
        return Verified(id, event if isinstance(event, str) else "")


class StripeSignature:
    """Stripe: ``Stripe-Signature: t=…,v1=…``. `tolerance` is in seconds."""

    def __init__(self, *secrets: str | SecretStr | None, tolerance: float = 300.0) -> None:
        self._secrets = plain_secrets(secrets, "StripeSignature")
        self._tolerance = tolerance

    def verify(self, headers: Mapping[str, str], body: bytes, now: float) -> Verified:
        """Give the event's `id` and `type`; raises `BadSignature`, `BadMessage`."""
        pairs = [
            part.strip().split("=", 1) for part in _header(headers, "stripe-signature").split(",")
        ]
        values = [(pair[0], pair[1]) for pair in pairs if len(pair) == 2]
        moments = [value for name, value in values if name == "t"]
        if not moments:
            raise BadSignature("the header stripe-signature has no t=")
        timestamp = _recent(moments[0], now, self._tolerance)
        text = b"%d.%b" % (timestamp, body)
        good = [_hex(secret, text) for secret in self._secrets]
        _check_any([value for name, value in values if name == "v1"], good)
        message = _json(body)
        id, event = (_text(message, name) for name in ("id", "type"))
        return Verified(id, event)


class GitHubSignature:
    """GitHub: ``X-Hub-Signature-256``. The event is ``issues.opened``, or ``push`` without action.

    GitHub signs the body alone: neither the moment, nor the id, nor the event's name.
    """

    def __init__(self, *secrets: str | SecretStr | None) -> None:
        self._secrets = plain_secrets(secrets, "GitHubSignature")

    def verify(self, headers: Mapping[str, str], body: bytes, now: float) -> Verified:
        """Give the delivery's id and the event, with its action; raises `BadSignature`."""
        given = _header(headers, "x-hub-signature-256")
        _check_any([given], ["sha256=" + _hex(secret, body) for secret in self._secrets])
        event = _header(headers, "x-github-event")
        message = _json(body)
        action = message.get("action") if isinstance(message, dict) else None
        return Verified(
            _header(headers, "x-github-delivery"),
            f"{event}.{action}" if isinstance(action, str) else event,
        )


def _header(headers: Mapping[str, str], name: str) -> str:
    value = headers.get(name, "")
    if not value:
        raise BadSignature(f"the header {name} is missing")
    return value


def _recent(text: str, now: float, tolerance: float) -> int:
    if not _MOMENT.fullmatch(text):
        raise BadSignature("the moment of signing is no number of seconds")
    timestamp = int(text)
    if abs(now - timestamp) > tolerance:
        raise BadSignature("it was signed too long ago, or in the future")
    return timestamp


def _check_any(given: list[str], good: list[str]) -> None:
    # All of them are compared, whichever fits: how long it takes says nothing.
    fits = [
        hmac.compare_digest(one.encode(), another.encode())
        for one in given[:_MOST_SIGNATURES]
        for another in good
    ]
    if not any(fits):
        raise BadSignature("no signature fits the body and the secret")


def _hex(secret: str, text: bytes) -> str:
    return hmac.new(secret.encode(), text, sha256).hexdigest()


def _json(body: bytes) -> Any:  # Any: whatever was sent
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _text(message: Any, name: str) -> str:
    value = message.get(name) if isinstance(message, dict) else None
    if not isinstance(value, str) or not value:
        raise BadMessage(f"the body has no {name!r}")
    return value
