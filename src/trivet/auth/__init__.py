"""Accounts: who somebody is, and what they may. ``from trivet.auth import Auth, CurrentUser, User``

`User` and what names it are loaded with the first use: importing them makes the table of the ready
model, which an application with a model of its own does not want.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from trivet.auth.current import (
    current_identity,
    current_user,
    optional_user,
    requires_recent_login,
)
from trivet.auth.errors import (
    NotAllowed,
    NotRecent,
    NotSignedIn,
    SignInFailed,
    TooManyAttempts,
)
from trivet.auth.groups import Group
from trivet.auth.guessing import GuessingRates
from trivet.auth.identity import Identity
from trivet.auth.impersonation import Impersonation
from trivet.auth.magic import MagicLinks
from trivet.auth.options import AuthOptions
from trivet.auth.part import Auth
from trivet.auth.passwords import Passwords
from trivet.auth.permissions import Can, Rules, permission_name, requires
from trivet.auth.trail import SecurityEvent
from trivet.auth.users import UserMixin

if TYPE_CHECKING:
    from trivet.auth.user import CurrentUser, OptionalUser, User

__all__ = [
    "Auth",
    "AuthOptions",
    "Can",
    "CurrentUser",
    "Group",
    "GuessingRates",
    "Identity",
    "Impersonation",
    "MagicLinks",
    "NotAllowed",
    "NotRecent",
    "NotSignedIn",
    "OptionalUser",
    "Passwords",
    "Rules",
    "SecurityEvent",
    "SignInFailed",
    "TooManyAttempts",
    "User",
    "UserMixin",
    "current_identity",
    "current_user",
    "optional_user",
    "permission_name",
    "requires",
    "requires_recent_login",
]

_READY_MODEL = "trivet.auth.user"
_OF_THE_READY_MODEL = ("CurrentUser", "OptionalUser", "User")


def __getattr__(name: str) -> Any:
    if name in _OF_THE_READY_MODEL:
        return getattr(import_module(_READY_MODEL), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
