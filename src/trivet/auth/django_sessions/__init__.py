"""Django's sessions go on here. ``from trivet.auth.django_sessions import DjangoSessions``"""

from __future__ import annotations

from trivet.auth.django_sessions.part import DjangoSessions

__all__ = ["DjangoSessions"]
