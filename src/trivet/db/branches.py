"""What `with_` names: relations, and relations below them, as a tree.

A query holds the tree; it is loaded directly where all its relations are links, and otherwise
becomes SQLAlchemy's options: a join for a relation to one, one more query for a relation to many.
"""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any

from sqlalchemy import inspect
from sqlalchemy.orm import joinedload, selectinload

from trivet.db.links import Branches
from trivet.db.lookups import LookupError

__all__ = ["branched", "is_option", "options_of"]


def is_option(given: Any) -> bool:
    """Tell whether it is SQLAlchemy's own: an option, or a relation with conditions of its own."""
    if isinstance(given, str):
        return False
    prop = getattr(given, "property", None)
    return prop is None or not hasattr(prop, "uselist")


def branched(model: type[Any], branches: Branches, relation: Any) -> Branches:
    """Give the tree with one more relation; raises `LookupError`."""
    if isinstance(relation, str):
        return _grown(model, branches, relation.split("__"), relation)
    if getattr(relation, "_extra_criteria", ()) or getattr(relation, "_of_type", None):
        raise LookupError(
            f"{relation} has conditions of its own, which only an option can carry",
            code="db.with-conditions",
            mend=f".with_(selectinload({relation.class_.__name__}.{relation.key}.and_(...)))",
        )
    owner = relation.parent.class_
    if issubclass(model, owner) or issubclass(owner, model):
        return _grown(model, branches, [relation.key], relation.key)
    path = _path_to(model, branches, owner)
    if path is None:
        raise LookupError(
            f"{owner.__name__}.{relation.key} is a relation of {owner.__name__}, to which no"
            f" relation that is loaded of {model.__name__} leads",
            code="db.with-relation",
            mend=f"name the relation to {owner.__name__} before it, or the whole way:"
            f' .with_("…__{relation.key}")',
        )
    return _grown(model, branches, [*path, relation.key], relation.key)


def options_of(model: type[Any], branches: Branches) -> list[Any]:
    """Give the tree as SQLAlchemy's options."""
    found = []
    for name, below in branches.items():
        relation = getattr(model, name)
        target = relation.property.mapper.class_
        shown = getattr(target, "__shown__", None)
        if shown is not None:  # its rows may be marked as deleted
            relation = relation.and_(shown())
        option = selectinload(relation) if relation.property.uselist else joinedload(relation)
        found.append(option.options(*options_of(target, below)) if below else option)
    return found


def _grown(model: type[Any], branches: Branches, path: Sequence[str], whole: str) -> Branches:
    name, *rest = path
    relations = inspect(model).relationships
    if name not in relations:
        names = sorted(relations.keys())
        near = get_close_matches(name, names, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise LookupError(
            f"{model.__name__} has no relation {name!r} (in {whole!r}).{hint}",
            code="db.with-relation",
            mend=f"one of: {', '.join(names)}" if names else f"{model.__name__} has none",
        )
    below = branches.get(name, {})
    if rest:
        below = _grown(relations[name].mapper.class_, below, rest, whole)
    return {**branches, name: below}


def _path_to(model: type[Any], branches: Branches, owner: type[Any]) -> list[str] | None:
    """Give the way through the tree to the first relation that leads to `owner`."""
    relations = inspect(model).relationships
    for name, below in branches.items():
        target = relations[name].mapper.class_
        if issubclass(target, owner):
            return [name]
        further = _path_to(target, below, owner)
        if further is not None:
            return [name, *further]
    return None
