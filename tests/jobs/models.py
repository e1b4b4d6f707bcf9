"""What the jobs of the tests write, in tables of their own."""

from __future__ import annotations

from trivet.db import Mapped, Model, field


class JobsModel(Model, apart=True):
    """What is kept beside the tests' jobs."""


class Bill(JobsModel):
    number: Mapped[int]
    text: Mapped[str] = field(max_length=100, default="")
