"""Who changed a row last, and when: told by the history of rows, where one is kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from trivet.admin.history.recording import key_kept, model_kept
from trivet.admin.plan.model import ModelPlan
from trivet.admin.visits import Visit

__all__ = ["LastChange", "last_change"]


@dataclass(frozen=True)
class LastChange:
    """The last change of a row."""

    who: str
    when: datetime


async def last_change(visit: Visit, plan: ModelPlan, row: Any) -> LastChange | None:
    """Give the last change of a row; None where nobody has written it down."""
    if visit.history is None:
        return None
    key = key_kept(plan.keys.written(row))
    found = await visit.history.of_row(model_kept(plan.model), key, limit=1)
    return LastChange(found[0].name, found[0].at) if found else None
