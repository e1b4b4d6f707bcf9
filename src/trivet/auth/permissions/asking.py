"""What handlers ask: `requires("post.change")` above, and `can` inside."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from sqlalchemy import ColumnElement, false
from starlette.requests import HTTPConnection

from trivet.auth.current import (
    AsksWho,
    Knowing,
    knowing_of,
    known_identity,
    not_permitting,
    permitted_identity,
)
from trivet.auth.errors import NotAllowed, NotSignedIn
from trivet.auth.identity import Identity, identity_of
from trivet.auth.permissions.deciding import Deciding
from trivet.auth.permissions.names import checked_name
from trivet.auth.permissions.rules import Rule
from trivet.binding.markers import Depends, Security
from trivet.binding.plan import SecurityScopes
from trivet.db import Query
from trivet.errors import HTTPException

__all__ = ["Can", "Permitting", "may", "requires"]


class Permitting(Knowing):
    """What knows who asks, and what they may; `Auth` is one."""

    deciding: Deciding

    async def permits(self, identity: Identity, permission: str) -> bool:
        """Tell whether who asks has a permission."""
        return await self.deciding.can(identity, permission)

    # What `trivet.resources` asks, which stands below and knows it by these names alone.

    async def can(self, who: Any, action: str, what: Any = None, field: str | None = None) -> bool:
        """Tell whether an account may do something; see `Deciding.can`. For jobs and scripts."""
        return await self.deciding.can(who, action, what, field)

    async def reachable(
        self, who: Any, action: str, query: Query[Any], field: str | None = None
    ) -> Query[Any]:
        """Give the rows of a query on which an account may do it, or do it with a field."""
        if field is None:
            return await self.deciding.reachable(who, action, query)
        found = await self.deciding.where_field(who, action, query.model, field)
        return query if found is True else query.where(false() if found is False else found)

    def guarded(self, action: str, model: Any) -> frozenset[str]:
        """Give the fields that rules about an action name."""
        return self.deciding.guarded(action, model)

    def rules_about(self, action: str, model: Any) -> Sequence[Rule]:
        """Give the rules about an action on a model, those about its fields too."""
        return self.deciding.rules_about(action, model)

    def refusal(self, who: Any) -> HTTPException:
        """Give what somebody is told who may not: 401 for nobody, otherwise 403."""
        return NotAllowed() if identity_of(who).is_known else NotSignedIn(self.challenges())


def _permitting(connection: HTTPConnection) -> Permitting:
    knowing = knowing_of(connection)
    if not isinstance(knowing, Permitting):
        raise not_permitting(knowing)
    return knowing


def requires(*permissions: str) -> Any:  # Any: what Depends gives, for lists and parameters
    """Ask for permissions, all of them: ``dependencies=[requires("post.change")]``.

    Nobody gets 401, who lacks one 403. Raises `SetupError` for what is no name.
    """
    return Security(_permitted, scopes=[checked_name(one) for one in permissions])


async def _known(connection: HTTPConnection, scopes: SecurityScopes) -> Identity:
    """Give who asks, with all that is asked for; says first where nobody can say who has it."""
    _permitting(connection)
    return await known_identity(connection, scopes)


_permitted = AsksWho(_known)


class May:
    """What who asks may do: ``async def edit(id: int, can: Can)``."""

    def __init__(self, part: Permitting, identity: Identity) -> None:
        self._part = part
        self.identity = identity

    async def __call__(self, action: str, what: Any = None, field: str | None = None) -> bool:
        """Tell whether they may: ``await can("change", post)``, ``await can("reports.read")``."""
        return await self._part.deciding.can(self.identity, action, what, field)

    async def require(self, action: str, what: Any = None, field: str | None = None) -> None:
        """Raise `NotSignedIn` (401) or `NotAllowed` (403) where they may not."""
        if not await self(action, what, field):
            if not self.identity.is_known:
                raise NotSignedIn(self._part.challenges())
            raise NotAllowed

    async def reachable(self, action: str, query: Query[Any]) -> Query[Any]:
        """Give the rows of a query on which they may do it."""
        return await self._part.deciding.reachable(self.identity, action, query)

    async def where_field(self, action: str, model: Any, field: str) -> ColumnElement[bool] | bool:
        """Give on which rows they may do it with a field; True for all, False for none."""
        return await self._part.deciding.where_field(self.identity, action, model, field)


async def _may(connection: HTTPConnection, scopes: SecurityScopes) -> May:
    """Give what who asks may do, as a dependency."""
    identity = await permitted_identity(connection, scopes)
    return May(_permitting(connection), identity)


may = AsksWho(_may, is_optional=True)
Can = Annotated[May, Depends(may)]
"""What who asks may do, as a parameter of a handler."""
