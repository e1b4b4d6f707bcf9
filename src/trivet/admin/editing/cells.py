"""Rows that are changed in their list: each a small form, stored with all the others or not at all.

Every row goes the way of a form: the same readers, permissions of the row and of each field, and
fingerprints of what was shown. Where somebody else changed a cell meanwhile it is said there, and
whoever sends it again overwrites it knowingly.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup
from sqlalchemy import and_, false, or_

from trivet.admin.editing.files import FileStore
from trivet.admin.editing.filling import initial_of
from trivet.admin.editing.merging import Merged, merged, shown_of, written
from trivet.admin.editing.posting import given_of, read_form
from trivet.admin.editing.relations import Picked
from trivet.admin.editing.saving import Refused, Saving
from trivet.admin.editing.sheets import Sheet, prints_of, sheet_of
from trivet.admin.editing.standing import Standing
from trivet.admin.history import new_batch, recorded
from trivet.admin.plan.model import ModelPlan
from trivet.admin.plan.readers import Shape
from trivet.admin.plan.site import SitePlan
from trivet.admin.visits import Visit
from trivet.db.present import unit_now
from trivet.forms import Form
from trivet.forms.bound import BoundField
from trivet.forms.messages import Message
from trivet.texts import lazy

__all__ = ["KEY", "PLACE", "Cells", "among", "cells_for", "saved_cells"]

KEY, PLACE = "cell-key", "cell-place"
"""The inputs that say which rows were shown, and where in the list."""
_MOST = 100  # rows
_MEANWHILE = lazy("Somebody else changed this to “%(value)s” meanwhile. Save again to replace it.")


@dataclass
class CellRow:
    """One row of a list, with its inputs."""

    number: int
    standing: Standing
    form: Form[Any]
    sheet: Sheet
    prints: dict[str, str]
    label: str

    def __post_init__(self) -> None:
        for name, part in self.sheet.fields.items():
            part.name = f"c{self.number}-{name}"
            part.id = f"cell-{self.number}-{name}"


@dataclass
class Cells:
    """The inputs of one page of a list."""

    rows: dict[str, CellRow] = field(default_factory=dict)
    """By the keys of the rows."""
    place: str = ""
    changed: int = 0
    is_refused: bool = False
    gone: int = 0
    """Rows that were posted and cannot be seen any more."""

    def input(self, key: str, name: str, label: str) -> Cell | None:
        """Give the input of a cell, or None where it has none."""
        row = self.rows.get(key)
        part = None if row is None else row.sheet.fields.get(name)
        if row is None or not isinstance(part, BoundField):
            return None
        is_first = next(iter(row.sheet.fields)) == name
        return Cell(part, f"{label}, {row.label}", self._hidden(row) if is_first else Markup())

    def _hidden(self, row: CellRow) -> Markup:
        one = Markup('<input type="hidden" name="{}" value="{}">')
        found = one.format(KEY, row.standing.key)
        found += one.format(f"c{row.number}-version", written(row.prints))
        is_first = row is next(iter(self.rows.values()))
        return found + one.format(PLACE, self.place) if is_first else found


@dataclass(frozen=True)
class Cell:
    """An input in a cell; drawn with the page, in its language."""

    part: BoundField
    label: str
    hidden: Markup

    def __html__(self) -> str:
        """Draw it."""
        about = Markup('<label class="vh" for="{}">{}</label>').format(self.part.id, self.label)
        wrong = Markup().join(Markup("<li>{}").format(text) for text in self.part.told)
        if wrong:
            wrong = Markup('<ul class="form-errors" id="{}-errors">{}</ul>').format(
                self.part.id, wrong
            )
        drawn = Markup(str(self.part.input))
        return Markup('<div class="cell">{}{}{}{}</div>').format(self.hidden, about, drawn, wrong)


async def cells_for(
    site: SitePlan,
    visit: Visit,
    plan: ModelPlan,
    names: Sequence[str],
    rows: Sequence[Any],
    place: str,
) -> Cells:
    """Give inputs for what the visitor may change of rows that are shown with these columns."""
    found = Cells(place=place)
    if plan.cells is None or not await visit.may("change", plan.model):
        return found
    for row in rows[:_MOST]:
        made = await _made(site, visit, plan, names, row, len(found.rows))
        if made is not None:
            found.rows[made.standing.key] = made
    return found


async def _made(
    site: SitePlan, visit: Visit, plan: ModelPlan, names: Sequence[str], row: Any, number: int
) -> CellRow | None:
    assert plan.cells is not None, "asked for lists with inputs alone"
    standing, shape = await _open(visit, plan, names, row)
    if not shape.names:
        return None
    initial = initial_of(site, standing, shape)
    form: Form[Any] = Form(plan.cells.readers(shape), initial=initial)
    sheet = sheet_of(plan.cells, form)
    return CellRow(number, standing, form, sheet, prints_of(sheet, {}), plan.name_of(row))


async def _open(
    visit: Visit, plan: ModelPlan, names: Sequence[str], row: Any
) -> tuple[Standing, Shape]:
    """Give a row, and what of it the visitor may change."""
    assert plan.cells is not None, "asked for lists with inputs alone"
    standing = Standing(row, plan.keys.written(row), plan.cells)
    if not await visit.may("change", row):
        return standing, Shape(())
    may = [
        one.name
        for one in plan.cells.fields
        if one.name in names
        and await visit.may("view", row, one.name)
        and await visit.may("change", row, one.name)
    ]
    return standing, Shape(tuple(may), (), visit.time_zone)


# -- what was posted ------------------------------------------------------------------------------


async def saved_cells(site: SitePlan, visit: Visit, plan: ModelPlan, names: Sequence[str]) -> Cells:
    """Store what was posted from a list; where anything is refused, nothing is stored."""
    keys = list(dict.fromkeys(visit.all_sent(KEY)))[:_MOST]
    found = Cells(place=visit.sent(PLACE) or "")
    if plan.cells is None:
        return found
    try:
        async with unit_now(plan.model).database.transaction():
            stored = await _held(visit, plan, keys)
            batch = new_batch()
            for number, key in enumerate(keys):
                row = stored.get(key)
                if row is None:
                    found.gone += 1
                else:
                    await _posted(site, visit, plan, names, row, number, found, batch)
            if found.is_refused:
                raise Refused
    except Refused:
        found.is_refused = True
    return found


async def _held(visit: Visit, plan: ModelPlan, keys: Sequence[str]) -> Mapping[str, Any]:
    """Give the rows of keys that the visitor may see, held until the commit."""
    read = [values for key in keys if (values := plan.keys.read(key)) is not None]
    if not read:
        return {}
    query = await visit.may.reachable("view", plan.query())
    query = query.where(among(plan, keys)).order_by(
        *(getattr(plan.model, name) for name in plan.keys.names)
    )
    return {plan.keys.written(row): row for row in await query.for_update()}


def among(plan: ModelPlan, keys: Sequence[str]) -> Any:
    """Give the condition of being one of some rows."""
    read = [values for key in keys if (values := plan.keys.read(key)) is not None]
    return or_(false(), *(and_(*plan.keys.conditions(values)) for values in read))


async def _posted(
    site: SitePlan,
    visit: Visit,
    plan: ModelPlan,
    names: Sequence[str],
    row: Any,
    number: int,
    found: Cells,
    batch: str,
) -> None:
    assert plan.cells is not None, "asked for lists with inputs alone"
    before = f"c{number}-"
    items = [
        (name.removeprefix(before), value)
        for name, value in visit.posted
        if name.startswith(before) and isinstance(value, str)
    ]
    standing, shape = await _open(visit, plan, names, row)
    if not shape.names or not items:
        return
    reader = plan.cells.readers(shape)
    form, kept = read_form(plan.cells, reader, items, ())
    sheet = sheet_of(plan.cells, form)
    theirs = sheet_of(plan.cells, Form(reader, initial=initial_of(site, standing, shape)))
    shown = shown_of(dict(items).get("version"))
    given = given_of(sheet, kept, shown or ())
    changes = merged(sheet, theirs, shown, given, {}, {})
    now = prints_of(theirs, {})
    _tell_conflicts(changes)
    wrong = bool(changes.conflicts) or not form.is_valid
    if not wrong and changes.changed:
        wrong = not await _stored(visit, plan, standing, sheet, form, changes, batch)
        found.changed += not wrong
    found.is_refused = found.is_refused or wrong
    prints = {path: shown.get(path, mark) if shown else mark for path, mark in now.items()}
    for one in changes.conflicts:
        prints[one.path] = now[one.path]
    label = plan.name_of(row)
    found.rows[standing.key] = CellRow(number, standing, form, sheet, prints, label)


def _tell_conflicts(changes: Merged) -> None:
    for one in changes.conflicts:
        if one.mine is not None and isinstance(one.theirs, BoundField):
            one.mine.messages.append(Message(_MEANWHILE.with_values(value=str(one.theirs.raw))))


async def _stored(
    visit: Visit,
    plan: ModelPlan,
    standing: Standing,
    sheet: Sheet,
    form: Form[Any],
    changes: Merged,
    batch: str,
) -> bool:
    saving = Saving(visit, changes, Picked(), FileStore(None))
    try:
        await saving.save(sheet, form.value, standing, plan.model)
    except Refused:
        return False
    for one in saving.changes:
        await recorded(visit, plan, one.row, one.action, one.values, batch=batch)
    return True
