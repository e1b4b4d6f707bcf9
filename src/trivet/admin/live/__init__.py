"""What a site tells open pages: rows that were changed meanwhile, and who else is at a row.

By the channels of `trivet.realtime`, where the application has them; by WebSocket, as a browser has
few connections besides, and many pages of an admin are open at once.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from starlette.requests import Request

from trivet.admin.live.changes import Changes
from trivet.admin.live.presence import Presence
from trivet.admin.plan.model import ModelPlan
from trivet.db import Database
from trivet.http.mounts import mount_of
from trivet.realtime import Realtime

if TYPE_CHECKING:
    from trivet.admin.showing import Site

__all__ = ["Live"]


class Live:
    """The channels of one site."""

    def __init__(self, realtime: Realtime, site: Site) -> None:
        self.changes = Changes(realtime, site)
        self.presence = Presence(realtime, site)
        self._realtime = realtime

    def watch(self, plans: Iterable[ModelPlan], databases: Iterable[Database]) -> None:
        """Notice changes of models, whoever makes them."""
        self.changes.watch(plans, databases)

    def client_url(self, request: Request) -> str:
        """Give the script by which a page listens to channels."""
        return f"{mount_of(request.scope)}{self._realtime.prefix}/client.js"
