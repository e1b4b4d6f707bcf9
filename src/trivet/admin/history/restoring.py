"""What was kept of a row, as the values of its form again.

A value that was cut, or never kept, is not brought back, and a row that is gone only as a whole:
with all of its values, or not at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from pydantic import TypeAdapter, ValidationError

from trivet.admin.history.keeping import Entry
from trivet.admin.history.values import is_whole
from trivet.admin.plan.model import ModelPlan
from trivet.admin.plan.readers import FieldPlan
from trivet.admin.visits import Visit
from trivet.db.describe import Column
from trivet.forms.facts import facts_of
from trivet.schema.annotations import is_subclass

__all__ = ["Restored", "can_restore", "restored_row", "values_before"]

_ABSENT = object()


@dataclass
class Restored:
    """What a row is given back."""

    initial: dict[str, Any] = field(default_factory=dict)
    """By the names of fields, as a form takes it: rows by their keys."""
    besides: dict[str, Any] = field(default_factory=dict)
    """Values of columns that are in no form, such as the key."""
    lost: list[str] = field(default_factory=list)
    """Names of fields whose values nobody knows any more."""


async def can_restore(visit: Visit, plan: ModelPlan, row: Any, entry: Entry) -> bool:
    """Tell whether what was there before a change is offered."""
    if row is None:
        return entry.action == "delete" and await visit.may("add", plan.model)
    if entry.action == "add" or not entry.changes:
        return False
    return entry.action != "delete" and await visit.may("change", row)


def values_before(plan: ModelPlan, entries: Sequence[Entry]) -> Restored:
    """Give what stood in a row before the oldest of some changes, of which the newest is first."""
    old: dict[str, Any] = {}
    for entry in entries:
        if entry.action == "delete":
            break  # another row had the key before
        for name, (before, _) in entry.changes.items():
            old[name] = before
    found = Restored()
    _fill(found, plan, old, plan.form.fields)
    return found


def restored_row(plan: ModelPlan, entry: Entry) -> Restored:
    """Give all of a row that was deleted."""
    old = {name: before for name, (before, _) in entry.changes.items()}
    found = Restored()
    _fill(found, plan, old, [one for one in plan.form.fields if not one.is_readonly])
    taken = set(found.initial) | set(found.lost)
    relations = {name: one for one in plan.description.relations for name in one.columns}
    for column in plan.description.columns:
        relation = relations.get(column.name)
        if column.name in taken or column.is_computed or (relation and relation.name in taken):
            continue
        value = _of_column(column, old.get(column.name, _ABSENT))
        if value is not _ABSENT:
            found.besides[column.name] = value
        elif relation is not None and isinstance(old.get(relation.name), dict):
            found.lost.append(relation.name)
        elif column.is_key or not (column.has_default or column.is_nullable) or column.name in old:
            found.lost.append(column.name)
    return found


def _fill(
    found: Restored, plan: ModelPlan, old: Mapping[str, Any], fields: Iterable[FieldPlan]
) -> None:
    for one in fields:
        value = _of_field(plan, one, old)
        if value is _ABSENT:
            if one.name in old:
                found.lost.append(one.name)
        else:
            found.initial[one.name] = value


def _of_field(plan: ModelPlan, one: FieldPlan, old: Mapping[str, Any]) -> Any:
    """Give the initial value of a field; `_ABSENT` where it is not known."""
    if one.is_blind:
        return _ABSENT
    if one.column is not None:
        return _of_column(one.column, old.get(one.name, _ABSENT))
    assert one.relation is not None, "a field is one or the other"
    given = old.get(one.name, _ABSENT)
    if given is _ABSENT:
        columns = one.relation.columns
        known = [old[name] for name in columns if name in old]
        # A key of one column, as it stands in the row itself.
        return _key(known[0]) if len(columns) == 1 and known else _ABSENT
    if given is None or not is_whole(given):
        return None if given is None and not one.relation.is_many else _ABSENT
    if one.relation.is_many:
        return [row["key"] for row in given["rows"]] if isinstance(given, dict) else given
    return given["row"]["key"]


def _key(value: Any) -> Any:
    return None if value is None else str(value)


def _of_column(column: Column, value: Any) -> Any:
    if value is _ABSENT or value is None or not is_whole(value):
        return value if value is None and column.is_nullable else _ABSENT
    plain = value["json"] if isinstance(value, dict) else value
    kind = facts_of(column.annotation).type
    if is_subclass(kind, Enum):
        return kind.__members__.get(plain, _ABSENT) if isinstance(plain, str) else _ABSENT
    try:
        return TypeAdapter(column.annotation).validate_python(plain)
    except (ValidationError, ValueError):
        return _ABSENT
