"""A job on its way by an engine, as bytes: all that a worker needs to run it."""

from __future__ import annotations

import json

from trivet.jobs.engines.engine import Delivery, Message
from trivet.jobs.held import Held

__all__ = ["message_of", "opened"]

_FIELDS = (
    "id", "name", "queue", "arguments", "attempt", "max_attempts", "lapses", "keep", "next_id",
    "has_before", "token",
)  # fmt: skip


def message_of(held: Held) -> Message:
    """Write a job down; each time it is sent it has another token, and so another id."""
    values = {name: getattr(held, name) for name in (*_FIELDS, "tick", "trace")}
    body = json.dumps(values, ensure_ascii=False)
    return Message(f"{held.id}-{held.token}", body.encode())


def opened(delivery: Delivery) -> Held | None:
    """Read a job that came; None for what is none. Whose workers died has more lapses."""
    try:
        values = json.loads(delivery.body)
        held = Held(*[values[name] for name in _FIELDS])
        held.tick = values["tick"]
        held.trace = values.get("trace")  # a process of an older version may have sent it
    except (ValueError, KeyError, TypeError):
        return None
    held.delivery = delivery
    died = delivery.times - 1
    held.lapses += died
    held.attempt += died
    return held
