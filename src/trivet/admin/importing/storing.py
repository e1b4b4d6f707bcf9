"""Rows of a file, stored: new ones added, those that are found changed, all together or none.

Each value is read as the form reads it, each relation is looked for among the rows that the visitor
may pick, and each row and field is asked about. Where anything is wrong, nothing stays.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from typing import Any

from pydantic import BaseModel, ValidationError
from sqlalchemy.exc import StatementError

from trivet.admin.history import new_batch
from trivet.admin.history.recording import Changes, recorded_all
from trivet.admin.importing.matching import Mapped, named_rows
from trivet.admin.importing.reading import Cells
from trivet.admin.plan.form import FieldPlan, Shape
from trivet.admin.plan.model import ModelPlan
from trivet.admin.plan.site import SitePlan
from trivet.admin.visits import Visit
from trivet.db import CheckViolation, ForeignKeyViolation, UnfitValue, UniqueViolation, Violation
from trivet.db.present import unit_now
from trivet.forms.facts import facts_of
from trivet.forms.messages import message_of
from trivet.schema.annotations import is_subclass
from trivet.texts import lazy

__all__ = ["Imported", "Trouble", "import_rows"]

_AT_ONCE = 300
_MOST_TOLD = 100  # what is wrong, line by line; the rest is counted
_MISSING = object()


@dataclass(frozen=True)
class Trouble:
    """What is wrong with a row of the file."""

    line: int
    label: str
    text: str


@dataclass
class Imported:
    """What an import does, or would do."""

    new: int = 0
    changed: int = 0
    same: int = 0
    wrong: int = 0
    """Rows in which something is wrong."""
    troubles: list[Trouble] = field(default_factory=list)
    _told: list[tuple[Any, Changes]] = field(default_factory=list)


class _Back(Exception):  # a way out of a transaction, and no fault
    """Leaves a transaction so that nothing of it stays."""


async def import_rows(
    site: SitePlan, visit: Visit, plan: ModelPlan, cells: Cells, mapped: Mapped, *, keeps: bool
) -> Imported:
    """Store rows; with `keeps` False, or where anything is wrong, nothing of them stays."""
    found = Imported()
    unit = unit_now(plan.model)
    try:
        async with unit.database.transaction():
            await _Import(site, visit, plan, cells, mapped, found).run()
            if not keeps or found.wrong:
                raise _Back
            await recorded_all(visit, plan, found._told, "import", batch=new_batch())
    except _Back:
        pass
    return found


class _Wrong(Exception):  # what is wrong with values: what each is called, and its own words
    def __init__(self, *told: tuple[str, str]) -> None:
        self.told = told


@dataclass
class _Import:
    site: SitePlan
    visit: Visit
    plan: ModelPlan
    cells: Cells
    mapped: Mapped
    found: Imported

    async def run(self) -> None:
        fields = {name: self.plan.form.field(name) for name in self.mapped.columns.values()}
        self.fields = {name: one for name, one in fields.items() if one is not None}
        columns = tuple(name for name, one in self.fields.items() if one.relation is None)
        self.reader: type[BaseModel] = self.plan.form.readers(
            Shape(columns, (), self.visit.time_zone)
        )
        self.rows_by_text = await self._relations()
        self.standing = await self._standing()
        self.seen: set[str] = set()
        for start, row in enumerate(self.cells.rows):
            await self._row(start + 2, self._given(row))

    def _given(self, row: Sequence[Any]) -> dict[str, Any]:
        return {name: row[number] for number, name in self.mapped.columns.items()}

    # -- what is there ---------------------------------------------------------------------------

    async def _relations(self) -> Mapping[str, Mapping[str, list[Any]]]:
        found = {}
        for name, one in self.fields.items():
            if one.relation is not None:
                texts = [_word(self._given(row)[name]) for row in self.cells.rows]
                found[name] = await named_rows(self.site, self.visit, one, texts)
        return found

    async def _standing(self) -> dict[str, Any]:
        """Give the rows that the file names, by what they are found by."""
        by, found = self.mapped.by, {}
        if not by:
            return {}
        column = getattr(self.plan.model, by)
        values = [self._found_by(self._given(row).get(by)) for row in self.cells.rows]
        wanted = [one for one in dict.fromkeys(values) if one is not None]
        for start in range(0, len(wanted), _AT_ONCE):
            query = await self.visit.may.reachable("view", self.plan.query())
            some = wanted[start : start + _AT_ONCE]
            for one in self.fields.values():
                if one.relation is not None:
                    query = query.with_(getattr(self.plan.model, one.name))
            for row in await query.where(column.in_(some)).for_update():
                found[str(getattr(row, by))] = row
        return found

    def _found_by(self, value: Any) -> Any:
        """Read one value by which rows are found; None for what is none."""
        by, text = self.mapped.by, _word(value)
        if by in self.plan.keys.names:
            read = self.plan.keys.read(text) if text else None
            return None if read is None else read[0]
        column = self.plan.description.column(by)
        if not text or column is None:
            return None
        try:
            return getattr(self._read_alone(by, value), by)
        except (ValidationError, ValueError):
            return None

    def _read_alone(self, name: str, value: Any) -> Any:
        reader = self.plan.form.readers(Shape((name,), (), self.visit.time_zone))
        return reader.model_validate({name: _cell(self.fields[name], value)})

    # -- one row ---------------------------------------------------------------------------------

    async def _row(self, line: int, given: dict[str, Any]) -> None:
        try:
            standing = self._match(given)
            values = await self._values(given, standing)
            await self._store(standing, values)
        except _Wrong as error:
            self._say(line, error.told)
        except ValidationError as error:
            self._say(line, [self._told(one) for one in error.errors(include_url=False)])
        except (Violation, UnfitValue) as error:
            self._say(line, [("", _broken(error))])
        except StatementError as error:
            if type(error) is not StatementError:
                raise  # the database's own trouble, and no value's
            self._say(line, [("", lazy("This cannot be kept; check it."))])
        except (ValueError, OverflowError, AssertionError) as error:  # a validator of the model's
            self._say(line, [("", str(error)[:200])])

    def _match(self, given: dict[str, Any]) -> Any:
        by = self.mapped.by
        if not by:
            return None
        value = self._found_by(given.get(by))
        is_key = by in self.plan.keys.names
        if value is None and not is_key:
            raise _Wrong((by, lazy("Fill this in.")))
        mark = str(value)
        if value is not None and mark in self.seen:
            raise _Wrong((by, lazy("Another line has the same.")))
        self.seen.add(mark)
        found = self.standing.get(mark)
        if found is None and is_key and _word(given.get(by)):
            raise _Wrong((by, lazy("There is no such row.")))
        return found

    async def _values(self, given: dict[str, Any], standing: Any) -> dict[str, Any]:
        data, values = {}, {}
        told: list[tuple[str, str]] = []  # all that is wrong with the row, and not only the first
        for name, one in self.fields.items():
            if one.relation is not None:
                try:
                    values[name] = self._related(one, given[name])
                except _Wrong as error:
                    told += error.told
                continue
            value = _cell(one, given[name])
            if value is _MISSING and standing is None and one.column and one.column.has_default:
                continue  # the default of a new row
            if value == "" and one.is_needed and getattr(standing, name, None) != "":
                told.append((str(one.label), lazy("Fill this in.")))
                continue
            data[name] = None if value is _MISSING else value
        told += self._missing(values, standing)
        try:
            read = self._read(data)
        except ValidationError as error:
            told += [self._told(one) for one in error.errors(include_url=False)]
        if told:
            raise _Wrong(*told)
        return {name: getattr(read, name) for name in data} | values

    def _read(self, data: dict[str, Any]) -> Any:
        if len(data) == len(self.reader.model_fields):
            return self.reader.model_validate(data)
        reader = self.plan.form.readers(Shape(tuple(data), (), self.visit.time_zone))
        return reader.model_validate(data)

    def _missing(self, values: dict[str, Any], standing: Any) -> Iterator[tuple[str, str]]:
        """Give what must be there and is not: relations, and fields that the file lacks."""
        for one in self.plan.form.fields:
            is_left_out = one.name not in self.fields and standing is None
            is_empty = values.get(one.name, _MISSING) is None
            if one.is_needed and (is_left_out or is_empty):
                yield str(one.label), lazy("Fill this in.")

    def _related(self, one: FieldPlan, value: Any) -> Any:
        text = _word(value)
        if not text:
            return None
        found = self.rows_by_text[one.name].get(text, [])
        if not found:
            raise _Wrong((str(one.label), lazy("Choose one that there is.")))
        if len(found) > 1:
            raise _Wrong((str(one.label), lazy("Several are meant by this; choose one.")))
        return found[0]

    async def _store(self, standing: Any, values: dict[str, Any]) -> None:
        if standing is None:
            await self._add(values)
            return
        before: dict[str, tuple[Any, Any]] = {}
        for name, new in values.items():
            old = getattr(standing, name)
            if old != new:
                before[name] = (old, new)
        if not before:
            self.found.same += 1
            return
        await self._may("change", standing, before)
        unit = unit_now(self.plan.model)
        try:
            async with unit.database.transaction():
                for name, (_, new) in before.items():
                    setattr(standing, name, new)
                await unit.save(standing)
        except BaseException:
            self.standing.pop(str(getattr(standing, self.mapped.by, "")), None)
            raise
        self.found.changed += 1
        self.found._told.append((standing, before))

    async def _add(self, values: dict[str, Any]) -> None:
        await self._may("add", self.plan.model, values)
        unit = unit_now(self.plan.model)
        async with unit.database.transaction():
            row = self.plan.model(**values)
            await unit.save(row)
        self.found.new += 1
        self.found._told.append((row, {name: (None, one) for name, one in values.items()}))

    async def _may(self, action: str, what: Any, names: Mapping[str, Any]) -> None:
        if not await self.visit.may(action, what):
            raise _Wrong(("", lazy("You may not do this with this row.")))
        for name in names:
            if not await self.visit.may(action, what, name):
                raise _Wrong((str(self.fields[name].label), lazy("You may not change this.")))

    # -- what is wrong ---------------------------------------------------------------------------

    def _told(self, error: Any) -> tuple[str, str]:
        name = str(error["loc"][0]) if error["loc"] else ""
        one = self.fields.get(name)
        context = error.get("ctx") or {}
        message = message_of(error["type"], context, otherwise=str(error["msg"])[:200])
        return ("" if one is None else str(one.label)), message.told()

    def _say(self, line: int, told: Sequence[tuple[str, str]]) -> None:
        self.found.wrong += 1
        for label, text in told:
            if len(self.found.troubles) < _MOST_TOLD:
                self.found.troubles.append(Trouble(line, label, text))


def _word(value: Any) -> str:
    if value is None:
        return ""
    return str(value).strip() if not isinstance(value, bool) else str(value).lower()


def _cell(one: FieldPlan, value: Any) -> Any:
    """Give what stands in a cell as the schema takes it; `_MISSING` for nothing."""
    column = one.column
    assert column is not None, "relations are looked up"
    kind: Any = facts_of(column.annotation).type
    if value is None or (isinstance(value, str) and not value.strip()):
        is_text = is_subclass(kind, str) and not column.is_nullable
        return "" if is_text and isinstance(value, str) else _MISSING
    if is_subclass(kind, Enum):
        return kind[value] if isinstance(value, str) and value in kind.__members__ else value
    if is_subclass(kind, str):
        return value if isinstance(value, str) else _word(value)
    if one.kind == "json" and isinstance(value, str):
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return value
    if isinstance(value, float):
        return repr(value) if one.kind == "number" else value
    if isinstance(value, str):
        return _moment(value.strip()) if one.kind == "moment" else value.strip()
    return value


def _moment(text: str) -> Any:
    """Take a moment without a zone for one in UTC, as it is exported."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return text
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _broken(error: Violation | UnfitValue) -> str:
    if isinstance(error, UniqueViolation):
        return lazy("There is one with this already.")
    if isinstance(error, ForeignKeyViolation):
        return lazy("Choose one that there is.")
    if isinstance(error, CheckViolation) and error.rule:
        return lazy("This breaks the rule “%(rule)s”.", rule=error.rule)
    return lazy("This cannot be kept; check it.")
