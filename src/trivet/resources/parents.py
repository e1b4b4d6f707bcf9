"""Nested resources: rows below a row of another model, ``/authors/{author_id}/posts``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from trivet.db.describe import Column, describe, referred
from trivet.resources.names import Declaration, name_of, plural, words

__all__ = ["Parent", "parent_of"]


@dataclass(frozen=True)
class Parent:
    """The row that a nested resource stands below."""

    model: Any
    column: str
    """The column of the nested model that names it, which is the parameter of the path too."""
    key: str
    """The column of the parent that this one refers to."""
    described: Column
    prefix: str


def parent_of(declaration: Declaration, given: Any) -> Parent | None:
    """Read `under`, a relation to one; raises `SetupError`."""
    if given is None:
        return None
    name = name_of(given)
    description = describe(declaration.model)
    relation = description.relation(name)
    if relation is None:
        known = [one.name for one in description.relations]
        raise declaration.unknown("under", "relation", name, known)
    leads = referred(declaration.model, relation.columns[0]) if relation.columns else None
    if len(relation.columns) != 1 or leads is None:
        raise declaration.mistake(
            f"stands under {name!r}, which is no relation to one row by one column",
            code="resources.under",
            mend="under=Post.author, where `author_id` of Post names the author",
        )
    column = description.column(relation.columns[0])
    assert column is not None, "of the same model"
    path = plural(words(relation.target)).replace("_", "-")
    return Parent(relation.target, column.name, leads[1], column, f"/{path}/{{{column.name}}}")
