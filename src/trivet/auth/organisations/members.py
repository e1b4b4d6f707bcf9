"""What happens to organisations and their members, for endpoints, pages and scripts alike.

An organisation has an owner at all times. Whoever takes one away looks at the rows of all owners,
held until the transaction ends: of two owners who leave at the same moment one stays.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import or_
from starlette.requests import HTTPConnection

from trivet.auth.accounts import Accounts
from trivet.auth.errors import NotAllowed
from trivet.auth.happened import Happened
from trivet.auth.links import Links
from trivet.auth.organisations.happened import (
    MemberLeft,
    MemberRemoved,
    OrganisationCreated,
    OrganisationDeleted,
    OwnershipTransferred,
    RoleChanged,
)
from trivet.auth.organisations.roles import OWNER, OrganisationRoles
from trivet.auth.organisations.tables import Invitation, Membership, Organisation
from trivet.auth.trail import Trail, where_from
from trivet.errors import HTTPException

__all__ = ["Members", "no_such_member"]


class Members:
    """Making and deleting organisations; leaving, removing, roles and ownership."""

    def __init__(
        self, roles: OrganisationRoles, accounts: Accounts[Any], links: Links, trail: Trail
    ) -> None:
        self._roles = roles
        self._accounts = accounts
        self._links = links
        self._trail = trail

    async def create(
        self, connection: HTTPConnection | None, owner: Any, name: str
    ) -> Organisation:
        """Make an organisation whose owner is an account."""
        made = await Organisation(name=name).save()
        await Membership(organisation_id=made.id, user=owner.handle, role=OWNER).save()
        await self._note(OrganisationCreated, connection, made, owner.handle)
        return made

    async def delete(
        self, connection: HTTPConnection | None, by: Membership, organisation: Organisation
    ) -> None:
        """Delete an organisation with its memberships and invitations.

        What else has its key decides by its foreign key whether it goes along.
        """
        for invitation in await Invitation.where(organisation_id=organisation.id):
            await self._links.withdraw(invitation)
        await Invitation.where(organisation_id=organisation.id).delete()
        await Membership.where(organisation_id=organisation.id).delete()
        await self._note(OrganisationDeleted, connection, organisation, by.user)
        await organisation.delete()

    async def list(self, organisation: Organisation) -> list[tuple[Membership, Any]]:
        """Give the members with their accounts, in the order in which they joined."""
        query = Membership.where(organisation_id=organisation.id).order_by(Membership.id)
        members = await query
        model = self._accounts.model
        handles = [member.user for member in members]
        accounts = {one.handle: one for one in await model.where(handle__in=handles)}
        return [(one, accounts[one.user]) for one in members if one.user in accounts]

    async def leave(
        self, connection: HTTPConnection | None, member: Membership, organisation: Organisation
    ) -> None:
        """Let a member go; raises 409 for the last owner."""
        held = await self._held(organisation, member.user)
        mine = held[member.user]
        await self._check_owner_remains(held, mine)
        await mine.delete()
        await self._note(MemberLeft, connection, organisation, mine.user)

    async def remove(
        self,
        connection: HTTPConnection | None,
        by: Membership,
        organisation: Organisation,
        user: str,
    ) -> None:
        """Remove a member, by the handle of their account; oneself, too.

        Raises `NotAllowed` (403) where they may more than who removes them, 404 for who is no
        member, and 409 for the last owner.
        """
        held = await self._held(organisation, by.user, user)
        mine, theirs = held[by.user], held.get(user)
        if theirs is None:
            raise no_such_member()
        self._check_may_give(mine, theirs.role)
        await self._check_owner_remains(held, theirs)
        await theirs.delete()
        await self._note(MemberRemoved, connection, organisation, user, by=by.user)

    async def change_role(
        self,
        connection: HTTPConnection | None,
        by: Membership,
        organisation: Organisation,
        user: str,
        role: str,
    ) -> Membership:
        """Give a member another role, by the handle of their account.

        Raises `NotAllowed` (403) where the present role or the new one may more than who gives it,
        404 for who is no member, 409 for the last owner, and 422 for a role that there is not.
        """
        self.check_role(role)
        held = await self._held(organisation, by.user, user)
        mine, theirs = held[by.user], held.get(user)
        if theirs is None:
            raise no_such_member()
        self._check_may_give(mine, theirs.role)
        self._check_may_give(mine, role)
        if role != OWNER:
            await self._check_owner_remains(held, theirs)
        before = theirs.role
        await theirs.update(role=role)
        details = {"role": role, "before": before}
        await self._note(RoleChanged, connection, organisation, user, by=by.user, **details)
        return theirs

    async def transfer(
        self,
        connection: HTTPConnection | None,
        owner: Membership,
        organisation: Organisation,
        to: str,
        role: str,
    ) -> None:
        """Make another member the owner, by the handle of their account; one has `role` then.

        Raises `NotAllowed` (403) for who is no owner, 404 for who is no member or whose account is
        off, and 422 for a role that there is not.
        """
        self.check_role(role)
        held = await self._held(organisation, owner.user, to)
        mine, theirs = held[owner.user], held.get(to)
        if mine.role != OWNER:
            raise NotAllowed
        if theirs is None or to == owner.user or to not in await self._active({to}):
            raise no_such_member()
        await theirs.update(role=OWNER)
        await mine.update(role=role)
        await self._note(OwnershipTransferred, connection, organisation, to, by=owner.user)

    def check_role(self, role: str) -> None:
        """Raise 422 for a role that there is not."""
        if role not in self._roles:
            raise HTTPException(422, f"There are the roles {', '.join(self._roles.names)}")

    def _check_may_give(self, by: Membership, role: str) -> None:
        if not self._roles.may_give(by.role, role):
            raise NotAllowed

    async def _held(self, organisation: Organisation, *users: str) -> dict[str, Membership]:
        """Give the owners and these members, as they are now, and let nobody change them.

        In one order, so that two who do this wait for each other and not both.
        """
        who = or_(Membership.role == OWNER, Membership.user.in_(users))
        query = Membership.where(who, organisation_id=organisation.id).order_by(Membership.id)
        held = {one.user: one for one in await query.for_update()}
        if users[0] not in held:  # who asks was removed a moment ago
            raise HTTPException(404, "Not Found")
        return held

    async def _check_owner_remains(self, held: dict[str, Membership], going: Membership) -> None:
        if going.role != OWNER:
            return
        others = {one.user for one in held.values() if one.role == OWNER} - {going.user}
        if not await self._active(others):
            raise HTTPException(
                409, "An organisation has an owner: make somebody else one before, or delete it"
            )

    async def _active(self, users: set[str]) -> set[str]:
        """Give those whose accounts are there and on."""
        if not users:
            return set()
        found = await self._accounts.model.where(handle__in=sorted(users), is_active=True)
        return {one.handle for one in found}

    async def _note(
        self,
        kind: type[Happened],
        connection: HTTPConnection | None,
        organisation: Organisation,
        user: str,
        *,
        by: str | None = None,
        **details: Any,
    ) -> None:
        where = where_from(connection)
        # Who acts as another account is the one who did it.
        where["by"] = where.get("by") or by
        about = {"organisation": organisation.handle, **details}
        await self._trail.note(kind(user=user, details=about, **where))


def no_such_member() -> HTTPException:
    """Give the answer for a handle that is no member's, whether there is such an account or not."""
    return HTTPException(404, "There is no such member")
