"""From a declaration to its plan: everything that is decided before the first request.

All names are looked up here, so that a mistake is an error when the program starts, with the place
where it was written.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from trivet.db import Query, Versioned
from trivet.db.describe import Column, Description, describe
from trivet.db.lookups import condition
from trivet.resources.asked import list_model, row_model
from trivet.resources.filters import Filter, filters_of, indexed
from trivet.resources.names import Declaration
from trivet.resources.paging import Pages
from trivet.resources.parents import Parent, parent_of
from trivet.resources.reading import Reader
from trivet.resources.shapes import Branch, included_of, item_of, shape_of, sparse, written
from trivet.resources.values import is_file, kind_of

__all__ = ["OPERATIONS", "Plan", "planned"]

OPERATIONS = ("list", "read", "create", "replace", "change", "delete")
_WRITES = ("create", "replace", "change")


@dataclass(eq=False)
class Plan:
    """One resource, ready to be served."""

    declaration: Declaration
    model: Any
    keys: tuple[Column, ...]
    shown: tuple[str, ...]
    writable: tuple[str, ...]
    filters: Mapping[str, Filter]
    search: tuple[str, ...]
    order: tuple[str, ...]
    branches: Mapping[str, Branch]
    pages: Pages
    parent: Parent | None
    operations: tuple[str, ...]
    version: str | None
    """The column that counts changes, where the model is `Versioned` and it is shown."""
    stem: str
    """What its schemas are called after in the document."""
    whole: type[BaseModel]
    """What is shown of a row, for the document."""
    item: type[BaseModel]
    """The same where a client may ask for some fields alone."""
    list_asked: type[BaseModel]
    row_asked: type[BaseModel]
    create: type[BaseModel] | None = None
    replace: type[BaseModel] | None = None
    change: type[BaseModel] | None = None
    merge: type[BaseModel] | None = None
    hidden: dict[Any, Collection[str]] = field(default_factory=dict)
    """Fields that rules of the application name, by model: they are not shown to everybody."""
    key_names: tuple[str, ...] = ()
    _readers: dict[frozenset[str], Reader] = field(default_factory=dict)
    _truths: dict[tuple[str, bool], Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.key_names = tuple(column.name for column in self.keys)

    @property
    def reader(self) -> Reader:
        """The reader of the columns alone."""
        return self.reader_of(())

    def reader_of(self, included: Sequence[str]) -> Reader:
        """Give the reader of the columns and of these relations; there is one for each set."""
        key = frozenset(included)
        found = self._readers.get(key)
        if found is None:
            branches = _chosen(self.branches, key)
            shape = shape_of(self.model, self.shown, branches)
            found = self._readers[key] = Reader(shape)
        return found

    def models(self) -> Iterator[Any]:
        """Give the models of which something is shown: its own, and those of its relations."""
        yield self.model
        levels = [self.branches]
        for branches in levels:  # it grows meanwhile
            for branch in branches.values():
                yield branch.relation.target
                levels.append(branch.below)

    def filtered(self, query: Query[Any], one: Filter, value: Any) -> Query[Any]:
        """Give the rows of a query that fit a filter; conditions of truths are made once."""
        if value is not True and value is not False:
            return query.where(**{one.lookup: value})
        key = (one.lookup, value)
        found = self._truths.get(key)
        if found is None:
            found = self._truths[key] = condition(self.model, one.lookup, value)
        return query.where(found)

    def key_of(self, row: Any) -> Any:
        """Give the key of a row as models take it: a tuple where it has several columns."""
        values = tuple(row[column.name] for column in self.keys)
        return values if len(values) > 1 else values[0]


def planned(declaration: Declaration, declared: Any) -> Plan:
    """Make the plan of a resource; raises `SetupError` for whatever cannot work."""
    description = describe(declaration.model)
    public = [column.name for column in description.columns if not column.is_private]
    keys = tuple(column for column in description.columns if column.is_key)
    shown = _shown(declaration, description, declared, public)
    parent = parent_of(declaration, declared.under)
    operations = declaration.checked("operations", "operation", declared.operations, OPERATIONS)
    writable = _writable(declaration, description, declared.writable, parent)
    named = declared.filters
    filters = filters_of(declaration, indexed(description) if named is None else named)
    branches = included_of(declaration, declared.include)
    name = declaration.model.__name__
    stem = name if parent is None else f"{parent.model.__name__}{name}"
    whole = item_of(declaration.model, shown, branches, stem)
    item = whole.schema
    order = _order(declaration, description, declared, shown)
    orders = tuple(
        dict.fromkeys([*declaration.checked("orders", "column", declared.orders, shown)])
    )
    search = _search(declaration, description, declared.search)
    plan = Plan(
        declaration=declaration,
        model=declaration.model,
        keys=keys,
        shown=shown,
        writable=writable,
        filters={one.parameter: one for one in filters},
        search=search,
        order=order,
        branches=branches,
        pages=declared.pages,
        parent=parent,
        operations=operations,
        version=_version(declaration.model, shown),
        stem=stem,
        whole=item,
        item=item | sparse(item) if declared.sparse else item,  # type: ignore[arg-type]
        list_asked=list_model(
            declaration, declared.pages, filters, search=bool(search), orders=orders,
            fields=shown if declared.sparse else (), included=paths(branches),
        ),
        row_asked=row_model(
            declaration, fields=shown if declared.sparse else (), included=paths(branches)
        ),
        hidden=whole.hidden,
    )  # fmt: skip
    _add_written(plan, description)
    plan.reader_of(())  # made now: the first request finds it
    return plan


def paths(branches: Mapping[str, Branch], before: str = "") -> tuple[str, ...]:
    """Give all that may be included, as it is asked for: ``author``, ``author.company``."""
    found: list[str] = []
    for name, branch in branches.items():
        found.append(before + name)
        found += paths(branch.below, f"{before}{name}.")
    return tuple(found)


def _chosen(branches: Mapping[str, Branch], wanted: frozenset[str]) -> dict[str, Branch]:
    found = {}
    for name, branch in branches.items():
        below = frozenset(one.partition(".")[2] for one in wanted if one.startswith(f"{name}."))
        if name in wanted or below:
            made = found[name] = Branch(branch.relation, branch.columns)
            made.below = _chosen(branch.below, below)
    return found


def _shown(
    declaration: Declaration, description: Description, declared: Any, public: Sequence[str]
) -> tuple[str, ...]:
    """Give the columns that are shown: keys always, what is private never by itself."""
    every = [column.name for column in description.columns]
    chosen = public
    if declared.shown is not None:
        chosen = declaration.checked("shown", "column", declared.shown, every)
    left_out = declaration.checked("hidden", "column", declared.hidden, every)
    keys = {column.name for column in description.columns if column.is_key}
    if keys & set(left_out):
        raise declaration.mistake(
            f"hides the key {', '.join(sorted(keys & set(left_out)))}, by which its rows are found",
            code="resources.key",
            mend="take it out of hidden",
        )
    return tuple(
        name for name in every if name in keys or (name in chosen and name not in left_out)
    )


def _writable(
    declaration: Declaration, description: Description, given: Any, parent: Parent | None
) -> tuple[str, ...]:
    """Give what clients may give: never what is the program's or the database's own."""
    counts = getattr(declaration.model, "version", None) is not None
    is_versioned = counts and issubclass(declaration.model, Versioned)
    may = {
        column.name: column
        for column in description.columns
        if not (column.is_private or column.is_computed or column.is_key)
        and not (is_versioned and column.name == "version")
        and not (parent is not None and column.name == parent.column)
    }
    if given is None:
        # Who names any file of a storage could be shown, or delete, those of others.
        return tuple(name for name, one in may.items() if not (one.is_made or is_file(one)))
    names = [one.name for one in description.columns]
    chosen = declaration.checked("writable", "column", given, names)
    for name in chosen:
        if name not in may:
            raise declaration.mistake(
                f"lets clients write {name!r}, which is a key, private, or made by the database",
                code="resources.writable",
                mend="take it out of writable, and set it in before_create or before_change",
            )
    return chosen


def _search(
    declaration: Declaration, description: Description, given: Sequence[Any]
) -> tuple[str, ...]:
    texts = [
        column.name
        for column in description.columns
        if kind_of(column) == "text" and not column.is_private
    ]
    return declaration.checked("search", "column of texts", given, texts)


def _order(
    declaration: Declaration, description: Description, declared: Any, shown: Sequence[str]
) -> tuple[str, ...]:
    """Give the order of a list that asks for none: the declared one, or by key."""
    given = declared.order
    if isinstance(given, str):
        given = [given]
    found = []
    for one in given:
        is_descending = isinstance(one, str) and one.startswith("-")
        (name,) = declaration.checked("order", "column", [one[1:] if is_descending else one], shown)
        found.append(f"-{name}" if is_descending else name)
    return tuple(found)


def _version(model: Any, shown: Sequence[str]) -> str | None:
    return "version" if issubclass(model, Versioned) and "version" in shown else None


def _add_written(plan: Plan, description: Description) -> None:
    if not set(plan.operations) & set(_WRITES):
        return
    name, writable = plan.stem, plan.writable
    own = [column.name for column in plan.keys if not column.has_default]
    if plan.parent is not None:
        own = [one for one in own if one != plan.parent.column]
    plan.create = written(plan.model, "create", (*own, *writable), f"{name}Create")
    plan.replace = written(plan.model, "create", writable, f"{name}Replace") if own else plan.create
    plan.change = written(plan.model, "update", writable, f"{name}Change")
    plan.merge = written(plan.model, "update", writable, f"{name}Merge", merges=True)
