"""Webhooks: those that are sent to others, and those that others send.

``from trivet.webhooks import Webhooks``
"""

from __future__ import annotations

from trivet.webhooks.deliveries import Attempt, Delivery, State
from trivet.webhooks.delivering import Disabled, Persistence
from trivet.webhooks.destinations import DestinationRefused, Destinations
from trivet.webhooks.endpoints import Endpoint
from trivet.webhooks.incoming import Incoming, Received
from trivet.webhooks.part import Webhooks
from trivet.webhooks.schemes import (
    BadMessage,
    BadSignature,
    GitHubSignature,
    Scheme,
    StandardSignature,
    StripeSignature,
    Verified,
)

__all__ = [
    "Attempt",
    "BadMessage",
    "BadSignature",
    "Delivery",
    "DestinationRefused",
    "Destinations",
    "Disabled",
    "Endpoint",
    "GitHubSignature",
    "Incoming",
    "Persistence",
    "Received",
    "Scheme",
    "StandardSignature",
    "State",
    "StripeSignature",
    "Verified",
    "Webhooks",
]
