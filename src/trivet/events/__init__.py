"""Typed events inside an application: something happened, and whoever wants to know is told.

``from trivet.events import Events``
"""

from __future__ import annotations

from trivet.events.part import Events, EventsGoRound
from trivet.events.subscribers import Durable

__all__ = ["Durable", "Events", "EventsGoRound"]
