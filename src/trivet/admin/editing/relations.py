"""What was picked: keys of rows, or what was typed without a script, and what is found by it.

What stands for exactly one row is taken; what may mean several is asked again, with all of them to
choose from. No related table is ever read as a whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import and_, or_

from trivet.admin.editing.sheets import Sheet
from trivet.admin.editing.standing import Standing, known_rows
from trivet.admin.plan.readers import FieldPlan
from trivet.admin.plan.site import SitePlan
from trivet.admin.visits import Visit
from trivet.db import Query
from trivet.db.labels import label_column
from trivet.db.lookups import condition
from trivet.forms import Choice
from trivet.forms.bound import BoundField
from trivet.forms.messages import Message
from trivet.texts import lazy

__all__ = ["MOST_OFFERED", "Picked", "found_by_text", "pickable", "picked", "standing_rows"]

MOST_OFFERED = 20
_MOST_TYPED = 20  # texts of one form that are looked up; each is a query
_MOST_KEYS = 200  # in one query
_MOST_WORDS = 8
_LONGEST_WORD = 100  # characters

_UNKNOWN = lazy("Choose one that there is.")
_SEVERAL = lazy("Several are meant by this; choose one.")


@dataclass
class Picked:
    """The rows that a form names, by the path of the field and the text that names them."""

    rows: dict[str, dict[str, Any]] = field(default_factory=dict)
    offers: dict[str, list[Choice]] = field(default_factory=dict)
    """By the name of an input: what may have been meant by it."""

    def of(self, path: str, texts: Sequence[str]) -> list[Any]:
        """Give the rows that the texts of a field name."""
        known = self.rows.get(path, {})
        return [known[text] for text in texts if text in known]


async def pickable(site: SitePlan, visit: Visit, plan: FieldPlan) -> Query[Any]:
    """Give all that somebody may pick in a field."""
    assert plan.relation is not None, "asked for relations alone"
    query = known_rows(site, plan.relation.target)
    query = await visit.may.reachable("view", query)
    return query if plan.pick is None else plan.pick(query)


async def found_by_text(
    site: SitePlan, visit: Visit, query: Query[Any], text: str
) -> Query[Any] | None:
    """Keep the rows in which each word is found; None where there is nothing to search in."""
    plan = site.of(query.model)
    if plan is not None and plan.search is not None:
        steps = plan.search.steps
        unseen = [one for one in steps if not await visit.may("view", query.model, one)]
        return plan.search.narrowed(query, text, unseen)
    words = text.replace("\0", "").split()[:_MOST_WORDS]
    model: Any = query.model
    own = label_column(model)
    if own is None or not await visit.may("view", query.model, own):
        return None if words else query
    for word in words:
        query = query.where(condition(query.model, f"{own}__icontains", word[:_LONGEST_WORD]))
    return query


def standing_rows(site: SitePlan, standing: Standing | None) -> dict[str, dict[str, Any]]:
    """Give the rows that are related now, by the paths of their fields and their keys."""
    found: dict[str, dict[str, Any]] = {}
    for one in standing.every() if standing is not None else ():
        for plan in one.plan.fields:
            if plan.relation is None or plan.name in one.hidden:
                continue
            if plan.relation.is_many:
                rows = one.related.get(plan.name, [])
            else:
                value = getattr(one.row, plan.name)
                rows = [] if value is None else [value]
            keys = site.keys_of(plan.relation.target)
            found[f"{one.path}{plan.name}"] = {keys.written(row): row for row in rows}
    return found


async def picked(site: SitePlan, visit: Visit, sheet: Sheet, standing: Standing | None) -> Picked:
    """Find what a form names, and say in it what is not found; what stands already may stay."""
    found = Picked(standing_rows(site, standing))
    await _by_keys(site, visit, sheet, found)
    looked_up = 0
    for path, plan, part in _relations(sheet):
        known = found.rows.setdefault(path, {})
        kept: list[str] = []
        for text in _texts(part):
            if text in known:
                kept.append(text)
                continue
            looked_up += 1
            row = None
            if looked_up <= _MOST_TYPED:
                row = await _one(site, visit, plan, part, text, found)
            if row is not None:
                key = site.keys_of(type(row)).written(row)
                known[key] = row
                kept.append(key)
            else:
                if not part.messages:
                    part.messages.append(Message(_UNKNOWN))
                if part.is_several is False:
                    kept.append(text)
        part.raw = tuple(dict.fromkeys(kept)) if part.is_several else "".join(kept[:1])
    return found


def _relations(sheet: Sheet) -> Iterator[tuple[str, FieldPlan, BoundField]]:
    for one in sheet.every():
        for path, plan, part in one.known():
            if plan.relation is not None and isinstance(part, BoundField):
                yield path, plan, part


def _texts(part: BoundField) -> Sequence[str]:
    texts = part.raw if isinstance(part.raw, tuple) else (str(part.raw),)
    return [text for text in texts if text]


async def _by_keys(site: SitePlan, visit: Visit, sheet: Sheet, found: Picked) -> None:
    """Read the rows of all keys at once, for all fields that are picked from the same ones."""
    wanted: dict[int, tuple[FieldPlan, dict[str, list[str]]]] = {}
    for path, plan, part in _relations(sheet):
        for text in _texts(part):
            if text not in found.rows.get(path, {}):
                _, paths = wanted.setdefault(id(plan), (plan, {}))
                paths.setdefault(text, []).append(path)
    for plan, paths in wanted.values():
        rows = await _rows(site, visit, plan, list(paths)[:_MOST_KEYS])
        for text, row in rows.items():
            for path in paths[text]:
                found.rows.setdefault(path, {})[text] = row


async def _rows(
    site: SitePlan, visit: Visit, plan: FieldPlan, texts: Sequence[str]
) -> Mapping[str, Any]:
    assert plan.relation is not None, "asked for relations alone"
    keys = site.keys_of(plan.relation.target)
    read = [values for text in texts if (values := keys.read(text)) is not None]
    if not read:
        return {}
    query = await pickable(site, visit, plan)
    rows = await query.where(or_(*(and_(*keys.conditions(values)) for values in read)))
    return {keys.written(row): row for row in rows}


async def _one(
    site: SitePlan, visit: Visit, plan: FieldPlan, part: BoundField, text: str, found: Picked
) -> Any:
    """Give the one row that a text names; None, and an offer, where there are none or several."""
    query = await found_by_text(site, visit, await pickable(site, visit, plan), text)
    if query is None:
        return None
    model: Any = query.model
    own = label_column(model)
    if own:
        exact = await query.where(condition(query.model, f"{own}__iexact", text)).limit(2)
        if len(exact) == 1:
            return exact[0]
    rows = await query.limit(MOST_OFFERED)
    if len(rows) == 1:
        return rows[0]
    if rows:
        found.offers[part.name] = [site.choice_of(row) for row in rows]
        part.messages.append(Message(_SEVERAL))
    return None
