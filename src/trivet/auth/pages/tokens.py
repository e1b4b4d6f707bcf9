"""The page of one's own API tokens: listed, made, and revoked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from starlette.requests import Request
from starlette.responses import Response

from trivet.auth.current import requires_recent_login
from trivet.auth.pages import texts
from trivet.auth.pages.forms import NewToken
from trivet.auth.pages.own import Me
from trivet.auth.pages.pages import Pages
from trivet.auth.pages.refusal import Refusal
from trivet.binding.markers import Depends
from trivet.binding.markers import Form as FormField
from trivet.forms import Form, Posted
from trivet.routing.router import Router

if TYPE_CHECKING:
    from trivet.auth.tokens import ApiTokens

__all__ = ["add_tokens"]

_RECENT = [Depends(requires_recent_login)]
_DAY = 86_400.0


def add_tokens(router: Router, pages: Pages, tokens: ApiTokens) -> None:
    """Add the page of tokens."""
    own = tokens.own

    async def shown(
        request: Request,
        refusal: Refusal | None = None,
        form: Form[NewToken] | None = None,
        made: str | None = None,
    ) -> Response:
        found = await own.list(request)
        form = form or Form(NewToken)
        return await pages.show(request, "tokens", refusal, tokens=found, form=form, made=made)

    @router.get("/tokens", name="account-tokens", dependencies=_RECENT)
    async def show_tokens(request: Request, user: Me) -> Response:
        return await shown(request)

    @router.post("/tokens", dependencies=_RECENT)
    async def make_token(request: Request, user: Me, form: Posted[NewToken]) -> Response:
        refusal = Refusal(form, value="scopes")
        if form.is_valid:
            given = form.value
            with refusal:
                text, _ = await own.make(
                    request,
                    name=given.name,
                    scopes=given.scopes.replace(",", " ").split(),
                    lifetime=int(given.days) * _DAY,
                )
                return await shown(request, made=text)
        return await shown(request, refusal, form)

    @router.post("/tokens/revoke", name="account-token-revoke", dependencies=_RECENT)
    async def revoke_token(
        request: Request, user: Me, id: Annotated[str, FormField(max_length=64)]
    ) -> Response:
        await own.revoke(request, id)
        return await pages.go(request, pages.to(request, "/tokens"), texts.TOKEN_REVOKED)
