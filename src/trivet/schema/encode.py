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
from pydantic_core import (
    PydanticSerializationError,
    PydanticUndefinedType,
    SchemaSerializer,
    Url,
    core_schema,
)
from typing_extensions import Unpack

from trivet.errors import PydanticV1NotSupportedError

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


# As many digits as Python reads and writes in one number by default.
_MOST_DIGITS = 4300


def _number(value: Decimal) -> int | float | str:
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int) or exponent < 0:
        return float(value)
    if value.adjusted() >= _MOST_DIGITS:
        return str(value)  # "1E+1000000000" is short; written out, it fills the memory
    return int(value)


# Asked in this order for subclasses.
_BY_TYPE: dict[type, Encoder] = {
    # What is no UTF-8 came from a client, in the error that quotes it: better shown than lost.
    bytes: lambda value: value.decode(errors="backslashreplace"),
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
# Known by name, so that nobody has to import them.
_BY_NAME: dict[str, Encoder] = {
    "pydantic.color.Color": str,
    "pydantic_extra_types.color.Color": str,
    # An upload in the errors of a form is named, and keeps its open file to itself.
    "starlette.datastructures.UploadFile": lambda value: {
        "filename": value.filename,
        "content_type": value.content_type,
        "size": value.size,
    },
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
        if type(value) in _PLAIN and not self.custom:
            return value
        if self.custom and (encoder := self._custom(value)) is not None:
            return encoder(value)
        if isinstance(value, BaseModel):
            dumped = value.model_dump(mode="json", include=include, exclude=exclude, **self.how)
            # A model's own serializers have had their say.
            return self._without_custom().plain(dumped)
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            return self.plain(_fields(value), include, exclude)
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
        contents = _contents(value, self.how["by_alias"], include, exclude)
        if hasattr(type(value), "__struct_fields__"):  # chosen by the names of its fields already
            return self.plain(contents)
        return self.plain(contents, include, exclude)

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
    for known in kind.__mro__:
        name = f"{known.__module__}.{known.__qualname__}"
        if name in _BY_NAME:
            return _BY_NAME[name]
        if name == "pydantic.v1.main.BaseModel":
            raise PydanticV1NotSupportedError(
                f"{kind.__qualname__} is a model of pydantic.v1, which is no longer supported",
                code="schema.pydantic-v1",
                mend="inherit from pydantic.BaseModel",
            )
    return next((made for known, made in _BY_TYPE.items() if issubclass(kind, known)), None)


def _contents(value: Any, by_alias: bool, include: Any = None, exclude: Any = None) -> Any:
    """Give the fields or items of any other object, each still as it is."""
    kind = type(value)
    if hasattr(kind, "__struct_fields__"):
        return _struct(value, by_alias, include, exclude)
    if hasattr(kind, "__attrs_attrs__"):
        return {field.name: getattr(value, field.name) for field in kind.__attrs_attrs__}
    try:
        return dict(value)
    except Exception as error:
        try:
            return vars(value)
        except Exception as second:
            raise ValueError([error, second]) from second


def _fields(value: Any) -> dict[str, Any]:
    return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}


def _struct(value: Any, by_alias: bool, include: Any, exclude: Any) -> Any:
    """Give the fields of a msgspec struct, as msgspec itself writes them."""
    config = value.__struct_config__
    names = value.__struct_fields__
    shown = value.__struct_encode_fields__ if by_alias else names
    found = {
        wire: item
        for name, wire in zip(names, shown, strict=True)
        if (include is None or name in include) and (exclude is None or name not in exclude)
        if type(item := getattr(value, name)).__name__ != "UnsetType"
    }
    if config.tag is not None:
        found = {config.tag_field: config.tag, **found}
    return list(found.values()) if config.array_like else found


# -- at once to bytes ----------------------------------------------------------------------------

# What Pydantic's encoder writes as `json` does (a number may be spelt 1e16 for 1e+16). Measured in
# one run: a dictionary of three items costs 0.6 of `_encode` and 0.09 of `jsonable_encoder` with
# `json.dumps`; a list of 100 such rows 0.77 and 0.07.
_PLAIN = frozenset({str, int, float, bool, type(None)})
_plain_json = SchemaSerializer(core_schema.any_schema()).to_json

# How a key begins that `jsonable_encoder` leaves out.
_HIDDEN = '"_sa'


def to_json(value: Any) -> bytes:
    """Give `value` as JSON bytes: what `jsonable_encoder` gives, without the way through it.

    A number that is none (NaN, infinity) is null. Raises what `jsonable_encoder` raises.
    """
    if _is_plain(value):
        try:
            found = _plain_json(value)
        except PydanticSerializationError:  # half a surrogate pair
            return _by_steps(value)
        return found if _HIDDEN.encode() not in found else _by_steps(value)
    try:
        text = _encode(value)
        return text.encode() if _HIDDEN not in text else _by_steps(value)
    except (TypeError, ValueError):
        # A key, a number or a text that needs more care; or a mistake, which is raised again.
        return _by_steps(value)


def _is_plain(value: Any) -> bool:
    kind = type(value)
    if kind is dict:
        for key, item in value.items():
            if type(key) is not str or (type(item) not in _PLAIN and not _is_plain(item)):
                return False
        return True
    if kind is list:
        for item in value:  # noqa: SIM110  # as a generator it costs twice as much
            if type(item) not in _PLAIN and not _is_plain(item):
                return False
        return True
    return kind in _PLAIN


def _step(value: Any) -> Any:
    """Take one step of `jsonable_encoder`, for what `json` does not know."""
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", by_alias=True)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return _fields(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, PurePath):
        return str(value)
    if isinstance(value, PydanticUndefinedType):
        return None
    if isinstance(value, GeneratorType):
        # Should a second way be needed, nothing may be taken from it yet.
        raise TypeError("a generator can be walked once")
    if isinstance(value, _SEQUENCES):
        return list(value)
    encoder = _encoder(type(value))
    return encoder(value) if encoder is not None else _contents(value, by_alias=True)


# Its C code asks `_step` only for what is not plain. Measured in one run: a dictionary with a date
# and a UUID costs 0.5 of `jsonable_encoder` with `json.dumps`, a list of 50 models 0.3.
_encode = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_step
).encode


def _by_steps(value: Any) -> bytes:
    text = _dumps(jsonable_encoder(value))
    if "NaN" in text or "Infinity" in text:
        text = _dumps(json.loads(text, parse_constant=lambda constant: None))
    try:
        return text.encode()
    except UnicodeEncodeError:
        # Half a surrogate pair has no UTF-8, but it has an escape.
        return json.dumps(json.loads(text), separators=(",", ":")).encode()


def _dumps(plain: Any) -> str:
    return json.dumps(plain, ensure_ascii=False, separators=(",", ":"))
