"""attrs classes for Pydantic: their fields are validated by Pydantic, then attrs makes the object.

Only imported for programs that have attrs classes. A field is known on the wire by its parameter in
`__init__`; converters and validators of the class run as they always do.
"""

from __future__ import annotations

from contextvars import ContextVar
from functools import partial
from inspect import cleandoc
from types import SimpleNamespace
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

import attrs
from pydantic import Field as PydanticField
from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.fields import FieldInfo
from pydantic_core import (
    CoreSchema,
    InitErrorDetails,
    PydanticCustomError,
    ValidationError,
    core_schema,
)

from trivet.schema.foreign import adapted

__all__ = ["MARK", "AttrsMark", "fields_in"]

# Stands for a value that was not received, where attrs itself makes the default.
_OMITTED: Any = object()

# To a type checker attrs.Factory is a function.
_FACTORY: Any = attrs.Factory

# The classes that are being described now: one that names itself gets a reference.
_described_now: ContextVar[tuple[str, ...]] = ContextVar("_described_now", default=())


class AttrsMark:
    """Metadata of an annotation: below it is an attrs class."""

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        kind = get_origin(source) or source
        reference = _reference(kind, source)
        if reference in _described_now.get():
            return core_schema.definition_reference_schema(reference)
        token = _described_now.set((*_described_now.get(), reference))
        try:
            schemas = _field_schemas(kind, source, handler)
        finally:
            _described_now.reset(token)
        # With its reference: Pydantic makes a definition of it.
        return core_schema.no_info_wrap_validator_function(
            partial(_validated, kind),
            core_schema.model_fields_schema(
                {name: core_schema.model_field(schema) for name, schema in schemas.items()},
                model_name=kind.__name__,
            ),
            serialization=core_schema.wrap_serializer_function_ser_schema(
                partial(_serialized, kind),
                schema=core_schema.typed_dict_schema(
                    {name: core_schema.typed_dict_field(one) for name, one in schemas.items()}
                ),
            ),
            metadata={"pydantic_js_functions": [partial(_titled, kind)]},
            ref=reference,
        )


MARK = AttrsMark()


def _reference(kind: type, source: Any) -> str:
    """Name a class so that Pydantic can name it in documents."""
    name = f"{kind.__module__}.{kind.__qualname__}:{id(kind)}"
    arguments = get_args(source)
    if not arguments:
        return name
    inner = ",".join(
        f"{one.__module__}.{one.__qualname__}:{id(one)}" if isinstance(one, type) else str(one)
        for one in arguments
    )
    return f"{name}[{inner}]"


def _titled(kind: type, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
    found = handler(schema)
    told = {"title": kind.__name__}
    text = kind.__dict__.get("__doc__")
    if text:
        told["description"] = cleandoc(text)
    return {**told, **found}


def _field_schemas(kind: type, source: Any, handler: GetCoreSchemaHandler) -> dict[str, CoreSchema]:
    annotations = _annotations(kind, source)
    found: dict[str, CoreSchema] = {}
    for attribute in attrs.fields(kind):
        schema = handler.generate_schema(adapted(annotations.get(attribute.name, Any)))
        if not attribute.init:
            schema = core_schema.with_default_schema(
                schema,
                default_factory=_omit,
                metadata={"pydantic_js_updates": {"readOnly": True}},
            )
        elif isinstance(attribute.default, _FACTORY):
            schema = core_schema.with_default_schema(schema, default_factory=_omit)
        elif attribute.default is not attrs.NOTHING:
            schema = core_schema.with_default_schema(schema, default=attribute.default)
        found[_name(attribute)] = schema
    return found


def fields_in(kind: type) -> dict[str, FieldInfo]:
    """Give what the `__init__` of a class takes, as Pydantic describes its own fields."""
    annotations = _annotations(kind, kind)
    found: dict[str, FieldInfo] = {}
    for attribute in attrs.fields(kind):
        if not attribute.init:
            continue
        info: Any = PydanticField()
        if isinstance(attribute.default, _FACTORY):
            # One that takes the object itself has nothing to show before there is one.
            plain = not attribute.default.takes_self
            info.default_factory = attribute.default.factory if plain else _nothing
        elif attribute.default is not attrs.NOTHING:
            info.default = attribute.default
        info.annotation = annotations.get(attribute.name, Any)
        found[_name(attribute)] = info
    return found


def _nothing() -> None:
    return None


def _omit() -> Any:
    return _OMITTED


def _name(attribute: attrs.Attribute[Any]) -> str:
    return attribute.alias or attribute.name


def _annotations(kind: type, source: Any) -> dict[str, Any]:
    try:
        found = get_type_hints(kind, include_extras=True)
    except NameError:  # a name that only the function knows in which the class was written
        found = {one.name: one.type for one in attrs.fields(kind) if one.type is not None}
    given = dict(zip(getattr(kind, "__parameters__", ()), get_args(source), strict=False))
    return {name: _filled(annotation, given) for name, annotation in found.items()}


def _filled(annotation: Any, given: dict[Any, Any]) -> Any:
    """Put what a generic class was given in the place of its type variables."""
    if isinstance(annotation, TypeVar):
        return given.get(annotation, annotation)
    parameters = getattr(annotation, "__parameters__", ())
    if not given or not parameters or isinstance(annotation, type):
        return annotation
    return annotation[tuple(given.get(one, one) for one in parameters)]


def _validated(kind: type, value: Any, handler: core_schema.ValidatorFunctionWrapHandler) -> Any:
    if isinstance(value, kind):
        return value
    received = handler(value)[0]
    given = {
        _name(one): received[_name(one)]
        for one in attrs.fields(kind)
        if one.init and received[_name(one)] is not _OMITTED
    }
    try:
        return kind(**given)
    except (ValueError, TypeError, AssertionError) as error:
        found = _blamed(kind, given) or [_fault(error, (), value)]
        raise ValidationError.from_exception_data(kind.__name__, found) from error


def _blamed(kind: type, given: dict[str, Any]) -> list[InitErrorDetails]:
    """Find the fields whose converter or validator refuses what was given."""
    found = []
    whole = SimpleNamespace(**{one.name: given.get(_name(one)) for one in attrs.fields(kind)})
    for attribute in attrs.fields(kind):
        name = _name(attribute)
        if name not in given:
            continue
        try:
            value = given[name]
            if callable(attribute.converter):
                value = attribute.converter(value)
            if attribute.validator is not None:
                attribute.validator(whole, attribute, value)
        except (ValueError, TypeError, AssertionError) as error:
            found.append(_fault(error, (name,), given[name]))
        except AttributeError:
            continue  # it wanted the object itself, which could not be made
    return found


def _fault(error: Exception, location: tuple[str, ...], value: Any) -> InitErrorDetails:
    # attrs' own validators give their sentence first and what it was made of after it.
    text = str(error.args[0]) if error.args else str(error)
    fault = PydanticCustomError("value_error", "Value error, {error}", {"error": text})
    return InitErrorDetails(type=fault, loc=location, input=value)


def _serialized(kind: type, value: Any, handler: core_schema.SerializerFunctionWrapHandler) -> Any:
    if not isinstance(value, kind):
        return handler(value)
    return handler({_name(one): getattr(value, one.name) for one in attrs.fields(kind)})
