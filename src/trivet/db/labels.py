"""A word for people for each row: which column names it, and what to call it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from sqlalchemy import inspect

from trivet.db.describe import Column, describe
from trivet.db.model import BareModel

__all__ = ["has_own_text", "label_column", "label_columns", "label_of"]

# The first of these that a model has; then one that ends with it, such as `first_name`.
_WORDS = (
    "name", "full_name", "display_name", "last_name", "title", "label", "subject", "username",
    "email", "slug", "code", "description", "number",
)  # fmt: skip
_ENDINGS = ("_name", "_title", "_label", "_subject")
_FIRST, _LAST = "first_name", "last_name"
_LONGEST = 100  # letters


def has_own_text(model: Any) -> bool:
    """Tell whether a class says itself what its rows are called, by `__str__`."""
    return next(cls for cls in model.__mro__ if "__str__" in vars(cls)) not in (object, BareModel)


@cache
def label_column(model: Any) -> str | None:
    """Give the attribute that names a row of any mapped class, such as `name` or `title`.

    None where the class has a `__str__` of its own, which wins, or none of its columns of text
    names it: an invoice is not called by the address that it went to. Then it has its key. What is
    unique names a row, and so does the only text there is. A private column is none.
    """
    if has_own_text(model):
        return None
    found = [column for column in describe(model).columns if _is_text(column)]
    by_name = {column.name: column for column in found}
    for word in _WORDS:
        if word in by_name:
            return word
    for ending in _ENDINGS:
        for name in by_name:
            if name.endswith(ending):
                return name
    usual = [c for c in found if not (c.is_key or c.is_reference)] or found
    unique = usual if len(usual) == 1 else [c for c in usual if c.is_unique]
    return unique[0].name if unique else None


@cache
def label_columns(model: Any) -> tuple[str, ...] | None:
    """Give the attributes that `label_of` reads besides the key; None where it may read any."""
    if has_own_text(model):
        return None
    name = label_column(model)
    if name is None:
        return ()
    has_first = name == _LAST and describe(model).column(_FIRST) is not None
    return (_FIRST, _LAST) if has_first else (name,)


def label_of(row: Any) -> str:
    """Say what a row is called: by its class, by its label, or by its key.

    A last name comes with the first one. Nothing is loaded for it: where a label is not there, or
    is empty, it is the key.
    """
    model: Any = type(row)
    return _labelling(model)(row)


@cache
def _labelling(model: Any) -> Callable[[Any], str]:
    """Give what names rows of a class; found out once, not for each of the rows of a list."""
    names = label_columns(model)
    if names is None:
        return str

    def called(row: Any) -> str:
        known = row.__dict__
        values = [known.get(one) for one in names]
        text = " ".join(
            word for value in values if value is not None for word in str(value).split()
        )
        if not text:
            return _by_key(row)
        return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"

    return called


def _by_key(row: Any) -> str:
    state: Any = inspect(row)
    name = str(type(row).__name__)
    return f"{name} {', '.join(map(str, state.identity))}" if state.identity else name


def _is_text(column: Column) -> bool:
    if column.is_private:
        return False
    annotation = getattr(column.annotation, "__origin__", column.annotation)  # of Annotated
    return isinstance(annotation, type) and issubclass(annotation, str)
