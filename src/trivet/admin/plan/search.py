"""The search of a list: in which columns, and how; or by the words of PostgreSQL's full text."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Enum, String, false, func, literal, or_
from sqlalchemy.sql.elements import ColumnElement

from trivet.admin.declared.model_admin import ModelAdmin
from trivet.admin.declared.searching import FullText
from trivet.admin.plan.names import named, titled, unknown
from trivet.admin.plan.texts import read_text
from trivet.db import Query
from trivet.db.describe import Column, Description, describe
from trivet.db.lookups import LookupError as UnknownLookup
from trivet.db.lookups import check_name, condition
from trivet.db.present import unit_now

__all__ = ["SearchPlan", "is_text", "search_of"]

_MOST_WORDS = 8
# What may stand before a name, as Django's users know it.
_SIGNS = {"^": "istartswith", "=": "iexact"}


@dataclass(frozen=True)
class _Place:
    """One column in which is searched; `adapter` reads a word where it is no text."""

    lookup: str
    adapter: TypeAdapter[Any] | None

    def value(self, word: str) -> Any:
        """Give what a word is in this column; raises `ValueError` where it is nothing."""
        return word if self.adapter is None else read_text(self.adapter, word)


@dataclass(frozen=True)
class SearchPlan:
    """In what is searched: look-ups of columns, or a full text."""

    model: Any
    places: Sequence[_Place]
    full_text: FullText | None
    hint: str

    @property
    def steps(self) -> list[str]:
        """The model's own columns and relations in which is searched, or through which."""
        return list(dict.fromkeys(place.lookup.split("__")[0] for place in self.places))

    def narrowed(self, query: Query[Any], text: str, unseen: Collection[str] = ()) -> Query[Any]:
        """Keep the rows in which each word of a text is found, but for `unseen` among the steps."""
        words = text.replace("\0", "").split()[:_MOST_WORDS]
        if not words:
            return query
        dialect = unit_now(self.model).database.engine.dialect.name
        if self.full_text is not None and dialect == "postgresql" and not unseen:
            return query.where(_by_words(self.full_text, " ".join(words)))
        for word in words:
            query = query.where(or_(false(), *self._found(word, unseen)))
        return query

    def _found(self, word: str, unseen: Collection[str]) -> Iterator[Any]:
        for place in self.places:
            if place.lookup.split("__")[0] in unseen:
                continue
            with suppress(ValueError):  # Pydantic's errors are such too
                yield condition(self.model, place.lookup, place.value(word))


def search_of(admin: type[ModelAdmin], known: Description) -> SearchPlan | None:
    """Give the search that was declared, or None; raises `SetupError`."""
    full_text = admin.search if isinstance(admin.search, FullText) else None
    given = admin.search if full_text is None else full_text.columns
    names = [named(one) for one in given]  # type: ignore[union-attr]  # columns, where no text
    if not names:
        return None
    places = [_place(admin, name, known) for name in names]
    hint = ", ".join(titled(one.lstrip("^=")) for one in names)
    return SearchPlan(known.model, places, full_text, hint)


def _place(admin: type[ModelAdmin], name: str, known: Description) -> _Place:
    path = name.lstrip("^=")
    model: Any = known.model
    try:
        check_name(model, path)
    except UnknownLookup as error:
        raise unknown(admin, "search", path, known) from error
    column = _column(known, path.split("__"))
    if column is None:
        raise unknown(admin, "search", path, known)
    if not is_text(column):
        return _Place(path, TypeAdapter(column.annotation))
    return _Place(f"{path}__{_SIGNS.get(name[:1], 'icontains')}", None)


def is_text(column: Column) -> bool:
    """Tell whether a column holds texts, whatever they have to look like."""
    kind = getattr(column.type, "impl_instance", column.type)  # of a decorated type
    return isinstance(kind, String) and not isinstance(kind, Enum)


def _column(known: Description, path: Sequence[str]) -> Column | None:
    for step in path[:-1]:
        relation = known.relation(step)
        if relation is None:
            return None
        target: Any = relation.target
        known = describe(target)
    return known.column(path[-1])


def _by_words(full_text: FullText, text: str) -> ColumnElement[bool]:
    language = literal(full_text.language)
    whole: Any = literal("")
    for number, column in enumerate(full_text.columns):
        part = func.coalesce(column, "")
        whole = part if number == 0 else whole.op("||")(" ").op("||")(part)
    vector = func.to_tsvector(language, whole)
    return vector.op("@@")(func.websearch_to_tsquery(language, text))
