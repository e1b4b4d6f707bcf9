"""What happens in organisations, as events; `details` has ``organisation``, its handle."""

from __future__ import annotations

from dataclasses import dataclass

from trivet.auth.happened import Happened

__all__ = [
    "InvitationWithdrawn",
    "MemberInvited",
    "MemberJoined",
    "MemberLeft",
    "MemberRemoved",
    "OrganisationCreated",
    "OrganisationDeleted",
    "OwnershipTransferred",
    "RoleChanged",
]


@dataclass(frozen=True, kw_only=True)
class OrganisationCreated(Happened):
    """Somebody made an organisation, and owns it."""

    kind = "organisation-created"


@dataclass(frozen=True, kw_only=True)
class OrganisationDeleted(Happened):
    """Somebody deleted an organisation."""

    kind = "organisation-deleted"


@dataclass(frozen=True, kw_only=True)
class MemberInvited(Happened):
    """Somebody invited an address; `details` has ``role``."""

    kind = "member-invited"


@dataclass(frozen=True, kw_only=True)
class InvitationWithdrawn(Happened):
    """Somebody took an invitation back."""

    kind = "invitation-withdrawn"


@dataclass(frozen=True, kw_only=True)
class MemberJoined(Happened):
    """An account belongs to an organisation; `details` has ``role``, and `by` is who invited."""

    kind = "member-joined"


@dataclass(frozen=True, kw_only=True)
class MemberLeft(Happened):
    """An account left an organisation."""

    kind = "member-left"


@dataclass(frozen=True, kw_only=True)
class MemberRemoved(Happened):
    """An account was removed from an organisation; `by` is who did it."""

    kind = "member-removed"


@dataclass(frozen=True, kw_only=True)
class RoleChanged(Happened):
    """A member has another role; `details` has ``role`` and ``before``, `by` is who gave it."""

    kind = "role-changed"


@dataclass(frozen=True, kw_only=True)
class OwnershipTransferred(Happened):
    """An owner made another member the owner in their place; `by` is who it was."""

    kind = "ownership-transferred"
