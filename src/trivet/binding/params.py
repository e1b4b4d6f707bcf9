"""The markers that say where a parameter comes from, as classes.

A marker is a Pydantic `FieldInfo` that also knows its place in the request. Their functions, which
type checkers accept as defaults, are in `markers.py`; their shared options are written once, here.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, ClassVar, Literal, TypedDict

from pydantic import AliasChoices, AliasPath, Discriminator
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined
from typing_extensions import deprecated as deprecated_marker

from trivet.concurrency import Limit
from trivet.errors import TrivetDeprecationWarning

__all__ = [
    "Body",
    "Cookie",
    "Depends",
    "File",
    "Form",
    "Header",
    "MarkerOptions",
    "Param",
    "ParamTypes",
    "Path",
    "Query",
    "Security",
]


class ParamTypes(StrEnum):
    """Where a parameter stands that is not in the body, in OpenAPI's words."""

    query = "query"
    header = "header"
    path = "path"
    cookie = "cookie"


class MarkerOptions(TypedDict, total=False):
    """What every marker takes: Pydantic's options of a field, and some for the document."""

    default_factory: Callable[[], Any] | None
    annotation: Any | None
    alias: str | None
    alias_priority: int | None
    validation_alias: str | AliasPath | AliasChoices | None
    serialization_alias: str | None
    title: str | None
    description: str | None
    gt: float | None
    ge: float | None
    lt: float | None
    le: float | None
    min_length: int | None
    max_length: int | None
    pattern: str | re.Pattern[str] | None
    regex: str | None
    discriminator: str | Discriminator | None
    strict: bool | None
    validate_default: bool | None
    union_mode: Literal["smart", "left_to_right"] | None
    fail_fast: bool | None
    multiple_of: float | None
    allow_inf_nan: bool | None
    max_digits: int | None
    decimal_places: int | None
    examples: list[Any] | None
    example: Any | None
    openapi_examples: Mapping[str, Any] | None
    deprecated: deprecated_marker | str | bool | None
    include_in_schema: bool
    json_schema_extra: dict[str, Any] | Callable[[dict[str, Any]], None] | None


# FieldInfo would store these as given although nobody gave them, so None means "leave out".
_NONE_IS_UNSET = (
    "gt",
    "ge",
    "lt",
    "le",
    "min_length",
    "max_length",
    "multiple_of",
    "allow_inf_nan",
    "max_digits",
    "decimal_places",
    "pattern",
)


# Pydantic calls the class final; FastAPI's dialect is made of subclasses. Any: said once, here.
_FieldInfo: Any = FieldInfo


class _Marker(_FieldInfo):  # type: ignore[misc]
    """What the markers of all places share."""

    def __init__(
        self,
        default: Any = PydanticUndefined,
        *,
        example: Any = PydanticUndefined,
        openapi_examples: Mapping[str, Any] | None = None,
        include_in_schema: bool = True,
        regex: str | None = None,
        **options: Any,
    ) -> None:
        if example is not PydanticUndefined:
            _warn("`example` has been deprecated, please use `examples` instead")
        if regex is not None:
            _warn("`regex` has been deprecated, please use `pattern` instead")
            options["pattern"] = options.get("pattern") or regex
        self.example = example
        self.include_in_schema = include_in_schema
        self.openapi_examples = openapi_examples
        for name in _NONE_IS_UNSET:
            if options.get(name, "") is None:
                del options[name]
        alias = options.get("alias")
        if options.get("serialization_alias") is None and isinstance(alias, str):
            options["serialization_alias"] = alias
        if options.get("validation_alias") is None and "alias" in options:
            options["validation_alias"] = alias
        super().__init__(default=default, **options)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.default})"


def _warn(message: str) -> None:
    warnings.warn(message, TrivetDeprecationWarning, stacklevel=5)


class Param(_Marker):
    """A parameter outside the body."""

    in_: ParamTypes | None = None


class Path(Param):
    """A parameter of the path; always required."""

    in_ = ParamTypes.path

    def __init__(self, default: Any = ..., **options: Any) -> None:
        if default is not ...:
            raise AssertionError("Path parameters cannot have a default value")
        super().__init__(default, **options)


class Query(Param):
    """A parameter of the query string."""

    in_ = ParamTypes.query


class Header(Param):
    """A header; underscores of the parameter's name become dashes unless told otherwise."""

    in_ = ParamTypes.header

    def __init__(
        self, default: Any = PydanticUndefined, *, convert_underscores: bool = True, **options: Any
    ) -> None:
        self.convert_underscores = convert_underscores
        super().__init__(default, **options)


class Cookie(Param):
    """A cookie."""

    in_ = ParamTypes.cookie


class Body(_Marker):
    """A value of the body; `embed` puts a lone one under its own key."""

    media: ClassVar[str] = "application/json"

    def __init__(
        self,
        default: Any = PydanticUndefined,
        *,
        embed: bool | None = None,
        media_type: str | None = None,
        **options: Any,
    ) -> None:
        self.embed = embed
        self.media_type = media_type or self.media
        super().__init__(default, **options)


class Form(Body):
    """A field of a form."""

    media = "application/x-www-form-urlencoded"


class File(Form):
    """An uploaded file, as bytes or as an `UploadFile`."""

    media = "multipart/form-data"


@dataclass(frozen=True)
class Depends:
    """A parameter that another function gives.

    `use_cache` shares one value in a request; `scope` says whether a `yield` dependency ends with
    the function, before the answer goes out, or with the request, after it; `max_concurrency` is
    the most calls of it that run at once.
    """

    dependency: Callable[..., Any] | None = None
    use_cache: bool = True
    scope: Literal["function", "request"] | None = None
    max_concurrency: int | None = field(default=None, kw_only=True)
    # Its identity keeps two declarations with equal limits apart, and replace() keeps it. The name
    # is the one under which programs for FastAPI look for it.
    _concurrency: Limit | None = field(default=None, repr=False, kw_only=True)

    def __post_init__(self) -> None:
        if self.max_concurrency is None:
            object.__setattr__(self, "_concurrency", None)
            return
        if type(self.max_concurrency) is not int or self.max_concurrency < 1:
            raise ValueError("max_concurrency must be a positive integer or None")
        if self._concurrency is None or self._concurrency.most != self.max_concurrency:
            object.__setattr__(self, "_concurrency", Limit(self.max_concurrency))


@dataclass(frozen=True)
class Security(Depends):
    """A dependency that also names the OAuth2 scopes which its caller must have."""

    scopes: Sequence[str] | None = None
