"""`fastapi.openapi.docs`: the pages, with the addresses that FastAPI gives them by default."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import HTMLResponse

from trivet.openapi import pages
from trivet.openapi.assets import CDN
from trivet.openapi.pages import SWAGGER_UI_DEFAULTS, get_swagger_ui_oauth2_redirect_html

__all__ = [
    "FAVICON",
    "get_redoc_html",
    "get_swagger_ui_html",
    "get_swagger_ui_oauth2_redirect_html",
    "swagger_ui_default_parameters",
]

FAVICON = "https://fastapi.tiangolo.com/img/favicon.png"
swagger_ui_default_parameters = SWAGGER_UI_DEFAULTS  # a change to it changes the page


def get_swagger_ui_html(
    *,
    openapi_url: str,
    title: str,
    swagger_js_url: str = CDN.swagger_js,
    swagger_css_url: str = CDN.swagger_css,
    swagger_favicon_url: str = FAVICON,
    oauth2_redirect_url: str | None = None,
    init_oauth: Mapping[str, Any] | None = None,
    swagger_ui_parameters: Mapping[str, Any] | None = None,
) -> HTMLResponse:
    """Give the Swagger UI page as an answer."""
    return pages.get_swagger_ui_html(
        openapi_url=openapi_url,
        title=title,
        swagger_js_url=swagger_js_url,
        swagger_css_url=swagger_css_url,
        swagger_favicon_url=swagger_favicon_url,
        oauth2_redirect_url=oauth2_redirect_url,
        init_oauth=init_oauth,
        swagger_ui_parameters=swagger_ui_parameters,
    )


def get_redoc_html(
    *,
    openapi_url: str,
    title: str,
    redoc_js_url: str = CDN.redoc_js,
    redoc_favicon_url: str = FAVICON,
    with_google_fonts: bool = True,
) -> HTMLResponse:
    """Give the ReDoc page as an answer."""
    return pages.get_redoc_html(
        openapi_url=openapi_url,
        title=title,
        redoc_js_url=redoc_js_url,
        redoc_favicon_url=redoc_favicon_url,
        with_google_fonts=with_google_fonts,
    )
