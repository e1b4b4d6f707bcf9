"""The first page: what the site has."""

from __future__ import annotations

from starlette.responses import Response

from trivet.admin.home.board import Board
from trivet.admin.pages.page import Page
from trivet.admin.visits import Visit

__all__ = ["HomePage"]


class HomePage(Page):
    """Cards, charts, the models that the visitor may see, and what happened lately."""

    path = "/"

    async def get(self, visit: Visit) -> Response:
        """Show the page."""
        view = await Board(self.site).view(visit)
        return await self.site.show(visit, "home", (), page=view)
