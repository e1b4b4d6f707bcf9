"""Keys: how a name in a namespace becomes one in a store, and arguments become a name.

Two values have the same key only where they are the same to the function that is cached: a type's
name stands in the key with its value, so that 1, True and "1" are three keys.
"""

from __future__ import annotations

import dataclasses
import datetime
import inspect
import re
from collections.abc import Callable, Iterable
from decimal import Decimal
from enum import Enum
from hashlib import blake2b
from pathlib import PurePath
from types import MappingProxyType, UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin
from uuid import UUID

from pydantic import BaseModel
from typing_extensions import TypeAliasType

from trivet.errors import TrivetError

__all__ = ["CacheKeyError", "checked_name", "digest", "has_key", "store_key", "written"]

_LONGEST = 200  # characters of a key in a store, before its digest stands in its place
_PLAIN = re.compile(r"[\x21-\x7e]*")
_NAME = re.compile(r"[\w./-]+", re.ASCII)

# What stands for itself: its text says all of it.
_TEXTS: tuple[type, ...] = (
    *(int, float, Decimal, UUID, PurePath, datetime.date, datetime.time, datetime.timedelta),
    datetime.tzinfo,
)
_WHOLE: tuple[type, ...] = (type(None), bool, str, bytes, Enum, *_TEXTS)


class CacheKeyError(TrivetError, TypeError):
    """A value that has no stable key, so that nobody could say which cached value is its own."""


def checked_name(name: str, what: str) -> str:
    """Give `name` if keys can be made of it; raises `ValueError`."""
    if not _NAME.fullmatch(name):
        raise ValueError(f"{what} {name!r} is made of letters, digits and . / - _ alone")
    return name


def store_key(space: str, key: str) -> str:
    """Give the key in a store; long ones, and those with other signs than ASCII's, are hashed."""
    if len(space) + len(key) <= _LONGEST and _PLAIN.fullmatch(key) and not key.startswith("#"):
        return space + key
    return f"{space}#{digest(key)}"


def digest(text: str) -> str:
    """Give 32 hexadecimal digits that stand for a text and for no other that anyone could find."""
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def written(value: Any) -> str:
    """Give a text that only equal values of the same types have; raises `CacheKeyError`."""
    kind = type(value)
    if value is None or kind is bool:
        return repr(value)
    if kind in (str, bytes, int):
        return repr(value)
    if kind in (list, tuple):
        return f"{kind.__name__}[{', '.join(map(written, value))}]"
    name = f"{kind.__module__}.{kind.__qualname__}"
    if isinstance(value, Enum):
        return f"{name}.{value.name}"
    if isinstance(value, _TEXTS):
        return f"{name}({value!r})"
    if isinstance(value, str | bytes):
        return f"{name}({value!r})"
    if isinstance(value, BaseModel):
        extra = value.__pydantic_extra__ or {}
        return f"{name}({_items([*value.__dict__.items(), *extra.items()])})"
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = ((field.name, getattr(value, field.name)) for field in dataclasses.fields(value))
        return f"{name}({_items(fields)})"
    if isinstance(value, dict | MappingProxyType):
        return f"{name}{{{_items(value.items())}}}"
    if isinstance(value, set | frozenset):
        return f"{name}<{', '.join(sorted(map(written, value)))}>"
    if isinstance(value, list | tuple):
        return f"{name}[{', '.join(map(written, value))}]"
    raise CacheKeyError(
        f"{value!r} has no stable key: a {kind.__qualname__} is neither plain data, nor a model,"
        " nor a dataclass. Pass what it is found by (its id), or say how: key=lambda …: …"
    )


def _items(pairs: Iterable[tuple[Any, Any]]) -> str:
    return ", ".join(sorted(f"{written(key)}: {written(value)}" for key, value in pairs))


def has_key(annotation: Any) -> bool:  # Any: a type expression
    """Tell whether values of a type may have a key; the doubt is answered at the call."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return has_key(get_args(annotation)[0])
    if annotation is Any or annotation is inspect.Parameter.empty:
        return True
    if isinstance(annotation, TypeAliasType | TypeVar | str):
        return True
    if origin in (Union, UnionType):
        return all(has_key(one) for one in get_args(annotation))
    kind = origin or annotation
    if not isinstance(kind, type):
        return kind is not Callable
    if kind in (object, type) or issubclass(kind, (*_WHOLE, BaseModel)):
        return kind is not type
    if dataclasses.is_dataclass(kind):
        return True
    if issubclass(kind, dict | set | frozenset | list | tuple):
        return all(has_key(one) for one in get_args(annotation) if one is not ...)
    # Interfaces (Sequence, Iterable, a Protocol) may be met by what has a key.
    return inspect.isabstract(kind) or getattr(kind, "_is_protocol", False)
