"""The page of what one's account is linked to at providers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from starlette.requests import Request
from starlette.responses import Response

from trivet.auth.current import requires_recent_login
from trivet.auth.pages import texts
from trivet.auth.pages.forms import LinkChange
from trivet.auth.pages.own import Me
from trivet.auth.pages.pages import Pages
from trivet.auth.pages.refusal import Refusal
from trivet.binding.markers import Depends
from trivet.binding.markers import Form as FormField
from trivet.forms import Form
from trivet.routing.router import Router

if TYPE_CHECKING:
    from trivet.auth.providers import SignInWith

__all__ = ["add_linked"]

_RECENT = [Depends(requires_recent_login)]


def add_linked(router: Router, pages: Pages, part: SignInWith) -> None:
    """Add the page on which links are listed, made and taken away."""
    flow = part.flow
    # A form that leads to a provider is sent on there, which `form-action` would forbid.
    policy = pages.policy.replace(" form-action 'self';", "")

    async def shown(
        request: Request,
        user: Me,
        refusal: Refusal | None = None,
        form: Form[LinkChange] | None = None,
    ) -> Response:
        return await pages.show(
            request,
            "linked",
            refusal,
            policy=policy,
            links=await flow.linking.of(user),
            title_of=flow.title_of,
            form=form or Form(LinkChange),
        )

    @router.get("/linked", name="account-linked", dependencies=_RECENT)
    async def show_linked(request: Request, user: Me) -> Response:
        return await shown(request, user)

    @router.post("/linked", dependencies=_RECENT)
    async def change_linked(
        request: Request,
        user: Me,
        link: Annotated[str, FormField(max_length=100)] = "",
        remove: Annotated[int, FormField(ge=0, le=2**53)] = 0,
    ) -> Response:
        form = Form(LinkChange)
        refusal = Refusal(form)
        with refusal:
            if link:
                here = pages.to(request, "/linked")
                return await pages.go(request, await flow.begin_link(request, link, next=here))
            await flow.linking.remove(request, user, remove, flow.title_of)
            return await pages.go(request, pages.to(request, "/linked"), texts.UNLINKED)
        return await shown(request, user, refusal, form)
