"""Organisations as a part: ``organisations = app.use(Organisations(auth))``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import aliased

from trivet.app.part import Part
from trivet.auth.identity import identity_of
from trivet.auth.organisations.api import organisations_router
from trivet.auth.organisations.inviting import Inviting
from trivet.auth.organisations.members import Members
from trivet.auth.organisations.roles import DEFAULT_ROLES, OrganisationRoles
from trivet.auth.organisations.tables import Membership, Organisation
from trivet.auth.part import Auth
from trivet.auth.permissions.names import checked_name, covers
from trivet.routing.router import Router

__all__ = ["Organisations"]

_WEEK = 7 * 86_400.0


class Organisations(Part):
    """Lets accounts work together: organisations with members, roles and invitations.

    `roles` are the permissions of each role but ``owner``, who may everything; without, ``admin``
    changes the organisation and its members, and ``member`` sees them. `open_to_all` lets every
    account make organisations. Invitations count for `invitation_lifetime` seconds. Raises
    `SetupError` for roles and permissions that cannot be.

    Cost: a request that names its organisation asks two queries by keys, once.
    """

    name = "auth.organisations"

    def __init__(
        self,
        auth: Auth,
        roles: Mapping[str, Sequence[str]] | None = None,
        *,
        open_to_all: bool = True,
        invitation_lifetime: float = _WEEK,
    ) -> None:
        self.auth = auth
        self.requires = (auth,)
        self.organisation_roles = OrganisationRoles(DEFAULT_ROLES if roles is None else roles)
        self.members = Members(self.organisation_roles, auth.accounts, auth.flows.links, auth.trail)
        self.inviting = Inviting(auth, self.organisation_roles, self.members, invitation_lifetime)
        self._is_open = open_to_all

    def member_of(self, user: Any, permission: str | None = None) -> Select[int]:
        """Give the keys of an account's organisations, as a query to be used in a condition.

        ``Paper.organisation_id.in_(organisations.member_of(user, "paper.change"))`` is a rule that
        lists and single rows share. With a `permission`, those alone where the account's role
        gives it. Raises `SetupError` for what is no name.
        """
        # Of an alias: asked about a membership itself, a row is put in the place of its table.
        member = aliased(Membership)
        found = select(member.organisation_id).where(member.user == user.handle)
        if permission is not None:
            found = found.where(
                member.role.in_(self.organisation_roles.with_permission(permission))
            )
        return found

    async def can(self, who: Any, organisation: Organisation, permission: str) -> bool:
        """Tell whether an account, or an `Identity`, may do something in an organisation."""
        identity = identity_of(who)
        name = checked_name(permission)
        if identity.user is None or not identity.user.is_active:
            return False
        if identity.scopes is not None and not covers(identity.scopes, name):
            return False
        query = Membership.where(organisation_id=organisation.id, user=identity.user.handle)
        member = await query.find()
        return member is not None and covers(self.organisation_roles.of(member.role), name)

    def router(self) -> Router:
        """Give the JSON endpoints."""
        return organisations_router(
            self.auth.options.path,
            self.organisation_roles,
            self.members,
            self.inviting,
            open_to_all=self._is_open,
        )
