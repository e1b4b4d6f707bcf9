"""One described value: its name, its annotation and constraints, and how it is validated.

A `Field` is made while an application is put together and never changes. Binding asks it to
validate, responses ask it to serialize, and the document asks for its JSON Schema.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from copy import copy
from functools import cached_property, lru_cache
from inspect import unwrap
from operator import getitem
from typing import Annotated, Any, ForwardRef, Literal

from pydantic import (
    AliasPath,
    ConfigDict,
    PydanticSchemaGenerationError,
    PydanticUndefinedAnnotation,
    PydanticUserError,
    TypeAdapter,
)
from pydantic import Field as PydanticField
from pydantic.fields import FieldInfo
from pydantic.warnings import UnsupportedFieldAttributeWarning
from pydantic_core import PydanticUndefined, ValidationError

from trivet.errors import PydanticV1NotSupportedError, SetupError, place_of
from trivet.schema.annotations import has_old_model
from trivet.schema.foreign import adapted

__all__ = ["ABSENT", "Field", "Mode", "errors_at", "merged", "missing"]

# What stands for "the request did not have it".
ABSENT = PydanticUndefined

Mode = Literal["validation", "serialization"]
Location = tuple[int | str, ...]

# The attributes of a FieldInfo that are not in its metadata, with what they are when unset.
_ATTRIBUTES = (
    "default",
    "default_factory",
    "alias",
    "alias_priority",
    "validation_alias",
    "serialization_alias",
    "title",
    "field_title_generator",
    "description",
    "examples",
    "exclude",
    "exclude_if",
    "discriminator",
    "deprecated",
    "json_schema_extra",
    "frozen",
    "validate_default",
    "repr",
    "init",
    "init_var",
    "kw_only",
)


def attributes_of(info: FieldInfo) -> dict[str, Any]:
    """Give what `info` says besides its annotation and metadata, as keyword arguments."""
    return {
        name: getattr(info, name)
        for name in _ATTRIBUTES
        if getattr(info, name, PydanticUndefined) is not PydanticUndefined
    }


def merged(info: FieldInfo, annotation: Any) -> FieldInfo:
    """Give a copy of `info`, a marker inside `Annotated`, with all that `annotation` adds to it."""
    whole = type(info).from_annotation(annotation)
    made = copy(info)
    for name, value in attributes_of(whole).items():
        setattr(made, name, value)
    made._attributes_set = whole._attributes_set.copy()
    made.metadata = whole.metadata
    made.annotation = whole.annotation
    return made


def missing(location: Location) -> dict[str, Any]:
    """Give the error of a required value that is not there."""
    return {"type": "missing", "loc": location, "msg": "Field required", "input": None}


def errors_at(error: ValidationError, location: Location) -> list[dict[str, Any]]:
    """Give Pydantic's errors with `location` before each place."""
    return [
        {**found, "loc": (*location, *found.get("loc", ()))}
        for found in error.errors(include_url=False)
    ]


class Field:
    """One described value of a request or a response.

    `name` is the parameter's name in Python, `alias` its name on the wire. `mode` says which of a
    model's two JSON Schemas is meant. Raises `SetupError` where Pydantic cannot describe the type.
    """

    def __init__(
        self,
        name: str,
        info: FieldInfo,
        mode: Mode = "validation",
        config: ConfigDict | None = None,
    ) -> None:
        self.name = name
        self.field_info = info
        self.mode: Mode = mode
        self.config = config
        self._adapter = _adapter(info, config)

    @property
    def annotation(self) -> Any:
        return self.field_info.annotation

    @property
    def alias(self) -> str:
        alias = self.field_info.alias
        return alias if alias is not None else self.name

    @property
    def validation_alias(self) -> str | None:
        alias = self.field_info.validation_alias
        return alias if isinstance(alias, str) and alias else None

    @property
    def serialization_alias(self) -> str | None:
        return self.field_info.serialization_alias or None

    @property
    def required(self) -> bool:
        return self.field_info.is_required()

    @property
    def type_adapter(self) -> TypeAdapter[Any]:
        return self._adapter

    def settle(self, function: Callable[..., Any]) -> None:
        """Finish a type that names what was defined after `function`, which declares it.

        Raises `SetupError` where a name never came.
        """
        if self._adapter.pydantic_complete:
            return
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", UnsupportedFieldAttributeWarning)  # see `_adapter`
                _ = self.validate_python  # Pydantic looks again when it is first asked
        except PydanticUserError as error:
            if error.code != "class-not-fully-defined":
                raise
            name = self._undefined(function)
            place = place_of(function)
            raise SetupError(
                f"The type of {self.name!r} needs the name {name!r}, which is not defined",
                code="schema.unknown-name",
                where=f"{place['file']}:{place['line']}" if "file" in place else None,
                mend=f"define or import {name} above the function, at the level of the module and"
                " not only under `if TYPE_CHECKING:`",
            ) from error

    def _undefined(self, function: Callable[..., Any]) -> str:
        """Give the first name that the type needs and that is not there."""
        if isinstance(self.annotation, ForwardRef):
            names = getattr(unwrap(function), "__globals__", {})
            try:
                eval(self.annotation.__forward_arg__, names)  # the user's own annotation
            except NameError as error:
                return error.name or self.annotation.__forward_arg__
            except AttributeError:  # a module that is there, without that name
                return self.annotation.__forward_arg__
        try:
            self._adapter.rebuild(force=True, raise_errors=True)
        except PydanticUndefinedAnnotation as error:
            return error.name or str(self.annotation)
        return str(self.annotation)

    def default(self) -> Any:
        """Give a fresh default; `ABSENT` where the value is required."""
        if self.required:
            return ABSENT
        return self.field_info.get_default(call_default_factory=True)

    @cached_property
    def is_json(self) -> bool:
        """True for `Json[...]`: one text that holds JSON."""
        return any(type(item).__name__ == "Json" for item in self.field_info.metadata)

    @cached_property
    def is_alike_in_json(self) -> bool:
        """True where JSON bytes and the same JSON, parsed, surely give the same value.

        A date or a text, given as a text, is a date in JSON's own mode and a text otherwise; and
        strict types take more from JSON.
        """
        return not _has_choice(self._adapter.core_schema)

    @cached_property
    def validate_python(self) -> Callable[..., Any]:
        """Pydantic's compiled validator of a Python value; raises `ValidationError`."""
        return self._adapter.validator.validate_python

    @cached_property
    def validate_json(self) -> Callable[..., Any]:
        """Pydantic's compiled validator of JSON bytes; raises `ValidationError`."""
        return self._adapter.validator.validate_json

    def validate(self, value: Any, location: Location = ()) -> tuple[Any, list[dict[str, Any]]]:
        """Give the validated value and no errors, or None and the errors at `location`."""
        try:
            return self._adapter.validate_python(value, from_attributes=True), []
        except ValidationError as error:
            return None, errors_at(error, location)

    def serialize(self, value: Any, *, mode: Literal["json", "python"] = "json", **how: Any) -> Any:
        """Give `value` as plain data; `how` is Pydantic's include, exclude, by_alias, …"""
        return self._adapter.dump_python(value, mode=mode, **how)

    def serialize_json(self, value: Any, **how: Any) -> bytes:
        """Give `value` as JSON bytes; `how` is Pydantic's include, exclude, by_alias, …"""
        return self._adapter.dump_json(value, **how)

    def __repr__(self) -> str:
        return f"Field({self.name!r}, {self.field_info.annotation!r})"


def names_of(field: Field, *, dashed: bool = False) -> list[tuple[str, str]]:
    """Give the names under which `field` may come, best first: (for validation, on the wire).

    `dashed` turns a name that is only the parameter's own into its header form.
    """
    alias = field.validation_alias or field.alias
    wire = alias.replace("_", "-") if dashed and alias == field.name else alias
    choice = field.field_info.validation_alias
    found = [(alias, wire)]
    if isinstance(choice, AliasPath) or getattr(field.field_info, "in_", None) == "path":
        return found
    choices = getattr(choice, "choices", None)
    if choices is not None:
        if any(isinstance(one, AliasPath) for one in choices):
            return found
        found = [(one, one) for one in choices]
    config = field.config or {}
    by_alias = config.get("validate_by_alias")
    by_name = config.get("validate_by_name", config.get("populate_by_name", False))
    if by_alias is False or by_name:
        own = field.name.replace("_", "-") if dashed else field.name
        if by_alias is False:
            return [(field.name, own)]
        if field.name not in [name for name, _ in found]:
            found.append((field.name, own))
    return found


def _adapter(info: FieldInfo, config: ConfigDict | None) -> TypeAdapter[Any]:
    annotation: Any = info.annotation
    attributes = attributes_of(info)
    if config is None and not info.metadata and _PLAIN.issuperset(map(type, attributes.values())):
        key = tuple([(name, type(value), value) for name, value in attributes.items()])
        try:
            # By its text too: `int | str` equals `str | int`, and is tried in another order.
            return _shared_adapter(annotation, repr(annotation), key)
        except TypeError:
            pass  # an annotation that cannot be looked up
    return _new_adapter(annotation, info.metadata, attributes, config)


# Values that are what they look like.
_PLAIN = frozenset({str, int, bool, type(None)})


@lru_cache(maxsize=1024)
def _shared_adapter(
    annotation: Any, _text: str, key: tuple[tuple[str, type, Any], ...]
) -> TypeAdapter[Any]:
    """Give the adapter that all fields of one plain type share.

    For a thousand routes alike this saves half a second and six megabytes (benchmarks: routes).
    """
    return _new_adapter(annotation, [], {name: value for name, _, value in key}, None)


def _new_adapter(
    given: Any, metadata: Sequence[Any], attributes: dict[str, Any], config: ConfigDict | None
) -> TypeAdapter[Any]:
    if has_old_model(given):
        raise PydanticV1NotSupportedError(
            f"{given!r} is a model of pydantic.v1, which is no longer supported",
            code="schema.pydantic-v1",
            mend="inherit from pydantic.BaseModel",
        )
    annotation = adapted(given)
    with warnings.catch_warnings():
        # An alias means something to us although a lone type has no use for it.
        warnings.simplefilter("ignore", UnsupportedFieldAttributeWarning)
        whole: Any = getitem(Annotated, (annotation, *metadata, PydanticField(**attributes)))
        try:
            return TypeAdapter(whole, config=config)
        except PydanticSchemaGenerationError as error:
            raise SetupError(
                f"Invalid args for response field! Hint: check that {given!r} is a valid"
                " Pydantic field type, or leave the response model out with the decorator's"
                " parameter response_model=None",
                code="schema.unknown-type",
                mend="use a model, a dataclass or a built-in type; for a return annotation that"
                " is only for readers, give response_model=None",
            ) from error


def _has_choice(schema: Any) -> bool:
    """Tell whether a union or a strict type stands anywhere in a schema of Pydantic's core."""
    if isinstance(schema, dict):
        if schema.get("type") == "union" or schema.get("strict") is True:
            return True
        return any(_has_choice(part) for name, part in schema.items() if name != "metadata")
    return isinstance(schema, list | tuple) and any(_has_choice(part) for part in schema)
