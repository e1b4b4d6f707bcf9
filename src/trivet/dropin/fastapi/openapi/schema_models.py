# ruff: noqa: N815 - the names are OpenAPI's own
"""JSON Schema 2020-12, with what OpenAPI 3.1 adds to it, as a Pydantic model.

A name that Python cannot say ends with `_` and has the schema's own as its alias. Keywords that are
not listed here are kept.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AnyUrl, BaseModel, ConfigDict, Field
from typing_extensions import deprecated as said_deprecated

__all__ = [
    "XML",
    "BaseModelWithConfig",
    "Discriminator",
    "ExternalDocumentation",
    "Reference",
    "Schema",
    "SchemaOrBool",
    "SchemaType",
]

SchemaType = Literal["array", "boolean", "integer", "null", "number", "object", "string"]

_NotNegative = Annotated[int | None, Field(ge=0)]


class BaseModelWithConfig(BaseModel):
    """An object that may have extensions."""

    model_config = ConfigDict(extra="allow")


class Reference(BaseModel):
    """A pointer to an object elsewhere in the document."""

    ref: str = Field(alias="$ref")


class ExternalDocumentation(BaseModelWithConfig):
    """Where more is written."""

    description: str | None = None
    url: AnyUrl


class Discriminator(BaseModel):
    """The property that says which of several schemas is meant."""

    propertyName: str
    mapping: dict[str, str] | None = None


class XML(BaseModelWithConfig):
    """How a value is written as XML."""

    name: str | None = None
    namespace: str | None = None
    prefix: str | None = None
    attribute: bool | None = None
    wrapped: bool | None = None


class Schema(BaseModelWithConfig):
    """A JSON Schema of 2020-12, with what OpenAPI adds to it."""

    # Core: what the schema is called and where it points.
    schema_: str | None = Field(default=None, alias="$schema")
    vocabulary: str | None = Field(default=None, alias="$vocabulary")
    id: str | None = Field(default=None, alias="$id")
    anchor: str | None = Field(default=None, alias="$anchor")
    dynamicAnchor: str | None = Field(default=None, alias="$dynamicAnchor")
    ref: str | None = Field(default=None, alias="$ref")
    dynamicRef: str | None = Field(default=None, alias="$dynamicRef")
    defs: dict[str, SchemaOrBool] | None = Field(default=None, alias="$defs")
    comment: str | None = Field(default=None, alias="$comment")
    # Schemas made of schemas.
    allOf: list[SchemaOrBool] | None = None
    anyOf: list[SchemaOrBool] | None = None
    oneOf: list[SchemaOrBool] | None = None
    not_: SchemaOrBool | None = Field(default=None, alias="not")
    if_: SchemaOrBool | None = Field(default=None, alias="if")
    then: SchemaOrBool | None = None
    else_: SchemaOrBool | None = Field(default=None, alias="else")
    dependentSchemas: dict[str, SchemaOrBool] | None = None
    prefixItems: list[SchemaOrBool] | None = None
    items: SchemaOrBool | None = None
    contains: SchemaOrBool | None = None
    properties: dict[str, SchemaOrBool] | None = None
    patternProperties: dict[str, SchemaOrBool] | None = None
    additionalProperties: SchemaOrBool | None = None
    propertyNames: SchemaOrBool | None = None
    unevaluatedItems: SchemaOrBool | None = None
    unevaluatedProperties: SchemaOrBool | None = None
    # What a value must be.
    type: SchemaType | list[SchemaType] | None = None
    enum: list[Any] | None = None
    const: Any | None = None
    multipleOf: float | None = Field(default=None, gt=0)
    maximum: float | None = None
    exclusiveMaximum: float | None = None
    minimum: float | None = None
    exclusiveMinimum: float | None = None
    maxLength: _NotNegative = None
    minLength: _NotNegative = None
    pattern: str | None = None
    maxItems: _NotNegative = None
    minItems: _NotNegative = None
    uniqueItems: bool | None = None
    maxContains: _NotNegative = None
    minContains: _NotNegative = None
    maxProperties: _NotNegative = None
    minProperties: _NotNegative = None
    required: list[str] | None = None
    dependentRequired: dict[str, set[str]] | None = None
    format: str | None = None
    # What a text holds.
    contentEncoding: str | None = None
    contentMediaType: str | None = None
    contentSchema: SchemaOrBool | None = None
    # What is said about it.
    title: str | None = None
    description: str | None = None
    default: Any | None = None
    deprecated: bool | None = None
    readOnly: bool | None = None
    writeOnly: bool | None = None
    examples: list[Any] | None = None
    # OpenAPI's own.
    discriminator: Discriminator | None = None
    xml: XML | None = None
    externalDocs: ExternalDocumentation | None = None
    example: Annotated[
        Any | None,
        said_deprecated(
            "Deprecated in OpenAPI 3.1.0 that now uses JSON Schema 2020-12,"
            " although still supported. Use examples instead."
        ),
    ] = None


SchemaOrBool = Schema | bool

Schema.model_rebuild()  # it names what is written below it
