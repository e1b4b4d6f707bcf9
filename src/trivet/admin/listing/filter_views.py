"""Filters as people see them: what may be chosen, what is, and where one goes without it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from trivet.admin.listing.beside import Names
from trivet.admin.listing.state import ListState
from trivet.admin.plan.filters import (
    EMPTY,
    DatesFilter,
    FilterPlan,
    OptionsFilter,
    OwnFilter,
    RangeFilter,
    RelationFilter,
)
from trivet.admin.views import Chip, Filter, Option
from trivet.texts import lazy

__all__ = ["FilterViews", "hierarchy_options"]

_NONE = lazy("Empty")
_MONTHS = 12


class FilterViews:
    """The filters of one list.

    `names` are those of rows that are picked; `pick_url` gives where rows of a model are looked up.
    """

    def __init__(self, state: ListState, names: Names, pick_url: Callable[[Any], str]) -> None:
        self._names = names
        self._state = state
        self._pick_url = pick_url

    def filter(self, plan: FilterPlan) -> Filter:
        """Give a filter."""
        given = self._state.given(plan)
        first = given.get("", ("",))[-1]
        if isinstance(plan, OptionsFilter | OwnFilter):
            options = self._options(plan, given)
            return Filter(f"f.{plan.name}", plan.label, "options", options, is_active=bool(given))
        if isinstance(plan, RelationFilter):
            return Filter(
                f"f.{plan.name}",
                plan.label,
                "relation",
                self._emptiness(plan, given) if plan.is_nullable else (),
                value=first,
                value_label=self._called(plan, first) if first else "",
                search_url=self._pick_url(plan.relation.target),
                is_active=bool(given),
            )
        options = []
        if isinstance(plan, DatesFilter):
            options = self._stretches(plan, given)
        elif getattr(plan, "is_nullable", False):
            options = self._emptiness(plan, given)
        return Filter(
            f"f.{plan.name}",
            plan.label,
            plan.kind,
            options,
            least=given.get("__gte", ("",))[-1],
            most=given.get("__lte", ("",))[-1],
            input_type={"range": "number", "dates": "date"}.get(plan.kind, "search"),
            value="" if first == EMPTY else first,
            is_active=bool(given),
        )

    def _options(self, plan: OptionsFilter | OwnFilter, given: Mapping[str, Any]) -> list[Option]:
        chosen = given.get("", ())
        found = [Option(lazy("All"), self._state.filtered(plan.name), not chosen)]
        choices = dict(plan.choices) | ({EMPTY: _NONE} if plan.is_nullable else {})
        for value, label in choices.items():
            found.append(self._option(plan, label, value, chosen))
        return found

    def _emptiness(self, plan: FilterPlan, given: Mapping[str, Any]) -> list[Option]:
        return [self._option(plan, _NONE, EMPTY, given.get("", ()))]

    def _option(self, plan: FilterPlan, label: str, value: str, chosen: Any) -> Option:
        url = self._state.filtered(plan.name, *(() if value in chosen else (value,)))
        return Option(label, url, value in chosen)

    def _stretches(self, plan: DatesFilter, given: Mapping[str, Any]) -> list[Option]:
        chosen = given.get("", ())
        found = [Option(lazy("Any time"), self._state.filtered(plan.name), not given)]
        for name, label in plan.STRETCHES.items():
            found.append(self._option(plan, label, name, chosen))
        return found + (self._emptiness(plan, given) if plan.is_nullable else [])

    def _called(self, plan: RelationFilter, text: str) -> str:
        return _NONE if text == EMPTY else self._names.get((plan.name, text), text)

    def chips(self, plan: FilterPlan) -> list[Chip]:
        """Give what of a filter narrows the list now."""
        given, state = self._state.given(plan), self._state
        found = []
        for part, values in sorted(given.items()):  # the least before the most
            name = f"{plan.name}{part}"
            others = {key: one for key, one in state.filters.items() if key != name}
            for value in values:
                rest = tuple(one for one in values if one != value)
                url = state.url(filters=others | ({name: rest} if rest else {}))
                found.append(Chip(plan.label, self._told(plan, part, value), url))
        return found

    def _told(self, plan: FilterPlan, part: str, value: str) -> str:
        if value == EMPTY:
            return _NONE
        if isinstance(plan, OptionsFilter | OwnFilter):
            return plan.choices.get(value, value)
        if isinstance(plan, RelationFilter):
            return self._called(plan, value)
        if isinstance(plan, DatesFilter) and value in plan.STRETCHES:
            return plan.STRETCHES[value]
        signs = {"__gte": "≥ ", "__lte": "≤ ", "": "= " if isinstance(plan, RangeFilter) else ""}
        return f"{signs.get(part, '')}{value}"


def hierarchy_options(plan: DatesFilter, state: ListState, ends: Mapping[str, Any]) -> list[Option]:
    """Give the years, the months of a year, or the days of a month, and the way back up."""
    chosen = state.given(plan).get("", ("",))[-1]
    steps = chosen.split("-") if chosen and chosen != EMPTY else []
    found = [Option(lazy("All dates"), state.filtered(plan.name))] if steps else []
    for number in range(1, len(steps)):
        above = "-".join(steps[:number])
        found.append(Option(above, state.filtered(plan.name, above)))
    low, high = _day(ends.get("hierarchy_min")), _day(ends.get("hierarchy_max"))
    if low is None or high is None:
        return found
    if not steps:
        years = range(high.year, max(low.year, high.year - 29) - 1, -1)
        return [Option(str(year), state.filtered(plan.name, f"{year:04}")) for year in years]
    if len(steps) == 1 and steps[0].isdecimal():
        for month in range(1, _MONTHS + 1):
            text = f"{int(steps[0]):04}-{month:02}"
            if f"{low:%Y-%m}" <= text <= f"{high:%Y-%m}":
                found.append(Option(text, state.filtered(plan.name, text)))
        return found
    return [*found, Option(chosen, state.filtered(plan.name, chosen), is_chosen=True)]


def _day(value: Any) -> date | None:
    return value.date() if isinstance(value, datetime) else value
