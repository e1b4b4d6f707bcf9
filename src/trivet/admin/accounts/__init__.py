"""Accounts, groups and the trail of sign-ins in an admin: who may give what to whom.

``admin.add(User)`` takes `UserAdmin` by itself; a class of one's own stands below it.
"""

from __future__ import annotations

from typing import Any

from trivet.admin.accounts.admins import GroupAdmin, SecurityEventAdmin, UserAdmin
from trivet.admin.declared.model_admin import ModelAdmin
from trivet.auth.groups import Group
from trivet.auth.trail import SecurityEvent
from trivet.auth.users import UserMixin

__all__ = ["GroupAdmin", "SecurityEventAdmin", "UserAdmin", "ready_for"]


def ready_for(model: Any) -> type[ModelAdmin]:
    """Give the class that stands ready for a model of `trivet.auth`; `ModelAdmin` for others."""
    if issubclass(model, UserMixin):
        return UserAdmin
    if issubclass(model, Group):
        return GroupAdmin
    return SecurityEventAdmin if issubclass(model, SecurityEvent) else ModelAdmin
