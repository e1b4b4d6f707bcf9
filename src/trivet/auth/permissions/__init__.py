"""Who may do what: one set of rules for handlers, lists, jobs, pages, and all that asks."""

from __future__ import annotations

from trivet.auth.permissions.asking import Can, requires
from trivet.auth.permissions.names import permission_name
from trivet.auth.permissions.rules import Rules

__all__ = ["Can", "Rules", "permission_name", "requires"]
