"""Django's look-ups as expressions: ``author__email__icontains="ann"``.

A name leads through relations to a column, and ends with a look-up (`exact` where none is named).
A path through a relation is an EXISTS on it, so that no row comes twice. What is not there is an
error that lists what is.
"""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import Date, and_, extract, func, inspect, literal, not_
from sqlalchemy.orm import RelationshipProperty

from trivet.db.constructs import DayOfWeek, LikeExactly, escaped, glob_escaped
from trivet.errors import SetupError

__all__ = ["LookupError", "Plain", "check_name", "condition", "looked_up"]


class LookupError(SetupError):  # the field's own word, behind its module's name
    """A look-up names what the model does not have."""


class Plain(NamedTuple):
    """A comparison of a column of the model itself with a value, not yet an expression.

    Most look-ups are of this kind: their text depends on `name` alone, so that a query of them is
    found compiled without being built.
    """

    name: str
    value: Any


def _like(before: str, after: str) -> Callable[[Any, Any], Any]:
    def made(column: Any, value: Any) -> Any:
        glob = f"{'*' if before else ''}{glob_escaped(value)}{'*' if after else ''}"
        return LikeExactly(column, literal(f"{before}{escaped(value)}{after}"), literal(glob))

    return made


def _ilike(before: str, after: str) -> Callable[[Any, Any], Any]:
    return lambda column, value: column.ilike(f"{before}{escaped(value)}{after}", escape="\\")


def _exact(column: Any, value: Any) -> Any:
    return column.is_(None) if value is None else column == value


def _iexact(column: Any, value: Any) -> Any:
    return column.is_(None) if value is None else func.lower(column) == str(value).lower()


def _in(column: Any, value: Any) -> Any:
    keys = getattr(value, "keys_statement", None)
    if callable(keys):  # a query: the database looks at its rows itself
        return column.in_(keys())
    return column.in_(list(value))


def _range(column: Any, value: Any) -> Any:
    low, high = value
    return column.between(low, high)


def _isnull(column: Any, value: Any) -> Any:
    return column.is_(None) if value else column.is_not(None)


def _part(name: str) -> Callable[[Any, Any], Any]:
    return lambda column, value: extract(name, column) == value


LOOKUPS: dict[str, Callable[[Any, Any], Any]] = {
    "exact": _exact,
    "iexact": _iexact,
    "contains": _like("%", "%"),
    "icontains": _ilike("%", "%"),
    "startswith": _like("", "%"),
    "istartswith": _ilike("", "%"),
    "endswith": _like("%", ""),
    "iendswith": _ilike("%", ""),
    "in": _in,
    "gt": lambda column, value: column > value,
    "gte": lambda column, value: column >= value,
    "lt": lambda column, value: column < value,
    "lte": lambda column, value: column <= value,
    "range": _range,
    "isnull": _isnull,
    "date": lambda column, value: func.date(column, type_=Date()) == value,
    "year": _part("year"),
    "month": _part("month"),
    "day": _part("day"),
    "week_day": lambda column, value: DayOfWeek(column) == value,
    "hour": _part("hour"),
    "minute": _part("minute"),
    "second": _part("second"),
    "regex": lambda column, value: column.regexp_match(value),
    "iregex": lambda column, value: column.regexp_match(f"(?i){value}"),
}

_PARTS = frozenset({"year", "month", "day", "hour", "minute", "second"})
# Look-ups whose one value goes to the database as it was given.
_DIRECT = frozenset({"exact", "gt", "gte", "lt", "lte"})


def looked_up(model: Any, name: str, value: Any) -> Any:
    """Give a look-up as a `Plain` comparison or as an expression; raises `LookupError`."""
    # None and truth values are written into the text; an expression is its own.
    is_value = not (value is None or isinstance(value, bool) or hasattr(value, "self_group"))
    if is_value and _is_direct(model, name):
        return Plain(name, value)
    return condition(model, name, value)


@lru_cache(maxsize=4096)
def _is_direct(model: Any, name: str) -> bool:
    first, _, lookup = name.partition("__")
    mapper: Any = inspect(model)
    return first in mapper.column_attrs and (not lookup or lookup in _DIRECT)


@lru_cache(maxsize=4096)
def check_name(model: Any, name: str) -> None:
    """Raise `LookupError` where the model has no field `name`."""
    condition(model, name, None)


def condition(model: type[Any], name: str, value: Any) -> Any:
    """Give the expression of one look-up; raises `LookupError`."""
    return _at(model, name.split("__"), value, name)


def _at(model: type[Any], path: list[str], value: Any, whole: str) -> Any:
    mapper: Any = inspect(model)
    name, rest = path[0], path[1:]
    if name == "pk" and "pk" not in mapper.attrs:
        name = mapper.get_property_by_column(mapper.primary_key[0]).key
    found = mapper.attrs.get(name)
    if found is None:
        raise _unknown(model, mapper, name, whole)
    attribute = getattr(model, name)
    if isinstance(found, RelationshipProperty):
        return _through(attribute, found, rest, value, whole)
    if not rest:
        return _exact(attribute, value)
    if len(rest) == 1 and rest[0] in LOOKUPS:
        return LOOKUPS[rest[0]](attribute, value)
    if len(rest) == 2 and rest[0] in _PARTS and rest[1] in LOOKUPS:
        return LOOKUPS[rest[1]](extract(rest[0], attribute), value)
    raise _no_lookup(model, name, rest, whole)


def _through(attribute: Any, found: Any, rest: list[str], value: Any, whole: str) -> Any:
    target = found.mapper.class_
    related = attribute.any if found.uselist else attribute.has
    shown = getattr(target, "__shown__", None)
    if shown is not None:  # its rows may be marked as deleted
        related = _shown_alone(related, shown())
    key = inspect(target).primary_key[0]
    if not rest:
        if value is None:
            return not_(related())
        if isinstance(value, target):
            return attribute.contains(value) if found.uselist else attribute == value
        return related(key == value)
    if rest == ["isnull"]:
        return not_(related()) if value else related()
    if rest == ["in"]:
        return related(_in(key, value))
    return related(_at(target, rest, value, whole))


def _shown_alone(related: Callable[..., Any], shown: Any) -> Callable[..., Any]:
    return lambda condition=None: related(shown if condition is None else and_(shown, condition))


def _unknown(model: type[Any], mapper: Any, name: str, whole: str) -> LookupError:
    names = sorted(mapper.attrs.keys())
    near = get_close_matches(name, names, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return LookupError(
        f"{model.__name__} has no field {name!r} (in the look-up {whole!r}).{hint}",
        code="db.lookup-field",
        mend=f"one of: {', '.join(names)}",
    )


def _no_lookup(model: type[Any], name: str, rest: list[str], whole: str) -> LookupError:
    near = get_close_matches(rest[0], LOOKUPS, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return LookupError(
        f"{'__'.join(rest)!r} is no look-up of {model.__name__}.{name} (in {whole!r}).{hint}",
        code="db.lookup",
        mend=f"one of: {', '.join(LOOKUPS)}",
    )
