"""Models of a second database: what was looked at, beside the journal."""

from __future__ import annotations

from trivet.db import Mapped, Model, field


class Analytics(Model, apart=True):
    """Whatever is kept apart."""


class Visit(Analytics):
    path: Mapped[str] = field(max_length=50, unique=True)


class Nowhere(Model, apart=True):
    """What no database of the tests was given."""


class Orphan(Nowhere):
    name: Mapped[str]
