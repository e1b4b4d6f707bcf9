"""The ready classes for accounts, groups and the trail of sign-ins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from pydantic import AfterValidator

from trivet.admin.accounts.rights import check_rights, is_below, names_in, roles_in, weaker
from trivet.admin.declared.layout import Fieldset
from trivet.admin.declared.model_admin import ModelAdmin
from trivet.admin.plan.inputs import Offered
from trivet.admin.visits import Visit
from trivet.auth.permissions.names import is_permission
from trivet.auth.users import normal_email, normal_username
from trivet.db import Query
from trivet.forms import Input
from trivet.texts import lazy

__all__ = ["GroupAdmin", "SecurityEventAdmin", "UserAdmin"]

_READING = ("view", "export")


def _checked_names(given: Any) -> Any:
    for name in given or ():
        if not is_permission(name):
            raise ValueError(lazy("“%(name)s” is no name of a permission.", name=name))
    return given


def _email(given: Any) -> Any:
    return normal_email(given) if given else None


def _username(given: Any) -> Any:
    return normal_username(given) if given else None


class _EmailInput(Input):
    """An address, in the form in which accounts are found by it."""

    checks: ClassVar[Sequence[Any]] = (AfterValidator(_email),)


class _UsernameInput(Input):
    """A name, in the form in which accounts are found by it."""

    checks: ClassVar[Sequence[Any]] = (AfterValidator(_username),)


class _Permissions(Offered):
    """Permissions, all of those that there are to be ticked."""

    checks: ClassVar[Sequence[Any]] = (AfterValidator(_checked_names),)


_OF_RIGHTS: Mapping[str, Any] = {
    "permissions": _Permissions(names_in),
    "roles": Offered(lambda visit, _: roles_in(visit)),
}
_OF_ACCOUNTS: Mapping[str, Any] = {
    "email": _EmailInput("email"),
    "username": _UsernameInput("text"),
    **_OF_RIGHTS,
}


class UserAdmin(ModelAdmin):
    """Accounts: who they are, and what they may; nobody gives what they do not have.

    Only superusers say who is staff or a superuser, and change superusers. Passwords are never
    shown; they are set, or a link to set them is sent, on a page of their own.
    """

    label = "Account"
    icon = "users"
    columns = ("email", "name", "is_active", "is_staff", "is_superuser", "signed_in_at")
    search = ("email", "username", "name")
    filters = ("is_active", "is_staff", "is_superuser", "groups")
    fields = (
        Fieldset("", ["email", "username", "name", "is_active"]),
        Fieldset("Rights", ["is_staff", "is_superuser", "roles", "groups", "permissions"]),
        Fieldset("More", ["locale", "time_zone", "joined_at", "signed_in_at"], closed=True),
    )
    readonly = ("joined_at", "signed_in_at")
    widgets = _OF_ACCOUNTS
    recorded = ("is_active", "is_staff", "is_superuser", "roles", "permissions")
    can_copy = False

    async def permits(self, visit: Visit, action: str, row: Any, field: str | None) -> bool:
        """Keep accounts from who holds less than they do, and rights from who may not give them."""
        if action in _READING or visit.user is None or visit.user.is_superuser:
            return True
        if field in ("is_staff", "is_superuser"):
            return False
        if row is None:
            return True
        if action == "delete" and row.handle == visit.user.handle:
            return False
        return await is_below(visit, row)

    def reachable(self, visit: Visit, action: str, query: Query[Any]) -> Query[Any]:
        """Keep accounts that hold more from what is done with many."""
        return query if action in _READING else weaker(visit, query)

    async def check_changes(self, visit: Visit, row: Any, changes: Mapping[str, Any]) -> None:
        """Raise `NotAllowed` for rights that the visitor does not hold."""
        await check_rights(visit, row, changes)

    def name_of(self, row: Any) -> str:
        """Give what an account is called."""
        return str(row.shown_name)


class GroupAdmin(ModelAdmin):
    """Groups of accounts, and what their members may."""

    icon = "users"
    columns = ("name", "permissions", "roles")
    search = ("name",)
    fields = ("name", "roles", "permissions")
    widgets = _OF_RIGHTS
    can_copy = False

    async def check_changes(self, visit: Visit, row: Any, changes: Mapping[str, Any]) -> None:
        """Raise `NotAllowed` for rights that the visitor does not hold."""
        await check_rights(visit, row, changes)


class SecurityEventAdmin(ModelAdmin):
    """What happened to accounts: read, and changed by nobody."""

    label = "Sign-in event"
    icon = "lock"
    columns = ("at", "kind", "user", "by", "address", "agent")
    search = ("=user", "=address", "=kind")
    filters = ("kind", "at")
    order = ("-id",)
    is_fixed = True
    can_copy = False
