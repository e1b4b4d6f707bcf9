"""The JSON endpoints of organisations."""

from __future__ import annotations

from typing import Annotated, Any

from starlette.requests import Request

from trivet.auth.api.models import Told
from trivet.auth.current import current_user, requires_recent_login
from trivet.auth.organisations.current import Here, here, requires_in_organisation
from trivet.auth.organisations.inviting import Inviting
from trivet.auth.organisations.members import Members
from trivet.auth.organisations.models import (
    Accepted,
    InvitationShown,
    InvitedShown,
    MemberShown,
    NewInvitation,
    NewOrganisation,
    NewRole,
    NewSelf,
    OrganisationShown,
    Transfer,
)
from trivet.auth.organisations.roles import OrganisationRoles
from trivet.auth.organisations.tables import Membership, Organisation
from trivet.binding.markers import Depends
from trivet.errors import HTTPException, RequestValidationError
from trivet.routing.router import Router

__all__ = ["organisations_router"]

_Me = Annotated[Any, Depends(current_user)]  # Any: the application's model of accounts
_Here = Annotated[Here, Depends(here)]
_RECENT = Depends(requires_recent_login)
_ONE = "/organisations/{organisation}"


def organisations_router(
    path: str, roles: OrganisationRoles, members: Members, inviting: Inviting, *, open_to_all: bool
) -> Router:
    """Give the endpoints, under the path of accounts."""
    router = Router(prefix=path, tags=["organisations"])
    _add_own(router, roles, members, open_to_all=open_to_all)
    _add_one(router, members)
    _add_members(router, members)
    _add_inviting(router, inviting)
    _add_accepting(router, roles, inviting)
    return router


def _add_own(
    router: Router, roles: OrganisationRoles, members: Members, *, open_to_all: bool
) -> None:
    @router.get("/organisations")
    async def own_organisations(user: _Me) -> list[OrganisationShown]:
        """List the organisations of who is signed in."""
        mine = {one.organisation_id: one for one in await Membership.where(user=user.handle)}
        found = await Organisation.where(id__in=list(mine)).order_by(Organisation.id)
        return [shown(one, mine[one.id], roles) for one in found]

    if open_to_all:

        @router.post("/organisations", status_code=201)
        async def make(given: NewOrganisation, request: Request, user: _Me) -> OrganisationShown:
            """Make an organisation, and own it."""
            made = await members.create(request, user, given.name)
            mine = await Membership.where(organisation_id=made.id, user=user.handle).one()
            return shown(made, mine, roles)


def _add_one(router: Router, members: Members) -> None:
    @router.get(_ONE)
    async def organisation_here(found: _Here) -> OrganisationShown:
        """Show an organisation, and what one may in it."""
        return _shown_here(found)

    @router.patch(_ONE, dependencies=[requires_in_organisation("organisation.change")])
    async def rename(given: NewOrganisation, found: _Here) -> OrganisationShown:
        """Give an organisation another name."""
        await found.organisation.update(name=given.name)
        return _shown_here(found)

    @router.delete(
        _ONE,
        status_code=204,
        dependencies=[requires_in_organisation("organisation.delete"), _RECENT],
    )
    async def delete(found: _Here, request: Request) -> None:
        """Delete an organisation."""
        await members.delete(request, found.membership, found.organisation)

    @router.post(_ONE + "/leave", status_code=204)
    async def leave(found: _Here, request: Request) -> None:
        """Leave an organisation; its last owner cannot."""
        await members.leave(request, found.membership, found.organisation)

    @router.post(_ONE + "/transfer", dependencies=[_RECENT])
    async def transfer(given: Transfer, found: _Here, request: Request) -> Told:
        """Make another member the owner in one's own place."""
        await members.transfer(request, found.membership, found.organisation, given.to, given.role)
        return Told("The organisation has another owner")


def _add_members(router: Router, members: Members) -> None:
    @router.get(_ONE + "/members", dependencies=[requires_in_organisation("member.read")])
    async def list_members(found: _Here) -> list[MemberShown]:
        """List the members."""
        return [
            MemberShown(
                handle=user.handle,
                name=user.name,
                email=user.email,
                role=member.role,
                joined_at=member.joined_at,
            )
            for member, user in await members.list(found.organisation)
        ]

    @router.patch(
        _ONE + "/members/{user}", dependencies=[requires_in_organisation("member.change")]
    )
    async def change_role(user: str, given: NewRole, found: _Here, request: Request) -> Told:
        """Give a member another role."""
        await members.change_role(request, found.membership, found.organisation, user, given.role)
        return Told("The role is changed")

    @router.delete(
        _ONE + "/members/{user}",
        status_code=204,
        dependencies=[requires_in_organisation("member.remove")],
    )
    async def remove(user: str, found: _Here, request: Request) -> None:
        """Remove a member."""
        await members.remove(request, found.membership, found.organisation, user)


def _add_inviting(router: Router, inviting: Inviting) -> None:
    may_invite = requires_in_organisation("member.invite")

    @router.get(_ONE + "/invitations", dependencies=[may_invite])
    async def list_invitations(found: _Here) -> list[InvitationShown]:
        """List the invitations that count."""
        return [
            InvitationShown.model_validate(one) for one in await inviting.list(found.organisation)
        ]

    @router.post(_ONE + "/invitations", status_code=202, dependencies=[may_invite])
    async def invite(given: NewInvitation, found: _Here, request: Request) -> InvitationShown:
        """Send an invitation to an address."""
        try:
            made = await inviting.invite(
                request, found.membership, found.organisation, given.email, given.role
            )
        except ValueError as error:
            raise _unfit("email", error) from error
        return InvitationShown.model_validate(made)

    @router.delete(_ONE + "/invitations/{invitation}", status_code=204, dependencies=[may_invite])
    async def withdraw(invitation: str, found: _Here, request: Request) -> None:
        """Let an invitation count no more."""
        await inviting.withdraw(request, found.membership, found.organisation, invitation)


def _add_accepting(router: Router, roles: OrganisationRoles, inviting: Inviting) -> None:
    @router.post("/invitations/look")
    async def look(given: Accepted) -> InvitedShown:
        """Show what an invitation is to, and leave it."""
        found = await inviting.look(given.token)
        return InvitedShown(
            organisation=found.organisation.name,
            email=found.invitation.email,
            role=found.invitation.role,
            has_account=found.has_account,
        )

    @router.post("/invitations/accept")
    async def accept(given: Accepted, request: Request, user: _Me) -> OrganisationShown:
        """Join, with the account that is signed in."""
        member = await inviting.accept(request, user, given.token)
        return shown(await Organisation.get(member.organisation_id), member, roles)

    @router.post("/invitations/sign-up", status_code=201)
    async def sign_up(given: NewSelf, request: Request) -> Told:
        """Join, with an account that is made of the invitation."""
        try:
            await inviting.make_account(
                request,
                given.token,
                given.password.get_secret_value(),
                username=given.username,
                name=given.name,
            )
        except HTTPException:
            raise  # a refused password says itself where it stands
        except ValueError as error:
            raise _unfit("username", error) from error
        return Told("The account is made: sign in")


def shown(
    organisation: Organisation, member: Membership, roles: OrganisationRoles
) -> OrganisationShown:
    """Give an organisation as a member sees it."""
    return OrganisationShown(
        handle=organisation.handle,
        name=organisation.name,
        role=member.role,
        permissions=sorted(roles.of(member.role)),
    )


def _shown_here(found: Here) -> OrganisationShown:
    return OrganisationShown(
        handle=found.organisation.handle,
        name=found.organisation.name,
        role=found.membership.role,
        permissions=sorted(found.permissions),
    )


def _unfit(name: str, error: ValueError) -> RequestValidationError:
    return RequestValidationError(
        [{"type": "value_error", "loc": ("body", name), "msg": str(error), "input": None}]
    )
