"""What conditions of a list may be about: its filters, and the columns in which is searched.

Nothing else can be asked about: whoever may ask whether a column begins with a letter reads it, one
letter after the other. Each answer is yes or no and never unknown, so that a group of conditions
means what it says: what is empty is not "paid", and lacks every word.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, ClassVar, Literal, TypeAlias
from uuid import UUID

from sqlalchemy import and_, not_, or_, true

from trivet.admin.keys import Keys
from trivet.admin.plan.columns import kind_of
from trivet.admin.plan.filters import (
    ColumnFilter,
    DatesFilter,
    FilterPlan,
    OptionsFilter,
    OwnFilter,
    RangeFilter,
    RelationFilter,
    UnfitFilter,
    filter_of,
    period,
)
from trivet.admin.plan.lookups import LOOKUPS
from trivet.admin.plan.names import titled
from trivet.admin.plan.readers import is_secret
from trivet.admin.plan.search import SearchPlan, is_text
from trivet.db import Query
from trivet.db.describe import Column, Description, Relation, describe
from trivet.db.lookups import condition
from trivet.forms.facts import facts_of
from trivet.schema.annotations import is_subclass
from trivet.texts import lazy

__all__ = ["PathSubject", "RowSubject", "Subject", "subjects_of"]

_LARGEST = 10**30  # numbers beyond it are in no column, and some databases fail at them
Kind: TypeAlias = Literal["text", "number", "day", "choice", "row"]


class Subject(ABC):
    """One thing that conditions may be about: its place in the address, and what is asked of it."""

    asks: ClassVar[tuple[str, ...]] = ()

    def __init__(self, name: str, label: str, kind: Kind, *, may_be_empty: bool = False) -> None:
        self.name = name
        self.label = label
        self.kind = kind
        self.choices: Mapping[str, str] = {}
        """What may be chosen instead of typed, by the texts of the address."""
        self.lookups = (*self.asks, *(("empty", "filled") if may_be_empty else ()))

    def choices_for(self, lookup: str) -> Mapping[str, str]:
        """Give what may be chosen for a look-up; empty where a value is typed."""
        return self.choices

    def condition(self, lookup: str, values: Sequence[str], zone: str) -> Any:
        """Give what a row must fit; raises `UnfitFilter`. Days are those of the zone `zone`."""
        found = LOOKUPS.get(lookup)
        if found is None or lookup not in self.lookups:
            asked = {"what": self.label, "lookup": lookup}
            raise UnfitFilter(lazy("This cannot be asked of %(what)s: “%(lookup)s”.", **asked))
        if not found.fits(len(values)):
            raise UnfitFilter(
                lazy("A value is missing, or is too many: %(what)s.", what=self.label)
            )
        if found.denies:
            # What is unknown, since there is no value, is not so either.
            return self.asked(found.denies, values, zone).is_not(true())
        return self.asked(lookup, values, zone)

    @abstractmethod
    def asked(self, lookup: str, values: Sequence[str], zone: str) -> Any:
        """Give the condition of a look-up that denies nothing."""

    def unfit(self, text: str) -> UnfitFilter:
        """Give the error for a value that is none."""
        return UnfitFilter(f"{self.label}: {text}")


class _ColumnSubject(Subject):
    asks: ClassVar[tuple[str, ...]] = ("is", "not", "in")

    def __init__(self, plan: ColumnFilter, kind: Kind, *, may_be_empty: bool = False) -> None:
        may_be = may_be_empty or plan.is_nullable
        super().__init__(plan.name, plan.label, kind, may_be_empty=may_be)
        self._plan = plan
        self._attribute = plan.attribute

    def value(self, text: str) -> Any:
        """Give the value that a text stands for; raises `UnfitFilter`."""
        return self._plan.read(text)

    def asked(self, lookup: str, values: Sequence[str], zone: str) -> Any:
        if lookup == "empty":
            return self._attribute.is_(None)
        read = [self.value(one) for one in values]
        if lookup == "in":
            return self._attribute.in_(read)
        if lookup == "min":
            return self._attribute >= read[0]
        if lookup == "max":
            return self._attribute <= read[0]
        if lookup == "between":
            return and_(self._attribute >= read[0], self._attribute <= read[1])
        return self._attribute == read[0]


class _PlainSubject(_ColumnSubject):
    """A column of whose values one knows whether there is one, and no more."""

    asks: ClassVar[tuple[str, ...]] = ()


class _NumberSubject(_ColumnSubject):
    asks: ClassVar[tuple[str, ...]] = ("is", "not", "min", "max", "between", "in")

    def value(self, text: str) -> Any:
        """Give the number; one that is infinite, or none at all, is in no column."""
        found = self._plan.read(text)
        is_endless = isinstance(found, float | Decimal) and not math.isfinite(found)
        if is_endless or abs(found) >= _LARGEST:
            raise self.unfit(text)
        return found


class _TextSubject(_ColumnSubject):
    asks: ClassVar[tuple[str, ...]] = ("contains", "lacks", "is", "not", "starts", "in")

    def __init__(self, plan: ColumnFilter) -> None:
        super().__init__(plan, "text", may_be_empty=True)

    def asked(self, lookup: str, values: Sequence[str], zone: str) -> Any:
        if lookup == "empty":
            return or_(self._attribute.is_(None), self._attribute == "")
        if lookup in ("contains", "starts"):
            name = {"contains": "icontains", "starts": "istartswith"}[lookup]
            return condition(self._attribute.class_, f"{self.name}__{name}", values[0])
        return super().asked(lookup, values, zone)

    def value(self, text: str) -> Any:
        """Give the text itself: a part of an address, too, is something to look for."""
        return text


class _ChoiceSubject(_ColumnSubject):
    def __init__(self, plan: OptionsFilter) -> None:
        super().__init__(plan, "choice")
        self._options = plan
        self.choices = plan.choices

    def value(self, text: str) -> Any:
        """Give the value of a choice; raises `UnfitFilter`."""
        return self._options.value(text)


class _DaySubject(_ColumnSubject):
    asks: ClassVar[tuple[str, ...]] = ("is", "not", "before", "after", "between", "within")

    def __init__(self, plan: DatesFilter) -> None:
        super().__init__(plan, "day")
        self._dates = plan

    def choices_for(self, lookup: str) -> Mapping[str, str]:
        """Give the stretches of time that end now."""
        return self._dates.STRETCHES if lookup == "within" else {}

    def asked(self, lookup: str, values: Sequence[str], zone: str) -> Any:
        if lookup == "empty":
            return self._attribute.is_(None)
        if lookup == "within":
            if values[0] not in self._dates.STRETCHES:
                raise self.unfit(values[0])
            return self._dates.condition({"": values}, zone)
        days = [self._day(one) for one in values]
        try:
            if lookup == "before":
                return self._attribute < self._dates.start(days[0], zone)
            following = self._dates.start(days[-1] + timedelta(days=1), zone)
            if lookup == "after":
                return self._attribute >= following
            first = self._dates.start(days[0], zone)
        except OverflowError as error:
            raise self.unfit(values[-1]) from error
        return and_(self._attribute >= first, self._attribute < following)

    def _day(self, text: str) -> date:
        if text.count("-") != 2:
            raise self.unfit(text)
        return period(text, self.label)[0]


class RowSubject(Subject):
    """A row of another model."""

    asks: ClassVar[tuple[str, ...]] = ("is", "not", "in")

    def __init__(self, plan: RelationFilter) -> None:
        super().__init__(plan.name, plan.label, "row", may_be_empty=plan.is_nullable)
        self.plan = plan

    @property
    def relation(self) -> Relation:
        """The relation that leads to it."""
        return self.plan.relation

    def asked(self, lookup: str, values: Sequence[str], zone: str) -> Any:
        """Give the condition of a look-up that denies nothing."""
        if lookup == "empty":
            return not_(self.plan.related())
        return self.plan.condition({"": values}, zone)


class _OwnSubject(Subject):
    """A filter that a user wrote: it is asked for the rows that it keeps."""

    asks: ClassVar[tuple[str, ...]] = ("is", "not")

    def __init__(self, plan: OwnFilter, model: Any, key: Any) -> None:
        super().__init__(plan.name, plan.label, "choice")
        self.choices = plan.choices
        self._plan = plan
        self._model = model
        self._key = key

    def asked(self, lookup: str, values: Sequence[str], zone: str) -> Any:
        kept = self._plan.kept(Query(self._model), values[0])
        # Of the same table as the list, and yet rows of its own.
        return self._key.in_(kept.keys_statement().order_by(None).correlate(None))


class PathSubject(Subject):
    """A column of a row to which this one is related: ``artist__name``, where it is searched in."""

    def __init__(self, relation: Relation, attribute: Any, inner: Subject) -> None:
        name = f"{relation.name}__{inner.name}"
        super().__init__(name, titled(name), inner.kind)
        self.lookups = tuple(one for one in inner.lookups if one not in ("empty", "filled"))
        self.choices = inner.choices
        self.relation = relation
        self.inner = inner
        self._attribute = attribute

    def choices_for(self, lookup: str) -> Mapping[str, str]:
        """Give those of the column that it leads to."""
        return self.inner.choices_for(lookup)

    def among(self, known: Any) -> Subject:
        """Give the same for who knows only those related rows that fit `known`."""
        return _KnownPath(self, known)

    def asked(self, lookup: str, values: Sequence[str], zone: str) -> Any:
        """Ask about any related row."""
        return self.related(self.inner.asked(lookup, values, zone))

    def related(self, *conditions: Any) -> Any:
        """Give what is so where a related row fits conditions."""
        found = and_(*conditions)
        return self._attribute.any(found) if self.relation.is_many else self._attribute.has(found)


class _KnownPath(Subject):
    def __init__(self, path: PathSubject, known: Any) -> None:
        super().__init__(path.name, path.label, path.kind)
        self.lookups = path.lookups
        self._path = path
        self._known = known

    def asked(self, lookup: str, values: Sequence[str], zone: str) -> Any:
        return self._path.related(self._known, self._path.inner.asked(lookup, values, zone))


def subjects_of(
    known: Description, filters: Sequence[FilterPlan], search: SearchPlan | None
) -> Mapping[str, Subject]:
    """Give what conditions may be about, by name, in the order of the filters and the search."""
    keys = Keys(known.model).names
    found: dict[str, Subject] = {}
    for one in filters:
        subject = _subject(one, known.model, keys)
        if subject is not None:
            found[one.name] = subject
    for place in () if search is None else search.places:
        name, column, relation = _place(known, place.lookup)
        if column is None or name in found:
            continue
        target: Any = known.model if relation is None else relation.target
        inner = _subject(filter_of(target, column), target, keys)
        if inner is not None and relation is not None:
            attribute = getattr(known.model, relation.name)
            found[name] = PathSubject(relation, attribute, inner)
        elif inner is not None:
            found[name] = inner
    return found


def _place(known: Description, lookup: str) -> tuple[str, Column | None, Relation | None]:
    """Give the column of a place of the search, and the one relation that may lead there."""
    first, *rest = lookup.split("__")
    column, relation = known.column(first), known.relation(first)
    if column is not None:
        return first, column, None
    if relation is None or not rest:
        return lookup, None, None
    target: Any = relation.target
    is_last = len(rest) == 1 or (len(rest) == 2 and describe(target).column(rest[0]) is not None)
    # Through a second relation there is no end of what would have to be asked about rights.
    return f"{first}__{rest[0]}", describe(target).column(rest[0]) if is_last else None, relation


def _subject(plan: FilterPlan, model: Any, keys: Sequence[str]) -> Subject | None:
    if isinstance(plan, RelationFilter):
        return RowSubject(plan)
    if isinstance(plan, OwnFilter):
        is_single = len(keys) == 1
        return _OwnSubject(plan, model, getattr(model, keys[0])) if is_single else None
    if not isinstance(plan, ColumnFilter) or is_secret(plan.column):
        return None
    if isinstance(plan, OptionsFilter):
        return _ChoiceSubject(plan)
    if isinstance(plan, DatesFilter):
        return _DaySubject(plan)
    if isinstance(plan, RangeFilter):
        return _NumberSubject(plan, "number")
    if kind_of(plan.column) == "text":
        if is_text(plan.column):
            return _TextSubject(plan)
        if is_subclass(facts_of(plan.column.annotation).type, UUID):
            return _ColumnSubject(plan, "text")
    return _PlainSubject(plan, "text") if plan.is_nullable else None
