"""What a type of answer wants of mapped classes: read from the type alone, once.

`list[PostRead]` wants the fields of `PostRead`; a field that is a model again wants what that one
has. Which fields are columns, relations or neither is said when the mapped class is known.
"""

from __future__ import annotations

import types
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import AliasChoices, BaseModel
from sqlalchemy import inspect
from sqlalchemy.orm import Mapper

from trivet.db.describe import describe
from trivet.db.links import Branches

__all__ = ["Part", "Wanted", "wanted"]

_COLLECTIONS = frozenset({list, set, frozenset, tuple, Sequence, Iterable})


@dataclass(frozen=True)
class Part:
    """One field of a wanted model: the names by which it is looked for, and what is below it."""

    names: tuple[str, ...]
    below: Wanted | None


@dataclass(frozen=True, eq=False)
class Wanted:
    """One model of an answer."""

    shown: str
    """The model's name, for people."""
    parts: tuple[Part, ...]
    is_many: bool
    """True where several are given, as in a list."""
    takes_rows: bool
    """True where dictionaries are as good as objects: nothing of the model looks at objects."""
    is_mapped: bool
    """True where it is made for mapped classes: one itself, or a model with `from_attributes`."""

    @property
    def concerns_models(self) -> bool:
        """True where this, or anything below it, is made for mapped classes."""
        below = (part.below for part in self.parts)
        return self.is_mapped or any(one.concerns_models for one in below if one is not None)

    @property
    def is_flat(self) -> bool:
        """True where nothing is below: columns alone are wanted."""
        return all(part.below is None for part in self.parts)

    def branches(self, mapper: Mapper[Any]) -> Branches:
        """Give the relations of a mapped class that are wanted, and what is below them."""
        found: dict[str, Branches] = {}
        for part in self.parts:
            for name in part.names:
                if name in mapper.relationships:
                    target = mapper.relationships[name].mapper
                    found[name] = {} if part.below is None else part.below.branches(target)
                    break
        return found


def wanted(annotation: Any, query: type[Any], above: tuple[Any, ...] = ()) -> Wanted | None:
    """Give what a type wants; None for types that hold no model, or that hold themselves.

    `query` is the class whose values stand for lists of what it is a query of.
    """
    inner, is_many = _inner(annotation, query)
    if not isinstance(inner, type) or inner in above:
        return None
    if issubclass(inner, BaseModel):
        if not inner.__pydantic_complete__:
            inner.model_rebuild(raise_errors=False)
        found = [
            Part(_names(inner, name, info), wanted(info.annotation, query, (*above, inner)))
            for name, info in inner.model_fields.items()
        ]
        looks = inner.__pydantic_decorators__.model_validators.values()
        return Wanted(
            inner.__name__,
            tuple(found),
            is_many,
            takes_rows=all(one.info.mode == "after" for one in looks),
            is_mapped=bool(inner.model_config.get("from_attributes")),
        )
    if inspect(inner, raiseerr=False) is None:
        return None
    mapped: Any = inner
    columns = [Part((column.name,), None) for column in describe(mapped).columns]
    return Wanted(mapped.__name__, tuple(columns), is_many, takes_rows=True, is_mapped=True)


def _inner(annotation: Any, query: type[Any]) -> tuple[Any, bool]:
    """Give the one type inside lists, `None` and `Annotated`, and whether it was in a list."""
    annotation = getattr(annotation, "__value__", annotation)  # type X = …
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _inner(parts[0], query)
    if origin in (Union, types.UnionType):
        kept = [part for part in parts if part is not type(None)]
        return _inner(kept[0], query) if len(kept) == 1 else (None, False)
    if origin is query or origin in _COLLECTIONS:
        kept = [part for part in parts if part is not ...]
        if len(kept) == 1:
            return _inner(kept[0], query)[0], True
        return None, True
    return annotation, False


def _names(model: type[BaseModel], name: str, info: Any) -> tuple[str, ...]:
    """Give the names by which Pydantic looks for a field, in its order."""
    config: Mapping[str, Any] = model.model_config
    by_name = config.get("validate_by_name", config.get("populate_by_name", False))
    alias = info.validation_alias
    if alias is None or config.get("validate_by_alias") is False:
        return (name,)
    choices = alias.choices if isinstance(alias, AliasChoices) else [alias]
    found = [one for one in choices if isinstance(one, str)]
    return (*found, name) if by_name else tuple(found)
