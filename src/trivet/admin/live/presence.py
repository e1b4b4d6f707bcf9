"""Who else has a row open: those who may see it are told each other's names."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from starlette.requests import HTTPConnection

from trivet.admin.live.visiting import visit_of
from trivet.admin.plan.model import ModelPlan
from trivet.admin.visits import Visit
from trivet.realtime import Member, Realtime

if TYPE_CHECKING:
    from trivet.admin.showing import Site

__all__ = ["Presence"]


class Presence:
    """A channel for each row, on which nothing is said but who is there."""

    def __init__(self, realtime: Realtime, site: Site) -> None:
        async def may_join(connection: HTTPConnection, model: str, key: str) -> Member | None:
            plan, visit = site.plan.models.get(model), await visit_of(site, connection)
            if plan is None or visit is None or not await _may_see(visit, plan, unquote(key)):
                return None
            return _member(visit)

        self._channel = realtime.channel(
            f"admin{site.path.replace('/', '-')}/{{model}}/{{key}}",
            None,
            may_subscribe=may_join,
            presence=True,
        )

    def channel(self, visit: Visit, plan: ModelPlan, key: str) -> str:
        """Give the name of a row's channel; empty where nobody knows who the visitor is, or the
        key is too long for a name.
        """
        if _member(visit) is None:
            return ""
        try:
            return self._channel(model=plan.slug, key=quote(key, safe="")).name
        except ValueError:
            return ""


def _member(visit: Visit) -> Member | None:
    handle = getattr(visit.user, "handle", None)
    return None if handle is None else Member(handle, {"name": visit.name})


async def _may_see(visit: Visit, plan: ModelPlan, key: str) -> bool:
    values = plan.keys.read(key)
    if values is None or not await visit.may("view", plan.model):
        return False
    rows = await visit.may.reachable("view", plan.query())
    return await rows.where(*plan.keys.conditions(values)).exists()
