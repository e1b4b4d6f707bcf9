"""JSON Schema of many fields at once, with names that all of them share.

Pydantic chooses the name of each definition by looking at all models together, so every field of a
document must be known before the first schema is asked for. Nothing here knows of routes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from enum import Enum
from typing import Any, get_args, get_origin

from pydantic import BaseModel
from pydantic.errors import PydanticUserError
from pydantic.fields import FieldInfo
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from trivet.errors import SetupError
from trivet.schema.annotations import is_subclass
from trivet.schema.field import Field, Mode

__all__ = ["REF_PREFIX", "JsonSchema", "Schemas"]

JsonSchema = dict[str, Any]  # Any: JSON

REF_PREFIX = "#/components/schemas/"

# What to do about an error of Pydantic's, by its code.
_MENDS = {
    "invalid-for-json-schema": "describe it with Annotated[…, WithJsonSchema({…})], or leave it out"
    " of the document with include_in_schema=False",
    "class-not-fully-defined": "define the type before the route, where the function's own module"
    " can see it",
}

_Inputs = list[tuple[Field, Mode, core_schema.CoreSchema]]


class Schemas:
    """The schemas of `fields`, which refer to `definitions` by name.

    `separate` gives a model that differs in requests and answers one definition for each; without
    it both share that of requests, unless the model has computed fields. `where` says for an error
    message who has a field. Raises `SetupError` for a type that JSON Schema cannot describe.
    """

    def __init__(
        self,
        fields: Sequence[Field],
        *,
        separate: bool = True,
        where: Callable[[Field], str | None] = lambda field: None,
    ) -> None:
        self._separate = separate
        wanted = list(dict.fromkeys(fields))
        inputs = [(f, self._mode(f), f.type_adapter.core_schema) for f in _with_models(wanted)]
        try:
            self._found, definitions = _generator().generate_definitions(inputs)
        except PydanticUserError as error:
            raise _unfit(inputs, error, where) from error
        self.definitions: dict[str, JsonSchema] = {
            str(name): _for_readers(schema) for name, schema in definitions.items()
        }

    def of(self, field: Field, alias: str | None = None) -> JsonSchema:
        """Give the schema of `field`; `alias` is the name that its title is made from."""
        schema = self._found[field, self._mode(field)].copy()
        if "$ref" not in schema:
            schema["title"] = field.field_info.title or _title(alias or _name(field))
        return schema

    def _mode(self, field: Field) -> Mode:
        return field.mode if self._separate or has_computed_fields(field) else "validation"


class _Generator(GenerateJsonSchema):
    """Pydantic's generator; bytes are shown as what they are, in JSON Schema 2020-12's words."""

    def bytes_schema(self, schema: core_schema.BytesSchema) -> JsonSchemaValue:
        shown: JsonSchemaValue = {
            "type": "string",
            "contentMediaType": "application/octet-stream",
        }
        in_answers = self.mode == "serialization"
        how = self._config.ser_json_bytes if in_answers else self._config.val_json_bytes
        if how == "base64":
            shown["contentEncoding"] = "base64"
        self.update_with_validations(shown, schema, self.ValidationsMapping.bytes)
        return shown


def has_computed_fields(field: Field) -> bool:
    """Tell whether answers of `field` have values that requests never have."""
    # A dataclass may have them too, and is no model.
    if field.type_adapter.core_schema.get("schema", {}).get("computed_fields"):
        return True
    return any(model.model_computed_fields for model in _models_of([field.annotation], {}))


def _generator() -> GenerateJsonSchema:
    return _Generator(ref_template=REF_PREFIX + "{model}")


def _with_models(fields: list[Field]) -> list[Field]:
    """Add the models inside `fields`: a field may hide one that others still name."""
    known = {field.annotation for field in fields if isinstance(field.annotation, type)}
    added: list[Field] = []
    modes: tuple[Mode, ...] = ("validation", "serialization")
    for mode in modes:
        inside: dict[type, None] = {}
        for _ in _models_of([f.annotation for f in fields if f.mode == mode], inside):
            pass
        added += [
            Field(model.__name__, FieldInfo(annotation=model), mode)
            for model in inside
            if model not in known
        ]
    return [*fields, *added]


def _models_of(annotations: Iterable[Any], known: dict[type, None]) -> Iterable[type[BaseModel]]:
    """Give each model in `annotations` and in the fields of models there; note enums as `known`."""
    for annotation in annotations:
        if is_subclass(annotation, BaseModel):
            if annotation in known:
                continue
            known[annotation] = None
            yield annotation
            fields = annotation.model_fields.values()
            yield from _models_of([info.annotation for info in fields], known)
        elif is_subclass(annotation, Enum):
            known[annotation] = None
        elif get_origin(annotation) is not None:
            yield from _models_of(get_args(annotation), known)


def _name(field: Field) -> str:
    if field.mode == "validation":
        return field.validation_alias or field.alias
    return field.serialization_alias or field.alias


def _title(name: str) -> str:
    return name.title().replace("_", " ")


def _for_readers(schema: JsonSchema) -> JsonSchema:
    # What follows a form feed is for readers of the source.
    if "description" in schema:
        schema["description"] = schema["description"].split("\f")[0]
    return schema


def _unfit(
    inputs: _Inputs,
    error: PydanticUserError,
    where: Callable[[Field], str | None],
) -> SetupError:
    """Say whose type it was: Pydantic looked at all of them together."""
    for field, mode, schema in inputs:
        try:
            _generator().generate_definitions([(field, mode, schema)])
        except PydanticUserError:
            return SetupError(
                f"{field.annotation!r} of {field.name!r} has no JSON Schema: {error.message}",
                code="schema.no-json-schema",
                where=where(field),
                mend=_MENDS.get(error.code or "", _MENDS["invalid-for-json-schema"]),
            )
    return SetupError(str(error), code="schema.no-json-schema")
