"""Kept views as tabs above their list, and the one with which it begins."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import parse_qsl, urlencode

from trivet.admin.kept_views import View
from trivet.admin.listing.state import ListState
from trivet.admin.plan.model import ModelPlan
from trivet.admin.views import Option
from trivet.admin.visits import Visit
from trivet.texts import lazy

__all__ = ["EVERYTHING", "begins_with", "read_view", "tabs_of"]

EVERYTHING = "view"
"""Stands in an address that means the whole list, though another view is the first."""


def read_view(view: View, path: str, plan: ModelPlan) -> ListState:
    """Read what a view says as an address of a list is read: columns that are gone are left out."""
    return ListState.read(path, parse_qsl(view.query), plan)


def tabs_of(views: Sequence[View], state: ListState, plan: ModelPlan) -> list[Option]:
    """Give the tabs: everything, and the kept views; none where there is nothing to tell apart."""
    said = state.pairs()
    if not views and not said:
        return []
    known = [(view, read_view(view, state.path, plan)) for view in views]
    chosen = next((view.id for view, one in known if one.pairs() == said), None)
    found = [Option(lazy("All"), f"{state.path}?{EVERYTHING}=all", chosen is None and not said)]
    for view, one in known:
        url = one.url() if one.pairs() else f"{state.path}?{EVERYTHING}=all"
        found.append(Option(view.label, url, view.id == chosen))
    return found


def begins_with(views: Sequence[View], visit: Visit, path: str, plan: ModelPlan) -> str:
    """Give where a list begins: with the visitor's own choice, or with everybody's; or empty."""
    chosen = [one for one in views if one.is_default]
    mine = next((one for one in chosen if one.handle == visit.handle), None)
    found = mine or next((one for one in chosen if one.is_shared), None)
    if found is None:
        return ""
    said = read_view(found, path, plan).pairs()
    return f"{path}?{urlencode(said)}" if said else ""
