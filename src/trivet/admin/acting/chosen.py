"""The rows that somebody chose in a list: some of them by their keys, or all that match."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode

from sqlalchemy import and_, false, or_

from trivet.admin.listing.rows import narrowed
from trivet.admin.listing.state import ListState
from trivet.admin.plan.filters import UnfitFilter
from trivet.admin.plan.model import ModelPlan
from trivet.admin.visits import Visit
from trivet.db import Query

__all__ = ["Chosen", "by_keys", "chosen_by", "reached"]

_MOST_KEYS = 1000  # that are posted one by one
_KEPT = "kept-"  # what begins the inputs that hold the state of the list


@dataclass(frozen=True)
class Chosen:
    """What was chosen, as a form says it."""

    state: ListState
    keys: tuple[str, ...] = ()
    is_all: bool = False

    def hidden(self) -> list[tuple[str, str]]:
        """Give the inputs that say the same again."""
        said = [(f"{_KEPT}{name}", value) for name, value in self.state.pairs()]
        if self.is_all:
            return [*said, ("all", "1")]
        return said + [("key", one) for one in self.keys]

    def written(self) -> str:
        """Give the same as one text, for what goes on alone."""
        return urlencode(self.hidden())

    @classmethod
    def read(cls, path: str, text: str, plan: ModelPlan) -> Chosen:
        """Read what was written."""
        return chosen_by(path, parse_qsl(text), plan)


def chosen_by(path: str, pairs: Iterable[tuple[str, Any]], plan: ModelPlan) -> Chosen:
    """Read what was posted."""
    said = [(name, value) for name, value in pairs if isinstance(value, str)]
    kept = [(name.removeprefix(_KEPT), value) for name, value in said if name.startswith(_KEPT)]
    keys = dict.fromkeys(value for name, value in said if name == "key" and value)
    is_all = any(name == "all" and value == "1" for name, value in said)
    return Chosen(ListState.read(path, kept, plan), tuple(keys)[:_MOST_KEYS], is_all)


async def reached(
    plan: ModelPlan, visit: Visit, chosen: Chosen, action: str = "view"
) -> Query[Any]:
    """Give the rows that were chosen, of those that the visitor sees and may do `action` with."""
    if chosen.is_all:
        try:
            query = await narrowed(plan, chosen.state, visit)
        except UnfitFilter:
            return plan.query().where(false())
    else:
        known = plan.query(is_trash=chosen.state.is_trash)
        query = by_keys(plan, await visit.may.reachable("view", known), chosen.keys)
    return query if action == "view" else await visit.may.reachable(action, query)


def by_keys(plan: ModelPlan, query: Query[Any], keys: Sequence[str]) -> Query[Any]:
    """Keep the rows with these keys; what is no key of the model is left out."""
    read = [values for text in keys if (values := plan.keys.read(text)) is not None]
    if not read:
        return query.where(false())
    if len(plan.keys.names) == 1:
        column = getattr(plan.model, plan.keys.names[0])
        return query.where(column.in_([values[0] for values in read]))
    return query.where(or_(*(and_(*plan.keys.conditions(values)) for values in read)))
