"""The JSON endpoints of passkeys, what they take and give, and the script for pages."""

from __future__ import annotations

from datetime import datetime
from importlib.resources import files
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from trivet.auth.api.models import SignInAnswer, Told
from trivet.auth.api.router import answer_of
from trivet.auth.api.taken import Taken
from trivet.auth.current import requires_recent_login, whole_user
from trivet.auth.passkeys.keys import Keys
from trivet.binding.markers import Depends
from trivet.routing.router import Router

__all__ = ["NewName", "PasskeyMade", "PasskeyShown", "PasskeyTaken", "passkeys_router"]

_Me = Annotated[Any, Depends(whole_user)]  # Any: the application's model of accounts
_RECENT = [Depends(requires_recent_login)]
_Options = dict[str, Any]  # Any: as WebAuthn writes them for browsers


class PasskeyMade(Taken):
    """A passkey that a browser has made: what `credential.toJSON()` gives there."""

    credential: dict[str, Any]
    name: str = Field("", max_length=100)


class PasskeyTaken(Taken):
    """What a passkey has signed: what `credential.toJSON()` gives in a browser."""

    credential: dict[str, Any]
    remember: bool = False


class NewName(Taken):
    """What its owner calls a passkey."""

    name: str = Field(min_length=1, max_length=100)


class PasskeyShown(BaseModel):
    """A passkey, as its owner sees it."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    name: str
    created_at: datetime
    used_at: datetime | None
    is_synced: bool
    is_backed_up: bool


def passkeys_router(keys: Keys, path: str) -> Router:
    """Give the endpoints, under a path."""
    router = Router(prefix=path, tags=["accounts"])
    _add_own(router, keys)
    _add_signing(router, keys)
    script = files("trivet.auth.passkeys").joinpath("passkeys.js").read_bytes()

    @router.get("/passkeys.js", include_in_schema=False)
    async def passkeys_script() -> Response:
        return Response(
            script,
            media_type="text/javascript; charset=utf-8",
            headers={"cache-control": "no-cache"},
        )

    return router


def _add_own(router: Router, keys: Keys) -> None:
    @router.get("/passkeys")
    async def list_passkeys(user: _Me) -> list[PasskeyShown]:
        """List one's own passkeys."""
        return [PasskeyShown.model_validate(one) for one in await keys.of(user)]

    @router.post("/passkeys/options", dependencies=_RECENT)
    async def passkey_options(request: Request, user: _Me) -> _Options:
        """Begin to make a passkey: what `navigator.credentials.create` takes."""
        return await keys.begin(request, user)

    @router.post("/passkeys", status_code=201, dependencies=_RECENT)
    async def add_passkey(given: PasskeyMade, request: Request, user: _Me) -> PasskeyShown:
        """Keep the passkey that a browser has made."""
        stored = await keys.register(request, user, given.credential, given.name)
        return PasskeyShown.model_validate(stored)

    @router.patch("/passkeys/{id}")
    async def rename_passkey(id: str, given: NewName, user: _Me) -> PasskeyShown:
        """Call a passkey something else."""
        return PasskeyShown.model_validate(await keys.rename(user, id, given.name))

    @router.delete("/passkeys/{id}", status_code=204, dependencies=_RECENT)
    async def remove_passkey(id: str, request: Request, user: _Me) -> None:
        """Take a passkey away."""
        await keys.remove(request, user, id)


def _add_signing(router: Router, keys: Keys) -> None:
    @router.post("/sign-in/passkey/options")
    async def sign_in_options(request: Request) -> _Options:
        """Begin to sign in by a passkey alone: what `navigator.credentials.get` takes."""
        return await keys.ask(request)

    @router.post("/sign-in/passkey")
    async def sign_in_by_passkey(given: PasskeyTaken, request: Request) -> SignInAnswer:
        """Sign in by a passkey alone."""
        result = await keys.sign_in(request, given.credential, remember=given.remember)
        return answer_of(result)

    @router.post("/sign-in/passkey/second/options")
    async def second_options(request: Request) -> _Options:
        """Begin to finish a sign-in by a passkey."""
        return await keys.ask_for_second(request)

    @router.post("/sign-in/passkey/second")
    async def sign_in_by_second_passkey(given: PasskeyTaken, request: Request) -> SignInAnswer:
        """Finish a sign-in by a passkey."""
        return answer_of(await keys.sign_in_as_second(request, given.credential))

    @router.post("/confirm-identity/passkey/options")
    async def confirm_options(request: Request, user: _Me) -> _Options:
        """Begin to prove again who one is."""
        return await keys.ask_to_confirm(request, user)

    @router.post("/confirm-identity/passkey")
    async def confirm_identity_by_passkey(given: PasskeyTaken, request: Request, user: _Me) -> Told:
        """Prove again who one is, by a passkey."""
        await keys.confirm_identity(request, user, given.credential)
        return Told("Thank you")
