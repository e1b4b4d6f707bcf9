"""The documentation pages as HTML: Swagger UI, its return page for OAuth2, and ReDoc.

The pages are records, so that everything about one can be given. `nonce` is written on every script
and style: under a Content-Security-Policy of ``script-src 'nonce-…'`` nothing else runs. What comes
from outside is escaped for the place where it stands. Where scripts come from is not known here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from typing import Any

from starlette.responses import HTMLResponse

from trivet.openapi.assets import CDN
from trivet.schema.encode import jsonable_encoder

__all__ = [
    "SWAGGER_UI_DEFAULTS",
    "RedocPage",
    "SwaggerPage",
    "get_redoc_html",
    "get_swagger_ui_html",
    "get_swagger_ui_oauth2_redirect_html",
]

# What Swagger UI is told unless the application says otherwise.
SWAGGER_UI_DEFAULTS: dict[str, Any] = {
    "dom_id": "#swagger-ui",
    "layout": "BaseLayout",
    "deepLinking": True,
    "showExtensions": True,
    "showCommonExtensions": True,
}

_GOOGLE_FONTS = "https://fonts.googleapis.com/css?family=Montserrat:300,400,700|Roboto:300,400,700"


@dataclass(frozen=True)
class SwaggerPage:
    """A page on which the API can be tried; `parameters` and `init_oauth` are Swagger UI's own."""

    openapi_url: str
    title: str
    js_url: str = CDN.swagger_js
    css_url: str = CDN.swagger_css
    favicon_url: str = CDN.favicon
    oauth2_redirect_url: str | None = None
    init_oauth: Mapping[str, Any] | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    nonce: str | None = None

    def html(self) -> str:
        """Give the whole page."""
        nonce = _nonce(self.nonce)
        return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(self.title, quote=False)}</title>
<link rel="icon" href="{escape(self.favicon_url)}">
<link rel="stylesheet" href="{escape(self.css_url)}"{nonce}>
</head>
<body>
<div id="swagger-ui"></div>
<noscript>This page needs JavaScript. The API is described by {escape(self.openapi_url)}.</noscript>
<script src="{escape(self.js_url)}"{nonce}></script>
<script{nonce}>
{self._script()}
</script>
</body>
</html>
"""

    def _script(self) -> str:
        settings = {**SWAGGER_UI_DEFAULTS, **self.parameters}
        lines = [f"url: {_text(self.openapi_url)},"]
        lines += [f"{_json(name)}: {_json(value)}," for name, value in settings.items()]
        if self.oauth2_redirect_url:
            path = _text(self.oauth2_redirect_url)
            lines.append(f"oauth2RedirectUrl: window.location.origin + {path},")
        lines += [
            "presets: [",
            "  SwaggerUIBundle.presets.apis,",
            "  SwaggerUIBundle.SwaggerUIStandalonePreset",
            "],",
        ]
        script = "const ui = SwaggerUIBundle({\n  " + "\n  ".join(lines) + "\n})"
        if self.init_oauth:
            script += f"\nui.initOAuth({_json(self.init_oauth)})"
        return script


@dataclass(frozen=True)
class RedocPage:
    """A page on which the API can be read."""

    openapi_url: str
    title: str
    js_url: str = CDN.redoc_js
    favicon_url: str = CDN.favicon
    with_google_fonts: bool = True
    nonce: str | None = None

    def html(self) -> str:
        """Give the whole page."""
        nonce = _nonce(self.nonce)
        fonts = ""
        if self.with_google_fonts:
            fonts = f'<link rel="stylesheet" href="{escape(_GOOGLE_FONTS)}"{nonce}>\n'
        return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(self.title, quote=False)}</title>
<link rel="icon" href="{escape(self.favicon_url)}">
{fonts}<style{nonce}>body {{ margin: 0 }}</style>
</head>
<body>
<noscript>This page needs JavaScript. The API is described by {escape(self.openapi_url)}.</noscript>
<redoc spec-url="{escape(self.openapi_url)}"></redoc>
<script src="{escape(self.js_url)}"{nonce}></script>
</body>
</html>
"""


# What Swagger UI's window and the page to which a person comes back have agreed on: the window that
# opened the page holds `swaggerUIRedirectOauth2`, with the request and two functions for its end.
_OAUTH2_SCRIPT = """
const request = window.opener.swaggerUIRedirectOauth2;
const inHash = /code|token|error/.test(window.location.hash);
const given = inHash ? window.location.hash : window.location.search;
// A plus belongs to a token that somebody forgot to encode more often than it is a space.
const pairs = given.replace(/^[#?]+/, "").replaceAll("+", "%2B");
const answer = Object.fromEntries(new URLSearchParams(pairs));
const isValid = answer.state === request.state;
const byCode = ["accessCode", "authorizationCode", "authorization_code"];

function complain(level, message) {
  request.errCb({ authId: request.auth.name, source: "auth", level: level, message: message });
}

if (byCode.includes(request.auth.schema.get("flow")) && !request.auth.code) {
  if (!isValid) {
    complain("warning", "The authorization server gave back another state than it was sent.");
  }
  if (answer.code) {
    delete request.state;
    request.auth.code = answer.code;
    request.callback({ auth: request.auth, redirectUrl: request.redirectUrl });
  } else if (answer.error) {
    const more = [answer.error_description, answer.error_uri].filter(Boolean).join(" ");
    complain("error", `[${answer.error}] ${more || "The authorization server gave no reason."}`);
  } else {
    complain("error", "The authorization server gave no code.");
  }
} else {
  request.callback({
    auth: request.auth, token: answer, isValid: isValid, redirectUrl: request.redirectUrl
  });
}
window.close();
""".strip()


def get_swagger_ui_html(
    *,
    openapi_url: str,
    title: str,
    swagger_js_url: str = CDN.swagger_js,
    swagger_css_url: str = CDN.swagger_css,
    swagger_favicon_url: str = CDN.favicon,
    oauth2_redirect_url: str | None = None,
    init_oauth: Mapping[str, Any] | None = None,
    swagger_ui_parameters: Mapping[str, Any] | None = None,
) -> HTMLResponse:
    """Give the Swagger UI page as an answer; `SwaggerPage` can have a nonce too."""
    page = SwaggerPage(
        openapi_url=openapi_url,
        title=title,
        js_url=swagger_js_url,
        css_url=swagger_css_url,
        favicon_url=swagger_favicon_url,
        oauth2_redirect_url=oauth2_redirect_url,
        init_oauth=init_oauth,
        parameters=swagger_ui_parameters or {},
    )
    return HTMLResponse(page.html())


def get_redoc_html(
    *,
    openapi_url: str,
    title: str,
    redoc_js_url: str = CDN.redoc_js,
    redoc_favicon_url: str = CDN.favicon,
    with_google_fonts: bool = True,
) -> HTMLResponse:
    """Give the ReDoc page as an answer; `RedocPage` can have a nonce too."""
    page = RedocPage(openapi_url, title, redoc_js_url, redoc_favicon_url, with_google_fonts)
    return HTMLResponse(page.html())


def get_swagger_ui_oauth2_redirect_html(nonce: str | None = None) -> HTMLResponse:
    """Give the page to which an authorization server sends people back from Swagger UI."""
    return HTMLResponse(
        f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Swagger UI: OAuth2 Redirect</title>
</head>
<body>
<script type="module"{_nonce(nonce)}>
{_OAUTH2_SCRIPT}
</script>
</body>
</html>
"""
    )


def _json(value: Any) -> str:  # Any: what Swagger UI is told, of any type
    """Give `value` as JSON that cannot end the script in which it stands."""
    text = json.dumps(jsonable_encoder(value))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _text(value: str) -> str:
    """Give `value` as a JavaScript text in single quotes."""
    inner = _json(value)[1:-1].replace('\\"', '"').replace("'", "\\u0027")
    return f"'{inner}'"


def _nonce(nonce: str | None) -> str:
    return f' nonce="{escape(nonce)}"' if nonce else ""
