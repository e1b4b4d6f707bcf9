"""What an application may be given, written once; FastAPI's names, and some of our own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypedDict

from starlette.middleware import Middleware
from starlette.routing import BaseRoute

from trivet.binding.params import Depends
from trivet.middleware.headers import SecureHeaders
from trivet.middleware.hook import Hook
from trivet.openapi.assets import PageUrls
from trivet.openapi.error_shape import ErrorShape
from trivet.routing.options import FormLimits, Responses
from trivet.routing.router import Router

__all__ = ["DOCUMENT_DEFAULTS", "AppOptions"]

# The options that only the document and its pages read, with what stands where none is given.
DOCUMENT_DEFAULTS: dict[str, Any] = {
    "title": "Trivet",
    "summary": None,
    "description": "",
    "version": "0.1.0",
    "openapi_url": "/openapi.json",
    "openapi_tags": None,
    "docs_url": "/docs",
    "redoc_url": "/redoc",
    "swagger_ui_oauth2_redirect_url": "/docs/oauth2-redirect",
    "swagger_ui_init_oauth": None,
    "swagger_ui_parameters": None,
    "terms_of_service": None,
    "contact": None,
    "license_info": None,
    "root_path_in_servers": True,
    "separate_input_output_schemas": True,
    "openapi_external_docs": None,
}


class AppOptions(TypedDict, total=False):
    """What `App` takes.

    `max_body_size` is in bytes: 16 MiB where it is left out, no limit where it is
    None. `hooks` are native middleware, outermost first; `middleware` is
    ASGI middleware of Starlette's kind. `error_shape` is how errors are answered and documented.
    `secure_headers` are what every answer has unless a handler says otherwise: None leaves them
    out, and a hook of this kind takes their place. `page_urls` says where the documentation pages
    find their scripts: from the installation where it is left out, `trivet.openapi.assets.CDN`, or
    your own.
    """

    debug: bool
    secure_headers: SecureHeaders | None
    routes: Sequence[BaseRoute] | None
    title: str
    summary: str | None
    description: str
    version: str
    openapi_url: str | None
    openapi_tags: Sequence[Mapping[str, Any]] | None
    servers: Sequence[Mapping[str, Any]] | None
    dependencies: Sequence[Depends] | None
    default_response_class: Any
    redirect_slashes: bool
    docs_url: str | None
    redoc_url: str | None
    swagger_ui_oauth2_redirect_url: str | None
    swagger_ui_init_oauth: Mapping[str, Any] | None
    swagger_ui_parameters: Mapping[str, Any] | None
    middleware: Sequence[Middleware] | None
    hooks: Sequence[Hook]
    exception_handlers: Mapping[Any, Callable[..., Any]] | None
    on_startup: Sequence[Callable[[], Any]] | None
    on_shutdown: Sequence[Callable[[], Any]] | None
    lifespan: Any
    terms_of_service: str | None
    contact: Mapping[str, Any] | None
    license_info: Mapping[str, Any] | None
    openapi_prefix: str
    root_path: str
    root_path_in_servers: bool
    responses: Responses | None
    callbacks: Sequence[Any] | None
    webhooks: Router | None
    deprecated: bool | None
    include_in_schema: bool
    generate_unique_id_function: Callable[[Any], str]
    separate_input_output_schemas: bool
    openapi_external_docs: Mapping[str, Any] | None
    strict_content_type: bool
    max_body_size: int | None
    form_limits: FormLimits | None
    error_shape: ErrorShape
    page_urls: PageUrls | None
