"""The JSON endpoints of recovery codes, and what they take and give."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, Field
from starlette.requests import Request

from trivet.auth.api.models import SignInAnswer
from trivet.auth.api.router import answer_of
from trivet.auth.api.taken import Taken
from trivet.auth.current import requires_recent_login, whole_user
from trivet.auth.recovery.codes import RecoveryCodes
from trivet.binding.markers import Depends
from trivet.routing.router import Router

__all__ = ["CodesLeft", "CodesShown", "Nothing", "recovery_router"]

_Me = Annotated[Any, Depends(whole_user)]  # Any: the application's model of accounts


class _RecoveryCode(Taken):
    """A recovery code; spaces and dashes do not matter."""

    code: str = Field(min_length=1, max_length=40)


class Nothing(Taken):
    """An empty object: a form of another site cannot send one, as it is JSON."""


class CodesLeft(BaseModel):
    """How many recovery codes were not used yet."""

    left: int


class CodesShown(BaseModel):
    """Recovery codes, which are not to be seen again."""

    recovery_codes: list[str]


def recovery_router(codes: RecoveryCodes, path: str) -> Router:
    """Give the endpoints, under a path."""
    router = Router(prefix=path, tags=["accounts"])

    @router.get("/recovery-codes")
    async def recovery_codes_left(user: _Me) -> CodesLeft:
        """Tell how many recovery codes are left."""
        return CodesLeft(left=await codes.left(user))

    @router.post("/recovery-codes", dependencies=[Depends(requires_recent_login)])
    async def make_recovery_codes(given: Nothing, request: Request, user: _Me) -> CodesShown:
        """Make recovery codes; earlier ones count no more."""
        return CodesShown(recovery_codes=await codes.renew(request, user))

    @router.post("/sign-in/recovery-code")
    async def sign_in_by_recovery_code(given: _RecoveryCode, request: Request) -> SignInAnswer:
        """Finish a sign-in by a recovery code."""
        return answer_of(await codes.sign_in(request, given.code))

    return router
