"""Invitations: a letter to an address, whose link counts once.

Who has the link was sent it, and joins by it with the account of that very address, or makes that
account by it. An account whose address was never confirmed does not count: anybody may have made
it, and would be let in by who follows the link.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from starlette.requests import HTTPConnection

from trivet.auth.errors import NotAllowed
from trivet.auth.happened import AccountCreated
from trivet.auth.organisations.happened import InvitationWithdrawn, MemberInvited, MemberJoined
from trivet.auth.organisations.members import Members
from trivet.auth.organisations.roles import OrganisationRoles
from trivet.auth.organisations.tables import Invitation, Membership, Organisation
from trivet.auth.part import Auth
from trivet.auth.trail import where_from
from trivet.auth.users import normal_email
from trivet.db import UniqueViolation
from trivet.errors import HTTPException
from trivet.security.signing import BadToken

__all__ = ["InvitedTo", "Inviting"]

_PURPOSE = "invite"
_NOT_VALID = "This link is not valid, or was used already"


@dataclass(frozen=True, slots=True)
class InvitedTo:
    """What a link stands for, for the page on which it is accepted."""

    organisation: Organisation
    invitation: Invitation
    has_account: bool
    """Whether the address has an account already: who has the link has the address."""


class Inviting:
    """Makes invitations, takes them back, and lets in who accepts one."""

    def __init__(
        self, auth: Auth, roles: OrganisationRoles, members: Members, lifetime: float
    ) -> None:
        self._auth = auth
        self._roles = roles
        self._members = members
        self._lifetime = lifetime

    async def invite(
        self,
        connection: HTTPConnection | None,
        by: Membership,
        organisation: Organisation,
        email: str,
        role: str,
    ) -> Invitation:
        """Send a letter to an address; an earlier invitation of it counts no more.

        Nobody learns whether the address has an account, or is a member's. Raises `ValueError` for
        what is no address, `NotAllowed` (403) for a role that may more than who gives it,
        `TooManyAttempts` (429), and 422 for a role that there is not.
        """
        self._auth.letters.check()
        self._members.check_role(role)
        if not self._roles.may_give(by.role, role):
            raise NotAllowed
        address = normal_email(email)
        # By organisation: who sends letters in its name to the whole world is slowed down.
        await self._auth.guessing.count(_PURPOSE, organisation.handle, connection)
        earlier = await Invitation.where(organisation_id=organisation.id, email=address).find()
        if earlier is not None:
            await self._auth.flows.links.withdraw(earlier)
            await earlier.delete()
        ends = datetime.now(UTC) + timedelta(seconds=self._lifetime)
        made = await Invitation(
            organisation_id=organisation.id,
            email=address,
            role=role,
            by=by.user,
            expires_at=ends,
        ).save()
        token = await self._auth.flows.links.make(_PURPOSE, made, self._lifetime)
        link = self._auth.letters.link(_PURPOSE, token, connection)
        about = {"organisation": organisation.handle, "role": role}
        event = MemberInvited(user=by.user, details=about, **where_from(connection))
        await self._auth.trail.note(event)
        await self._auth.letters.invitation(address, organisation.name, link)
        return made

    async def list(self, organisation: Organisation) -> list[Invitation]:
        """Give the invitations that still count, the oldest first."""
        now = datetime.now(UTC)
        query = Invitation.where(Invitation.expires_at > now, organisation_id=organisation.id)
        return await query.order_by(Invitation.id)

    async def withdraw(
        self,
        connection: HTTPConnection | None,
        by: Membership,
        organisation: Organisation,
        handle: str,
    ) -> None:
        """Let an invitation count no more, by its handle; raises 404 where there is none."""
        query = Invitation.where(organisation_id=organisation.id, handle=handle)
        found = await query.find()
        if found is None:
            raise HTTPException(404, "There is no such invitation")
        await self._auth.flows.links.withdraw(found)
        await found.delete()
        about = {"organisation": organisation.handle}
        event = InvitationWithdrawn(user=by.user, details=about, **where_from(connection))
        await self._auth.trail.note(event)

    async def look(self, token: str) -> InvitedTo:
        """Give what a link stands for, and leave it; raises `BadToken` (400)."""
        link = await self._auth.flows.links.look(_PURPOSE, token)
        invitation = await Invitation.where(handle=link.user).find()
        if invitation is None:
            raise BadToken(_NOT_VALID)
        organisation = await Organisation.get(invitation.organisation_id)
        known = await self._auth.accounts.by_email(invitation.email)
        return InvitedTo(organisation, invitation, known is not None)

    async def accept(self, connection: HTTPConnection | None, user: Any, token: str) -> Membership:
        """Let an account in by a link; who is a member stays what they are.

        Raises `BadToken` (400), and `NotAllowed` (403) for an account of another address, or one
        whose address was not confirmed; the link still counts then.
        """
        found = await self.look(token)
        if user.email != found.invitation.email:
            raise NotAllowed("This invitation is for another address than your account's")
        if user.email_confirmed_at is None:
            raise NotAllowed("Confirm your e-mail address first, by the link that was sent to it")
        return await self._joined(connection, user, found, token)

    async def make_account(
        self, connection: HTTPConnection | None, token: str, password: str, **values: Any
    ) -> Membership:
        """Make the account of the address that was invited, and let it in; signs nobody in.

        Its address counts as confirmed: the link was sent there. Also where nobody may sign up.
        Raises `BadToken` (400), `PasswordRefused`, `ValueError` for what is no name, and 409 where
        the address has an account, which accepts when it is signed in.
        """
        found = await self.look(token)
        if found.has_account:
            raise _there_already()
        if self._auth.options.log_in == "username" and values.get("username") is None:
            raise ValueError("Enter the name by which you want to sign in")
        try:
            async with self._auth.database.transaction():
                user = await self._auth.accounts.make(
                    email=found.invitation.email,
                    password=password,
                    email_confirmed_at=datetime.now(UTC),
                    **values,
                )
        except UniqueViolation as error:
            raise _there_already() from error
        where = where_from(connection)
        await self._auth.trail.note(AccountCreated(user=user.handle, **where))
        return await self._joined(connection, user, found, token)

    async def _joined(
        self, connection: HTTPConnection | None, user: Any, found: InvitedTo, token: str
    ) -> Membership:
        await self._auth.flows.links.use(_PURPOSE, token)
        invitation, organisation = found.invitation, found.organisation
        member, is_new = await Membership.get_or_create(
            organisation_id=organisation.id,
            user=user.handle,
            defaults={"role": invitation.role},
        )
        await invitation.delete()
        if is_new:
            about = {"organisation": organisation.handle, "role": invitation.role}
            where = where_from(connection)
            where["by"] = invitation.by
            await self._auth.trail.note(MemberJoined(user=user.handle, details=about, **where))
        return member


def _there_already() -> HTTPException:
    return HTTPException(409, "There is such an account already: sign in, and accept then")
