"""From Flask: the application is mounted; routes that answer the same are moved before it."""

from __future__ import annotations

from trivet.adopt.flask.adopting import adopt_flask

__all__ = ["adopt_flask"]
