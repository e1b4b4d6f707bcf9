"""What was posted, made ready to be read: without rows that nobody filled in, and without fields
that are not asked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from pydantic import BaseModel

from trivet.admin.editing.sheets import Sheet, blank_sheets
from trivet.admin.plan.form import FormPlan
from trivet.admin.plan.readers import ROW_KEY
from trivet.forms import Checkbox, Form
from trivet.forms.bound import BoundField, BoundRows, Part

__all__ = ["given_of", "left_out", "read_form"]

Item = tuple[str, Any]
_DIGITS = 4  # of a row's number, as forms read them
_NUMBER = re.compile(r"-(?:[0-9]+|__row[0-9]+__)(?=-|$)")


def read_form(
    plan: FormPlan, model: type[BaseModel], items: Sequence[Item], out: Iterable[str]
) -> tuple[Form[Any], Sequence[Item]]:
    """Read a form; `out` are the fields that are not asked for.

    Gives what was read too, with the rows numbered as they are in the form.
    """
    names = set(out)
    kept: list[Item] = [one for one in items if one[0].partition("-")[0] not in names]
    form: Form[Any] = Form.read(model, kept, picks={})
    if form.is_action:
        return form, kept
    if plan.inlines:
        kept = list(_filled(plan, model, kept))
    kept = _renumbered(kept)
    return Form.read(model, kept, picks={}), kept


def _renumbered(items: Sequence[Item]) -> list[Item]:
    """Number rows without gaps, in their order, as a form that is read does."""
    numbers: dict[str, set[int]] = {}
    for name, _ in items:
        for before, number in _rows_in(name):
            numbers.setdefault(before, set()).add(number)
    places = {
        (before, number): place
        for before, found in numbers.items()
        for place, number in enumerate(sorted(found))
    }
    made = []
    for name, item in items:
        steps = name.split("-")
        for before, number in _rows_in(name):
            steps[before.count("-") + 1] = str(places[before, number])
        made.append(("-".join(steps), item))
    return made


def _rows_in(name: str) -> Iterator[tuple[str, int]]:
    """Give the rows that a name is in: what stands before each number, and the number."""
    steps = name.split("-")
    for at, step in enumerate(steps):
        if at and step.isascii() and step.isdecimal() and len(step) <= _DIGITS:
            yield "-".join(steps[:at]), int(step)


def left_out(plan: FormPlan, shown: Sheet | None, items: Sequence[Item]) -> set[str]:
    """Give the fields that are not asked for, by what was posted, or stands, in others."""
    found = set()
    for field in plan.fields:
        if field.shown_when is None:
            continue
        other, values = field.shown_when
        texts = [text for name, text in items if name == other and isinstance(text, str)]
        if not texts and shown is not None and other in shown.fields:
            texts = [] if _is_ticked(shown.fields[other]) else _raw(shown.fields[other])
        if not any(text.strip() in values for text in texts or [""]):
            found.add(field.name)
    return found


def given_of(sheet: Sheet, items: Sequence[Item], shown: Iterable[str]) -> set[str]:
    """Give the paths of the fields that were posted.

    Of what a browser leaves out where it is empty, that it was shown says that it was posted.
    """
    names = {name for name, _ in items}
    was_shown = set(shown)
    found = set()
    for one in sheet.every():
        is_new = not one.key and bool(one.path)
        for path, plan, part in one.known():
            is_there = part.name in names or any(name.startswith(f"{part.name}-") for name in names)
            if plan.is_blind:
                is_there = _is_given(part, items)
            elif not is_there and _is_silent(part):
                is_there = is_new or path in was_shown
            if is_there:
                found.add(path)
    return found


def _is_given(part: Part, items: Sequence[Item]) -> bool:
    if not isinstance(part, BoundField):
        return False
    if part.has_file:
        return True
    texts = [item for name, item in items if name == part.name and isinstance(item, str)]
    clears = any(name == f"{part.name}-clear" and item for name, item in items)
    return clears or any(texts)


def _is_silent(part: Part) -> bool:
    """Tell whether nothing is sent of a field that is empty."""
    if isinstance(part, BoundField):
        return part.leaf.is_several or isinstance(part.leaf.widget, Checkbox)
    return isinstance(part, BoundRows)


def _is_ticked(part: Part) -> bool:
    return isinstance(part, BoundField) and isinstance(part.leaf.widget, Checkbox)


def _raw(part: Part) -> list[str]:
    if not isinstance(part, BoundField):
        return []
    return list(part.raw) if isinstance(part.raw, tuple) else [str(part.raw)]


# -- rows that nobody filled in -------------------------------------------------------------------


def _filled(plan: FormPlan, model: type[BaseModel], items: Sequence[Item]) -> Iterator[Item]:
    """Leave out new rows in which nothing stands but what stands in every new one."""
    blank = Form(model)
    usual = {}
    orders = set()
    for sheet in blank_sheets(plan, blank):
        for _, field, part in sheet.known():
            name = _plain(part.name)
            if field.is_order:
                orders.add(name)
            if isinstance(part, BoundField):
                usual[name] = _text(part.raw)
    rows = [_plain(f"{name}-0") for name in _rows_of(plan, "")]
    filled: set[str] = set()
    seen: set[str] = set()
    for name, item in items:
        row = _row_of(name, rows)
        while row:
            seen.add(row)
            if _says_something(name, item, usual, orders):
                filled.add(row)
            row = _row_of(row.rpartition("-")[0], rows)
    for name, item in items:
        row = _row_of(name, rows)
        if not row or row in filled:
            yield name, item


def _says_something(name: str, item: Any, usual: dict[str, str], orders: set[str]) -> bool:
    if not isinstance(item, str):
        return bool(getattr(item, "filename", ""))
    plain = _plain(name)
    if plain in orders or not item.strip():
        return False
    if plain.rpartition("-")[2] == ROW_KEY:
        return True
    return item.strip() != usual.get(plain, "")


def _rows_of(plan: FormPlan, prefix: str) -> Iterator[str]:
    for one in plan.inlines:
        yield f"{prefix}{one.name}"
        yield from _rows_of(one.form, f"{prefix}{one.name}-0-")


def _row_of(name: str, rows: Sequence[str]) -> str:
    """Give the innermost row of an inline that a name is in: ``tracks-3``; empty for none."""
    steps = name.split("-")
    for end in range(len(steps), 1, -1):
        start = "-".join(steps[:end])
        if steps[end - 1].isdecimal() and _plain(start) in rows:
            return start
    return ""


def _plain(name: str) -> str:
    return _NUMBER.sub("-#", name)


def _text(raw: Any) -> str:
    if isinstance(raw, bool):
        return "true" if raw else ""
    return "" if isinstance(raw, tuple) else str(raw)
