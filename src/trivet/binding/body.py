"""The body of a route as one described field: what the document shows and the media type it has.

It is not used to validate: each parameter validates its own part.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy, deepcopy
from functools import partial
from typing import Annotated, Any, cast

from pydantic import BaseModel, ConfigDict, GetJsonSchemaHandler, GetPydanticSchema, create_model
from pydantic_core import CoreSchema

from trivet.binding import params
from trivet.binding.forms import form_models, is_optional
from trivet.binding.plan import fields_of
from trivet.schema.field import Field, names_of

__all__ = ["body_field"]

JsonSchema = dict[str, Any]


def body_field(fields: Sequence[Field], name: str, *, embedded: bool) -> Field | None:
    """Give the one field that stands for the whole body; `name` is the route's unique id."""
    if not fields:
        return None
    first = fields[0]
    optional_form = any(form_models(f) and is_optional(f.annotation) for f in fields)
    if not embedded and not optional_form:
        return first
    model = _body_model(fields, f"Body_{name}")
    if not embedded:
        info = copy(first.field_info)
        info.annotation = model
        # The model carries what they said.
        info.metadata = []
        info.discriminator = None
        return Field(first.name, info)
    options: dict[str, Any] = {"annotation": model, "alias": "body"}
    if not any(field.required for field in fields):
        options["default"] = None
    kind = _kind(fields)
    if kind is not params.File:
        media = [f.field_info.media_type for f in fields if isinstance(f.field_info, kind)]
        if kind is params.Form and params.File.media in media:
            options["media_type"] = params.File.media
        elif len(set(media)) == 1:
            options["media_type"] = media[0]
    return Field("body", kind(**options))


def _kind(fields: Sequence[Field]) -> type[params.Body]:
    for kind in (params.File, params.Form):
        if any(isinstance(field.field_info, kind) for field in fields):
            return kind
    return params.Body


def _body_model(fields: Sequence[Field], name: str) -> type[BaseModel]:
    config: ConfigDict | None = None
    shown = list(fields)
    if any(form_models(field) for field in fields):
        shown = [_numbered(field, index) for index, field in enumerate(fields)]
        config = {"json_schema_extra": partial(_flatten, list(fields))}
    members = {field.name: (field.annotation, field.field_info) for field in shown}
    return cast("type[BaseModel]", create_model(name, __config__=config, **members))  # type: ignore[call-overload]


def _numbered(field: Field, index: int) -> Field:
    """Give the field under a number, so that forms which share names can stand in one model."""
    info = copy(field.field_info)
    models = form_models(field)
    if len(models) == 1:
        model: Any = models[0]
        described = Annotated[
            model, GetPydanticSchema(get_pydantic_json_schema=partial(_form_schema, model))
        ]
        info.annotation = cast("Any", described if info.annotation is model else described | None)
    name = f"field_{index}"
    info.alias = info.validation_alias = info.serialization_alias = name
    info.title = info.title or field.name.replace("_", " ").title()
    return Field(name, info)


def _form_schema(
    model: type[BaseModel], core: CoreSchema, handler: GetJsonSchemaHandler
) -> JsonSchema:
    """Show a form model under the names that a form's fields really have."""
    schema = handler(core)
    own = handler.resolve_ref_schema(schema)
    properties = own.get("properties", {})
    required = own.get("required", [])
    renamed: dict[str, list[str]] = {}
    for field in fields_of(model):
        choice = field.field_info.validation_alias
        choices = getattr(choice, "choices", None)
        shown = choices[0] if choices else (field.validation_alias or field.alias)
        names = [alias for alias, _ in names_of(field)]
        is_other = names[0] != shown or (len(names) > 1 and shown in required)
        if isinstance(shown, str) and shown in properties and is_other:
            renamed[shown] = names
    if not renamed:
        return schema
    own = deepcopy(own)  # the model's own schema is shared by all who show it
    own["properties"] = {renamed.get(n, [n])[0]: value for n, value in own["properties"].items()}
    own["required"] = []
    for name in required:
        names = renamed.get(name, [name])
        if len(names) == 1:
            own["required"].append(names[0])
        else:
            any_of = {"anyOf": [{"required": [one]} for one in names]}
            own.setdefault("allOf", []).append(any_of)
    return own


def _flatten(fields: Sequence[Field], schema: JsonSchema) -> None:
    """Turn numbered fields into what a form is: flat fields, and one condition for each model."""
    parts = schema.pop("properties")
    schema.pop("required", None)
    properties: JsonSchema = {}
    required: list[str] = []
    conditions: list[JsonSchema] = []
    for index, field in enumerate(fields):
        part = parts[f"field_{index}"]
        models = form_models(field)
        if models:
            conditions += _model_conditions(field, models, part)
            continue
        alias = names_of(field)[0][0]
        if alias in properties:
            conditions.append({"properties": {alias: part}})
        else:
            properties[alias] = part
        if field.required and alias not in required:
            required.append(alias)
    if properties:
        schema["properties"] = properties
    if required:
        schema["required"] = required
    schema["allOf"] = conditions


def _model_conditions(
    field: Field, models: list[type[BaseModel]], part: JsonSchema
) -> list[JsonSchema]:
    part.pop("default", None)
    if not is_optional(field.annotation):
        return [part]
    # A form says None by leaving the model's fields out.
    part["anyOf"] = [choice for choice in part["anyOf"] if choice.get("type") != "null"]
    if any(model.model_config.get("extra") in ("allow", "forbid") for model in models):
        absent: JsonSchema = {"maxProperties": 0}
    else:
        names = sorted(
            {alias for model in models for one in fields_of(model) for alias, _ in names_of(one)}
        )
        absent = {"not": {"anyOf": [{"required": [name]} for name in names]}} if names else {}
    if field.required:
        return [{"not": absent}, part]
    return [{"anyOf": [absent, part]}]
