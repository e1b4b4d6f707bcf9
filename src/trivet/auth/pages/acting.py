"""The page on which somebody begins to act as another account, and the button that ends it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from starlette.requests import Request
from starlette.responses import Response

from trivet.auth.current import requires_recent_login
from trivet.auth.pages import texts
from trivet.auth.pages.forms import ActingReason
from trivet.auth.pages.own import Me
from trivet.auth.pages.pages import Entry, Pages
from trivet.auth.pages.refusal import Refusal
from trivet.binding.markers import Depends, Query
from trivet.binding.markers import Form as FormField
from trivet.forms import Form, Posted
from trivet.routing.router import Router
from trivet.texts import lazy

if TYPE_CHECKING:
    from trivet.auth.impersonation import Impersonation

__all__ = ["add_acting"]

_RECENT = [Depends(requires_recent_login)]
_Search = Annotated[str, Query(max_length=100)]
_Handle = Annotated[str, FormField(max_length=32)]


def add_acting(router: Router, pages: Pages, impersonation: Impersonation) -> None:
    """Add the page where it begins, and what the banner's button is for."""
    pages.menu_for.append((Entry(lazy("Act as somebody"), "account-act-as"), impersonation.may))

    async def shown(
        request: Request,
        search: str,
        refusal: Refusal | None = None,
        form: Form[ActingReason] | None = None,
    ) -> Response:
        return await pages.show(
            request,
            "act_as",
            refusal,
            accounts=await impersonation.candidates(request, search),
            search=search,
            form=form or Form(ActingReason),
        )

    @router.get("/act-as", name="account-act-as", dependencies=_RECENT)
    async def show_accounts(request: Request, user: Me, search: _Search = "") -> Response:
        return await shown(request, search)

    @router.post("/act-as", dependencies=_RECENT)
    async def act_as(
        request: Request,
        user: Me,
        form: Posted[ActingReason],
        handle: _Handle,
        search: _Search = "",
    ) -> Response:
        refusal = Refusal(form)
        if form.is_valid:
            with refusal:
                await impersonation.begin(request, handle, form.value.reason)
                return await pages.go(request, pages.home_of(request), texts.ACTING_BEGUN)
        return await shown(request, search, refusal, form)

    @router.post("/acting", name="account-acting")
    async def end_acting(request: Request) -> Response:
        await impersonation.end(request)
        return await pages.go(request, pages.next_of(request), texts.ACTING_OVER)
