"""What was posted, stored: the row and all rows within its form, in one transaction or not at all.

Only what was changed is written, of each row only what this visitor may change of it; what a form
says of rows that do not belong to this parent has been left out before.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import inspect
from sqlalchemy.exc import StatementError
from sqlalchemy.orm.attributes import set_committed_value

from trivet.admin.editing.files import FileStore
from trivet.admin.editing.merging import Merged
from trivet.admin.editing.ordering import numbered
from trivet.admin.editing.relations import Picked
from trivet.admin.editing.sheets import Sheet
from trivet.admin.editing.slugs import slugged
from trivet.admin.editing.standing import Standing
from trivet.admin.history import snapshot_of
from trivet.admin.plan.form import FormPlan, InlinePlan
from trivet.admin.plan.readers import FieldPlan
from trivet.admin.visits import Visit
from trivet.db import (
    CheckViolation,
    ForeignKeyViolation,
    Query,
    UnfitValue,
    UniqueViolation,
    Violation,
)
from trivet.db.describe import describe
from trivet.db.present import unit_now
from trivet.forms import Form
from trivet.forms.bound import BoundField, Part
from trivet.forms.messages import Message
from trivet.texts import lazy

__all__ = ["Change", "Refused", "Saving"]

_TAKEN = lazy("There is one with this already.")
_NOT_KEPT = lazy("This cannot be kept; check it.")
_NOT_THERE = lazy("Choose one that there is.")
_MISSING = lazy("Fill this in.")


@dataclass(frozen=True)
class Change:
    """One row that was written: ``add``, ``change`` or ``delete``."""

    action: str
    row: Any
    values: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    """By the names of fields: the value before, and the one after."""


class Refused(Exception):
    """The database, or the model, does not take what was posted; the form says why."""


@dataclass
class Saving:
    """One form on its way into the database."""

    visit: Visit
    merged: Merged
    picked: Picked
    files: FileStore
    changes: list[Change] = field(default_factory=list)
    besides: dict[str, Any] = field(default_factory=dict)
    """Values of the row that are in no form."""
    _at: tuple[Sheet, FormPlan] | None = None

    async def save(self, sheet: Sheet, value: Any, standing: Standing | None, model: Any) -> Any:
        """Store a form; gives its row. Raises `Refused`, and then nothing of it is stored."""
        try:
            async with unit_now(model).database.transaction():
                return await self._row(sheet, value, standing, model, self.besides)
        except Refused:
            await self.files.undo()
            raise
        except (Violation, UnfitValue) as error:
            self._tell(error)
        except (ValueError, OverflowError, AssertionError) as error:
            self._say("", str(error) if isinstance(error, ValueError) else _NOT_KEPT)
        except StatementError as error:
            if type(error) is not StatementError:
                raise  # the database's own trouble, and no value's
            self._say("", _NOT_KEPT)
        await self.files.undo()
        raise Refused

    # -- rows ------------------------------------------------------------------------------------

    async def _row(
        self,
        sheet: Sheet,
        value: Any,
        standing: Standing | None,
        model: Any,
        links: dict[str, Any],
    ) -> Any:
        self._at = (sheet, sheet.plan)
        values = await self._values(sheet, value, standing, model)
        row = await self._written(sheet, standing, model, values | links)
        for inline in sheet.plan.inlines:
            if inline.name in sheet.inlines:
                await self._rows(inline, sheet, value, standing, row)
        return row

    async def _written(
        self, sheet: Sheet, standing: Standing | None, model: Any, values: dict[str, Any]
    ) -> Any:
        if standing is None:
            row = model(**self._checked(model, values))
            await unit_now(model).save(row)
            if not sheet.path:  # what is said of it on the next page may name its relations
                await _again(row, values, is_new=True)
            made = {name: (None, one) for name, one in values.items()}
            self.changes.append(Change("add", row, _told(row, made, {})))
            return row
        row, before = standing.row, {}
        related = dict(row.__dict__)
        for name, one in self._checked(model, values).items():
            old = getattr(row, name)
            if old != one or type(old) is not type(one):
                before[name] = (list(old) if isinstance(old, list) else old, one)
                setattr(row, name, one)
        if before:
            await unit_now(model).save(row)
            await _again(row, before)
            self.changes.append(Change("change", row, _told(row, before, related)))
        return row

    def _checked(self, model: Any, values: dict[str, Any]) -> dict[str, Any]:
        """Ask the model's own validators, each about its field."""
        validators = inspect(model).validators
        for name, one in values.items():
            if name in validators:
                try:
                    validators[name][0](model(), name, one)
                except (ValueError, AssertionError) as error:
                    self._say(name, str(error) or _NOT_KEPT)
                    raise Refused from error
                except TypeError:  # no row without its values: it is asked as they are set
                    continue
        return values

    async def _values(
        self, sheet: Sheet, value: Any, standing: Standing | None, model: Any
    ) -> dict[str, Any]:
        found: dict[str, Any] = {}
        what, action = (model, "add") if standing is None else (standing.row, "change")
        for path, plan, part in sheet.known():
            if path not in self.merged.changed:
                if standing is None and plan.slug_from:
                    found |= self._slug(plan, value, standing)
                continue
            if standing is not None and plan.name in (standing.hidden | standing.overfull):
                continue
            if sheet.path and not await self.visit.may(action, what, plan.name):
                continue  # what may be changed of other rows, and not of this one
            found |= await self._value(model, plan, part, value, standing, path)
        return found

    async def _value(
        self,
        model: Any,
        plan: FieldPlan,
        part: Part,
        value: Any,
        standing: Standing | None,
        path: str,
    ) -> dict[str, Any]:
        if plan.relation is not None:
            rows = self._related(path, plan, part)
            if plan.relation.is_many:
                kept = [] if standing is None else standing.unseen.get(plan.name, [])
                return {plan.name: [*kept, *rows]}
            return _referring(model, plan, rows[0] if rows else None)
        if plan.is_file:
            return await self.files.of(plan, part, getattr(value, plan.name), self.visit)
        given = getattr(value, plan.name)
        if plan.slug_from and not given:
            return self._slug(plan, value, standing)
        if plan.is_blind:
            return {plan.name: given} if given else {}
        if given is None and not plan.may_be_empty:
            if standing is not None or plan.is_needed:
                self._say(plan.name, _MISSING)
                raise Refused
            return {}  # the default, which is made for each row
        return {plan.name: given}

    def _related(self, path: str, plan: FieldPlan, part: Part) -> list[Any]:
        raw = part.raw if isinstance(part, BoundField) else ""
        texts: Sequence[str] = raw if isinstance(raw, tuple) else [str(raw)]
        return self.picked.of(path, texts)

    def _slug(self, plan: FieldPlan, value: Any, standing: Standing | None) -> dict[str, Any]:
        source = getattr(value, plan.slug_from, None)
        if source is None and standing is not None:
            source = getattr(standing.row, plan.slug_from, None)
        column = plan.column
        made = slugged(str(source or ""), None if column is None else column.max_length)
        return {plan.name: made} if made or plan.is_needed else {}

    # -- rows within the form --------------------------------------------------------------------

    async def _rows(
        self, inline: InlinePlan, sheet: Sheet, value: Any, standing: Standing | None, parent: Any
    ) -> None:
        stored = (
            {one.key: one for one in standing.children.get(inline.name, ())} if standing else {}
        )
        for one in stored.values():
            if one.path in self.merged.gone and one.can_delete:
                self.changes.append(Change("delete", one.row, snapshot_of(one.row)))
                await unit_now(inline.model).delete(one.row)
        pairs = list(zip(sheet.inlines[inline.name], getattr(value, inline.name), strict=True))
        if inline.sort:
            await self._renumber(inline, pairs, stored)
        for inner, given in pairs:
            known = stored.get(inner.key)
            if known is not None and not known.can_change:
                continue
            if known is None and not await self._may_add(inline):
                continue
            links = (
                {name: getattr(parent, theirs) for name, theirs in inline.links}
                if known is None
                else {}
            )
            await self._row(inner, given, known, inline.model, links)

    async def _may_add(self, inline: InlinePlan) -> bool:
        return inline.can_add and await self.visit.may("add", inline.model)

    async def _renumber(
        self, inline: InlinePlan, pairs: list[tuple[Sheet, Any]], stored: dict[str, Standing]
    ) -> None:
        """Let the numbers of the rows say their order, without ever having one twice."""
        numbers = numbered([getattr(given, inline.sort, None) for _, given in pairs])
        moved = []
        for (inner, given), number in zip(pairs, numbers, strict=True):
            path = f"{inner.path}{inline.sort}"
            known = stored.get(inner.key)
            setattr(given, inline.sort, number)
            if known is None:
                self.merged.changed.add(path)
            elif (
                known.can_change
                and getattr(known.row, inline.sort) != number
                and await self.visit.may("change", known.row, inline.sort)
            ):
                self.merged.changed.add(path)
                moved.append(known.row)
        column = inspect(inline.model).column_attrs[inline.sort].columns[0]
        if len(moved) > 1 and _may_clash(column):
            taken = [getattr(one.row, inline.sort) or 0 for one in stored.values()]
            above = max([*taken, *numbers]) + 1
            for place, row in enumerate(moved):
                setattr(row, inline.sort, above + place)
                await unit_now(inline.model).save(row)

    # -- what is wrong ---------------------------------------------------------------------------

    def _tell(self, error: Violation | UnfitValue) -> None:
        """Say at its field what rule a value breaks."""
        text = _NOT_KEPT
        if isinstance(error, UniqueViolation):
            text = _TAKEN
        elif isinstance(error, ForeignKeyViolation):
            text = lazy("Others still need this row.") if error.is_still_named else _NOT_THERE
        elif isinstance(error, CheckViolation) and error.rule:
            text = lazy("This breaks the rule “%(rule)s”.", rule=error.rule)
        self._say(next(self._names(error), ""), text)

    def _names(self, error: Any) -> Iterator[str]:
        if self._at is None:
            return
        sheet, plan = self._at
        for name in getattr(error, "fields", ()):
            if name in sheet.fields:
                yield name
            for one in plan.fields:
                relation = one.relation
                if relation is not None and name in relation.columns and one.name in sheet.fields:
                    yield one.name

    def _say(self, name: str, text: str) -> None:
        if self._at is None:
            return
        sheet, _ = self._at
        part = sheet.fields.get(name)
        if part is None and isinstance(sheet.part, Form):
            sheet.part.add_error("", text)
            return
        part = part or next(iter(sheet.fields.values()), sheet.part)
        part.messages.append(Message(text))


def _told(
    row: Any, changes: dict[str, tuple[Any, Any]], before: Mapping[str, Any]
) -> dict[str, tuple[Any, Any]]:
    """Give changes with rows in the place of the columns that refer to them, where they are read.

    `before` has the rows that were referred to, by the names of relations.
    """
    told = dict(changes)
    model: Any = type(row)
    for relation in describe(model).relations:
        name, columns = relation.name, relation.columns
        if columns and changes.keys() >= set(columns) and name in row.__dict__:
            for column in columns:
                told.pop(column, None)
            told[name] = (before.get(name), row.__dict__[name])
    return told


async def _again(row: Any, changed: Collection[str], *, is_new: bool = False) -> None:
    """Let the relations of a row be what its columns refer to now."""
    mapper: Any = inspect(type(row))
    for relation in describe(mapper.class_).relations:
        name, columns = relation.name, relation.columns
        if set(columns) & set(changed) and (is_new or name in row.__dict__):
            is_none = any(getattr(row, column) is None for column in columns)
            found = None if is_none else await _target(mapper.relationships[name], row)
            set_committed_value(row, name, found)


async def _target(prop: Any, row: Any) -> Any:
    conditions = [
        getattr(prop.mapper.class_, prop.mapper.get_property_by_column(theirs).key)
        == getattr(row, prop.parent.get_property_by_column(ours).key)
        for ours, theirs in prop.local_remote_pairs
    ]
    return await Query(prop.mapper.class_).where(*conditions).first()


def _referring(model: Any, plan: FieldPlan, target: Any) -> dict[str, Any]:
    """Give the values of the columns that refer to a row.

    They are set, and not the relation: that would take the row away from whoever has it, where one
    alone may, in place of a word that it is taken.
    """
    mapper: Any = inspect(model)
    prop = mapper.relationships[plan.name]
    if plan.relation is None or not plan.relation.columns:
        return {plan.name: target}
    return {
        mapper.get_property_by_column(ours).key: None
        if target is None
        else getattr(target, prop.mapper.get_property_by_column(theirs).key)
        for ours, theirs in prop.local_remote_pairs
    }


def _may_clash(column: Any) -> bool:
    table = column.table
    rules = [*table.constraints, *(one for one in table.indexes if one.unique)]
    return bool(column.unique) or any(
        column.name in getattr(rule, "columns", ()) and not getattr(rule, "sqltext", None)
        for rule in rules
    )
