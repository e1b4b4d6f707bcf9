"""Which column of a file is which field; and the rows that a file names, found among one's own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, or_

from trivet.admin.editing.relations import pickable
from trivet.admin.plan.form import FieldPlan
from trivet.admin.plan.model import ModelPlan
from trivet.admin.plan.site import SitePlan
from trivet.admin.visits import Visit
from trivet.db.labels import label_column

__all__ = ["Mapped", "fields_of", "guessed", "named_rows", "uniques_of"]

_AT_ONCE = 300  # values in one statement


@dataclass(frozen=True)
class Mapped:
    """What somebody chose: fields by the number of the column; and what rows are found by."""

    columns: Mapping[int, str]
    by: str = ""
    """A field, or the key; empty where all rows are new."""


async def fields_of(visit: Visit, plan: ModelPlan) -> list[FieldPlan]:
    """Give the fields that somebody may fill in from a file: no files, no secrets, no relations
    to many.
    """
    found = []
    for one in plan.form.fields:
        is_many = one.relation is not None and one.relation.is_many
        if one.is_readonly or one.is_blind or is_many:
            continue
        if not await visit.may("view", plan.model, one.name):
            continue
        if await visit.may("add", plan.model, one.name) or await visit.may(
            "change", plan.model, one.name
        ):
            found.append(one)
    return found


async def uniques_of(visit: Visit, plan: ModelPlan, fields: Iterable[FieldPlan]) -> list[str]:
    """Give what rows may be found by: the key, and columns in which no two are the same.

    What is not seen on all rows finds none, or one could find out what it is.
    """
    found = [name for name in plan.keys.names if len(plan.keys.names) == 1]
    for one in fields:
        is_unique = one.column is not None and one.column.is_unique and one.name not in found
        if is_unique and await visit.may.where_field("view", plan.model, one.name) is True:
            found.append(one.name)
    return found


def guessed(heads: Sequence[str], fields: Sequence[FieldPlan], key: str) -> dict[int, str]:
    """Guess by their names which column is which field."""
    known = {_word(key): key} if key else {}
    for one in fields:
        known |= {_word(str(one.label)): one.name}
    for one in fields:
        known |= {_word(one.name): one.name}
        for name in one.relation.columns if one.relation is not None else ():
            known.setdefault(_word(name), one.name)
    found: dict[int, str] = {}
    for number, head in enumerate(heads):
        known_as = known.get(_word(head))
        if known_as is not None and known_as not in found.values():
            found[number] = known_as
    return found


def _word(text: str) -> str:
    return re.sub(r"[\W_]+", "", text).casefold()


async def named_rows(
    site: SitePlan, visit: Visit, field: FieldPlan, texts: Iterable[str]
) -> dict[str, list[Any]]:
    """Give the rows that texts mean in a relation, by their keys, else by what they are called.

    They are looked for among those alone that the visitor may pick; several may be meant.
    """
    assert field.relation is not None, "asked for relations alone"
    found: dict[str, list[Any]] = {}
    wanted = list(dict.fromkeys(text for text in texts if text))
    keys = site.keys_of(field.relation.target)
    query = await pickable(site, visit, field)
    target: Any = field.relation.target
    label = label_column(target)
    may_name = label is not None and await visit.may("view", field.relation.target, label)
    for start in range(0, len(wanted), _AT_ONCE):
        some = wanted[start : start + _AT_ONCE]
        if label is not None and may_name:
            column = getattr(field.relation.target, label)
            for row in await query.where(column.in_(some)):
                found.setdefault(str(getattr(row, label)), []).append(row)
        rest = [text for text in some if text not in found and keys.read(text) is not None]
        if rest:
            where = or_(*(and_(*keys.conditions(keys.read(text) or ())) for text in rest))
            for row in await query.where(where):
                found.setdefault(keys.written(row), []).append(row)
    return found
