"""Accounts that work together: organisations, their members, and what each may there.

``organisations = app.use(Organisations(auth))``. Importing this package makes its tables.
"""

from __future__ import annotations

from trivet.auth.organisations.current import (
    CurrentMembership,
    CurrentOrganisation,
    current_membership,
    current_organisation,
    requires_in_organisation,
)
from trivet.auth.organisations.happened import (
    InvitationWithdrawn,
    MemberInvited,
    MemberJoined,
    MemberLeft,
    MemberRemoved,
    OrganisationCreated,
    OrganisationDeleted,
    OwnershipTransferred,
    RoleChanged,
)
from trivet.auth.organisations.inviting import InvitedTo
from trivet.auth.organisations.part import Organisations
from trivet.auth.organisations.roles import OWNER, OrganisationRoles
from trivet.auth.organisations.tables import Invitation, Membership, Organisation

__all__ = [
    "OWNER",
    "CurrentMembership",
    "CurrentOrganisation",
    "Invitation",
    "InvitationWithdrawn",
    "InvitedTo",
    "MemberInvited",
    "MemberJoined",
    "MemberLeft",
    "MemberRemoved",
    "Membership",
    "Organisation",
    "OrganisationCreated",
    "OrganisationDeleted",
    "OrganisationRoles",
    "Organisations",
    "OwnershipTransferred",
    "RoleChanged",
    "current_membership",
    "current_organisation",
    "requires_in_organisation",
]
