"""The JSON endpoints of apps that make codes, and what they take and give."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, Field
from starlette.requests import Request

from trivet.auth.api.models import SignInAnswer, Told
from trivet.auth.api.router import answer_of
from trivet.auth.api.taken import Taken
from trivet.auth.current import requires_recent_login, whole_user
from trivet.auth.recovery.api import CodesShown, Nothing
from trivet.auth.totp.apps import Apps
from trivet.binding.markers import Depends
from trivet.routing.router import Router

__all__ = ["BegunShown", "Code", "StatusShown", "totp_router"]

_Me = Annotated[Any, Depends(whole_user)]  # Any: the application's model of accounts
_RECENT = [Depends(requires_recent_login)]


class Code(Taken):
    """A code of an app; spaces and dashes do not matter."""

    code: str = Field(min_length=1, max_length=40)


class StatusShown(BaseModel):
    """What an account has set up."""

    is_active: bool
    confirmed_at: datetime | None
    recovery_codes_left: int


class BegunShown(BaseModel):
    """A secret that waits for its first code."""

    secret: str
    address: str
    picture: str


def totp_router(apps: Apps, path: str) -> Router:
    """Give the endpoints, under a path."""
    router = Router(prefix=path, tags=["accounts"])
    _add_setting_up(router, apps)
    _add_showing(router, apps)
    return router


def _add_setting_up(router: Router, apps: Apps) -> None:
    @router.get("/totp")
    async def totp_status(user: _Me) -> StatusShown:
        """Tell whether an app that makes codes is set up."""
        found = await apps.status(user)
        return StatusShown(
            is_active=found.is_active,
            confirmed_at=found.confirmed_at,
            recovery_codes_left=found.codes_left,
        )

    @router.post("/totp/begin", dependencies=_RECENT)
    async def begin_totp(user: _Me) -> BegunShown:
        """Begin to set up an app; it counts once a first code was shown."""
        begun = await apps.begin(user)
        return BegunShown(secret=begun.secret, address=begun.address, picture=begun.picture)

    @router.post("/totp/confirm", dependencies=_RECENT)
    async def confirm_totp(given: Code, request: Request, user: _Me) -> CodesShown:
        """Show a first code; gives recovery codes, once."""
        return CodesShown(recovery_codes=await apps.confirm(request, user, given.code))

    @router.post("/totp/disable", dependencies=_RECENT)
    async def disable_totp(given: Nothing, request: Request, user: _Me) -> Told:
        """Take the app away."""
        await apps.disable(request, user)
        return Told("No code is asked for any more")

    @router.post("/totp/recovery-codes", dependencies=_RECENT)
    async def renew_recovery_codes(given: Nothing, request: Request, user: _Me) -> CodesShown:
        """Make new recovery codes; earlier ones count no more."""
        return CodesShown(recovery_codes=await apps.renew_codes(request, user))


def _add_showing(router: Router, apps: Apps) -> None:
    @router.post("/sign-in/totp")
    async def sign_in_by_totp(given: Code, request: Request) -> SignInAnswer:
        """Finish a sign-in by a code of the app."""
        return answer_of(await apps.sign_in(request, given.code))

    @router.post("/confirm-identity/totp")
    async def confirm_identity_by_totp(given: Code, request: Request, user: _Me) -> Told:
        """Prove again who one is, by a code of the app."""
        await apps.confirm_identity(request, user, given.code)
        return Told("Thank you")
