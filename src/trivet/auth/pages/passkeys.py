"""The page of one's own passkeys: made by a script, the one thing that does not work without."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from starlette.requests import Request
from starlette.responses import Response

from trivet.auth.current import requires_recent_login
from trivet.auth.pages import texts
from trivet.auth.pages.forms import PasskeyName
from trivet.auth.pages.own import Me
from trivet.auth.pages.pages import Pages
from trivet.auth.pages.refusal import Refusal
from trivet.binding.markers import Depends
from trivet.binding.markers import Form as FormField
from trivet.forms import Form
from trivet.routing.router import Router

if TYPE_CHECKING:
    from trivet.auth.passkeys import Passkeys

__all__ = ["add_passkeys"]

_RECENT = [Depends(requires_recent_login)]


def add_passkeys(router: Router, pages: Pages, passkeys: Passkeys) -> None:
    """Add the page on which passkeys are listed, made and taken away."""
    keys = passkeys.keys

    async def shown(
        request: Request,
        user: Me,
        refusal: Refusal | None = None,
        form: Form[PasskeyName] | None = None,
    ) -> Response:
        return await pages.show(
            request,
            "passkeys",
            refusal,
            passkeys=await keys.of(user),
            form=form or Form(PasskeyName),
        )

    @router.get("/passkeys", name="account-passkeys", dependencies=_RECENT)
    async def show_passkeys(request: Request, user: Me) -> Response:
        return await shown(request, user)

    @router.post("/passkeys", dependencies=_RECENT)
    async def remove_passkey(
        request: Request, user: Me, remove: Annotated[str, FormField(max_length=64)]
    ) -> Response:
        form = Form(PasskeyName)
        refusal = Refusal(form)
        with refusal:
            await keys.remove(request, user, remove)
            where = pages.to(request, "/passkeys")
            return await pages.go(request, where, texts.PASSKEY_REMOVED)
        return await shown(request, user, refusal, form)
