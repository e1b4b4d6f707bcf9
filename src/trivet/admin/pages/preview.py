"""Markdown as it will look: what an editor asks for while somebody types."""

from __future__ import annotations

from starlette.responses import Response

from trivet.admin.markup import rendered
from trivet.admin.pages.page import Page
from trivet.admin.visits import Visit

__all__ = ["PreviewPage"]

_LONGEST = 200_000  # characters


class PreviewPage(Page):
    """A text as safe HTML; a part of a page, which is never one by itself."""

    path = "/preview"
    posts = True

    async def get(self, visit: Visit) -> Response:
        """Give nothing: there is no text."""
        return Response(status_code=204)

    async def post(self, visit: Visit) -> Response:
        """Give the text that was sent."""
        text = (visit.sent("text") or "")[:_LONGEST]
        headers = {
            "Cache-Control": "no-store",
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "X-Content-Type-Options": "nosniff",
        }
        html = str(rendered(text)).encode("utf-8", "replace")
        return Response(html, media_type="text/html", headers=headers)
