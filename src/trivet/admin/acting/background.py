"""Actions that go on alone, as jobs of `trivet.jobs`: with the rights that the account has then.

A job is told who wanted it and which rows were meant. When it runs, the account is asked for again,
and so is what it may: who may not any more has it not done. This module alone knows `trivet.jobs`,
and is loaded where an application has it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from trivet.admin.acting.chosen import Chosen
from trivet.admin.acting.performing import Done, perform
from trivet.admin.plan.actions import ActionPlan
from trivet.admin.plan.model import ModelPlan
from trivet.admin.showing import Site
from trivet.admin.visits import Visit
from trivet.db import Database
from trivet.jobs import Jobs, Run, State, Stop

__all__ = ["Background", "Told"]


@dataclass(frozen=True)
class Told:
    """How far a job is."""

    is_over: bool
    share: float | None
    note: str
    text: str = ""
    level: str = "success"


class Background:
    """The actions of one site as jobs."""

    def __init__(self, site: Site, jobs: Jobs) -> None:
        self._site = site
        self._jobs = jobs
        self._name = f"admin.actions:{site.path}"
        # Once: what was half done when it failed is not done again without being asked for.
        declare: Any = jobs.job(name=self._name, max_attempts=1, timeout=None, keep=86_400.0)
        self._job = declare(self._run)

    async def start(
        self, visit: Visit, plan: ModelPlan, action: ActionPlan, chosen: Chosen, values: Any
    ) -> int:
        """Put a job in; gives its number."""
        identity = getattr(visit.may, "identity", None)
        scopes = None if identity is None else identity.scopes
        queued = await self._job.enqueue(
            model=plan.slug,
            action=action.name,
            chosen=chosen.written(),
            values=None if values is None else values.model_dump(mode="json"),
            handle=visit.handle,
            scopes=None if scopes is None else sorted(scopes),
            impersonator=visit.impersonator,
        )
        return int(queued.id)

    async def told(self, visit: Visit, number: int) -> Told | None:
        """Give how far a job is; None for one that is another's, or not there."""
        database: Database = self._jobs.database
        jobs = self._jobs.board.jobs
        wanted = select(jobs).where(jobs.c.id == number, jobs.c.name == self._name)
        rows = await database.unit.rows(wanted)
        if not rows:
            return None
        (row,) = rows
        if not visit.handle or json.loads(row.arguments).get("handle") != visit.handle:
            return None
        state = State(row.state)
        if state is State.DONE:
            said = json.loads(row.result or "{}")
            return Told(True, 1.0, "", said.get("text", ""), said.get("level", "success"))
        if state in (State.DEAD, State.CANCELLED):
            return Told(True, row.progress, "", level="error")
        return Told(False, row.progress, row.note or "")

    async def _run(
        self,
        run: Run,
        model: str,
        action: str,
        chosen: str,
        values: dict[str, Any] | None,
        handle: str,
        scopes: list[str] | None,
        impersonator: str,
    ) -> dict[str, str]:
        plan = self._site.plan.models.get(model)
        wanted = None if plan is None else plan.action(action)
        if plan is None or wanted is None:
            raise Stop(f"{model} has no action {action!r} any more")
        visit = await self._site.access.again(
            handle, None if scopes is None else frozenset(scopes), impersonator
        )
        if visit is None or not await visit.may(wanted.permission, plan.model):
            raise Stop(f"{handle} may not do {action!r} with {model} any more")
        self._site.prepared(visit)
        visit.progress = run.progress
        form = wanted.form
        given = None if form is None or values is None else form.model_validate(values)
        done: Done = await perform(
            self._site.plan, visit, plan, wanted, Chosen.read("", chosen, plan), given
        )
        return {"text": str(done.text), "level": done.level}
