"""A form as rows: the fields of each, and the rows within it, whichever way they are nested.

What a place in a form is called (its path) is the same however its rows are numbered:
``title``, ``tracks.5.title``. By it, what was shown, what is stored and what was posted are laid
side by side.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from trivet.admin.plan.form import FieldPlan, FormPlan, InlinePlan
from trivet.admin.plan.readers import ROW_KEY
from trivet.forms import Form
from trivet.forms.bound import BoundField, BoundGroup, BoundRows, Part

__all__ = ["Sheet", "blank_sheets", "digest", "prints_of", "sheet_of"]

_DIGITS = 16  # of a fingerprint, in hexadecimal


@dataclass
class Sheet:
    """One row of a form, as it stands there."""

    path: str
    """Empty for the form's own row, ``tracks.5.`` for one within it."""
    plan: FormPlan
    key: str
    """Which row it says it is; empty for a new one."""
    part: Any
    """The form, or a group of it."""
    fields: dict[str, Part] = field(default_factory=dict)
    inlines: dict[str, list[Sheet]] = field(default_factory=dict)

    def every(self) -> Iterator[Sheet]:
        """Give this row and all within it."""
        yield self
        for rows in self.inlines.values():
            for one in rows:
                yield from one.every()

    def known(self) -> Iterator[tuple[str, FieldPlan, Part]]:
        """Give the fields of this row: path, plan, and what stands in them."""
        for name, part in self.fields.items():
            found = self.plan.field(name)
            if found is not None:
                yield f"{self.path}{name}", found, part


def sheet_of(plan: FormPlan, form: Form[Any]) -> Sheet:
    """Give the rows of a form."""
    return _sheet(plan, form, "", "", {part.name: part for part in form})


def blank_sheets(plan: FormPlan, form: Form[Any]) -> Iterator[Sheet]:
    """Give the rows that are copied for new ones."""
    for part in form:
        inline = plan.inline(part.name) if isinstance(part, BoundRows) else None
        if inline is not None and isinstance(part, BoundRows):
            yield from _blanks(inline, part, f"{inline.name}.")


def _blanks(inline: InlinePlan, rows: BoundRows, path: str) -> Iterator[Sheet]:
    groups = [one for one in [*rows.rows, rows.blank] if isinstance(one, BoundGroup)]
    for group in groups:
        if group is rows.blank:
            yield _sheet(inline.form, group, f"{path}+.", "", group.parts)
        for name, part in group.parts.items():
            below = inline.form.inline(name) if isinstance(part, BoundRows) else None
            if below is not None and isinstance(part, BoundRows):
                yield from _blanks(below, part, f"{path}+.{name}.")


def _sheet(plan: FormPlan, holder: Any, path: str, key: str, parts: Mapping[str, Part]) -> Sheet:
    made = Sheet(path, plan, key, holder)
    for name, part in parts.items():
        inline = plan.inline(name) if isinstance(part, BoundRows) else None
        if inline is None or not isinstance(part, BoundRows):
            if name != ROW_KEY:
                made.fields[name] = part
            continue
        made.inlines[name] = list(_rows(inline, part, f"{path}{name}."))
    return made


def _rows(inline: InlinePlan, rows: BoundRows, path: str) -> Iterator[Sheet]:
    seen: set[str] = set()
    for number, group in enumerate(rows.rows):
        if not isinstance(group, BoundGroup):
            continue
        given = group.parts[ROW_KEY]
        key = str(given.raw) if isinstance(given, BoundField) else ""
        if key in seen:
            key = ""  # one row cannot be there twice
        elif key:
            seen.add(key)
        yield _sheet(inline.form, group, f"{path}{key or f'+{number}'}.", key, group.parts)


# -- fingerprints ---------------------------------------------------------------------------------


def prints_of(sheet: Sheet, blind: Mapping[str, str]) -> dict[str, str]:
    """Give a fingerprint of each field, by its path; `blind` has what stands in no input."""
    found: dict[str, str] = {}
    for one in sheet.every():
        if one.key:
            found[one.path] = ""  # that it was shown at all
        for path, plan, part in one.known():
            found[path] = _print([blind.get(path, "")]) if plan.is_blind else digest(part)
    return found


def digest(part: Part) -> str:
    """Give the fingerprint of what stands in a field; how it was typed makes no difference."""
    return _print(_texts(part))


def _texts(part: Part) -> Iterator[str]:
    if isinstance(part, BoundField):
        raw = part.raw
        if isinstance(raw, tuple):
            yield from sorted(raw)
        else:
            yield str(raw).replace("\r\n", "\n").replace("\r", "\n").strip()
        return
    for one in part.fields:
        yield "("
        yield from _texts(one)
        yield ")"


def _print(texts: Iterable[str]) -> str:
    known = sha256()
    for text in texts:
        known.update(text.encode("utf-8", "surrogatepass") + b"\0")
    return known.hexdigest()[:_DIGITS]
