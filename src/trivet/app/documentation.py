"""The routes on which an application shows its own document and its pages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from trivet.app.hooks import secure_headers_of
from trivet.concurrency import run_in_thread
from trivet.errors import HTTPException
from trivet.middleware.headers import csp_nonce, page_policy
from trivet.openapi.assets import CDN, Assets, PageUrls, find_assets
from trivet.openapi.pages import (
    RedocPage,
    SwaggerPage,
    get_swagger_ui_oauth2_redirect_html,
)

__all__ = ["add_documentation"]

# ReDoc searches in a worker that it makes of a text.
_WORKERS = {"worker-src": "'self' blob:"}
# The files' addresses change with their content.
_FOR_EVER = {"cache-control": "public, max-age=31536000, immutable"}


def add_documentation(app: Any) -> None:
    """Add the document, Swagger UI with its OAuth2 redirect, and ReDoc, where they have URLs."""
    if app.openapi_url:
        _Pages(app).add()


class _Pages:
    """The document and the pages of one application."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self._assets: Assets | None = None if app.page_urls is not None else find_assets()
        self._folder = f"{(app.docs_url or app.redoc_url or '').rstrip('/')}/assets"

    def add(self) -> None:
        app = self._app
        app.add_route(app.openapi_url, self.openapi, include_in_schema=False)
        if app.docs_url:
            app.add_route(app.docs_url, self.swagger_ui, include_in_schema=False)
            if app.swagger_ui_oauth2_redirect_url:
                app.add_route(
                    app.swagger_ui_oauth2_redirect_url,
                    self.swagger_ui_redirect,
                    include_in_schema=False,
                )
        if app.redoc_url:
            app.add_route(app.redoc_url, self.redoc, include_in_schema=False)
        if self._assets is not None and (app.docs_url or app.redoc_url):
            app.add_route(self._folder + "/{name}", self.asset, include_in_schema=False)

    def urls(self, root: str) -> PageUrls:
        """Say where the pages find their scripts, for an application mounted at `root`."""
        if self._assets is not None:
            return self._assets.urls(root + self._folder)
        return self._app.page_urls or CDN

    async def openapi(self, request: Request) -> JSONResponse:
        document = self._app.openapi()
        root = _root(request)
        if root and self._app.root_path_in_servers:
            servers = document.get("servers", [])
            if root not in {server.get("url") for server in servers}:
                document = {**document, "servers": [{"url": root}, *servers]}
        return JSONResponse(document)

    async def swagger_ui(self, request: Request) -> HTMLResponse:
        app, root = self._app, _root(request)
        urls = await run_in_thread(self.urls, root)
        redirect = app.swagger_ui_oauth2_redirect_url
        page = SwaggerPage(
            openapi_url=root + app.openapi_url,
            title=f"{app.title} - Swagger UI",
            js_url=urls.swagger_js,
            css_url=urls.swagger_css,
            favicon_url=urls.favicon,
            oauth2_redirect_url=root + redirect if redirect else None,
            init_oauth=app.swagger_ui_init_oauth,
            parameters=app.swagger_ui_parameters or {},
            nonce=self._nonce(request),
        )
        return self._shown(page.html(), request)

    async def swagger_ui_redirect(self, request: Request) -> HTMLResponse:
        answer = get_swagger_ui_oauth2_redirect_html(self._nonce(request))
        answer.headers.update(self._policy(request))
        return answer

    async def redoc(self, request: Request) -> HTMLResponse:
        app, root = self._app, _root(request)
        urls = await run_in_thread(self.urls, root)
        page = RedocPage(
            openapi_url=root + app.openapi_url,
            title=f"{app.title} - ReDoc",
            js_url=urls.redoc_js,
            favicon_url=urls.favicon,
            with_google_fonts=self._assets is None,
            nonce=self._nonce(request),
        )
        return self._shown(page.html(), request)

    def _nonce(self, request: Request) -> str | None:
        return None if self._pages_policy() is None else csp_nonce(request)

    def _policy(self, request: Request) -> dict[str, str]:
        found = page_policy(self._pages_policy(), request)
        return {} if found is None else {"content-security-policy": found}

    def _pages_policy(self) -> Mapping[str, str] | None:
        headers = secure_headers_of(self._app)
        if headers is None or headers.pages is None:
            return None
        return {**headers.pages, **_WORKERS}

    def _shown(self, text: str, request: Request) -> HTMLResponse:
        return HTMLResponse(text, headers=self._policy(request))

    async def asset(self, request: Request) -> Response:
        assets: Any = self._assets
        name = request.path_params["name"]
        if name not in assets.files:
            raise HTTPException(404)
        content = await run_in_thread(assets.read, name)
        return Response(content, headers=_FOR_EVER, media_type=assets.media_type(name))


def _root(request: Request) -> str:
    return str(request.scope.get("root_path", "")).rstrip("/")
