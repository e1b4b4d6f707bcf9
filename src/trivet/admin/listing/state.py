"""What the address of a list says: what is searched for, filters, order, place; and back again.

The address is all of the state: it can be kept, sent to somebody else, and gone back to. Names of
columns that the list does not have are left out; a filter, or a condition, that cannot be read
leaves nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self
from urllib.parse import urlencode

from trivet.admin.conditions.tree import Where
from trivet.admin.plan.filters import FilterPlan
from trivet.admin.plan.model import ModelPlan

__all__ = ["SIZES", "ListState"]

SIZES = (25, 50, 100, 200)
_LONGEST = 200  # characters of a search, or of a value of a filter
_MOST_VALUES = 50  # of one filter
_PLACE = {"page": 1, "after": "", "before": "", "at": 0}


@dataclass(frozen=True)
class ListState:
    """One list as somebody asked for it."""

    path: str
    default_size: int
    search: str = ""
    orders: tuple[str, ...] = ()
    """Names of columns, those with a minus from the last."""
    filters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Values by the name of a filter and its part: ``{"year__gte": ("1990",)}``."""
    where: Where = field(default_factory=Where)
    """Conditions, in groups."""
    columns: tuple[str, ...] = ()
    """Those that are shown, where somebody chose."""
    is_dense: bool = False
    is_trash: bool = False
    """True for the list of what was deleted and is kept."""
    size: int = 50
    page: int = 1
    after: str = ""
    before: str = ""
    at: int = 0
    """How many rows are in front of the page, as far as the links know that led here."""

    @classmethod
    def read(cls, path: str, query: Iterable[tuple[str, str]], plan: ModelPlan) -> Self:
        """Read an address."""
        query = list(query)
        pairs = [(name, text.replace("\0", "")[:4000]) for name, text in query]
        given = dict(pairs)
        names = {one.name for one in plan.columns}
        sortable = {one.name for one in plan.columns if one.order is not None}
        default = plan.admin.page_size
        size = _number(given.get("size"), default)
        return cls(
            path,
            default,
            search=given.get("q", "").strip()[:_LONGEST],
            orders=_listed(given.get("order", ""), sortable),
            filters=_filters(pairs, plan),
            where=Where.read([text for name, text in query if name == "where"]),
            columns=_listed(",".join(one for name, one in pairs if name == "columns"), names),
            is_dense=given.get("dense") == "1",
            is_trash=plan.is_soft and given.get("trash") == "1",
            size=size if size in SIZES else default,
            page=max(_number(given.get("page"), 1), 1),
            after=given.get("after", ""),
            before=given.get("before", ""),
            at=_number(given.get("at"), 0),
        )

    def given(self, plan: FilterPlan) -> dict[str, tuple[str, ...]]:
        """Give what is said of one filter, by its parts; empty where nothing is."""
        names = {part: f"{plan.name}{part}" for part in plan.parts}
        return {part: self.filters[name] for part, name in names.items() if name in self.filters}

    def pairs(self, **changes: Any) -> list[tuple[str, str]]:
        """Give what the address of the same list says, with changes, at its beginning."""
        beginning: dict[str, Any] = _PLACE | changes
        changed = replace(self, **beginning)
        said: list[tuple[str, str]] = []
        if changed.search:
            said.append(("q", changed.search))
        for name, values in changed.filters.items():
            said += [(f"f.{name}", value) for value in values]
        if changed.where.text:
            said.append(("where", changed.where.text))
        if changed.orders:
            said.append(("order", ",".join(changed.orders)))
        if changed.columns:
            said.append(("columns", ",".join(changed.columns)))
        if changed.is_dense:
            said.append(("dense", "1"))
        if changed.is_trash:
            said.append(("trash", "1"))
        if changed.size != changed.default_size:
            said.append(("size", str(changed.size)))
        for name, default in _PLACE.items():
            if getattr(changed, name) != default:
                said.append((name, str(getattr(changed, name))))
        return said

    def url(self, **changes: Any) -> str:
        """Give the address of the same list with changes, at its beginning."""
        said = self.pairs(**changes)
        return f"{self.path}?{urlencode(said)}" if said else self.path

    @property
    def is_narrowed(self) -> bool:
        """True where not all rows are asked for."""
        return bool(self.search or self.filters or self.where.text)

    def here(self) -> str:
        """Give the address of this very page of the list."""
        return self.url(**{name: getattr(self, name) for name in _PLACE})

    def shows(self, name: str) -> bool:
        """Tell whether a column is among those that are shown."""
        return not self.columns or name in self.columns

    def filtered(self, name: str, *values: str) -> str:
        """Give the address with one filter, or a part of it, as said here and in no other way."""
        return self.url(filters=self.without(name) | ({name: values} if values else {}))

    def without(self, *names: str) -> dict[str, tuple[str, ...]]:
        """Give the filters but some of them."""
        return {key: one for key, one in self.filters.items() if key.split("__")[0] not in names}


def _filters(pairs: Iterable[tuple[str, str]], plan: ModelPlan) -> dict[str, tuple[str, ...]]:
    known = {f"{one.name}{part}" for one in plan.all_filters for part in one.parts}
    found: dict[str, tuple[str, ...]] = {}
    for key, text in pairs:
        name, value = key.removeprefix("f."), text.strip()[:_LONGEST]
        if key.startswith("f.") and value and name in known:
            kept = found.get(name, ())
            if value not in kept and len(kept) < _MOST_VALUES:
                found[name] = (*kept, value)
    return found


def _listed(text: str, known: set[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one for one in text.split(",") if one.removeprefix("-") in known))


def _number(text: str | None, default: int) -> int:
    is_number = text is not None and text.isascii() and text.isdecimal() and len(text) < 12
    return int(text) if is_number and text is not None else default
