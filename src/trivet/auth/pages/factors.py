"""The pages of second factors: asked for at a sign-in, set up, and taken away."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated

from starlette.requests import Request
from starlette.responses import Response

from trivet.auth.current import requires_recent_login
from trivet.auth.errors import CodeRefused, SignInFailed
from trivet.auth.pages import texts
from trivet.auth.pages.forms import Code, Nothing
from trivet.auth.pages.own import Me
from trivet.auth.pages.pages import Pages
from trivet.auth.pages.refusal import Refusal
from trivet.auth.signing_in import SignInResult
from trivet.binding.markers import Depends
from trivet.binding.markers import Form as FormField
from trivet.forms import Form, Posted
from trivet.forms.html import Html
from trivet.routing.router import Router

if TYPE_CHECKING:
    from trivet.auth.recovery import Recovery, RecoveryCodes
    from trivet.auth.totp import Totp

__all__ = ["add_app", "add_recovery", "add_second_factor"]

_OF_AN_APP = re.compile(r"[0-9]{6}")
_SEPARATORS = re.compile(r"[\s-]")
_RECENT = [Depends(requires_recent_login)]


def add_second_factor(
    router: Router, pages: Pages, totp: Totp | None, recovery: RecoveryCodes | None
) -> None:
    """Add the page that asks for a second factor behind a password or a link."""
    signing_in = pages.auth.signing_in

    async def shown(
        request: Request, refusal: Refusal | None = None, form: Form[Code] | None = None
    ) -> Response:
        user = await signing_in.half_signed_in(request)
        if user is None:  # it took too long, or nobody was about to sign in
            return await pages.go(
                request, pages.to(request, "/sign-in", next=pages.next_of(request))
            )
        wanted = await signing_in.factors_of(user)
        return await pages.show(
            request,
            "second_factor",
            refusal,
            form=(form or Form(Code)) if {"totp", "recovery-code"} & set(wanted) else None,
            has_app="totp" in wanted,
            has_passkey="passkey" in wanted,
        )

    @router.get("/second-factor", name="account-second-factor")
    async def show_second_factor(request: Request) -> Response:
        return await shown(request)

    @router.post("/second-factor")
    async def show_code(request: Request, form: Posted[Code]) -> Response:
        refusal = Refusal(form)
        if form.is_valid:
            with refusal:
                try:
                    await _sign_in(totp, recovery, request, form.value.code)
                except SignInFailed:
                    where = pages.to(request, "/sign-in", next=pages.next_of(request))
                    return await pages.go(request, where)
                return await pages.go(request, pages.next_of(request))
        return await shown(request, refusal, form)


async def _sign_in(
    totp: Totp | None, recovery: RecoveryCodes | None, request: Request, code: str
) -> SignInResult:
    """Take a code of the app, or else a recovery code: they never look alike."""
    if totp is not None and _OF_AN_APP.fullmatch(_SEPARATORS.sub("", code)):
        return await totp.apps.sign_in(request, code)
    if recovery is None:
        raise CodeRefused
    return await recovery.sign_in(request, code)


def add_recovery(router: Router, pages: Pages, recovery: Recovery) -> None:
    """Add the page on which recovery codes are made."""
    codes = recovery.codes
    signing_in = pages.auth.signing_in

    async def shown(request: Request, user: Me, refusal: Refusal | None = None) -> Response:
        return await pages.show(
            request,
            "recovery",
            refusal,
            form=Form(Nothing) if refusal is None else refusal.form,
            has_factor=await signing_in.has_factor(user),
            left=await codes.left(user),
        )

    @router.get("/recovery-codes", name="account-recovery-codes", dependencies=_RECENT)
    async def show_recovery(request: Request, user: Me) -> Response:
        return await shown(request, user)

    @router.post("/recovery-codes", dependencies=_RECENT)
    async def make_recovery(request: Request, user: Me) -> Response:
        refusal = Refusal(Form(Nothing))
        with refusal:
            made = await codes.renew(request, user)
            return await pages.show(request, "recovery_codes", codes=made)
        return await shown(request, user, refusal)


def add_app(router: Router, pages: Pages, totp: Totp) -> None:
    """Add the pages on which an app that makes codes is set up and taken away."""
    apps = totp.apps

    @router.get("/app", name="account-app", dependencies=_RECENT)
    async def show_app(request: Request, user: Me) -> Response:
        return await pages.show(request, "app", status_of=await apps.status(user))

    @router.post("/app", dependencies=_RECENT)
    async def change_app(
        request: Request, user: Me, do: Annotated[str, FormField(max_length=20)]
    ) -> Response:
        if do == "remove":
            await apps.disable(request, user)
            return await pages.go(request, pages.to(request, "/app"), texts.APP_REMOVED)
        if do == "codes":
            codes = await apps.renew_codes(request, user)
            return await pages.show(request, "recovery_codes", codes=codes)
        begun = await apps.begin(user)
        # The QR code is ours to the last character: nothing in it was typed by anybody.
        picture = Html(begun.picture)
        return await pages.show(request, "app_new", begun=begun, picture=picture, form=Form(Code))

    @router.post("/app/confirm", name="account-app-confirm", dependencies=_RECENT)
    async def confirm_app(request: Request, user: Me, form: Posted[Code]) -> Response:
        refusal = Refusal(form)
        if form.is_valid:
            with refusal:
                codes = await apps.confirm(request, user, form.value.code)
                return await pages.show(request, "recovery_codes", codes=codes)
        return await pages.show(request, "app_new", refusal, begun=None, form=form)
