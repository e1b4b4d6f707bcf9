"""Writing down what was done: the one way for all that changes rows in a site."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from secrets import token_hex
from typing import Any

from sqlalchemy import inspect

from trivet.admin.accounts.rights import check_rights
from trivet.admin.history.keeping import History
from trivet.admin.history.tables import LONGEST_KEY, LONGEST_NAME
from trivet.admin.history.values import HIDDEN, kept, kept_row, kept_rows
from trivet.admin.plan.model import ModelPlan
from trivet.admin.plan.names import named
from trivet.admin.plan.readers import is_secret
from trivet.admin.visits import Visit
from trivet.auth.groups import Group
from trivet.auth.permissions.names import permission_name
from trivet.auth.trail import where_from
from trivet.auth.users import UserMixin
from trivet.db import NotLoadedError
from trivet.db.describe import describe

__all__ = [
    "Changes",
    "changes_of",
    "key_kept",
    "model_kept",
    "new_batch",
    "recorded",
    "recorded_all",
    "snapshot_of",
]

Changes = Mapping[str, tuple[Any, Any]]
"""By the names of fields: the value before, and the one after; rows for relations."""


async def recorded(
    visit: Visit,
    plan: ModelPlan | None,
    row: Any,
    action: str,
    changes: Changes | None = None,
    *,
    batch: str | None = None,
) -> None:
    """Write down what a visitor did with a row, in the transaction in which it is done.

    `plan` may be None for a row of a model that the site does not have; `row` may be None for what
    is done with a model as a whole, such as an export. `action` is ``add``, ``change``, ``delete``,
    ``restore``, ``import``, ``export`` or the name of an action. Nothing happens where the site
    keeps no history.
    """
    await recorded_all(visit, plan, [(row, changes or {})], action, batch=batch)


async def recorded_all(
    visit: Visit,
    plan: ModelPlan | None,
    rows: Sequence[tuple[Any, Changes]],
    action: str,
    *,
    batch: str | None = None,
) -> None:
    """Write down what was done with many rows at once, each with what changed in it.

    Raises `NotAllowed` for what the model's `ModelAdmin` does not let the visitor write.
    """
    for row, changes in rows:
        if row is None or action == "delete":
            continue
        if plan is not None:
            await plan.admin.check_changes(visit, row, changes)
        elif isinstance(row, UserMixin | Group):  # whatever form it was in
            await check_rights(visit, row, changes)
    history = visit.history
    if history is None or not rows:
        return
    told = _told_of(visit) | {"action": action[:60], "batch": batch}
    if batch is None and len(rows) > 1:
        told["batch"] = new_batch()
    entries = [told | _about(history, plan, row, changes) for row, changes in rows]
    await history.write(entries)


def new_batch() -> str:
    """Give what changes have in common that are made at once."""
    return token_hex(16)


def changes_of(plan: ModelPlan, row: Any) -> dict[str, tuple[Any, Any]]:
    """Give what was changed of a row since it was read; asked before it is saved."""
    found: dict[str, tuple[Any, Any]] = {}
    state: Any = inspect(row)
    for relation in plan.description.relations:
        past = state.attrs[relation.name].history
        if not past.has_changes():
            continue
        if relation.is_many:
            stay = list(past.unchanged)
            found[relation.name] = ([*stay, *past.deleted], [*stay, *past.added])
        else:
            found[relation.name] = (_first(past.deleted), _first(past.added))
    told = {name for one in plan.description.relations if one.name in found for name in one.columns}
    for column in plan.description.columns:
        past = state.attrs[column.name].history
        if past.has_changes() and column.name not in told:
            found[column.name] = (_first(past.deleted), _first(past.added))
    return found


def snapshot_of(row: Any) -> dict[str, tuple[Any, Any]]:
    """Give all of a row that is about to be deleted, as changes to nothing.

    Relations to one are given by what they are called, where they are loaded.
    """
    state: Any = inspect(row)
    model: Any = type(row)
    known = describe(model)
    found: dict[str, tuple[Any, Any]] = {}
    told: set[str] = set()
    for relation in known.relations:
        if relation.columns and not relation.is_many and relation.name in state.dict:
            found[relation.name] = (state.dict[relation.name], None)
            told |= set(relation.columns)
    for column in known.columns:
        if column.name in state.dict and column.name not in told:
            found[column.name] = (state.dict[column.name], None)
    return found


def key_kept(key: str) -> str:
    """Give the text of a key as it is kept: one that is too long by a mark of it."""
    return key if len(key) <= LONGEST_KEY else f"~~{sha256(key.encode()).hexdigest()}"


def model_kept(model: Any) -> str:
    """Give what a model is called in the history: ``blog_post``."""
    return permission_name("", model).rstrip(".")[:100]


def _told_of(visit: Visit) -> dict[str, Any]:
    """Give who does it, when, and from where."""
    where = where_from(visit.request)
    state = getattr(visit.request, "state", None)
    request = getattr(state, "request_id", None)
    return {
        "at": datetime.now(UTC),
        "handle": visit.handle[:64],
        "name": visit.name[:LONGEST_NAME],
        "by_handle": where.get("by"),
        "by_name": visit.impersonator[:LONGEST_NAME] or None,
        "request": None if request is None else str(request)[:100],
        "address": where.get("address"),
        "agent": where.get("agent"),
    }


def _about(history: History, plan: ModelPlan | None, row: Any, changes: Changes) -> dict[str, Any]:
    if row is None:
        assert plan is not None, "what is done with no row is done with a model"
        told = {name: [kept(old), kept(new)] for name, (old, new) in changes.items()}
        return {
            "model": model_kept(plan.model),
            "key": "",
            "label": str(plan.plural)[:LONGEST_NAME],
            "changes": told,
        }
    model = type(row)
    key = history.site.keys_of(model).written(row)
    return {
        "model": model_kept(model),
        "key": key_kept(key),
        "label": _name(history, row),
        "changes": _changes(history, plan, model, changes),
    }


def _changes(
    history: History, plan: ModelPlan | None, model: Any, changes: Changes
) -> dict[str, list[Any]]:
    known = describe(model)
    open_ = set() if plan is None else {named(one) for one in type(plan.admin).recorded}
    found: dict[str, list[Any]] = {}
    for name, (old, new) in changes.items():
        column = known.column(name)
        if column is not None and name not in open_ and (column.is_private or is_secret(column)):
            found[name] = [HIDDEN, HIDDEN]
            continue
        before, after = _value(history, old), _value(history, new)
        if before != after or old != new:
            found[name] = [before, after]
    return found


def _value(history: History, value: Any) -> Any:
    if isinstance(value, list | tuple | set) and value and all(_is_row(one) for one in value):
        return kept_rows([_row(history, one) for one in value])
    return kept_row(*_row(history, value)) if _is_row(value) else kept(value)


def _is_row(value: Any) -> bool:
    return hasattr(type(value), "__mapper__")


def _row(history: History, row: Any) -> tuple[str, str]:
    return history.site.keys_of(type(row)).written(row), _name(history, row)


def _name(history: History, row: Any) -> str:
    try:
        name = history.site.name_of(row)
    except NotLoadedError:  # it is called by a relation, which nobody has loaded here
        name = f"{type(row).__name__} {history.site.keys_of(type(row)).written(row)}"
    return name.replace("\0", "").encode("utf-8", "replace").decode()[:LONGEST_NAME]


def _first(values: Sequence[Any]) -> Any:
    return values[0] if values else None
