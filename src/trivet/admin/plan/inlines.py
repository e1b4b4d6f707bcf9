"""How the rows of an inline belong to their parent: which of their columns hold which of its."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from sqlalchemy import inspect
from sqlalchemy.orm import InstrumentedAttribute, RelationshipDirection

from trivet.admin.declared.inline import Inline
from trivet.admin.declared.model_admin import ModelAdmin
from trivet.admin.plan.names import misnamed
from trivet.db.describe import Description

__all__ = ["Link", "Linked", "link_of"]

Link = tuple[str, str]
"""An attribute of the child, and that of the parent whose value it holds."""


@dataclass(frozen=True)
class Linked:
    """A model whose rows belong to another's."""

    name: str
    """What the rows are called in the form."""
    model: Any
    pairs: tuple[Link, ...]


def link_of(admin: type[ModelAdmin], given: Any, known: Description) -> Linked:
    """Find the way from a parent to the children of an inline; raises `SetupError`."""
    if not isinstance(given, Inline):
        raise misnamed(admin, f"inlines holds {given!r}", "Inline(Track)")
    parent: Any = inspect(known.model)
    if isinstance(given.model, str | InstrumentedAttribute):
        name = given.model if isinstance(given.model, str) else given.model.key
        if name not in parent.relationships:
            raise misnamed(admin, f"inlines names {name!r}, which is no relation", "Inline(Track)")
        return _of_relation(admin, parent.relationships[name])
    try:
        child: Any = inspect(given.model)
        child.relationships  # noqa: B018  # a mapper has it, nothing else that is inspected
    except Exception:  # SQLAlchemy has a kind of its own for each thing that is none
        raise misnamed(
            admin, f"inlines holds {given.model!r}, which is no model", "Inline(Track)"
        ) from None
    ways = [
        one
        for one in parent.relationships
        if one.direction is RelationshipDirection.ONETOMANY and one.mapper is child
    ]
    if len(ways) == 1:
        return _of_relation(admin, ways[0])
    table = parent.local_table
    keys = [one for one in child.local_table.foreign_key_constraints if one.referred_table is table]
    if len(keys) != 1 or len(ways) > 1:
        found = len(ways) or len(keys)
        raise misnamed(
            admin,
            f"{given.model.__name__} belongs to {known.model.__name__} in {found} ways",
            f"the relation that is meant: Inline({known.model.__name__}.name_of_it)",
        )
    pairs = tuple(
        (
            child.get_property_by_column(one.parent).key,
            parent.get_property_by_column(one.column).key,
        )
        for one in keys[0].elements
    )
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", given.model.__name__).lower()
    return Linked(f"{words}s", given.model, pairs)


def _of_relation(admin: type[ModelAdmin], prop: Any) -> Linked:
    if prop.direction is not RelationshipDirection.ONETOMANY:
        raise misnamed(
            admin,
            f"inlines names {prop.key!r}, whose rows do not belong to this one alone",
            "the field itself, in `fields`",
        )
    pairs = tuple(
        (
            prop.mapper.get_property_by_column(theirs).key,
            prop.parent.get_property_by_column(ours).key,
        )
        for ours, theirs in prop.local_remote_pairs
    )
    return Linked(prop.key, prop.mapper.class_, pairs)
