"""The form of a model: its fields in their sets, and the rows of other models within it.

Only what is declared is here; `readers` makes the Pydantic models that read what is posted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pydantic import BaseModel
from sqlalchemy import inspect

from trivet.admin.declared.inline import Files
from trivet.admin.declared.layout import Fieldset
from trivet.admin.declared.model_admin import ModelAdmin
from trivet.admin.plan.columns import kind_of
from trivet.admin.plan.inlines import Link, link_of
from trivet.admin.plan.names import misnamed, named, titled, unknown
from trivet.admin.plan.readers import FieldPlan, Shape, is_fillable, is_secret, reader_of
from trivet.db.describe import Column, Description, describe
from trivet.forms import Upload, Widget

__all__ = ["FieldPlan", "FieldsetPlan", "FormPlan", "InlinePlan", "Shape", "form_of"]

MOST_CHILDREN = 100


@dataclass(frozen=True)
class FieldsetPlan:
    """Fields under one heading."""

    label: str
    fields: tuple[FieldPlan, ...]
    hint: str = ""
    is_closed: bool = False
    tab: str = ""


@dataclass(frozen=True, eq=False)
class FormPlan:
    """All fields of a model that the site shows one by one."""

    model: Any
    fieldsets: tuple[FieldsetPlan, ...]
    readers: Callable[[Shape], type[BaseModel]]
    """Gives what reads a form of this shape."""
    inlines: tuple[InlinePlan, ...] = ()

    @property
    def fields(self) -> Sequence[FieldPlan]:
        """All fields, in their order."""
        return [field for one in self.fieldsets for field in one.fields]

    def field(self, name: str) -> FieldPlan | None:
        """Give a field, or None."""
        return next((one for one in self.fields if one.name == name), None)

    def inline(self, name: str) -> InlinePlan | None:
        """Give rows within the form, or None."""
        return next((one for one in self.inlines if one.name == name), None)


@dataclass(frozen=True, eq=False)
class InlinePlan:
    """Rows of another model that belong to the row of a form."""

    name: str
    label: str
    hint: str
    kind: str
    extra: int
    most: int
    sort: str
    """The column that keeps their order; empty for none."""
    model: Any
    form: FormPlan
    links: tuple[Link, ...]
    can_add: bool
    can_delete: bool


def form_of(admin: type[ModelAdmin], known: Description, path: str = "") -> FormPlan:
    """Give the form that was declared, or that suits the model; raises `SetupError`.

    `path` leads to rows within another form: ``tracks.``.
    """
    _check(admin, known)
    excluded = {_found(admin, "exclude", one, known).name for one in admin.exclude}
    readonly = {_found(admin, "readonly", one, known).name for one in admin.readonly}
    sets: list[FieldsetPlan] = []
    loose: list[FieldPlan] = []
    for one in admin.fields or _derived(known):
        if isinstance(one, Fieldset):
            fields = [_found(admin, "fields", name, known, readonly) for name in one.fields]
            kept = tuple(field for field in fields if field.name not in excluded)
            sets.append(FieldsetPlan(one.label, kept, one.hint, one.closed, one.tab))
        else:
            field = _found(admin, "fields", one, known, readonly)
            if field.name not in excluded:
                loose.append(field)
    if loose:
        sets.insert(0, FieldsetPlan("", tuple(loose)))
    inlines = tuple(_inline(admin, one, known, path) for one in admin.inlines)
    by_name = {field.name: field for one in sets for field in one.fields}

    @lru_cache(maxsize=256)
    def reader(shape: Shape) -> type[BaseModel]:
        fields = [by_name[name] for name in shape.names]
        inner = {one.name: (one, one.form.readers(within)) for one, within in _inner(shape)}
        return reader_of(known, fields, shape, inner, path)

    def _inner(shape: Shape) -> list[tuple[InlinePlan, Shape]]:
        return [
            (one, within) for one in inlines for name, within in shape.inlines if name == one.name
        ]

    plan = FormPlan(known.model, tuple(sets), reader, inlines)
    reader(_whole(plan))  # what does not fit is told at the start
    return plan


def _whole(plan: FormPlan) -> Shape:
    names = tuple(field.name for field in plan.fields if not field.is_readonly)
    return Shape(names, tuple((one.name, _whole(one.form)) for one in plan.inlines))


def _check(admin: type[ModelAdmin], known: Description) -> None:
    """Refuse names in the mappings of a declaration that the model has not."""
    mappings: dict[str, Mapping[str, Any]] = {
        "widgets": admin.widgets,
        "hints": admin.hints,
        "picks": admin.picks,
        "shown_when": admin.shown_when,
        "slug_from": admin.slug_from,
        "files": admin.files,
    }
    for about, mapping in mappings.items():
        for name in mapping:
            _found(admin, about, name, known)
    for name, (other, _) in admin.shown_when.items():
        if _found(admin, "shown_when", other, known).name == name:
            raise misnamed(admin, f"shown_when shows {name!r} by its own value", "another field")
    for source in admin.slug_from.values():
        _found(admin, "slug_from", source, known)
    for name in admin.picks:
        if known.relation(name) is None:
            raise misnamed(
                admin,
                f"picks names {name!r}, which is no relation",
                ", ".join(repr(one.name) for one in known.relations)
                or "none: there are no relations",
            )


def _derived(known: Description) -> Sequence[str]:
    """Give all that a person fills in, relations in the place of their keys."""
    by_column = {one.columns: one.name for one in known.relations if one.columns}
    within = {name for names in by_column for name in names}
    found = []
    for column in known.columns:
        relation = by_column.get((column.name,)) or next(
            (name for names, name in by_column.items() if names[0] == column.name), None
        )
        if relation is not None:
            found.append(relation)
        elif column.name not in within and not (
            column.is_private or is_secret(column) or _is_made(column)
        ):
            found.append(column.name)
    mapper: Any = inspect(known.model)
    found += [
        one.key for one in mapper.relationships if one.secondary is not None and not one.viewonly
    ]
    return found


def _is_made(column: Column) -> bool:
    """Tell whether nobody fills a column in: it is computed, or a key that counts."""
    return column.is_computed or (column.is_key and column.has_default)


def _is_kept(known: Description, column: Column, *, is_named: bool) -> bool:
    """Tell whether a column is written by the program: versions, moments of making and changing."""
    mapper: Any = inspect(known.model)
    own = mapper.column_attrs[column.name].columns[0]
    if mapper.version_id_col is own:
        return True
    is_stamp = column.has_default and column.default is None and kind_of(column) == "moment"
    return not is_named and (is_stamp or getattr(own, "onupdate", None) is not None)


def _found(
    admin: type[ModelAdmin],
    about: str,
    given: Any,
    known: Description,
    readonly: set[str] | frozenset[str] = frozenset(),
) -> FieldPlan:
    name = named(given)
    column, relation = known.column(name), known.relation(name)
    if column is None and relation is None:
        raise unknown(admin, about, name, known)
    when = admin.shown_when.get(name)
    given_widget = admin.widgets.get(name)
    hint = admin.hints.get(name) or (column.description if column is not None else "") or ""
    kind, is_fixed = "relations", name in readonly
    if column is not None:
        kind = kind_of(column)
        is_fixed = is_fixed or _is_made(column) or not is_fillable(column)
        is_fixed = is_fixed or _is_kept(known, column, is_named=bool(admin.fields))
    elif relation is not None:
        kind = "relations" if relation.is_many else "relation"
        is_fixed = is_fixed or inspect(known.model).relationships[name].viewonly
    return FieldPlan(
        name,
        titled(name),
        kind,
        column,
        relation,
        is_fixed,
        hint=hint,
        widget=given_widget if isinstance(given_widget, Widget) else None,
        pick=admin.picks.get(name),
        shown_when=None if when is None else (when[0], _values(when[1])),
        slug_from=admin.slug_from.get(name, ""),
        is_order=getattr(admin, "sort", "") == name,
        files=admin.files.get(name, Files()),
    )


def _values(given: Any) -> tuple[str, ...]:
    """Give the texts that an input holds for these values."""
    many = given if isinstance(given, list | tuple | set | frozenset) else (given,)
    texts = []
    for one in many:
        if isinstance(one, bool):
            texts.append("true" if one else "")
        else:
            texts.append(str(getattr(one, "value", one)))
    return tuple(texts)


def _inline(admin: type[ModelAdmin], given: Any, known: Description, path: str) -> InlinePlan:
    link = link_of(admin, given, known)
    inner = describe(link.model)
    sort = "" if given.order_by is None else named(given.order_by)
    taken = {name for name, _ in link.pairs}
    back = {
        one.name
        for one in inner.relations
        if one.columns and set(one.columns) <= taken and one.target is known.model
    }
    columns = [one for one in given.columns if named(one) not in taken | back]
    if sort and columns and sort not in [named(one) for one in columns]:
        columns.append(sort)
    declared = type(
        f"{admin.__name__}.{link.name}",
        (ModelAdmin,),
        {
            "__module__": admin.__module__,
            "model": link.model,
            "fields": columns or [one for one in _derived(inner) if one not in taken | back],
            "readonly": given.readonly,
            "widgets": given.widgets,
            "picks": given.picks,
            "hints": given.hints,
            "inlines": given.inlines,
            "sort": sort,
        },
    )
    form = form_of(declared, inner, f"{path}{link.name}.")
    if sort and form.field(sort) is None:
        raise unknown(declared, "order_by", sort, inner)
    for field in form.fields:
        if not field.is_readonly and isinstance(field.widget, Upload):
            raise misnamed(admin, f"{link.name}.{field.name} is a file", "a page of its own for it")
    most = max(1, min(given.most, MOST_CHILDREN))
    return InlinePlan(
        link.name,
        given.label or titled(link.name),
        given.hint,
        given.kind,
        max(0, min(given.extra, most)),
        most,
        sort,
        link.model,
        form,
        link.pairs,
        given.can_add,
        given.can_delete,
    )
