"""Who may do what with a resource: the door to whatever keeps accounts, and what stands without it.

`trivet.auth` stands above this package; it is known here by `Permissions` alone. An application
whose parts have it is asked about everything. In one that has none, everybody reads, and nobody
writes unless the resource says so.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Protocol, runtime_checkable

from starlette.requests import HTTPConnection

from trivet.binding.scheme import PartsScheme
from trivet.db import Query
from trivet.errors import HTTPException

__all__ = ["Access", "Asking", "Permissions", "Ruled", "Ruling", "permissions_in"]

_UNKNOWN: Any = object()
_NOTHING: frozenset[str] = frozenset()


@runtime_checkable
class Permissions(Protocol):
    """What knows who asks, and what they may; `trivet.auth.Auth` is one.

    Actions are ``view``, ``add``, ``change`` and ``delete``, and those that a resource adds.
    """

    async def identify(self, connection: HTTPConnection) -> Any:
        """Give who asks; raises `HTTPException` for credentials that do not count."""

    async def can(self, who: Any, action: str, what: Any = None, field: str | None = None) -> bool:
        """Tell whether they may do it: with a row, with some row of a model, with a field of it."""

    async def reachable(
        self, who: Any, action: str, query: Query[Any], field: str | None = None
    ) -> Query[Any]:
        """Give the rows of a query on which they may do it: the query itself where it is all."""

    def guarded(self, action: str, model: Any) -> Collection[str]:
        """Give the fields for which a rule about `action` says more than about the row."""

    def refusal(self, who: Any) -> HTTPException:
        """Give what somebody is told who may not."""


class Ruling(Protocol):
    """One rule, as far as it is known here."""

    @property
    def fields(self) -> Collection[str] | None:
        """The fields that it is about; None where it is about rows."""

    @property
    def is_filter(self) -> bool:
        """Whether it is a condition, which lists can ask."""

    @property
    def place(self) -> str | None:
        """Where it is written."""


@runtime_checkable
class Ruled(Protocol):
    """Permissions that know beforehand which models they have rules about; `Auth` does."""

    def rules_about(self, action: str, model: Any) -> Sequence[Ruling]:
        """Give the rules about an action on a model."""


def permissions_in(app: Any) -> Permissions | None:
    """Give what an application knows permissions by, or None."""
    parts = getattr(app, "parts", {})
    return next((part for part in parts.values() if isinstance(part, Permissions)), None)


class Asking:
    """One request to a resource: who asks, and what they may. Hooks are given it.

    `user` is their account, or None; `connection` is the request.
    """

    __slots__ = ("connection", "permissions", "who")

    def __init__(
        self, connection: HTTPConnection, permissions: Permissions | None, who: Any
    ) -> None:
        self.connection = connection
        self.permissions = permissions
        self.who = who

    @property
    def user(self) -> Any:
        """The account of who asks; None for nobody, and where there are no accounts."""
        return getattr(self.who, "user", None)

    async def may(self, action: str, what: Any, field: str | None = None) -> bool:
        """Tell whether they may do it; everybody may where there is no permission model."""
        if self.permissions is None:
            return True
        return await self.permissions.can(self.who, action, what, field)

    async def require(self, action: str, what: Any, field: str | None = None) -> None:
        """Raise what they are told (401, 403) where they may not."""
        if self.permissions is not None and not await self.may(action, what, field):
            raise self.permissions.refusal(self.who)

    async def reachable(self, action: str, query: Query[Any]) -> Query[Any]:
        """Give the rows of a query on which they may do it."""
        if self.permissions is None:
            return query
        return await self.permissions.reachable(self.who, action, query)

    async def visible(self, query: Query[Any], field: str) -> Query[Any]:
        """Give the rows of a query of which they may see a field; itself where it is all."""
        if self.permissions is None:
            return query
        return await self.permissions.reachable(self.who, "view", query, field)

    def guarded(self, action: str, model: Any) -> Collection[str]:
        """Give the fields that are asked about one by one."""
        return _NOTHING if self.permissions is None else self.permissions.guarded(action, model)

    def is_ruled(self, action: str, model: Any) -> bool:
        """Tell whether a rule says on which rows of a model it may be done.

        Permissions that do not say have one about every model.
        """
        if not isinstance(self.permissions, Ruled):
            return self.permissions is not None
        return any(one.fields is None for one in self.permissions.rules_about(action, model))

    def is_told_by_row(self, action: str, model: Any) -> bool:
        """Tell whether a rule must be asked about each row by itself."""
        if not isinstance(self.permissions, Ruled):
            return False
        rules = self.permissions.rules_about(action, model)
        return any(one.fields is None and not one.is_filter for one in rules)


class Access(PartsScheme):
    """The dependency that stands before an operation: lets in who may do it with some row.

    It describes itself to OpenAPI by the schemes of the application's parts.
    """

    is_optional = True  # rules may allow it to people who are not signed in

    def __init__(
        self, model: Any, action: str, *, is_open: bool, permissions: Permissions | None
    ) -> None:
        self.model = model
        self.action = action
        self.is_open = is_open
        self._own = permissions
        self._app: Any = _UNKNOWN
        self._found: Permissions | None = None

    async def __call__(self, connection: HTTPConnection) -> Asking:
        app = connection.scope.get("app")
        if app is not self._app:  # parts do not change once an application answers
            self._app, self._found = app, self._own or permissions_in(app)
        permissions = self._found
        if permissions is None:
            if not self.is_open:
                raise HTTPException(403, "This resource is for reading only")
            return Asking(connection, None, None)
        who = await permissions.identify(connection)
        if not await permissions.can(who, self.action, self.model):
            raise permissions.refusal(who)
        return Asking(connection, permissions, who)
