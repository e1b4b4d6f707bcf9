"""Lists that say that rows were changed meanwhile: a channel for each model, told after a commit.

A message says how many rows it were, and nothing of them. Whoever changes rows, in the admin or
elsewhere in the process, is noticed by the signals of the database.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel
from starlette.requests import HTTPConnection

from trivet.admin.live.visiting import visit_of
from trivet.admin.plan.model import ModelPlan
from trivet.db import Database
from trivet.db.present import unit_now
from trivet.db.signals import Bulk
from trivet.realtime import Realtime

if TYPE_CHECKING:
    from trivet.admin.showing import Site

__all__ = ["Changes", "RowsChanged"]


class RowsChanged(BaseModel):
    """So many rows of a model were changed at once."""

    number: int


class Changes:
    """A channel for each model."""

    def __init__(self, realtime: Realtime, site: Site) -> None:
        async def may_subscribe(connection: HTTPConnection, model: str) -> bool:
            plan, visit = site.plan.models.get(model), await visit_of(site, connection)
            return plan is not None and visit is not None and await visit.may("view", plan.model)

        self._channel = realtime.channel(
            f"admin{site.path.replace('/', '-')}/{{model}}",
            RowsChanged,
            may_subscribe=may_subscribe,
        )

    def channel(self, plan: ModelPlan) -> str:
        """Give the name of a model's channel."""
        return self._channel(model=plan.slug).name

    def watch(self, plans: Iterable[ModelPlan], databases: Iterable[Database]) -> None:
        """Notice changes of models, whoever makes them."""
        by_metadata = {id(one.metadata): one for one in databases}
        for plan in plans:
            database = by_metadata.get(id(getattr(plan.model, "metadata", None)))
            if database is not None:
                self._watch(plan, database)

    def _watch(self, plan: ModelPlan, database: Database) -> None:
        signals, model = database.signals, plan.model

        def noticed(what: Any) -> None:
            if isinstance(what, Bulk):
                self._note(plan, 1 if what.count is None else what.count)
            else:
                self._note(plan, 1)

        signals.after_create(model)(noticed)
        signals.after_update(model)(noticed)
        signals.after_delete(model)(noticed)
        signals.after_bulk(model)(noticed)

    def _note(self, plan: ModelPlan, number: int) -> None:
        """Count a change; what one unit of work changes is told at once, when it is committed."""
        unit = unit_now(plan.model)
        telling = next((one for one in unit.after or () if isinstance(one, _Telling)), None)
        if telling is None:
            telling = _Telling()
            unit.on_commit(telling)
        if number:
            telling.numbers[self, plan.slug] += number

    async def tell(self, slug: str, number: int) -> None:
        """Tell all who look at a list."""
        await self._channel(model=slug).publish(RowsChanged(number=number), at_once=True)


class _Telling:
    """What one unit of work has to tell, of all sites."""

    def __init__(self) -> None:
        self.numbers: Counter[tuple[Changes, str]] = Counter()

    async def __call__(self) -> None:
        for (changes, slug), number in self.numbers.items():
            await changes.tell(slug, number)
