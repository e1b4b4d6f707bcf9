"""The pages of signing up, in and out."""

from __future__ import annotations

from typing import Any, cast

from starlette.requests import Request
from starlette.responses import Response

from trivet.auth.pages import texts
from trivet.auth.pages.forms import SIGN_UP, SignIn
from trivet.auth.pages.pages import Pages
from trivet.auth.pages.refusal import Refusal
from trivet.auth.signing_in import SignInResult
from trivet.forms import Form, Posted, posted
from trivet.forms.bound import BoundField
from trivet.routing.router import Router

__all__ = ["add_signing", "gone_on"]


def add_signing(router: Router, pages: Pages) -> None:
    """Add the pages of signing in and out, and of signing up where anybody may."""
    _add_in(router, pages)
    _add_out(router, pages)
    if pages.auth.options.sign_up:
        _add_up(router, pages)


def _add_in(router: Router, pages: Pages) -> None:
    @router.get("/sign-in", name="account-sign-in")
    async def show_sign_in(request: Request) -> Response:
        if (await pages.auth.identify(request)).is_known:
            return await pages.go(request, pages.next_of(request))
        return await pages.show(request, "sign_in", form=Form(SignIn))

    @router.post("/sign-in")
    async def sign_in(request: Request, form: Posted[SignIn]) -> Response:
        refusal = Refusal(form)
        if form.is_valid:
            given = form.value
            password = given.password.get_secret_value()
            with refusal:
                signing_in = pages.auth.signing_in
                user = await signing_in.by_password(given.log_in, password, request)
                result = await signing_in.sign_in(
                    request, user, factor="password", remember=given.remember
                )
                return await gone_on(pages, request, result)
            # The secret is not sent back, so that it is what has to be typed again.
            cast("BoundField", form["password"]).is_focused = True
        return await pages.show(request, "sign_in", refusal, form=form)


def _add_out(router: Router, pages: Pages) -> None:
    @router.get("/sign-out", name="account-sign-out")
    async def show_sign_out(request: Request) -> Response:
        return await pages.show(request, "sign_out")

    @router.post("/sign-out")
    async def sign_out(request: Request) -> Response:
        await pages.auth.signing_in.sign_out(request)
        return await pages.go(request, pages.next_of(request), texts.SIGNED_OUT)


def _add_up(router: Router, pages: Pages) -> None:
    auth, model = pages.auth, SIGN_UP[pages.auth.options.log_in]
    new = posted(model)
    by = "username" if auth.options.log_in == "username" else "email"

    @router.get("/sign-up", name="account-sign-up")
    async def show_sign_up(request: Request) -> Response:
        return await pages.show(request, "sign_up", form=Form(model))

    @router.post("/sign-up")
    async def sign_up(request: Request, form: Form[Any] = new) -> Response:
        refusal = Refusal(form, password="password", value=by)
        if form.is_valid:
            given = form.value.model_dump(exclude={"password"})
            # A user name may be left out where there is an address.
            values = {name: text for name, text in given.items() if text or name == "name"}
            password = form.value.password.get_secret_value()
            with refusal:
                user = await auth.flows.sign_up(request, password=password, **values)
                return await _signed_up(pages, request, user)
        return await pages.show(request, "sign_up", refusal, form=form)


async def _signed_up(pages: Pages, request: Request, user: Any) -> Response:
    """Go on, so that nobody sees whether there was such an account where a letter is sent."""
    if pages.auth.letters.can_send and pages.auth.options.log_in != "username":
        where = pages.to(request, "/sign-in", next=pages.next_of(request))
        return await pages.go(request, where, texts.LOOK_INTO_MAIL)
    result = await pages.auth.signing_in.sign_in(request, user, factor="password")
    return await gone_on(pages, request, result, texts.MADE)


async def gone_on(
    pages: Pages, request: Request, result: SignInResult, notice: str | None = None
) -> Response:
    """Send somebody on who has shown a first factor: to where they wanted, or to the second."""
    where = pages.next_of(request)
    if result.is_done:
        return await pages.go(request, where, notice)
    return await pages.go(request, pages.to(request, "/second-factor", next=where))
