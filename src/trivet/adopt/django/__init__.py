"""From Django: the project is mounted; its models are written as Trivet's, on the same tables."""

from __future__ import annotations

from trivet.adopt.django.adopting import adopt_django

__all__ = ["adopt_django"]
