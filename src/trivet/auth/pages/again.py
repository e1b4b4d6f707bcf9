"""The page on which somebody proves again who they are, and goes back to where they were."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response

from trivet.auth.errors import SignInFailed
from trivet.auth.pages import texts
from trivet.auth.pages.forms import Again, Code
from trivet.auth.pages.own import Me
from trivet.auth.pages.pages import Pages
from trivet.auth.pages.refusal import Refusal
from trivet.forms import Form, Posted, posted
from trivet.routing.router import Router

if TYPE_CHECKING:
    from trivet.auth.passkeys import Passkeys
    from trivet.auth.totp import Totp

__all__ = ["add_again"]

_BY_CODE = posted(Code, id="code")


def add_again(
    router: Router, pages: Pages, totp: Totp | None = None, passkeys: Passkeys | None = None
) -> None:
    """Add the page, with what the account has to prove itself by."""
    auth = pages.auth

    async def shown(
        request: Request,
        user: Me,
        refusal: Refusal | None = None,
        *,
        form: Form[Again] | None = None,
        code: Form[Code] | None = None,
    ) -> Response:
        identity = await auth.identify(request)
        has_code = totp is not None and await totp.apps.has(user)
        has_passkey = passkeys is not None and await passkeys.keys.has(user)
        return await pages.show(
            request,
            "confirm_identity",
            refusal,
            form=(form or Form(Again)) if user.has_password else None,
            code=(code or Form(Code, id="code")) if has_code else None,
            has_passkey=has_passkey,
            is_acting=identity.impersonator is not None,
        )

    @router.get("/confirm-identity", name="account-confirm-identity")
    async def show_confirm_identity(request: Request, user: Me) -> Response:
        return await shown(request, user)

    @router.post("/confirm-identity")
    async def confirm_identity(request: Request, user: Me, form: Posted[Again]) -> Response:
        refusal = Refusal(form)
        if form.is_valid:
            password = form.value.password.get_secret_value()
            with refusal:
                if not await auth.signing_in.is_password_of(user, password, request):
                    raise SignInFailed
                await auth.signing_in.confirm(request, user, factor="password")
                return await pages.go(request, pages.next_of(request), texts.IS_YOU)
        return await shown(request, user, refusal, form=form)

    if totp is None:
        return
    apps = totp.apps

    @router.post("/confirm-identity/code", name="account-confirm-code")
    async def confirm_by_code(request: Request, user: Me, code: Form[Code] = _BY_CODE) -> Response:
        refusal = Refusal(code)
        if code.is_valid:
            with refusal:
                await apps.confirm_identity(request, user, code.value.code)
                return await pages.go(request, pages.next_of(request), texts.IS_YOU)
        return await shown(request, user, refusal, code=code)
