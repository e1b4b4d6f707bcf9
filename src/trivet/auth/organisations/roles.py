"""What the roles of organisations may: named sets of permissions, which the code declares.

Who gives a role to somebody, or takes one, holds all that it gives: nobody makes more of another,
or of themselves, than they are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from trivet.auth.permissions.names import checked_name, covers
from trivet.errors import SetupError

__all__ = ["DEFAULT_ROLES", "OWNER", "OrganisationRoles"]

OWNER = "owner"
DEFAULT_ROLES: Mapping[str, Sequence[str]] = {
    "admin": ("organisation.change", "member.*"),
    "member": ("member.read",),
}
_LONGEST = 50


class OrganisationRoles:
    """The roles that there are; ``owner`` is one of them, and may everything."""

    def __init__(self, declared: Mapping[str, Sequence[str]]) -> None:
        for name, permissions in declared.items():
            _check(name, permissions)
        self._roles = {
            OWNER: frozenset({"*"}),
            **{
                name: frozenset(checked_name(one) for one in permissions)
                for name, permissions in declared.items()
            },
        }

    @property
    def names(self) -> tuple[str, ...]:
        """All roles, ``owner`` first, then as they were declared."""
        return tuple(self._roles)

    def __contains__(self, name: object) -> bool:
        return name in self._roles

    def of(self, name: str) -> frozenset[str]:
        """Give the permissions of a role; none for one that the code no longer declares."""
        return self._roles.get(name, frozenset())

    def with_permission(self, name: str) -> tuple[str, ...]:
        """Give the roles that give a permission; raises `SetupError` for what is no name."""
        checked_name(name)
        return tuple(role for role, held in self._roles.items() if covers(held, name))

    def may_give(self, giver: str, role: str) -> bool:
        """Tell whether a role holds all that another one gives."""
        held = self.of(giver)
        return all(covers(held, one) for one in self.of(role))


def _check(name: str, permissions: Sequence[str]) -> None:
    if name == OWNER or not name or len(name) > _LONGEST or not name.isidentifier():
        raise SetupError(
            f"an organisation cannot have the role {name!r}",
            code="auth.organisation-role",
            mend="a word of at most 50 letters; owner is there already, and may everything",
        )
    if isinstance(permissions, str):
        raise SetupError(
            f"the permissions of the role {name!r} are a text, and would be read as its letters",
            code="auth.organisation-role",
            mend=f"{{{name!r}: [{permissions!r}]}}",
        )
