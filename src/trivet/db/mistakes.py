"""Mistakes in models, told when a program starts: where, what was found, what to write instead.

SQLAlchemy's errors of mapping are translated here, once. What is not among those that are known
here keeps SQLAlchemy's words, and gets its place.
"""

from __future__ import annotations

import inspect
import re
import warnings
from collections.abc import Callable, Iterable
from difflib import get_close_matches
from typing import Any, NamedTuple

from sqlalchemy.exc import NoReferencedColumnError, NoReferencedTableError, SAWarning
from sqlalchemy.exc import SQLAlchemyError as AnyError
from sqlalchemy.orm import registry as Registry  # noqa: N812  # a class in lower case
from sqlalchemy.orm.exc import UnmappedClassError

from trivet.errors import SetupError

__all__ = ["configured", "declaration_mistake", "place_in"]


class Told(NamedTuple):
    """What a mistake is, and at which attribute of the class."""

    code: str
    what: str
    mend: str
    attribute: str | None = None


def configured(registry: Registry) -> None:
    """Bring the models of a registry together, as their first use would; raises `SetupError`."""
    if not registry._new_mappers:
        return
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        try:
            registry.configure(cascade=True)
            _check_keys(registry)
        except AnyError as error:
            raise _configuration_mistake(registry, error) from error
    for warning in told:
        overlap = _OVERLAP.match(str(warning.message))
        if overlap is not None and issubclass(warning.category, SAWarning):
            raise _overlap(registry, overlap)
        warnings.warn_explicit(warning.message, warning.category, warning.filename, warning.lineno)


def declaration_mistake(cls: type[Any], error: AnyError) -> SetupError:
    """Say what is wrong with the class that could not be mapped."""
    return _setup_error(cls, _told(_DECLARED, cls, error))


def place_in(cls: type[Any], attribute: str | None = None) -> str | None:
    """Give the file and line of a class, or of one of its attributes; None where nobody knows."""
    for owner in cls.__mro__ if attribute else (cls,):
        if attribute and attribute not in {*vars(owner), *inspect.get_annotations(owner)}:
            continue
        try:
            lines, line = inspect.getsourcelines(owner)
            file = inspect.getsourcefile(owner)
        except (OSError, TypeError):
            return None
        written = re.compile(rf"\s+{attribute}\s*[:=]")
        found = (place for place, text in enumerate(lines) if attribute and written.match(text))
        return f"{file}:{line + next(found, 0)}"
    return place_in(cls) if attribute else None


# -- the declaration of one class ----------------------------------------------------------------

Teller = Callable[[Any, re.Match[str]], Told]


def _no_column(cls: Any, found: re.Match[str]) -> Told:
    kind, name = found["kind"], found["name"]
    columns = _columns_of(cls)
    near = get_close_matches(name, columns, 1)
    what = f"{kind} of {cls.__name__} names the column {name!r}, which it does not have"
    mend = repr(near[0]) if near else f"one of: {', '.join(columns)}"
    return Told("db.constraint-column", what, mend, "__table_args__")


def _no_tuple(cls: Any, found: re.Match[str]) -> Told:
    what = f"__table_args__ of {cls.__name__} is no tuple; a comma makes one"
    mend = '__table_args__ = (unique("row", "number"),)'
    return Told("db.table-args", what, mend, "__table_args__")


def _no_key(cls: Any, found: re.Match[str]) -> Told:
    what = f"{cls.__name__} has no primary key"
    mend = f"class {cls.__name__}(Model), or field(primary_key=True) for a column of its own"
    return Told("db.no-key", what, mend)


def _no_type(cls: Any, found: re.Match[str]) -> Told:
    shown = re.sub(r"[\'\"\s]", "", found["given"])
    for name, one in _annotations_of(cls):
        if name == found["given"] or shown in re.sub(r"[\'\"\s]", "", one):
            what = f"{cls.__name__}.{name}: nobody knows a column for {_inside(one)}"
            break
    else:
        name, what = None, found[0]
    mend = "import the type at the top of the module, or give a column type: field(SomeType())"
    return Told("db.column-type", what, mend, name)


def _not_mapped(cls: Any, found: re.Match[str]) -> Told:
    name = found["name"]
    given = next((one for key, one in _annotations_of(cls) if key == name), "...")
    what = f"the annotation of {cls.__name__}.{name} is not in Mapped[...]"
    mend = f"{name}: Mapped[{given}], or ClassVar[{given}] for what is no column"
    return Told("db.not-mapped", what, mend, name)


def _twice(cls: Any, found: re.Match[str]) -> Told:
    what = f"two models have the table {found['name']!r}, and {cls.__name__} is the second"
    mend = f'__tablename__ = "another_{found["name"]}"'
    return Told("db.table-twice", what, mend)


_DECLARED: tuple[tuple[str, Teller], ...] = (
    (r"Can't create (?P<kind>\w+) on table .*: no column named '(?P<name>.*)' is", _no_column),
    (r"__table_args__ value must be a tuple", _no_tuple),
    (r".* could not assemble any primary key columns", _no_key),
    (r'Could not resolve all types within mapped annotation: "(?P<given>.*)"\.', _no_type),
    (r"Could not locate SQLAlchemy Core type .* for the '(?P<given>\w+)' attribute", _no_type),
    (r'Type annotation for "\w+\.(?P<name>\w+)" can\'t be correctly', _not_mapped),
    (r"Table '(?P<name>.*)' is already defined", _twice),
)


# -- models among each other ---------------------------------------------------------------------


def _no_target(cls: Any, found: re.Match[str]) -> Told:
    name, relation = found["name"], _relation_at_work(cls)
    models = sorted(one.__name__ for one in _models_of(cls.__mapper__.registry))
    near = get_close_matches(name, models, 1)
    what = f"the relation {cls.__name__}.{relation} is to {name!r}, and no model is called so"
    mend = f"{near[0]}" if near else f"import the module of {name} where the app is put together"
    return Told("db.relation-target", what, mend, relation)


def _two_targets(cls: Any, found: re.Match[str]) -> Told:
    name, relation = found["name"], _relation_at_work(cls)
    what = (
        f"the relation {cls.__name__}.{relation} is to {name!r}, and several models are called so"
    )
    mend = f'relationship("the.module.{name}")'
    return Told("db.relation-target", what, mend, relation)


def _no_foreign_key(cls: Any, found: re.Match[str]) -> Told:
    name = found["name"]
    target = _target_of(cls, name)
    what = f"no foreign key joins {cls.__name__} and {target.__name__}, which {name} needs"
    owner, other = (target, cls) if _is_many(cls, name) else (cls, target)
    key = f"{other.__table__.name}_id"
    mend = f"{key}: Mapped[int] = foreign_key({other.__name__})   # in {owner.__name__}"
    return Told("db.relation-key", what, mend, name)


def _many_foreign_keys(cls: Any, found: re.Match[str]) -> Told:
    name = found["name"]
    target = _target_of(cls, name)
    keys = _keys_between(cls, target) or _keys_between(target, cls)
    what = f"several foreign keys join {cls.__name__} and {target.__name__}: {', '.join(keys)}"
    mend = f'{name} = relationship(foreign_keys="{keys[0]}")   # or another one of them'
    return Told("db.relation-ambiguous", what, mend, name)


def _no_way_back(cls: Any, found: re.Match[str]) -> Told:
    name, there = _relation_at_work(cls), found["there"]
    other = found["other"].split(".")[-1]
    what = f"{cls.__name__}.{name} has back_populates={there!r}, and {other} has no such relation"
    kind = f"Mapped[list[{cls.__name__}]]" if not _is_many(cls, name) else f"Mapped[{cls.__name__}]"
    mend = f'{there}: {kind} = relationship(back_populates="{name}")   # in {other}'
    return Told("db.relation-back", what, mend, name)


def _no_relation_back(cls: Any, found: re.Match[str]) -> Told:
    name, there, other = _relation_at_work(cls), found["there"], found["other"]
    what = f"{cls.__name__}.{name} has back_populates={there!r}, and {other}.{there} is no relation"
    mend = f"the relation of {other} to {cls.__name__}, or no back_populates"
    return Told("db.relation-back", what, mend, name)


_CONFIGURED: tuple[tuple[str, Teller], ...] = (
    (r"When initializing mapper .* failed to locate a name \('(?P<name>.*?)'\)", _no_target),
    (r'Multiple classes found for path "(?P<name>.*)" in', _two_targets),
    (r".* on relationship \w+\.(?P<name>\w+) - there are no foreign keys", _no_foreign_key),
    (r".* on relationship \w+\.(?P<name>\w+) - there are multiple", _many_foreign_keys),
    (r"Mapper 'Mapper\[(?P<other>[\w.]+).*' has no property '(?P<there>\w+)'", _no_way_back),
    (
        r"back_populates on .* refers to attribute '(?P<other>\w+)\.(?P<there>\w+)' that is not",
        _no_relation_back,
    ),
)
_OVERLAP = re.compile(
    r"relationship '(?P<one>[\w.]+)' will copy column .* conflicts with relationship\(s\):"
    r" '(?P<two>[\w.]+)'",
    re.DOTALL,
)


def _configuration_mistake(registry: Registry, error: AnyError) -> SetupError:
    # Once one mapper has failed, every further try says so in a sentence of its own.
    cause = getattr(error, "_configure_failed", None)
    error = cause if isinstance(cause, AnyError) else error
    if isinstance(error, NoReferencedTableError | NoReferencedColumnError):
        return _key_mistake(registry, error)
    for model in _models_of(registry):
        if model.__mapper__._configure_failed is error:
            try:
                # What a foreign key names may be missing, of which SQLAlchemy says nothing here.
                _check_keys_of(model.__table__)
            except (NoReferencedTableError, NoReferencedColumnError) as earlier:
                return _key_mistake(registry, earlier)
            return _setup_error(model, _told(_CONFIGURED, model, error))
    return SetupError(str(error), code="db.model")


def _overlap(registry: Registry, found: re.Match[str]) -> SetupError:
    one, two = found["one"], found["two"]
    (cls_name, name), (_, other) = one.split("."), two.split(".")
    cls = next(model for model in _models_of(registry) if model.__name__ == cls_name)
    what = f"{one} and {two} write the same column, and neither knows of the other"
    mend = (
        f'{name} = relationship(back_populates="{other}"), and the other the same way; or'
        f' viewonly=True, or overlaps="{other}" where both are meant'
    )
    return _setup_error(cls, Told("db.relation-overlap", what, mend, name))


def _check_keys(registry: Registry) -> None:
    tables = [*registry.metadata.tables.values(), *(one.__table__ for one in _models_of(registry))]
    for table in dict.fromkeys(tables):  # those of models that are kept apart too
        _check_keys_of(table)


def _check_keys_of(table: Any) -> None:
    for key in table.foreign_keys:
        _ = key.column  # looks the target up, and raises where there is none


def _key_mistake(registry: Registry, error: Any) -> SetupError:
    for model in _models_of(registry):
        tables = model.__table__.metadata.tables
        for key in model.__table__.foreign_keys:
            table, _, column = key.target_fullname.rpartition(".")
            if column in getattr(tables.get(table), "c", ()):
                continue
            attribute = model.__mapper__._columntoproperty[key.parent].key
            what = (
                f"the foreign key of {model.__name__}.{attribute} is to {key.target_fullname!r},"
                f" which is not there"
            )
            known = [f"{name}.{one.name}" for name in tables for one in tables[name].primary_key]
            near = get_close_matches(key.target_fullname, known, 1) or ["table.column"]
            mend = f'foreign_key("{near[0]}"), or the class itself where it is known'
            return _setup_error(model, Told("db.foreign-key", what, mend, attribute))
    return SetupError(str(error), code="db.foreign-key")


# -- what is known of classes that may be half made ----------------------------------------------


def _told(known: Iterable[tuple[str, Teller]], cls: type[Any], error: AnyError) -> Told:
    text = str(error)
    for pattern, tell in known:
        found = re.match(pattern, text, re.DOTALL)
        if found is not None:
            return tell(cls, found)
    return Told("db.model", f"{cls.__name__} cannot be mapped: {text}", "")


def _setup_error(cls: type[Any], told: Told) -> SetupError:
    where = place_in(cls, told.attribute)
    return SetupError(told.what, code=told.code, where=where, mend=told.mend or None)


def _models_of(registry: Registry) -> list[Any]:
    found = []
    for manager in registry._managers:
        try:
            found.append(manager.mapper.class_)
        except UnmappedClassError:  # one whose declaration failed
            continue
    return sorted(found, key=lambda model: (model.__module__, model.__qualname__))


def _relation_at_work(cls: Any) -> str:
    """Give the relation that was being looked at when the mapper failed."""
    props = dict.values(cls.__mapper__._props)
    failed = (one for one in props if one._configure_started and not one._configure_finished)
    return str(next(failed).key)


def _target_of(cls: Any, name: str) -> Any:
    return dict.__getitem__(cls.__mapper__._props, name).mapper.class_


def _is_many(cls: Any, name: str) -> bool:
    prop = dict.__getitem__(cls.__mapper__._props, name)
    return bool(prop.uselist or prop.collection_class)


def _keys_between(cls: Any, target: Any) -> list[str]:
    keys = cls.__table__.foreign_keys
    return sorted(
        f"{cls.__name__}.{cls.__mapper__._columntoproperty[key.parent].key}"
        for key in keys
        if key.column.table is target.__table__
    )


def _annotations_of(cls: Any) -> list[tuple[str, str]]:
    return [
        (name, one if isinstance(one, str) else one.__name__ if type(one) is type else repr(one))
        for owner in cls.__mro__
        for name, one in inspect.get_annotations(owner).items()
    ]


def _inside(annotation: str) -> str:
    """Give what stands in the brackets of `Mapped[...]`."""
    return annotation.partition("Mapped[")[2].removesuffix("]") or annotation


def _columns_of(cls: Any) -> list[str]:
    return [
        name
        for name, given in _annotations_of(cls)
        if "Mapped[" in given and not hasattr(getattr(cls, name, None), "argument")
    ]
