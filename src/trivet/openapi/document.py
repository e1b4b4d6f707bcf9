"""Routes and plans as one OpenAPI 3.1 document.

`get_openapi` is pure: the same routes give the same document, and nothing is kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypedDict, cast

from pydantic import AnyUrl, TypeAdapter, ValidationError
from starlette.routing import BaseRoute
from typing_extensions import Unpack

from trivet.errors import SetupError, place_of
from trivet.openapi.error_shape import FASTAPI, ErrorShape
from trivet.openapi.joining import joined, reached
from trivet.openapi.models import Components, Document, Info, PathItem
from trivet.openapi.operation import Gathered, path_item
from trivet.routing.contexts import RouteContext, contexts
from trivet.routing.route import Route
from trivet.routing.state import RouteState
from trivet.schema.document import Schemas
from trivet.schema.encode import jsonable_encoder
from trivet.schema.field import Field

__all__ = ["DocumentOptions", "get_openapi"]

Routes = Sequence[BaseRoute | RouteContext]
_URL: TypeAdapter[AnyUrl] = TypeAdapter(AnyUrl)


class DocumentOptions(TypedDict, total=False):
    """What a document says besides its routes; FastAPI's names, and `error_shape`.

    `separate_input_output_schemas` gives a model that differs in requests and answers one schema
    for each. `error_shape` is how answers to requests that do not fit are shown. `security_schemes`
    are those of the application's parts, by name: what a `PartsScheme` stands for. `sent` are
    headers that a client always sends: of routes that are told apart by one of them, the document
    has the one that answers such a client.
    """

    openapi_version: str
    summary: str | None
    description: str | None
    webhooks: Routes | None
    tags: Sequence[Mapping[str, Any]] | None
    servers: Sequence[Mapping[str, Any]] | None
    terms_of_service: str | None
    contact: Mapping[str, Any] | None
    license_info: Mapping[str, Any] | None
    separate_input_output_schemas: bool
    external_docs: Mapping[str, Any] | None
    error_shape: ErrorShape
    security_schemes: Mapping[str, Mapping[str, Any]]
    sent: Mapping[str, str]


def get_openapi(
    *, title: str, version: str, routes: Routes, **options: Unpack[DocumentOptions]
) -> dict[str, Any]:
    """Give the OpenAPI document of `routes`, ready to be sent as JSON.

    Raises `SetupError` for a type that cannot be shown or an address that is none, `ValueError`
    for a status that is none; warns of an operation id that two operations have.
    """
    unknown = set(options) - set(DocumentOptions.__annotations__)
    if unknown:
        raise TypeError(f"get_openapi() has no option {sorted(unknown)[0]!r}")
    served = reached(_shown(routes), options.get("sent") or {})
    hooks = list(_shown(options.get("webhooks") or ()))
    owners = _fields_of([*served, *hooks])
    schemas = Schemas(
        list(owners),
        separate=options.get("separate_input_output_schemas", True),
        where=lambda field: _where(owners.get(field)),
    )
    gathered = Gathered(
        schemas,
        options.get("error_shape", FASTAPI),
        of_parts=options.get("security_schemes") or {},
    )
    paths = _path_items(served, gathered)
    webhooks = _path_items(hooks, gathered)
    document = Document(
        openapi=options.get("openapi_version", "3.1.0"), info=_info(title, version, options)
    )
    if servers := options.get("servers"):
        document["servers"] = [dict(server) for server in servers]
    if components := _components(gathered):
        document["components"] = components
    document["paths"] = paths
    if webhooks:
        document["webhooks"] = webhooks
    if tags := options.get("tags"):
        document["tags"] = [dict(tag) for tag in tags]
    if external_docs := options.get("external_docs"):
        document["externalDocs"] = dict(external_docs)
    plain = jsonable_encoder(document, exclude_none=True)
    _normalize_addresses(plain)
    return cast("dict[str, Any]", plain)


def _shown(routes: Iterable[Any]) -> Iterator[RouteState]:
    """Give the typed routes as they are served; plain routes and sockets are in no document."""
    for route in routes:
        found = [route] if isinstance(route, RouteContext) else contexts([route])
        for context in found:
            if isinstance(context.original_route, Route) and context.effective.include_in_schema:
                yield context.effective


def _fields_of(routes: Iterable[RouteState]) -> dict[Field, RouteState]:
    """Give every field that some schema is asked for, with the route that has it first."""
    found: dict[Field, RouteState] = {}
    for route in routes:
        found.update(_fields_of(_shown(route.callbacks or ())))
        own = [
            route.body_field,
            route.response_field,
            *route.response_fields.values(),
            route.stream_item_field,
            *(field for _, field, _ in route.plan.parameters()),
            *route.plan.bodies().values(),
        ]
        for field in own:
            if field is not None:
                found.setdefault(field, route)
    return found


def _where(route: RouteState | None) -> str | None:
    if route is None:
        return None
    place = place_of(route.endpoint)
    named = f"{'/'.join(sorted(route.methods))} {route.path_format}"
    return f"{place['file']}:{place['line']} ({named})" if "file" in place else named


def _path_items(routes: Iterable[RouteState], gathered: Gathered) -> dict[str, PathItem]:
    found: dict[str, PathItem] = {}
    chosen: dict[tuple[str, str], list[Any]] = {}  # where a header decides as well
    for route in routes:
        item = path_item(route, gathered)
        known = found.setdefault(route.path_format, {})
        for method, operation in item.items():
            candidates = chosen.get((route.path_format, method))
            if route.when is not None and candidates is None:
                before = [(None, known[method])] if method in known else []
                candidates = chosen[route.path_format, method] = before
            if candidates is None:
                known[method] = operation
            else:
                candidates.append((route.when, operation))
                known[method] = joined(candidates)
    return found


def _info(title: str, version: str, options: DocumentOptions) -> Info:
    info = Info(title=title, version=version)
    if summary := options.get("summary"):
        info["summary"] = summary
    if description := options.get("description"):
        info["description"] = description
    if terms := options.get("terms_of_service"):
        info["termsOfService"] = terms
    if contact := options.get("contact"):
        info["contact"] = dict(contact)
    if license_info := options.get("license_info"):
        info["license"] = dict(license_info)
    return info


def _components(gathered: Gathered) -> Components:
    components = Components()
    if gathered.security_schemes:
        components["securitySchemes"] = gathered.security_schemes
    schemas = dict(gathered.schemas.definitions)
    if gathered.shows_errors:
        schemas.update(gathered.errors.schemas)
    if schemas:
        components["schemas"] = {name: schemas[name] for name in sorted(schemas)}
    return components


def _normalize_addresses(document: dict[str, Any]) -> None:
    """Write the addresses in their normal form (a slash after the host), as FastAPI does."""
    info = document["info"]
    for name in ("contact", "license"):
        _normalize(info.get(name), f"info.{name}")
    _normalize(document.get("externalDocs"), "externalDocs")
    for tag in document.get("tags", ()):
        _normalize(tag.get("externalDocs"), f"tags.{tag.get('name')}.externalDocs")
    for path, item in document["paths"].items():
        for method, operation in item.items():
            place = f"paths.{path}.{method}.externalDocs"
            _normalize(operation.get("externalDocs"), place)


def _normalize(holder: Any, place: str) -> None:
    if not isinstance(holder, dict) or holder.get("url") is None:
        return
    try:
        holder["url"] = str(_URL.validate_python(holder["url"]))
    except ValidationError as error:
        raise SetupError(
            f"{place}.url is {holder['url']!r}, which is no address",
            code="openapi.url",
            mend='a whole one, such as "https://example.com/terms"',
        ) from error
