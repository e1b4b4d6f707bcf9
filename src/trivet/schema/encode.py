"""Any value as JSON: first as plain data (`jsonable_encoder`), or at once as bytes (`to_json`).

Both give the same JSON. What a class becomes is said once, in `_BY_TYPE` and `_contents`.
"""

from __future__ import annotations

import dataclasses
import datetime
import json
from collections import deque
from collections.abc import Callable, Mapping
from decimal import Decimal
from enum import Enum
from ipaddress import (
    IPv4Address,
    IPv4Interface,
    IPv4Network,
    IPv6Address,
    IPv6Interface,
    IPv6Network,
)
from pathlib import PurePath
from re import Pattern
from types import GeneratorType
from typing import Any, TypedDict
from uuid import UUID

from pydantic import AnyUrl, BaseModel, NameEmail, SecretBytes, SecretStr
from pydantic_core import PydanticUndefinedType, Url
from typing_extensions import Unpack

__all__ = ["EncodeOptions", "jsonable_encoder", "to_json"]

# Any in this file: what is encoded may be of any type, and the result is any JSON value.
Encoder = Callable[[Any], Any]


class EncodeOptions(TypedDict, total=False):
    """How `jsonable_encoder` treats fields, in Pydantic's words.

    `custom_encoder` maps classes to functions; what they give is taken as it is.
    `sqlalchemy_safe` leaves out what SQLAlchemy keeps in its objects, under names with ``_sa``.
    """

    exclude_unset: bool
    exclude_defaults: bool
    exclude_none: bool
    custom_encoder: Mapping[Any, Encoder] | None
    sqlalchemy_safe: bool


def _number(value: Decimal) -> int | float:
    exponent = value.as_tuple().exponent
    return int(value) if isinstance(exponent, int) and exponent >= 0 else float(value)


# Asked in this order for subclasses.
_BY_TYPE: dict[type, Encoder] = {
    bytes: lambda value: value.decode(),
    datetime.datetime: lambda value: value.isoformat(),
    datetime.date: lambda value: value.isoformat(),
    datetime.time: lambda value: value.isoformat(),
    datetime.timedelta: lambda value: value.total_seconds(),
    Decimal: _number,
    IPv4Address: str,
    IPv4Interface: str,
    IPv4Network: str,
    IPv6Address: str,
    IPv6Interface: str,
    IPv6Network: str,
    NameEmail: str,
    Pattern: lambda value: value.pattern,
    SecretBytes: str,
    SecretStr: str,
    UUID: str,
    Url: str,
    AnyUrl: str,
}
_SEQUENCES = (list, set, frozenset, GeneratorType, tuple, deque)


def jsonable_encoder(
    obj: Any,
    include: Any = None,
    exclude: Any = None,
    by_alias: bool = True,
    **options: Unpack[EncodeOptions],
) -> Any:
    """Give `obj` as what JSON knows: dictionaries, lists, texts, numbers, booleans and None.

    `include` and `exclude` are names of fields, as for Pydantic. Raises `ValueError` for an object
    that has neither items nor attributes.
    """
    return _Encoding(by_alias, options).plain(obj, _names(include), _names(exclude))


def _names(found: Any) -> Any:
    return found if found is None or isinstance(found, (set, dict)) else set(found)


class _Encoding:
    """One call's options, on the way through a value."""

    def __init__(self, by_alias: bool, options: EncodeOptions) -> None:
        self.how: dict[str, Any] = {
            "by_alias": by_alias,
            "exclude_unset": options.get("exclude_unset", False),
            "exclude_defaults": options.get("exclude_defaults", False),
            "exclude_none": options.get("exclude_none", False),
        }
        self.without_none = self.how["exclude_none"]
        self.custom = options.get("custom_encoder") or {}
        self.safe = options.get("sqlalchemy_safe", True)

    def plain(self, value: Any, include: Any = None, exclude: Any = None) -> Any:
        if self.custom and (encoder := self._custom(value)) is not None:
            return encoder(value)
        if isinstance(value, BaseModel):
            dumped = value.model_dump(mode="json", include=include, exclude=exclude, **self.how)
            # A model's own encoders have had their say.
            return self._without_custom().plain(dumped)
        if isinstance(value, Enum):
            return value.value
        if isinstance(value, PurePath):
            return str(value)
        if value is None or isinstance(value, (str, int, float)):
            return value
        if isinstance(value, PydanticUndefinedType):
            return None
        if isinstance(value, dict):
            return self._items(value, include, exclude)
        if isinstance(value, _SEQUENCES):
            return [self.plain(item, include, exclude) for item in value]
        encoder = _encoder(type(value))
        if encoder is not None:
            return encoder(value)
        return self.plain(_contents(value, self.how["by_alias"]), include, exclude)

    def _items(self, value: dict[Any, Any], include: Any, exclude: Any) -> dict[Any, Any]:
        return {
            self.plain(key): self.plain(item)
            for key, item in value.items()
            if not (self.safe and isinstance(key, str) and key.startswith("_sa"))
            and not (item is None and self.without_none)
            and (include is None or key in include)
            and (exclude is None or key not in exclude)
        }

    def _custom(self, value: Any) -> Encoder | None:
        encoder = self.custom.get(type(value))
        if encoder is not None:
            return encoder
        return next((made for kind, made in self.custom.items() if isinstance(value, kind)), None)

    def _without_custom(self) -> _Encoding:
        if not self.custom:
            return self
        return _Encoding(True, {"exclude_none": self.without_none, "sqlalchemy_safe": self.safe})


def _encoder(kind: type) -> Encoder | None:
    encoder = _BY_TYPE.get(kind)
    if encoder is not None:
        return encoder
    return next((made for known, made in _BY_TYPE.items() if issubclass(kind, known)), None)


def _contents(value: Any, by_alias: bool = True) -> Any:
    """Give the items or fields of any other object, each still as it is."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    try:
        return dict(value)
    except Exception as error:
        try:
            return vars(value)
        except TypeError as second:
            raise ValueError([error, second]) from second


def to_json(value: Any) -> bytes:
    """Give `value` as JSON bytes."""
    plain = jsonable_encoder(value)
    return json.dumps(plain, ensure_ascii=False, separators=(",", ":")).encode()
