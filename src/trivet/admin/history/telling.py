"""Changes as people read them; of fields that somebody may not see they are told nothing.

What was written down of a row is for who may see the row, and each field for who may see the field
of it. Of rows that are gone no rule about single rows can be asked: they are for those alone whose
view no rule narrows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import and_, case, or_

from trivet.admin.history.keeping import Entry
from trivet.admin.history.recording import key_kept, model_kept
from trivet.admin.listing.cells import cell
from trivet.admin.listing.seen import Seen
from trivet.admin.plan.model import ModelPlan
from trivet.admin.plan.names import titled
from trivet.admin.showing import Site
from trivet.admin.views import Change
from trivet.admin.visits import Visit
from trivet.texts import lazy

__all__ = ["ACTIONS", "Seeing", "icon_of", "sees_all", "told_action", "told_value", "told_who"]

ACTIONS: Mapping[str, Any] = {
    "add": lazy("added"),
    "change": lazy("changed"),
    "delete": lazy("deleted"),
    "restore": lazy("brought back"),
    "import": lazy("imported"),
    "export": lazy("exported"),
}
_ICONS = {"add": "plus", "delete": "trash", "restore": "restore", "import": "upload"}
_NOT_KEPT = lazy("not kept")


@dataclass
class Seeing:
    """What a visitor may see of some changes of one model."""

    plan: ModelPlan
    sees_all: bool
    """True where no rule narrows which rows are seen."""
    fields: dict[str, Any]
    """By the names of fields: True, False, or a condition that single rows are asked about."""
    rows: dict[str, Mapping[str, bool]] = field(default_factory=dict)
    """By the kept keys of rows that are there and seen: the fields that depend on the row."""
    names: set[str] = field(default_factory=set)
    """Relations whose rows may be called by their names."""

    def sees(self, entry: Entry) -> bool:
        """Tell whether a change is seen at all."""
        return self.sees_all or entry.key in self.rows

    def sees_field(self, entry: Entry, name: str) -> bool:
        """Tell whether a field of a change is seen."""
        found = [self.fields.get(one) for one in self._about(name)]
        if not found or None in found:
            return False  # the site shows it nowhere
        row = self.rows.get(entry.key, {})
        return all(
            one is True or (one is not False and row.get(about, False))
            for one, about in zip(found, self._about(name), strict=True)
        )

    def _about(self, name: str) -> Sequence[str]:
        """Give the fields whose rules are about one: a foreign key is its relation's too."""
        known = self.plan.description
        related = [one.name for one in known.relations if name in one.columns]
        shown = [one for one in (name, *related) if one in self.fields]
        return shown or [name]

    def changes(self, entry: Entry, visit: Visit) -> list[Change]:
        """Give what of a change is seen."""
        return [
            Change(
                self.label(name),
                told_value(old, self._kind(name), visit, with_names=name in self.names),
                told_value(new, self._kind(name), visit, with_names=name in self.names),
            )
            for name, (old, new) in entry.changes.items()
            if not entry.key or self.sees_field(entry, name)
        ]

    def label(self, name: str) -> str:
        """Give what a field is called."""
        found = self.plan.form.field(name)
        return titled(name) if found is None else found.label

    def _kind(self, name: str) -> str:
        found = self.plan.form.field(name)
        if found is not None:
            return found.kind
        return next((one.kind for one in self.plan.columns if one.name == name), "text")


async def sees_all(visit: Visit, plan: ModelPlan) -> bool:
    """Tell whether a visitor sees all rows of a model, whatever stands in them."""
    if not await visit.may("view", plan.model):
        return False
    query = plan.query()
    reached = await visit.may.reachable("view", query)
    return len(reached.conditions) == len(query.conditions)


async def seeing_of(site: Site, visit: Visit, entries: Sequence[Entry]) -> dict[str, Seeing]:
    """Find what may be seen of changes, by models; at most one statement for each of them."""
    plans = {model_kept(one.model): one for one in site.plan.models.values()}
    keys: dict[str, set[str]] = defaultdict(set)
    for entry in entries:
        keys[entry.model].add(entry.key)
    found = {}
    for model, some in keys.items():
        plan = plans.get(model)
        if plan is not None and await visit.may("view", plan.model):
            found[model] = await _seeing(site, visit, plan, some)
    return found


async def _seeing(site: Site, visit: Visit, plan: ModelPlan, keys: set[str]) -> Seeing:
    seen = Seen(plan, visit)
    shown = {one.name for one in plan.form.fields} | {one.name for one in plan.columns}
    shown |= set(plan.keys.names)
    known = plan.description
    shown = {name for name in shown if known.column(name) or known.relation(name)}
    made = Seeing(
        plan, await sees_all(visit, plan), {name: await seen.where(name) for name in sorted(shown)}
    )
    for relation in known.relations:
        other = site.plan.of(relation.target)
        if other is None or await sees_all(visit, other):
            made.names.add(relation.name)
    limits = {name: one for name, one in made.fields.items() if not isinstance(one, bool)}
    if made.sees_all and not limits:
        return made
    values = [one for one in (plan.keys.read(key) for key in keys if key) if one is not None]
    if not values:
        return made
    query = await visit.may.reachable("view", plan.query())
    query = query.where(or_(*(and_(*plan.keys.conditions(one)) for one in values)))
    if not limits:
        made.rows = {key_kept(plan.keys.written(row)): {} for row in await query}
        return made
    asked = {f"sees_{name}": case((one, 1), else_=0) for name, one in limits.items()}
    for found in await query.annotate(**asked):
        row, told = found[0], dict(zip(limits, map(bool, found[1:]), strict=True))
        made.rows[key_kept(plan.keys.written(row))] = told
    return made


# -- words ----------------------------------------------------------------------------------------


def told_who(entry: Entry) -> Any:
    """Give who did it; both, where somebody acted as another."""
    if entry.by_name or entry.by_handle:
        who = entry.by_name or entry.by_handle
        return lazy("%(who)s as %(whom)s", who=who, whom=entry.name)
    return entry.name or lazy("Somebody")


def told_action(entry: Entry) -> Any:
    """Give what was done, as a word."""
    known = ACTIONS.get(entry.action)
    return lazy("called “%(action)s”", action=titled(entry.action)) if known is None else known


def icon_of(entry: Entry) -> str:
    """Give the drawing that stands for it."""
    return _ICONS.get(entry.action, "edit")


def told_value(value: Any, kind: str, visit: Visit, *, with_names: bool = True) -> Any:
    """Give a value that was kept as a text, or as markup."""
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return cell("boolean", value, visit)
    if isinstance(value, dict):
        return _told_object(value, with_names=with_names)
    if kind == "moment" and isinstance(value, str):
        try:
            return cell("moment", datetime.fromisoformat(value), visit)
        except (ValueError, OverflowError):
            return value
    return str(value)


def _told_object(value: dict[str, Any], *, with_names: bool) -> Any:
    if "hidden" in value:
        return _NOT_KEPT
    if "row" in value:
        return _row(value["row"], with_names=with_names)
    if "rows" in value:
        names = ", ".join(_row(one, with_names=with_names) for one in value["rows"])
        more = value.get("length", 0) - len(value["rows"])
        return f"{names} … (+{more})" if more > 0 else names
    if "bytes" in value:
        return lazy("%(count)s bytes", count=f"{value['bytes']:,}")
    if "text" in value:
        return lazy(
            "%(text)s… (%(count)s characters)",
            text=value["text"],
            count=f"{value.get('length', 0):,}",
        )
    return str(value.get("json", value.get("file", "")))


def _row(row: dict[str, str], *, with_names: bool) -> str:
    return row.get("name", "") if with_names else row.get("key", "")
