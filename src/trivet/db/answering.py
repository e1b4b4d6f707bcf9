"""From a handler's value to its answer: queries become rows, and objects get what is shown of them.

A type of answer says which columns and relations it shows (`wanted.py`); here this becomes a plan:
one query for the rows, one more for each relation, whatever their number. A query that a handler
returns is read by it straight into plain data. Objects that it returns are given the relations
that are shown and not loaded yet.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import inspect

from trivet.db.errors import NotFound, TooManyFound
from trivet.db.loading import Reading, load_related, reading_of
from trivet.db.present import unit_now
from trivet.db.query import Query
from trivet.db.wanted import Wanted, wanted
from trivet.routing.around import Preparing

__all__ = ["Answering", "answering"]

_UNKNOWN: Any = object()


def answering(model: Any) -> Preparing | None:
    """Give what prepares values for answers of the type `model`, if it shows mapped classes."""
    found = wanted(model, Query)
    if found is None or not found.concerns_models:
        return None
    return Answering(found)


class Answering(Preparing):
    """Makes queries and objects ready for one type of answer."""

    def __init__(self, wanted: Wanted) -> None:
        self._wanted = wanted
        self._readings: dict[type[Any], Reading | None] = {}
        self._is_flat = wanted.is_flat

    def concerns(self, value: Any) -> bool:
        """Tell whether it is a query, or an object that may lack a relation."""
        return type(value) is Query or not (self._is_flat or value is None)

    async def ready(self, value: Any) -> Any:
        """Give rows for a query; load what objects lack."""
        if type(value) is not Query:
            await self._complete([value], self._wanted)
            return value
        if self._wanted.is_many:
            return await self._rows(value)
        found = await self._rows(value[:2])
        if not found:
            raise NotFound(value.model)
        if len(found) > 1:
            raise TooManyFound(value.model, 2)
        return found[0]

    def explained(self) -> Sequence[str]:
        """Say what is read for the answer: a line for each query."""
        return list(_described(self._wanted, "the rows"))

    async def _rows(self, query: Query[Any]) -> list[Any]:
        unit = unit_now(query.model)
        reading = self._readings.get(query.model, _UNKNOWN)
        if reading is _UNKNOWN:
            reading = reading_of(self._wanted, inspect(query.model))
            self._readings[query.model] = reading
        if reading is not None and unit.reads_directly:
            planned = unit.database.plans.rows_of(query, reading)
            if planned is not None:
                plan, values = planned
                with unit.underway:
                    found = plan.make(await unit.read(plan.sql, values))
                    if not reading.relations:
                        return list(found)
                    items, kept = found
                    await unit.database.plans.loader.fill(unit, reading, items, kept)
                return list(items)
        items = await query
        await self._complete(items, self._wanted)
        return items

    async def _complete(self, values: Sequence[Any], wanted: Wanted) -> None:
        """Load what is wanted of objects, and of objects inside of others."""
        objects: dict[type[Any], list[Any]] = {}
        for value in _alone(values):
            if hasattr(value, "_sa_instance_state"):
                objects.setdefault(type(value), []).append(value)
                continue
            for part in wanted.parts:
                if part.below is not None and (inner := _part(value, part.names)) is not None:
                    await self._complete([inner], part.below)
        for model, items in objects.items():
            branches = wanted.branches(inspect(model))
            if branches:
                await load_related(unit_now(model), items, branches)


def _alone(values: Sequence[Any]) -> Iterator[Any]:
    for value in values:
        if isinstance(value, list | tuple | set | frozenset):
            yield from _alone(list(value))
        elif value is not None:
            yield value


def _part(value: Any, names: Sequence[str]) -> Any:
    if isinstance(value, dict):
        return next((value[name] for name in names if name in value), None)
    return next((getattr(value, name) for name in names if hasattr(value, name)), None)


def _described(wanted: Wanted, what: str) -> Iterator[str]:
    columns = [part.names[0] for part in wanted.parts if part.below is None]
    if wanted.is_mapped:
        yield f"one query for {what} of {wanted.shown}: {', '.join(columns)}"
    for part in wanted.parts:
        if part.below is not None:
            name = part.names[0]
            yield from _described(part.below, f"all {name}" if wanted.is_mapped else "the rows")
