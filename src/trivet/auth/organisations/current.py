"""In which organisation a request acts, and what who asks may there.

It is named by the path parameter ``organisation``, or by the header ``X-Organisation``. Who is no
member is answered as if there were no such organisation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Protocol, runtime_checkable

from starlette.requests import HTTPConnection

from trivet.auth.current import knowing_of
from trivet.auth.errors import NotAllowed, NotSignedIn
from trivet.auth.identity import Identity
from trivet.auth.organisations.roles import OrganisationRoles
from trivet.auth.organisations.tables import Membership, Organisation
from trivet.auth.permissions.names import checked_name, covers
from trivet.binding.markers import Depends
from trivet.errors import HTTPException, SetupError

__all__ = [
    "HEADER",
    "CurrentMembership",
    "CurrentOrganisation",
    "Here",
    "KnowsRoles",
    "current_membership",
    "current_organisation",
    "here",
    "requires_in_organisation",
]

HEADER = "x-organisation"
_PARAMETER = "organisation"
_KEY = "trivet.auth.organisation"  # in the scope: a request asks once
_LONGEST = 32


@runtime_checkable
class KnowsRoles(Protocol):
    """The part that knows what roles may; `Organisations` is one."""

    organisation_roles: OrganisationRoles


@dataclass(frozen=True, slots=True)
class Here:
    """The organisation of a request, and who asks in it."""

    organisation: Organisation
    membership: Membership
    identity: Identity
    permissions: frozenset[str]
    """What their role gives."""

    def may(self, name: str) -> bool:
        """Tell whether they may do something here, in this request."""
        scopes = self.identity.scopes
        return covers(self.permissions, name) and (scopes is None or covers(scopes, name))


async def here(connection: HTTPConnection) -> Here:
    """Give the organisation in which a request acts, as a dependency; two queries by keys.

    Raises `NotSignedIn` (401), 404 for who is no member, and 400 where none is named.
    """
    knowing = knowing_of(connection)
    identity = await knowing.identify(connection)
    if identity.user is None:
        raise NotSignedIn(knowing.challenges())
    named = connection.path_params.get(_PARAMETER) or connection.headers.get(HEADER)
    if named is None:
        raise HTTPException(400, "Name an organisation, by the header X-Organisation")
    found: Here | None = connection.scope.get(_KEY)
    if (
        found is None
        or found.organisation.handle != named
        or found.identity.user is not identity.user
    ):
        roles = _roles_of(connection)
        found = connection.scope[_KEY] = await _found(identity, str(named), roles)
    return found


async def _found(identity: Identity, named: str, roles: OrganisationRoles) -> Here:
    if len(named) <= _LONGEST and named.isascii():
        organisation = await Organisation.where(handle=named).find()
        # MariaDB's texts are equal whatever their case; a handle is not.
        if organisation is not None and organisation.handle == named:
            query = Membership.where(organisation_id=organisation.id, user=identity.user.handle)
            member = await query.find()
            if member is not None:
                return Here(organisation, member, identity, roles.of(member.role))
    raise HTTPException(404, "Not Found")


def _roles_of(connection: HTTPConnection) -> OrganisationRoles:
    app = connection.scope.get("app")
    for part in getattr(app, "parts", {}).values():
        if isinstance(part, KnowsRoles):
            return part.organisation_roles
    raise SetupError(
        "a handler asks for the organisation of a request, and nothing here knows any",
        code="auth.no-organisations",
        mend="organisations = app.use(Organisations(auth))",
    )


async def current_organisation(connection: HTTPConnection) -> Organisation:
    """Give the organisation in which a request acts; raises what `here` raises."""
    return (await here(connection)).organisation


async def current_membership(connection: HTTPConnection) -> Membership:
    """Give who asks as a member of it; raises what `here` raises."""
    return (await here(connection)).membership


def requires_in_organisation(*permissions: str) -> Any:  # Any: what Depends gives
    """Ask for permissions in the organisation of a request, all of them.

    ``dependencies=[requires_in_organisation("member.invite")]``; who lacks one gets 403. Raises
    `SetupError` for what is no name.
    """
    names = tuple(checked_name(one) for one in permissions)

    async def permitted(connection: HTTPConnection) -> None:
        found = await here(connection)
        if not all(found.may(name) for name in names):
            raise NotAllowed

    return Depends(permitted)


CurrentOrganisation = Annotated[Organisation, Depends(current_organisation)]
"""The organisation in which a request acts; who is no member is answered with 404."""

CurrentMembership = Annotated[Membership, Depends(current_membership)]
"""Who asks, as a member of it."""
