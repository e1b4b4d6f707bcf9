"""The columns of a list: where each value comes from, how it is shown, how one sorts by it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from typing import Any, get_origin

from sqlalchemy import JSON

from trivet.admin.declared.computed import Computed
from trivet.admin.declared.model_admin import ModelAdmin
from trivet.admin.plan.names import named, titled, unknown
from trivet.db import FileRef, Json
from trivet.db.describe import Column, Description, Relation
from trivet.forms.facts import facts_of
from trivet.schema.annotations import is_subclass

__all__ = ["ColumnPlan", "columns_of", "kind_of", "totals_of"]

_LONG = 500  # characters: a column that takes more is no column of a list
_MOST_DERIVED = 8


@dataclass(frozen=True)
class ColumnPlan:
    """One column of a list."""

    name: str
    label: str
    kind: str
    column: Column | None = None
    relation: Relation | None = None
    computed: Computed | None = None
    order: Any = None
    """What the list is sorted by; None where it cannot be."""


def columns_of(admin: type[ModelAdmin], known: Description) -> tuple[ColumnPlan, ...]:
    """Give the columns that were declared, or those that suit the model; raises `SetupError`."""
    names = [named(one) for one in admin.columns] or _derived(known)
    return tuple(_column(admin, name, known) for name in names)


def totals_of(admin: type[ModelAdmin], known: Description) -> tuple[str, ...]:
    """Give the names of the columns that are added up; raises `SetupError`."""
    names = [named(one) for one in admin.totals]
    for name in names:
        column = known.column(name)
        if column is None or kind_of(column) != "number":
            raise unknown(admin, "totals", name, known)
    return tuple(names)


def _column(admin: type[ModelAdmin], name: str, known: Description) -> ColumnPlan:
    computed = getattr(admin, name, None)
    if isinstance(computed, Computed):
        label = computed.label or titled(name)
        return ColumnPlan(name, label, computed.kind, computed=computed, order=computed.order)
    column = known.column(name)
    if column is not None:
        order = getattr(known.model, name)
        return ColumnPlan(name, titled(name), kind_of(column), column=column, order=order)
    relation = known.relation(name)
    if relation is None:
        raise unknown(admin, "columns", name, known)
    kind = "relations" if relation.is_many else "relation"
    return ColumnPlan(name, titled(name), kind, relation=relation)


def _derived(known: Description) -> Sequence[str]:
    """Give columns that say something in a line: no long texts, no keys where a relation is."""
    related = {one for relation in known.relations for one in relation.columns}
    found = [
        one.name
        for one in known.columns
        if not one.is_private and one.name not in related and _is_short(one)
    ]
    found += [one.name for one in known.relations if not one.is_many]
    return found[:_MOST_DERIVED]


def _is_short(column: Column) -> bool:
    kind = kind_of(column)
    if kind in ("json", "bytes"):
        return False
    return kind != "text" or column.max_length is None or column.max_length <= _LONG


def kind_of(column: Column) -> str:
    """Give the kind of a column's values, by which cells, filters and inputs are chosen."""
    found = facts_of(column.annotation)
    for kind, types in _KINDS:
        if is_subclass(found.type, types):
            return kind
    is_data = found.item is not None or found.model or get_origin(found.type) is dict
    return "json" if is_data or isinstance(column.type, Json | JSON) else "text"


_KINDS: tuple[tuple[str, Any], ...] = (
    ("boolean", bool),
    ("badge", Enum),
    ("file", FileRef),
    ("number", (int, float, Decimal)),
    ("moment", datetime),
    ("date", date),
    ("time", time),
    ("bytes", bytes),
    ("json", (dict, list, set, tuple)),
)
