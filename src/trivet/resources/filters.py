"""Filters: from what a resource names to parameters of a query string, typed by their columns.

``filters=[Post.price]`` gives what the column's type can be asked: ``?price=``, ``?price__gte=`` …;
``"price__gte"`` gives this one alone. A relation to one stands for its key (``?author=3``), and
``"author__name"`` leads through it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field

from trivet.db.describe import Column, Description, Relation, describe
from trivet.resources.names import Declaration, name_of
from trivet.resources.values import Kind, asked, kind_of, optional, several, text

__all__ = ["Filter", "filters_of", "indexed"]

_COMPARED = ("", "in", "gt", "gte", "lt", "lte")
_BY_KIND: dict[Kind, tuple[str, ...]] = {
    "truth": ("",),
    "name": ("", "in"),
    "number": _COMPARED,
    "moment": _COMPARED,
    "text": ("", "in", "contains", "icontains", "startswith", "istartswith"),
    "other": (),
}
_MORE_TEXT = frozenset(
    {"iexact", "contains", "icontains", "startswith", "istartswith", "endswith", "iendswith"}
)
# What is a number of its own, of a moment; with the most that it can be.
_PARTS = {
    "year": 9999, "month": 12, "day": 31, "week_day": 7, "hour": 23, "minute": 59, "second": 59,
}  # fmt: skip


@dataclass(frozen=True)
class Filter:
    """One parameter: what it is called, the look-up that it becomes, and the type of its value."""

    parameter: str
    lookup: str
    annotation: Any
    column: str
    """The column that it looks at: the model's own, or the last one's of the path."""
    through: tuple[Any, ...] = ()
    """The models that the path leads through; the last one has the column."""


def filters_of(declaration: Declaration, named: Sequence[Any]) -> tuple[Filter, ...]:
    """Give the filters of what is named; raises `SetupError`."""
    if isinstance(named, str):
        raise declaration.mistake(
            f"is given filters={named!r}, a text",
            code="resources.option",
            mend=f"filters=[{named!r}]",
        )
    found: dict[str, Filter] = {}
    for one in named:
        for made in _filters(declaration, name_of(one)):
            found.setdefault(made.parameter, made)
    return tuple(found.values())


def indexed(description: Description) -> list[str]:
    """Give what is filtered by where nothing is named: what the database has an index for."""
    return [
        column.name
        for column in description.columns
        if not column.is_private
        and not column.is_key
        and (column.is_unique or column.is_reference)
        and kind_of(column) != "other"
    ]


def _filters(declaration: Declaration, name: str) -> Iterator[Filter]:
    description: Description = describe(declaration.model)
    parts = name.split("__")
    through: list[Any] = []
    for place, part in enumerate(parts):
        column, relation = description.column(part), description.relation(part)
        if column is None and relation is None:
            known = [one.name for one in description.columns]
            known += [one.name for one in description.relations]
            raise declaration.unknown("filters", "column or relation", part, known)
        before, rest = parts[: place + 1], parts[place + 1 :]
        if column is not None:
            way = "__".join(before)
            yield from _of_column(declaration, column, way, way, rest, tuple(through))
            return
        assert relation is not None, "one of the two is there"
        target: Any = relation.target
        if not rest or (describe(target).column(rest[0]) is None and rest in (["in"], ["isnull"])):
            yield from _of_relation(declaration, description, relation, before, rest, through)
            return
        through.append(target)
        description = describe(target)


def _of_relation(
    declaration: Declaration,
    description: Description,
    relation: Relation,
    before: list[str],
    rest: list[str],
    through: list[Any],
) -> Iterator[Filter]:
    way = "__".join(before)
    if len(relation.columns) == 1:  # its own column has the key: no other table is asked
        column = description.column(relation.columns[0])
        assert column is not None
        own = "__".join([*before[:-1], column.name])
        lookups = rest or (["", "in", "isnull"] if column.is_nullable else ["", "in"])
        for lookup in lookups:
            yield _made(declaration, column, way, own, lookup, tuple(through))
        return
    target: Any = relation.target
    keys = [column for column in describe(target).columns if column.is_key]
    for lookup in rest or ["", "in"]:
        made = _made(declaration, keys[0], way, way, lookup, (*through, target))
        yield made


def _of_column(
    declaration: Declaration,
    column: Column,
    way: str,
    own: str,
    rest: list[str],
    through: tuple[Any, ...],
) -> Iterator[Filter]:
    if column.is_private:
        raise declaration.mistake(
            f"filters by {way!r}, which is private: whoever filters by a value learns it",
            code="resources.private",
            mend="take it out of filters",
        )
    kind = kind_of(column)
    if rest:
        yield _made(declaration, column, way, own, "__".join(rest), through)
        return
    if kind == "other":
        raise declaration.mistake(
            f"filters by {way!r}, and values of its type cannot be compared",
            code="resources.filter",
            mend="take it out of filters, or write the condition in query()",
        )
    for lookup in (*_BY_KIND[kind], *(("isnull",) if column.is_nullable else ())):
        yield _made(declaration, column, way, own, lookup, through)


def _made(
    declaration: Declaration,
    column: Column,
    way: str,
    own: str,
    lookup: str,
    through: tuple[Any, ...],
) -> Filter:
    annotation = _annotation(column, lookup)
    if annotation is None:
        known = ", ".join(sorted(one for one in _known(column) if one))
        raise declaration.mistake(
            f"filters by '{way}__{lookup}', and {lookup!r} cannot be asked of {column.name!r}",
            code="resources.filter",
            mend=f"one of: {known}",
        )
    tail = f"__{lookup}" if lookup else ""
    return Filter(f"{way}{tail}", f"{own}{tail}", optional(annotation), column.name, through)


def _known(column: Column) -> set[str]:
    kind = kind_of(column)
    found = {*_BY_KIND[kind], "isnull"}
    if kind == "text":
        found |= _MORE_TEXT
    if kind == "moment":
        found |= set(_PARTS)
    return found


def _annotation(column: Column, lookup: str) -> Any:
    """Give the type of a look-up's value; None where it cannot be asked."""
    if lookup not in _known(column):
        return None
    if lookup == "isnull":
        return bool
    if lookup == "in":
        return several(asked(column))
    if lookup in _MORE_TEXT:
        return text()
    if lookup in _PARTS:
        return Annotated[int, Field(ge=0, le=_PARTS[lookup])]
    return asked(column)
