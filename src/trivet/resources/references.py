"""References that a client gives: they must name rows that who asks may see.

Otherwise ``{"author_id": 7}`` would tell who has no access to authors whether there is a seventh,
and would hang rows of one's own below those of others. A row that may not be seen is answered as
one that is not there. Asked are only models that a rule of the application is about: one query for
each column, whatever the number of rows.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from trivet.db import Query
from trivet.db.describe import describe, referred
from trivet.errors import RequestValidationError
from trivet.resources.access import Asking

__all__ = ["Place", "References"]

Place = tuple[int | str, ...]
"""Where a row stands in what was sent: ``("body",)``, or ``("body", 3)`` of many."""


class References:
    """The columns of a model that refer to rows, and where each leads."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self._found: Mapping[str, tuple[Any, str]] | None = None

    def _leads(self) -> Mapping[str, tuple[Any, str]]:
        # With the first request: the other models may be declared later than the resource.
        if self._found is None:
            self._found = {
                column.name: leads
                for column in describe(self._model).columns
                if column.is_reference and (leads := referred(self._model, column.name)) is not None
            }
        return self._found

    async def check(self, asking: Asking, rows: Sequence[tuple[Place, Mapping[str, Any]]]) -> None:
        """Raise 422 for each value that names a row which is not there, or may not be seen."""
        if asking.permissions is None:
            return
        errors: list[dict[str, Any]] = []
        for name, (target, key) in self._leads().items():
            given = [
                (place, values[name]) for place, values in rows if values.get(name) is not None
            ]
            if not given or not asking.is_ruled("view", target):
                continue
            seen = await _seen(asking, target, key, {value for _, value in given})
            if seen is None:
                continue
            errors += [
                {
                    # As the database's own refusal reads.
                    "type": "foreign_key",
                    "loc": (*place, name),
                    "msg": "What is named here does not exist",
                }
                for place, value in given
                if value not in seen
            ]
        if errors:
            raise RequestValidationError(errors)


async def _seen(asking: Asking, target: Any, key: str, wanted: Collection[Any]) -> set[Any] | None:
    """Give those of the keys whose rows may be seen; None for all, known without asking."""
    every: Query[Any] = target.all()
    named = {f"{key}__in": list(wanted)}
    if asking.is_told_by_row("view", target):  # no list can ask these rules
        rows = await every.where(**named)
        return {getattr(row, key) for row in rows if await asking.may("view", row)}
    allowed = await asking.reachable("view", every)
    if allowed is every:
        return None
    return set(await allowed.where(**named).values_list(key))
