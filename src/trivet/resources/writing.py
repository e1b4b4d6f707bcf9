"""What is written: rows that are made, replaced, changed and deleted, one or many at once.

The row is held from the moment at which it is looked at to the commit, so that nothing comes
between what was checked (permissions, `If-Match`) and what is written. Everything of one request is
one transaction: many rows are written all, or none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel
from starlette.datastructures import Headers

from trivet.db import NotFound
from trivet.db.describe import describe
from trivet.db.present import unit_now
from trivet.errors import HTTPException
from trivet.resources.access import Asking
from trivet.resources.etags import check_match, tag_of
from trivet.resources.merging import Patch, merged, validated
from trivet.resources.plan import Plan
from trivet.resources.references import Place, References
from trivet.resources.rows import held
from trivet.schema.encode import jsonable_encoder

__all__ = ["Writing"]

Values = dict[str, Any]
Path = Mapping[str, Any]
_BODY: Place = ("body",)


class Writing:
    """Writes rows of one resource, with the hooks of its declaration."""

    def __init__(self, plan: Plan, resource: Any, *, must_match: bool) -> None:
        self.plan = plan
        self.resource = resource
        self._must_match = must_match
        self._references = References(plan.model)

    async def create(self, asking: Asking, body: BaseModel, path: Path) -> Any:
        """Make a row of what a client gave; gives it as it is stored."""
        (row,) = await self._create(asking, [(_BODY, _given(body))], path)
        return row

    async def create_many(
        self, asking: Asking, bodies: Sequence[BaseModel], path: Path
    ) -> list[Any]:
        """Make many of them."""
        return await self._create(asking, _placed([_given(body) for body in bodies]), path)

    async def _create(
        self, asking: Asking, bodies: Sequence[tuple[Place, Values]], path: Path
    ) -> list[Any]:
        plan, resource = self.plan, self.resource
        await self._references.check(asking, bodies)
        made = []
        for _, values in bodies:
            given = tuple(values)
            if plan.parent is not None:
                values[plan.parent.column] = path[plan.parent.column]
            await resource.before_create(values, asking)
            row = plan.model(**values)
            await asking.require("add", row)
            await self._check_fields(asking, "add", row, given)
            made.append(row)
        await self._store(made)
        for row in made:
            await resource.after_create(row, asking)
        return made

    async def replace(self, asking: Asking, body: BaseModel, path: Path, headers: Headers) -> Any:
        """Replace all that a client may write of a row; what was not given is as in a new one."""
        row = await self._held(asking, path, "change", headers)
        given = _given(body)
        for column in describe(self.plan.model).columns:
            if column.name not in self.plan.writable or column.name in given:
                continue
            # A default that is made for each new row is none for one that is there.
            if column.default is not None or column.is_nullable:
                given[column.name] = column.default
        return await self._changed(asking, row, given)

    async def change(self, asking: Asking, patch: Patch, path: Path, headers: Headers) -> Any:
        """Change what a client gave of a row."""
        model = self.plan.change
        assert model is not None, "its operation is served"
        if not patch.merges:
            given = validated(model, patch.data)
        row = await self._held(asking, path, "change", headers)
        if patch.merges:
            given = validated(model, _merged(row, patch.data))
        return await self._changed(asking, row, _given(given))

    async def delete(self, asking: Asking, path: Path, headers: Headers) -> None:
        """Delete a row, or mark it as deleted where the model keeps such rows."""
        row = await self._held(asking, path, "delete", headers)
        await self.resource.before_delete(row, asking)
        await row.delete()
        await self.resource.after_delete(row, asking)

    # -- many ------------------------------------------------------------------------------------

    async def change_many(
        self, asking: Asking, bodies: Sequence[BaseModel], path: Path
    ) -> list[Any]:
        """Change rows, each by its key."""
        key = self.plan.keys[0].name
        rows = await self._held_many(asking, [getattr(one, key) for one in bodies], path, "change")
        given = [_given(body) for body in bodies]
        changes = [_changes(rows[values.pop(key)], values) for values in given]
        await self._references.check(asking, _placed(changes))
        for body, values in zip(bodies, given, strict=True):
            await self._put(asking, rows[getattr(body, key)], values)
        found = [rows[getattr(body, key)] for body in bodies]
        await self._store(found)
        for row in found:
            await self.resource.after_change(row, asking)
        return found

    async def delete_many(self, asking: Asking, keys: Sequence[Any], path: Path) -> None:
        """Delete rows by their keys."""
        rows = await self._held_many(asking, keys, path, "delete")
        for row in rows.values():
            await self.resource.before_delete(row, asking)
            await row.delete()
            await self.resource.after_delete(row, asking)

    async def _held_many(
        self, asking: Asking, keys: Sequence[Any], path: Path, action: str
    ) -> dict[Any, Any]:
        if len(set(keys)) < len(keys):
            raise HTTPException(409, "A row is named twice")
        plan = self.plan
        name = plan.keys[0].name
        query = self.resource.query(asking).where(**{f"{name}__in": list(keys)})
        if plan.parent is not None:
            query = query.where(**{plan.parent.column: path[plan.parent.column]})
        # In one order, so that two requests do not wait for each other.
        query = (await asking.reachable("view", query)).order_by(name).for_update()
        rows = {getattr(row, name): row for row in await query}
        if len(rows) < len(keys):
            raise NotFound(plan.model)
        for row in rows.values():
            await asking.require(action, row)
        return rows

    # -- one -------------------------------------------------------------------------------------

    async def _held(self, asking: Asking, path: Path, action: str, headers: Headers) -> Any:
        plan = self.plan
        row = await held(plan, asking, self.resource.query(asking), path, action)
        if self._must_match or "if-match" in headers or "if-none-match" in headers:
            plain = plan.reader.shape.plain(row)
            unseen = await self._unseen(asking, row)
            check_match(
                headers, tag_of(plan, _without(plain, unseen), unseen), must=self._must_match
            )
        return row

    async def _unseen(self, asking: Asking, row: Any) -> set[str]:
        plan = self.plan
        guarded = set(asking.guarded("view", plan.model)) & set(plan.shown)
        return {name for name in guarded if not await asking.may("view", row, name)}

    async def _changed(self, asking: Asking, row: Any, values: Values) -> Any:
        await self._references.check(asking, [(_BODY, _changes(row, values))])
        await self._put(asking, row, values)
        await self._store([row])
        await self.resource.after_change(row, asking)
        return row

    async def _put(self, asking: Asking, row: Any, values: Values) -> None:
        changes = _changes(row, values)
        await self._check_fields(asking, "change", row, changes)
        await self.resource.before_change(row, changes, asking)
        for name, value in changes.items():
            setattr(row, name, value)

    async def _check_fields(
        self, asking: Asking, action: str, row: Any, names: Sequence[str] | Mapping[str, Any]
    ) -> None:
        for name in asking.guarded(action, self.plan.model):
            if name in names:
                await asking.require(action, row, name)

    async def _store(self, rows: Sequence[Any]) -> None:
        """Write rows, and read them again: what is answered is what is stored."""
        if len(rows) == 1:
            await rows[0].save()
        elif rows:
            await unit_now(self.plan.model).save_all(rows)
        for row in rows:
            await row.refresh()


def _placed(bodies: Sequence[Values]) -> list[tuple[Place, Values]]:
    return [(("body", number), values) for number, values in enumerate(bodies)]


def _changes(row: Any, values: Values) -> Values:
    return {name: value for name, value in values.items() if getattr(row, name) != value}


def _given(body: BaseModel) -> Values:
    return {
        name: getattr(body, name)
        for name in type(body).model_fields
        if name in body.model_fields_set
    }


def _without(plain: Values, names: set[str]) -> Values:
    return {name: value for name, value in plain.items() if name not in names}


def _merged(row: Any, data: Any) -> Any:
    """Give what a merge patch makes of the members that it names; others stay as they are."""
    if not isinstance(data, Mapping):
        return data
    found: Values = {}
    for name, value in data.items():
        if isinstance(value, Mapping) and isinstance(name, str):
            there = jsonable_encoder(getattr(row, name, None))
            found[name] = merged(there, value)
        else:
            found[name] = value
    return found
