"""The objects of OpenAPI 3.1 that the document is made of, as typed dictionaries.

Names are OpenAPI's own, without "Object"; only what is emitted is here. A person may add anything
else by `openapi_extra`, which is merged without a look at these. Source: the OpenAPI Specification
3.1.0, section 4.8; `itemSchema` is from 3.2, which has it for streams.
"""

from __future__ import annotations

from typing import Any, Literal, TypedDict

from trivet.schema.document import JsonSchema

__all__ = [
    "Components",
    "Document",
    "Info",
    "MediaType",
    "Operation",
    "Parameter",
    "PathItem",
    "RequestBody",
    "Response",
    "SecurityRequirement",
]

# The name of a scheme, and the OAuth2 scopes that are asked for.
SecurityRequirement = dict[str, list[str]]


class _NamedInfo(TypedDict):
    title: str
    version: str


class Info(_NamedInfo, total=False):
    """What the API is called, by whom it is kept, and under which terms."""

    summary: str
    description: str
    termsOfService: str
    contact: dict[str, Any]
    license: dict[str, Any]


class MediaType(TypedDict, total=False):
    """One form of a body: `schema` for a whole one, `itemSchema` for each item of a stream."""

    schema: JsonSchema
    itemSchema: JsonSchema
    example: Any  # JSON
    examples: dict[str, Any]


_ParameterPlace = TypedDict(
    "_ParameterPlace", {"name": str, "in": Literal["path", "query", "header", "cookie"]}
)


class Parameter(_ParameterPlace, total=False):
    """A value outside the body."""

    required: bool
    schema: JsonSchema
    description: str
    deprecated: bool
    example: Any  # JSON
    examples: dict[str, Any]


class RequestBody(TypedDict, total=False):
    """The body of a request, by media type."""

    required: bool
    content: dict[str, MediaType]


class Response(TypedDict, total=False):
    """An answer of one status."""

    description: str
    headers: dict[str, Any]
    content: dict[str, MediaType]
    links: dict[str, Any]


class Operation(TypedDict, total=False):
    """One method of one path."""

    tags: list[Any]
    summary: str
    description: str
    operationId: str
    deprecated: bool
    security: list[SecurityRequirement]
    parameters: list[Parameter]
    requestBody: RequestBody
    callbacks: dict[str, dict[str, PathItem]]
    responses: dict[str, Response]


# A path's operations by method, in lower case.
PathItem = dict[str, Operation]


class Components(TypedDict, total=False):
    """What the rest of the document refers to by name."""

    securitySchemes: dict[str, Any]
    schemas: dict[str, JsonSchema]


class Document(TypedDict, total=False):
    """The whole description of an API."""

    openapi: str
    info: Info
    servers: list[dict[str, Any]]
    components: Components
    paths: dict[str, PathItem]
    webhooks: dict[str, PathItem]
    tags: list[dict[str, Any]]
    externalDocs: dict[str, Any]
