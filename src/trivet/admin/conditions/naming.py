"""What rows are called that conditions name by their keys."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import and_, or_

from trivet.admin.conditions.tree import Condition
from trivet.admin.plan.filters import UnfitFilter
from trivet.admin.plan.site import SitePlan
from trivet.admin.plan.subjects import RowSubject, Subject
from trivet.admin.visits import Visit
from trivet.db import Query

__all__ = ["Names", "named_rows"]

Names = Mapping[tuple[str, str], str]
"""What rows are called, by the name of the subject and the text of the key."""


async def named_rows(
    site: SitePlan,
    visit: Visit,
    subjects: Iterable[Subject],
    conditions: Collection[Condition],
    shown: Sequence[Any] = (),
) -> Names:
    """Give the names of those that the visitor may see; `shown` are rows that are read already.

    One statement is asked for each relation of which a row is named that is related to none of
    those: as a rule for none.
    """
    found: dict[tuple[str, str], str] = {}
    for subject in subjects:
        if not isinstance(subject, RowSubject):
            continue
        name, keys = subject.name, site.keys_of(subject.relation.target)
        wanted = {value for one in conditions if one.name == name for value in one.values}
        known = {} if not wanted else _related(site, name, shown)
        missing = []
        for text in wanted:
            try:
                if text in known:
                    found[name, text] = known[text]
                else:
                    missing.append(and_(*keys.conditions(subject.plan.key(text))))
            except UnfitFilter:
                continue
        if missing:
            query = Query(subject.relation.target).where(or_(*missing))
            for row in await (await visit.may.reachable("view", query)):
                found[name, keys.written(row)] = site.name_of(row)
    return found


def _related(site: SitePlan, name: str, shown: Sequence[Any]) -> dict[str, str]:
    """Give the rows to which those that are shown are related, where they were read with them."""
    found = {}
    for row in shown:
        other = vars(row).get(name)
        if other is not None and not isinstance(other, list | set | dict):
            found[site.keys_of(type(other)).written(other)] = site.name_of(other)
    return found
