"""The endpoints of sign-in by providers, and the page that says what went wrong."""

from __future__ import annotations

from datetime import datetime
from html import escape
from typing import Annotated, Any
from urllib.parse import urlencode

from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from trivet.auth.api.taken import Taken
from trivet.auth.current import requires_recent_login, whole_user
from trivet.auth.providers.provider import Returned
from trivet.auth.providers.refused import WithRefused
from trivet.auth.providers.signing_in_with import SigningInWith
from trivet.binding.markers import Depends
from trivet.openapi.error_shape import FASTAPI, ErrorShape
from trivet.routing.router import Router

__all__ = ["LinkAsked", "LinkBegun", "LinkShown", "ProviderShown", "refused_page", "with_router"]

_Me = Annotated[Any, Depends(whole_user)]  # Any: the application's model of accounts
_RECENT = [Depends(requires_recent_login)]
# The address of these answers has a code in it, which is nobody else's to see.
_HEADERS = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>That did not work</title>
<main><h1>That did not work</h1><p>{detail}.</p><p><a href="/">Go on</a></p></main></html>
"""


class ProviderShown(BaseModel):
    """A provider by which people can sign in."""

    name: str
    title: str
    path: str


class LinkAsked(Taken):
    """Where to go on after an account was linked."""

    next: str = Field("/", max_length=2048)


class LinkBegun(BaseModel):
    """The address at which somebody shows whom they are at a provider."""

    url: str


class LinkShown(BaseModel):
    """Whom an account is at a provider."""

    id: int
    provider: str
    label: str
    linked_at: datetime
    used_at: datetime | None


def with_router(flow: SigningInWith, path: str, second_factor_path: str) -> Router:
    """Give the endpoints, under a path."""
    router = Router(prefix=path, tags=["accounts"])
    _add_ways(router, flow, path, second_factor_path)
    _add_links(router, flow)
    return router


def _add_ways(router: Router, flow: SigningInWith, path: str, second_factor_path: str) -> None:
    @router.get("/with")
    async def list_providers() -> list[ProviderShown]:
        """List the providers by which people can sign in."""
        return [
            ProviderShown(name=one.name, title=one.title, path=f"{path}/with/{one.name}")
            for one in flow.providers.values()
        ]

    @router.get("/with/{name}", status_code=303, response_class=RedirectResponse)
    async def sign_in_with(
        name: str, request: Request, next: str = "/", remember: bool = False
    ) -> Response:
        """Send a browser to a provider."""
        address = await flow.begin(request, name, next=next, remember=remember)
        return RedirectResponse(address, 303, _HEADERS)

    @router.get("/with/{name}/callback", status_code=303, response_class=RedirectResponse)
    async def come_back(name: str, request: Request) -> Response:
        """Sign in, or link, who comes back from a provider."""
        arrived = await flow.finish(request, name, Returned.of(request))
        if arrived.result is not None and not arrived.result.is_done:
            query = urlencode({"next": arrived.next})
            return RedirectResponse(f"{second_factor_path}?{query}", 303, _HEADERS)
        return RedirectResponse(arrived.next, 303, _HEADERS)


def _add_links(router: Router, flow: SigningInWith) -> None:
    @router.post("/with/{name}/link", dependencies=_RECENT)
    async def begin_link(name: str, given: LinkAsked, request: Request, user: _Me) -> LinkBegun:
        """Begin to link one's own account."""
        return LinkBegun(url=await flow.begin_link(request, name, next=given.next))

    @router.get("/links")
    async def list_links(user: _Me) -> list[LinkShown]:
        """List what one's own account is linked to."""
        return [
            LinkShown(
                id=one.id,
                provider=flow.title_of(one.issuer),
                label=one.label,
                linked_at=one.linked_at,
                used_at=one.used_at,
            )
            for one in await flow.linking.of(user)
        ]

    @router.delete("/links/{id}", status_code=204, dependencies=_RECENT)
    async def remove_link(id: int, request: Request, user: _Me) -> None:
        """Take a link of one's own account away."""
        await flow.linking.remove(request, user, id, flow.title_of)


async def refused_page(request: Request, refused: WithRefused) -> Response:
    """Say what went wrong: to a browser by a page, else as JSON."""
    headers = {**_HEADERS, "Vary": "Accept"}
    if "text/html" in request.headers.get("accept", ""):
        headers["Content-Security-Policy"] = "default-src 'none'; frame-ancestors 'none'"
        page = _PAGE.format(detail=escape(str(refused.detail)))
        return HTMLResponse(page, refused.status_code, headers)
    shape = getattr(request.scope.get("app"), "error_shape", FASTAPI)
    shape = shape if isinstance(shape, ErrorShape) else FASTAPI
    body = shape.to_json(refused.status_code, refused.detail)
    return Response(body, refused.status_code, headers, media_type=shape.media_type)
