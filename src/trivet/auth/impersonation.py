"""Acting as another account, to see what its owner sees: ``app.use(Impersonation(auth))``.

Who does it holds the permission, has proved of late who they are, and may not become what they
are not: an account with more rights than a customer's is nobody's to act as. It ends after an hour,
it is never a recent sign-in, the trail names both, and pages show it (`impersonator()`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pydantic import Field
from sqlalchemy import or_
from starlette.requests import HTTPConnection, Request

from trivet.app.part import Part
from trivet.auth.api.models import AccountShown, Told
from trivet.auth.api.taken import Taken
from trivet.auth.by_session import ACTING
from trivet.auth.current import forget_identity, impersonator_of, requires_recent_login
from trivet.auth.errors import NotAllowed
from trivet.auth.happened import Happened
from trivet.auth.identity import Identity
from trivet.auth.part import Auth
from trivet.auth.permissions.names import checked_name
from trivet.auth.trail import where_from
from trivet.binding.markers import Depends
from trivet.errors import HTTPException
from trivet.routing.router import Router

__all__ = ["LONGEST_REASON", "Impersonated", "Impersonation", "ImpersonationEnded"]

LONGEST_REASON = 200  # characters
_MOST = 20  # accounts of one search


@dataclass(frozen=True, kw_only=True)
class Impersonated(Happened):
    """Somebody began to act as another account; `details` has the ``reason`` that they gave."""

    kind = "impersonated"


@dataclass(frozen=True, kw_only=True)
class ImpersonationEnded(Happened):
    """Somebody acts as themselves again."""

    kind = "impersonation-ended"


class _Wanted(Taken):
    handle: str = Field(max_length=32, pattern=r"^[A-Za-z0-9_-]+$")
    reason: str = Field("", max_length=LONGEST_REASON)


class Impersonation(Part):
    """Lets who holds `permission` act as an account of fewer rights, for `seconds` at most."""

    name = "auth.impersonation"

    def __init__(
        self, auth: Auth, *, permission: str = "users.impersonate", seconds: float = 3600.0
    ) -> None:
        self.auth = auth
        self.requires = (auth,)
        self.permission = checked_name(permission)
        self._seconds = seconds

    async def may(self, connection: HTTPConnection) -> bool:
        """Tell whether who asks may act as others: by a session, and not as another already."""
        identity = await self.auth.identify(connection)
        if identity.means != "session" or identity.impersonator is not None:
            return False
        return await self.auth.can(identity, self.permission)

    async def candidates(self, connection: HTTPConnection, search: str = "") -> list[Any]:
        """Give accounts that one may act as, the first twenty by address and name.

        `search` is a part of an address or a name. Raises `NotAllowed` (403). Who could do the same
        themselves is among them, and refused by `begin`.
        """
        identity = await self._checked(connection)
        model = self.auth.user
        query = model.where(
            is_active=True, is_service=False, is_staff=False, is_superuser=False
        ).where(model.handle != identity.user.handle)
        text = search.strip()
        if text:
            columns = (model.email, model.username, model.name)
            query = query.where(or_(*(one.icontains(text, autoescape=True) for one in columns)))
        found: list[Any] = await query.order_by(model.email, model.username, model.id).limit(_MOST)
        return found

    async def _checked(self, connection: HTTPConnection) -> Identity:
        identity = await self.auth.identify(connection)
        if identity.means != "session" or identity.impersonator is not None:
            raise NotAllowed("Only who is signed in by a session as themselves may do this")
        if not await self.auth.can(identity, self.permission):
            raise NotAllowed
        return identity

    async def begin(self, connection: HTTPConnection, handle: str, reason: str = "") -> Any:
        """Act as an account from the next request on, and give it.

        `reason` is kept in the trail. Raises `NotAllowed` (403), and 404 where there is no such
        account.
        """
        identity = await self._checked(connection)
        user = await self.auth.accounts.by_handle(handle)
        if user is None or not user.is_active:
            raise HTTPException(404, "There is no such account")
        if user.is_superuser or user.is_staff or await self.auth.can(user, self.permission):
            raise NotAllowed("Nobody acts as an account that has such rights itself")
        session = await self.auth.sessions.of_request(connection)
        session.rotate()
        until = datetime.now(UTC).timestamp() + self._seconds
        session[ACTING] = {"user": user.handle, "until": until}
        where = {**where_from(connection), "by": identity.user.handle}
        details = {"reason": reason.strip()[:LONGEST_REASON]} if reason.strip() else {}
        await self.auth.trail.note(Impersonated(user=user.handle, details=details, **where))
        forget_identity(connection)
        return user

    async def end(self, connection: HTTPConnection) -> None:
        """Act as oneself again; nothing happens to who does already."""
        identity = await self.auth.identify(connection)
        if identity.impersonator is None:
            return
        session = await self.auth.sessions.of_request(connection)
        del session[ACTING]
        session.rotate()
        event = ImpersonationEnded(user=identity.user.handle, **where_from(connection))
        await self.auth.trail.note(event)
        forget_identity(connection)

    def router(self) -> Router:
        """Give the JSON endpoints."""
        router = Router(prefix=f"{self.auth.options.path}/impersonation", tags=["accounts"])

        @router.post("", dependencies=[Depends(requires_recent_login)])
        async def act_as(given: _Wanted, request: Request) -> AccountShown:
            """Act as another account."""
            acted_as = await self.begin(request, given.handle, given.reason)
            return AccountShown.model_validate(acted_as)

        @router.delete("")
        async def act_as_oneself(request: Request) -> Told:
            """Act as oneself again."""
            await self.end(request)
            return Told("You are yourself again")

        return router

    def template_functions(self) -> dict[str, Callable[..., Any]]:
        """Give `impersonator()` to templates: the account of who acts as another one, or None."""
        return {"impersonator": _shown}


def _shown(request: HTTPConnection | None) -> Any:
    return impersonator_of(request)
