"""The routes on which an application shows its own document and its pages."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse

from trivet.openapi.pages import (
    get_redoc_html,
    get_swagger_ui_html,
    get_swagger_ui_oauth2_redirect_html,
)

__all__ = ["add_documentation"]


def add_documentation(app: Any) -> None:
    """Add the document, Swagger UI with its OAuth2 redirect, and ReDoc, as far as they have URLs."""
    if not app.openapi_url:
        return

    async def openapi(request: Request) -> JSONResponse:
        document = app.openapi()
        root = _root(request)
        if root and app.root_path_in_servers:
            servers = document.get("servers", [])
            if root not in {server.get("url") for server in servers}:
                document = {**document, "servers": [{"url": root}, *servers]}
        return JSONResponse(document)

    async def swagger_ui(request: Request) -> HTMLResponse:
        root = _root(request)
        redirect = app.swagger_ui_oauth2_redirect_url
        return get_swagger_ui_html(
            openapi_url=root + app.openapi_url,
            title=f"{app.title} - Swagger UI",
            oauth2_redirect_url=root + redirect if redirect else None,
            init_oauth=app.swagger_ui_init_oauth,
            swagger_ui_parameters=app.swagger_ui_parameters,
            **app.swagger_ui_assets(root),
        )

    async def swagger_ui_redirect(request: Request) -> HTMLResponse:
        return get_swagger_ui_oauth2_redirect_html()

    async def redoc(request: Request) -> HTMLResponse:
        root = _root(request)
        return get_redoc_html(
            openapi_url=root + app.openapi_url,
            title=f"{app.title} - ReDoc",
            **app.redoc_assets(root),
        )

    app.add_route(app.openapi_url, openapi, include_in_schema=False)
    if app.docs_url:
        app.add_route(app.docs_url, swagger_ui, include_in_schema=False)
        if app.swagger_ui_oauth2_redirect_url:
            app.add_route(
                app.swagger_ui_oauth2_redirect_url, swagger_ui_redirect, include_in_schema=False
            )
    if app.redoc_url:
        app.add_route(app.redoc_url, redoc, include_in_schema=False)


def _root(request: Request) -> str:
    return str(request.scope.get("root_path", "")).rstrip("/")
