"""From conditions to what the rows of a list must fit, for who asks.

A column that is seen on some rows alone is asked about on these, and says no of all others; one
that is seen nowhere is told of in the same words as one that there is not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, or_

from trivet.admin.conditions.tree import Condition, Group
from trivet.admin.keys import Keys
from trivet.admin.listing.seen import Seen
from trivet.admin.plan.filters import UnfitFilter
from trivet.admin.plan.model import ModelPlan
from trivet.admin.plan.subjects import PathSubject, Subject
from trivet.admin.visits import Visit
from trivet.db import Query
from trivet.texts import lazy

__all__ = ["Asking"]


@dataclass(frozen=True)
class _Open:
    """A subject as somebody may ask about it, and on which rows; None for on all."""

    subject: Subject
    limit: Any = None


class Asking:
    """What one visitor may ask about the rows of one list."""

    def __init__(self, plan: ModelPlan, seen: Seen, visit: Visit) -> None:
        self._plan = plan
        self._seen = seen
        self._visit = visit
        self._found: dict[str, _Open | None] = {}

    async def subjects(self) -> Sequence[Subject]:
        """Give what they may ask about."""
        opened = [await self._open(name) for name in self._plan.subjects]
        return [one.subject for one in opened if one is not None]

    async def subject(self, name: str) -> Subject | None:
        """Give one of them, or None."""
        found = await self._open(name)
        return None if found is None else found.subject

    async def fitting(self, root: Group) -> Any:
        """Give what rows must fit; raises `UnfitFilter`."""
        found = [
            await (self.fitting(one) if isinstance(one, Group) else self.asked(one))
            for one in root.items
        ]
        return and_(*found) if root.how == "all" else or_(*found)

    async def asked(self, one: Condition) -> Any:
        """Give what rows must fit for one condition; raises `UnfitFilter`."""
        opened = await self._open(one.name)
        if opened is None:
            raise UnfitFilter(lazy("Nothing can be asked about “%(name)s” here.", name=one.name))
        found = opened.subject.condition(one.lookup, one.values, self._visit.time_zone)
        return found if opened.limit is None else and_(opened.limit, found)

    async def _open(self, name: str) -> _Open | None:
        if name not in self._found:
            subject = self._plan.subjects.get(name)
            self._found[name] = None if subject is None else await self._opened(subject)
        return self._found[name]

    async def _opened(self, subject: Subject) -> _Open | None:
        own = subject.relation.name if isinstance(subject, PathSubject) else subject.name
        limit = await self._seen.where(own)
        if limit is False:
            return None
        if isinstance(subject, PathSubject):
            known = await self._known(subject)
            if known is None:
                return None
            subject = subject.among(and_(*known)) if known else subject
        return _Open(subject, None if limit is True else limit)

    async def _known(self, subject: PathSubject) -> list[Any] | None:
        """Give what related rows must fit to be asked about; None where none of them may be."""
        target: Any = subject.relation.target
        may = self._visit.may
        if not await may("view", target):
            return None
        seen = await may.where_field("view", target, subject.inner.name)
        names = Keys(target).names
        if seen is False or len(names) != 1:
            return None
        begin = getattr(target, "all", None)  # without those in the trash
        reached = await may.reachable("view", Query(target) if begin is None else begin())
        statement = reached.keys_statement().order_by(None)
        found = [] if seen is True else [seen]
        if statement.whereclause is not None:
            found.append(getattr(target, names[0]).in_(statement.correlate(None)))
        return found
