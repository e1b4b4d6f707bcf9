"""The Pydantic models that read what is posted: one for each set of fields that one may fill in.

A field of a column is read as the model's own schema says, with what its database needs besides;
a relation is read as the keys of its rows; what is asked for in some cases alone may be left out.
"""

from __future__ import annotations

import datetime
import decimal
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, get_args

import sqlalchemy as sa
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, NaiveDatetime, create_model
from starlette.datastructures import UploadFile

from trivet.admin.declared.inline import Files
from trivet.admin.plan.inputs import FileInput, JsonInput, RelationInput, checks_of, marked
from trivet.db import schema
from trivet.db.describe import Column, Description, Relation
from trivet.errors import SetupError
from trivet.forms import Checkbox, Hidden, Input, Moment, Password, Textarea, Widget
from trivet.forms.facts import facts_of
from trivet.forms.kinds import widget_for
from trivet.forms.plan import plan_of
from trivet.texts import lazy

__all__ = ["ROW_KEY", "FieldPlan", "Shape", "is_fillable", "is_secret", "reader_of"]

ROW_KEY = "row_key_"
"""The field of an inline's row that says which row it is; empty for a new one."""

_LONGEST_SPAN = 700_000  # days
_SECRET = re.compile(
    r"(.*_)?(password|passwd|passphrase|secret|secret_key|private_key|api_key|token|salt)"
    r"(_hash|_digest)?|.*_(hash|digest)"
)


@dataclass(frozen=True)
class FieldPlan:
    """One field of a form."""

    name: str
    label: str
    kind: str
    column: Column | None = None
    relation: Relation | None = None
    is_readonly: bool = False
    """Shown, and changed by nobody."""
    hint: str = ""
    widget: Widget | None = None
    """The one that was declared."""
    pick: Callable[[Any], Any] | None = None
    """Narrows the rows that may be picked."""
    shown_when: tuple[str, tuple[str, ...]] | None = None
    """Another field, and the texts of its input with which this one is asked for."""
    slug_from: str = ""
    is_order: bool = False
    """True for what keeps the order of rows within a form: it is written where it is left out."""
    files: Files = field(default_factory=Files)

    @property
    def is_needed(self) -> bool:
        """True where a row cannot be without a value."""
        if self.column is not None:
            return not (self.column.is_nullable or self.column.has_default)
        return self.relation is not None and not (
            self.relation.is_nullable or self.relation.is_many
        )

    @property
    def may_be_left_out(self) -> bool:
        """True where nothing typed is no mistake yet: something else says what there is then."""
        column = self.column
        is_made = column is not None and column.has_default and column.default is None
        return self.is_blind or self.is_order or is_made or bool(self.slug_from or self.shown_when)

    @property
    def is_file(self) -> bool:
        """True where a file is chosen."""
        return self.kind in ("file", "bytes")

    @property
    def is_blind(self) -> bool:
        """True where what is stored never stands in the input: nothing posted means no change."""
        return self.is_file or (self.column is not None and is_secret(self.column))

    @property
    def may_be_empty(self) -> bool:
        """True where there may be no value."""
        return self.column is None or self.column.is_nullable


@dataclass(frozen=True)
class Shape:
    """What somebody may fill in: names of fields, and of rows within the form with theirs."""

    names: tuple[str, ...]
    inlines: tuple[tuple[str, Shape], ...] = ()
    zone: str = "UTC"
    """The time zone in which moments are typed."""

    def within(self, name: str) -> Shape | None:
        """Give the shape of rows within the form."""
        return next((shape for one, shape in self.inlines if one == name), None)


def is_secret(column: Column) -> bool:
    """Tell whether a column holds what nobody shall read, by its name: a hash, a password."""
    return _SECRET.fullmatch(column.name) is not None and facts_of(column.annotation).type in (
        str,
        bytes,
    )


def is_fillable(column: Column) -> bool:
    """Tell whether anybody knows how a value of a column is typed."""
    return column.annotation is not Any or isinstance(_plain(column.type), sa.JSON)


def reader_of(
    known: Description,
    fields: Sequence[FieldPlan],
    shape: Shape,
    inner: Mapping[str, tuple[Any, type[BaseModel]]],
    path: str,
) -> type[BaseModel]:
    """Make what reads these fields, and the rows of inlines below them."""
    columns = [one.name for one in fields if one.column is not None]
    infos: Any = schema(known.model, "create", include=columns).model_fields
    others = {one.shown_when[0] for one in fields if one.shown_when is not None}
    found: dict[str, Any] = {}
    for one in fields:
        if one.relation is not None:
            found[one.name] = _relation(one, path)
        else:
            found[one.name] = _column(known, one, infos[one.name], shape.zone, one.name in others)
    if path:
        found[ROW_KEY] = (Annotated[str, Hidden()], "")
    for name, (inline, reader) in inner.items():
        about = Field(title=inline.label, description=inline.hint or None, max_length=inline.most)
        found[name] = (Annotated[list[reader], about], [])  # type: ignore[valid-type]  # made now
    made: type[BaseModel] = create_model(
        f"{known.model.__name__}Form",
        __config__=ConfigDict(
            extra="ignore", arbitrary_types_allowed=True, protected_namespaces=()
        ),
        __module__=known.model.__module__,
        **found,
    )
    return made


# -- relations ------------------------------------------------------------------------------------


def _relation(one: FieldPlan, path: str) -> tuple[Any, Any]:
    relation = one.relation
    assert relation is not None, "asked for fields of relations alone"
    widget = marked(RelationInput(one, f"{path}{one.name}"), **_notes(one, False))
    about = Field(title=one.label, description=one.hint or None)
    if relation.is_many:
        return Annotated[list[str], widget, about], []
    if relation.is_nullable or one.shown_when is not None:
        return Annotated[str | None, widget, about], None
    return Annotated[str, widget, about], ...


# -- columns --------------------------------------------------------------------------------------


def _column(
    known: Description, one: FieldPlan, info: Any, zone: str, is_asked: bool
) -> tuple[Any, Any]:
    column = one.column
    assert column is not None, "asked for fields of columns alone"
    annotation, widget, checks = _typed(known, one, info, zone)
    if widget is None and (one.shown_when is not None or is_asked or one.slug_from):
        widget = widget_for(one.name, facts_of(annotation, info.metadata))
    if widget is not None:
        widget = marked(widget, **_notes(one, is_asked))
    marks = [*info.metadata, *checks, *(() if widget is None else (widget,))]
    about = Field(title=one.label, description=one.hint or None)
    default = ... if info.is_required() else info.default
    if one.may_be_left_out:
        annotation, default = annotation | None, None if default is ... else default
    return Annotated[(annotation, *marks, about)], default


def _notes(one: FieldPlan, is_asked: bool) -> dict[str, Any]:
    """Give the attributes by which the script knows what depends on what."""
    notes: dict[str, Any] = {}
    if one.shown_when is not None:
        notes["data_shown_when"] = one.shown_when[0]
        notes["data_shown_is"] = "|".join(one.shown_when[1])
    if one.slug_from:
        notes["data_slug_from"] = one.slug_from
    if is_asked:
        notes["data_shows"] = True
    return notes


def _typed(
    known: Description, one: FieldPlan, info: Any, zone: str
) -> tuple[Any, Widget | None, Sequence[Any]]:
    """Give the type that a column is read as, its widget, and what is asked of the value."""
    column = one.column
    assert column is not None, "asked for fields of columns alone"
    if one.is_file:
        types = one.files.types if one.kind == "file" and "*/*" not in one.files.types else ()
        widget: Widget = FileInput(max_bytes=one.files.max_size, types=types)
        return UploadFile, one.widget or widget, ()
    if one.widget is not None:
        checks = checks_of(one.widget)
        if isinstance(one.widget, Moment):
            return info.annotation, one.widget, checks
        return info.annotation, one.widget, checks
    if is_secret(column):
        return info.annotation, Password(new=True), ()
    kind = _plain(column.type)
    if one.kind == "moment":
        return _moment(info.annotation, kind, zone)
    if one.kind == "boolean":
        return info.annotation, None if column.is_nullable else Checkbox(), ()
    if one.kind == "json":
        return _json(info, column, kind)
    return _scalar(info, column, kind)


def _moment(annotation: Any, kind: Any, zone: str) -> tuple[Any, Widget, Sequence[Any]]:
    if type(kind).__name__ == "UtcDateTime" or getattr(kind, "timezone", False):
        return annotation, Moment(zone), (AfterValidator(_within_time),)
    naive: Any = NaiveDatetime
    if type(None) in get_args(annotation):
        naive = NaiveDatetime | None
    return naive, Input("datetime-local", step="any"), ()


def _json(info: Any, column: Column, kind: Any) -> tuple[Any, Widget | None, Sequence[Any]]:
    """Give rows and groups for what has a shape that a form can show, or an editor of text."""
    annotation = info.annotation
    item = getattr(kind, "item_type", None)
    if item is not None and facts_of(column.annotation).item is None:
        inner: Any = list[item.python_type]  # type: ignore[name-defined]  # known at run time
        annotation = inner | None if column.is_nullable else inner
    if facts_of(column.annotation).type is not Any and _has_inputs(annotation):
        return annotation, None, ()
    widget = JsonInput()
    return annotation, widget, checks_of(widget)


def _has_inputs(annotation: Any) -> bool:
    try:
        plan_of(create_model("Tried", tried=(annotation, ...)))
    except (SetupError, TypeError):
        return False
    return True


def _scalar(info: Any, column: Column, kind: Any) -> tuple[Any, Widget | None, Sequence[Any]]:
    annotation = info.annotation
    plain = facts_of(column.annotation).type
    if isinstance(kind, sa.Enum) and kind.enum_class is None and plain is str:
        literal: Any = Literal[tuple(kind.enums)]
        return literal | None if column.is_nullable else literal, None, ()
    if plain is str and column.max_length is None:
        return annotation, Textarea(rows=6), ()
    if plain is int:
        bits = 16 if isinstance(kind, sa.SmallInteger) else 64
        if isinstance(kind, sa.Integer) and not isinstance(kind, sa.BigInteger | sa.SmallInteger):
            bits = 32
        return annotation, None, (AfterValidator(_Fits(2 ** (bits - 1))),)
    if plain is decimal.Decimal and isinstance(kind, sa.Numeric) and kind.precision is not None:
        limits = Field(max_digits=kind.precision, decimal_places=kind.scale or 0)
        return annotation, None, (limits,)
    if plain is float:
        return annotation, None, (Field(allow_inf_nan=False),)
    if plain is datetime.timedelta:
        return annotation, None, (AfterValidator(_within_span),)
    if plain is datetime.time and not getattr(kind, "timezone", False):
        return annotation, None, (AfterValidator(_without_zone),)
    return annotation, None, ()


def _plain(kind: Any) -> Any:
    """Give the type that a decorator of types stands for; one of Trivet's own stays what it is."""
    if type(kind).__name__ == "Json":
        return sa.JSON()
    return kind


class _Fits:
    """Tells whether a whole number has room in its column."""

    def __init__(self, bound: int) -> None:
        self.bound = bound

    def __call__(self, given: Any) -> Any:
        if isinstance(given, int) and not -self.bound <= given < self.bound:
            raise ValueError(lazy("Enter a smaller number."))
        return given


def _without_zone(given: Any) -> Any:
    if isinstance(given, datetime.time) and given.tzinfo is not None:
        raise ValueError(lazy("Enter the time without a time zone."))
    return given


def _within_span(given: Any) -> Any:
    """Refuse lengths of time that no date is away from 1970, by which some databases keep them."""
    if isinstance(given, datetime.timedelta) and abs(given.days) > _LONGEST_SPAN:
        raise ValueError(lazy("This is too long to be kept."))
    return given


def _within_time(given: Any) -> Any:
    """Refuse the ends of time, which leave it in another zone."""
    if isinstance(given, datetime.datetime) and not 1 < given.year < 9999:
        raise ValueError(lazy("Enter a date and a time, such as 2026-03-31 14:30."))
    return given
