"""The filters of a list: each reads its part of the address, and makes a condition of it.

One class for each kind. What does not fit raises `UnfitFilter`, and the list is empty and says so:
a filter that was left out in silence would show, and let be changed, more than was asked for.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, ClassVar, Literal
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter
from sqlalchemy import and_, not_, or_

from trivet.admin.declared.filters import Filter
from trivet.admin.declared.model_admin import ModelAdmin
from trivet.admin.keys import Keys
from trivet.admin.plan.columns import kind_of
from trivet.admin.plan.names import named, titled, unknown
from trivet.admin.plan.texts import read_text
from trivet.db import Query, UtcDateTime
from trivet.db.describe import Column, Description, Relation
from trivet.db.lookups import condition
from trivet.forms.choices import choices_of
from trivet.forms.facts import facts_of
from trivet.texts import lazy

__all__ = [
    "EMPTY",
    "ColumnFilter",
    "DatesFilter",
    "FilterPlan",
    "OptionsFilter",
    "OwnFilter",
    "RangeFilter",
    "RelationFilter",
    "TextFilter",
    "UnfitFilter",
    "filter_of",
    "filters_of",
    "hierarchy_of",
    "period",
]

Given = Mapping[str, Sequence[str]]
"""What an address says of one filter: values, by what stands behind its name, as look-ups do."""

EMPTY = "~"
"""Stands for no value, where one is chosen; keys and values of columns never are it."""


class UnfitFilter(Exception):
    """What an address says of a filter is no value of its column; `text` is for people."""

    @property
    def text(self) -> str:
        """What is told: in the reader's language where it was written so."""
        found: str = self.args[0]
        return found


class FilterPlan(ABC):
    """One filter: its place in the address, what it is called, and what it keeps."""

    kind: ClassVar[Literal["options", "relation", "range", "dates", "text"]]
    parts: ClassVar[frozenset[str]] = frozenset({""})

    def __init__(self, name: str, label: str) -> None:
        self.name = name
        self.label = label

    def narrowed(self, query: Query[Any], given: Given, zone: str) -> Query[Any]:
        """Keep what fits; raises `UnfitFilter`. Days begin and end in the time zone `zone`."""
        return query.where(self.condition(given, zone))

    @abstractmethod
    def condition(self, given: Given, zone: str) -> Any:
        """Give what a row must fit."""


class ColumnFilter(FilterPlan):
    """A filter of one column, whose values it reads."""

    def __init__(self, model: Any, column: Column) -> None:
        super().__init__(column.name, titled(column.name))
        self.is_nullable = column.is_nullable
        self.attribute = getattr(model, column.name)
        self.column = column
        self._adapter: TypeAdapter[Any] = TypeAdapter(column.annotation)

    def read(self, text: str) -> Any:
        """Give the value that a text stands for; raises `UnfitFilter`."""
        try:
            return read_text(self._adapter, text)
        except ValueError as error:
            raise UnfitFilter(f"{self.label}: {text}") from error


class OptionsFilter(ColumnFilter):
    """One of few values, or some of them: yes or no, a member of an enumeration."""

    kind = "options"

    def __init__(self, model: Any, column: Column) -> None:
        super().__init__(model, column)
        facts = facts_of(column.annotation)
        choices = choices_of(facts)
        if choices is None:
            self.choices = {"true": lazy("Yes"), "false": lazy("No")}
        else:
            self.choices = {one.text: one.label for one in choices}  # type: ignore[misc]
        self._values = {} if choices is None else {one.text: one.value for one in choices}

    def condition(self, given: Given, zone: str) -> Any:
        """Keep the rows that have one of the values."""
        chosen = given[""]
        wanted = [self.value(text) for text in chosen if text != EMPTY]
        found = [self.attribute.in_(wanted)] if wanted else []
        return or_(*found, *([self.attribute.is_(None)] if EMPTY in chosen else []))

    def value(self, text: str) -> Any:
        """Give the value that the text of a choice means; raises `UnfitFilter`."""
        if text not in self.choices:
            raise UnfitFilter(f"{self.label}: {text}")
        return self._values.get(text, text == "true")


class RangeFilter(ColumnFilter):
    """Numbers from, to, or both."""

    kind = "range"
    parts = frozenset({"__gte", "__lte", ""})

    def condition(self, given: Given, zone: str) -> Any:
        """Keep what is within the range, its ends included; or what is empty."""
        if EMPTY in given.get("", ()):
            return self.attribute.is_(None)
        found = [self.attribute == self.read(text) for text in given.get("", ())[-1:]]
        found += [self.attribute >= self.read(text) for text in given.get("__gte", ())[-1:]]
        found += [self.attribute <= self.read(text) for text in given.get("__lte", ())[-1:]]
        return and_(*found)


class DatesFilter(ColumnFilter):
    """Days from and to, or a stretch of time that ends now: ``today``, ``week`` …"""

    kind = "dates"
    parts = frozenset({"__gte", "__lte", ""})
    STRETCHES: ClassVar[Mapping[str, str]] = {
        "today": lazy("Today"),
        "week": lazy("Past 7 days"),
        "month": lazy("This month"),
        "year": lazy("This year"),
    }

    def condition(self, given: Given, zone: str) -> Any:
        """Keep what is on these days, the last included."""
        if EMPTY in given.get("", ()):
            return self.attribute.is_(None)
        first, last = self._days(given, zone)
        try:
            low = None if first is None else self.start(first, zone)
            high = None if last is None else self.start(last + timedelta(days=1), zone)
        except OverflowError as error:
            raise UnfitFilter(f"{self.label}: {last}") from error
        found = [] if low is None else [self.attribute >= low]
        return and_(*found, *([] if high is None else [self.attribute < high]))

    def _days(self, given: Given, zone: str) -> tuple[date | None, date | None]:
        for text in given.get("", ())[-1:]:
            if text in self.STRETCHES:
                return self._stretch(text, datetime.now(ZoneInfo(zone)).date())
            return period(text, self.label)
        ends = [self._day(given.get(part, ())) for part in ("__gte", "__lte")]
        return ends[0], ends[1]

    def _stretch(self, name: str, today: date) -> tuple[date, date | None]:
        starts = {
            "today": today,
            "week": today - timedelta(days=6),
            "month": today.replace(day=1),
            "year": today.replace(month=1, day=1),
        }
        return starts[name], None if name != "today" else today

    def _day(self, texts: Sequence[str]) -> date | None:
        return period(texts[-1], self.label)[0] if texts else None

    def start(self, day: date, zone: str) -> Any:
        """Give where a day begins, as the column has it; raises `OverflowError` before all days."""
        if kind_of(self.column) == "date":
            return day
        begun = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).astimezone(UTC)
        kind = self.column.type
        is_aware = isinstance(kind, UtcDateTime) or getattr(kind, "timezone", False)
        return begun if is_aware else begun.replace(tzinfo=None)


def period(text: str, label: str) -> tuple[date, date]:
    """Give the first and the last day of ``2026``, ``2026-11`` or ``2026-11-26``.

    Raises `UnfitFilter`.
    """
    steps = text.split("-")
    try:
        numbers = [int(step) for step in steps]
        first = date(*[*numbers, 1, 1][:3])
        if len(steps) == 1:
            return first, first.replace(month=12, day=31)
        if len(steps) == 2:  # a year and a month
            following = first.replace(day=28) + timedelta(days=4)
            return first, following - timedelta(days=following.day)
        return first, first
    except (ValueError, OverflowError, TypeError) as error:
        raise UnfitFilter(f"{label}: {text}") from error


class TextFilter(ColumnFilter):
    """A text that is somewhere in the column."""

    kind = "text"

    def condition(self, given: Given, zone: str) -> Any:
        """Keep what has the text in it, in small or capital letters."""
        text = given[""][-1]
        if text == EMPTY:
            return or_(self.attribute.is_(None), self.attribute == "")
        return condition(self.attribute.class_, f"{self.name}__icontains", text)


class RelationFilter(FilterPlan):
    """A row of another model."""

    kind = "relation"

    def __init__(self, model: Any, relation: Relation) -> None:
        super().__init__(relation.name, titled(relation.name))
        self.relation = relation
        self.is_nullable = relation.is_nullable or relation.is_many
        self._attribute = getattr(model, relation.name)
        self._keys = Keys(relation.target)

    def key(self, text: str) -> tuple[Any, ...]:
        """Give the key that a text stands for; raises `UnfitFilter`."""
        values = self._keys.read(text)
        if values is None:
            raise UnfitFilter(f"{self.label}: {text}")
        return values

    def condition(self, given: Given, zone: str) -> Any:
        """Keep the rows that are related to one of those that are named."""
        found = []
        for text in given[""]:
            if text == EMPTY:
                found.append(not_(self.related()))
            else:
                found.append(self.related(*self._keys.conditions(self.key(text))))
        return or_(*found)

    def related(self, *conditions: Any) -> Any:
        """Give what rows fit that are related to any, or to one that fits conditions on its key."""
        own = self.relation.columns
        if own and len(own) == len(self._keys.names) == 1:  # the key is in the row itself
            column = getattr(self._attribute.class_, own[0])
            return column.is_not(None) if not conditions else column == conditions[0].right
        if self.relation.is_many:
            return self._attribute.any(*conditions)
        return self._attribute.has(*conditions)


class OwnFilter(FilterPlan):
    """A filter that a user wrote."""

    kind = "options"
    is_nullable = False

    def __init__(self, given: Filter) -> None:
        super().__init__(given.name, given.label or titled(given.name))
        self.choices = given.choices
        self._by = given.by

    def narrowed(self, query: Query[Any], given: Given, zone: str) -> Query[Any]:
        """Ask the user's function."""
        return self.kept(query, given[""][-1])

    def kept(self, query: Query[Any], chosen: str) -> Query[Any]:
        """Give the rows that a choice keeps; raises `UnfitFilter`."""
        if chosen not in self.choices:
            raise UnfitFilter(f"{self.label}: {chosen}")
        return self._by(query, chosen)

    def condition(self, given: Given, zone: str) -> Any:
        """Is never asked: the user's function has the query."""
        raise NotImplementedError


_BY_KIND: Mapping[str, type[ColumnFilter]] = {
    "boolean": OptionsFilter,
    "badge": OptionsFilter,
    "number": RangeFilter,
    "date": DatesFilter,
    "moment": DatesFilter,
}


def filters_of(admin: type[ModelAdmin], known: Description) -> tuple[FilterPlan, ...]:
    """Give the filters that were declared; raises `SetupError`."""
    return tuple(_declared(admin, one, known) for one in admin.filters)


def filter_of(model: Any, column: Column) -> ColumnFilter:
    """Give the filter that suits a column."""
    is_choice = choices_of(facts_of(column.annotation)) is not None
    kind = OptionsFilter if is_choice else _BY_KIND.get(kind_of(column), TextFilter)
    return kind(model, column)


def _declared(admin: type[ModelAdmin], given: Any, known: Description) -> FilterPlan:
    if isinstance(given, Filter):
        return OwnFilter(given)
    name = named(given)
    column = known.column(name)
    if column is not None:
        return filter_of(known.model, column)
    relation = known.relation(name)
    if relation is None:
        raise unknown(admin, "filters", name, known)
    return RelationFilter(known.model, relation)


def hierarchy_of(admin: type[ModelAdmin], known: Description) -> DatesFilter | None:
    """Give the date that a list is gone down into, or None; raises `SetupError`."""
    if admin.hierarchy is None:
        return None
    column = known.column(named(admin.hierarchy))
    if column is None or _BY_KIND.get(kind_of(column)) is not DatesFilter:
        raise unknown(admin, "hierarchy", named(admin.hierarchy), known)
    return DatesFilter(known.model, column)
