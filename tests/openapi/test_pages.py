from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

import pytest

from trivet.openapi.assets import CDN
from trivet.openapi.pages import (
    RedocPage,
    SwaggerPage,
    get_redoc_html,
    get_swagger_ui_html,
    get_swagger_ui_oauth2_redirect_html,
)

EVIL = "</script><script>alert('1')</script>&\"<img src=x onerror=alert(1)>"


class Tags(HTMLParser):
    """The tags of a page with their attributes, and what stands in scripts."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.found if name == tag]


def swagger(**options: Any) -> str:
    return SwaggerPage(**{"openapi_url": "/openapi.json", "title": "T", **options}).html()


def test_swagger_ui_loads_what_it_is_told() -> None:
    response = get_swagger_ui_html(
        openapi_url="/api.json",
        title="Title",
        swagger_js_url="/ui.js",
        swagger_css_url="/ui.css",
        swagger_favicon_url="/icon.png",
        swagger_ui_parameters={"deepLinking": False, "syntaxHighlight": {"theme": "obsidian"}},
    )
    page = bytes(response.body).decode()

    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert [tag.get("src") for tag in Tags(page).of("script")] == ["/ui.js", None]
    assert [tag["href"] for tag in Tags(page).of("link")] == ["/icon.png", "/ui.css"]
    assert "url: '/api.json'," in page
    assert '"deepLinking": false,' in page
    assert '"dom_id": "#swagger-ui",' in page
    assert '"syntaxHighlight": {"theme": "obsidian"},' in page
    assert "oauth2RedirectUrl" not in page
    assert "initOAuth" not in page


def test_swagger_ui_is_told_of_oauth2() -> None:
    page = swagger(oauth2_redirect_url="/docs/back", init_oauth={"clientId": "me"})

    assert "oauth2RedirectUrl: window.location.origin + '/docs/back'," in page
    assert 'ui.initOAuth({"clientId": "me"})' in page


@pytest.mark.parametrize(
    "page",
    [
        swagger(title=EVIL),
        swagger(openapi_url=EVIL),
        swagger(js_url=EVIL, css_url=EVIL, favicon_url=EVIL),
        swagger(oauth2_redirect_url=EVIL),
        swagger(parameters={EVIL: EVIL}),
        swagger(init_oauth={"appName": EVIL}),
        swagger(nonce=EVIL),
    ],
    ids=["title", "url", "files", "redirect", "parameters", "oauth", "nonce"],
)
def test_nothing_given_to_swagger_ui_adds_a_tag(page: str) -> None:
    assert [tag for tag, _ in Tags(page).found] == [tag for tag, _ in Tags(swagger()).found]
    assert page.count("</script>") == 2


def test_a_text_cannot_leave_its_quotes() -> None:
    page = swagger(openapi_url="/it's\\'.json")

    assert "url: '/it\\u0027s\\\\\\u0027.json'," in page


@pytest.mark.parametrize("field", ["title", "openapi_url", "js_url", "favicon_url"])
def test_nothing_given_to_redoc_adds_a_tag(field: str) -> None:
    plain = RedocPage("/openapi.json", "T").html()
    page = RedocPage(**{"openapi_url": "/openapi.json", "title": "T", field: EVIL}).html()  # type: ignore[arg-type]

    assert [tag for tag, _ in Tags(page).found] == [tag for tag, _ in Tags(plain).found]


def test_redoc_loads_what_it_is_told() -> None:
    response = get_redoc_html(
        openapi_url="/api.json",
        title="Title",
        redoc_js_url="/redoc.js",
        redoc_favicon_url="/icon.png",
        with_google_fonts=False,
    )
    page = bytes(response.body).decode()

    assert Tags(page).of("redoc") == [{"spec-url": "/api.json"}]
    assert Tags(page).of("script") == [{"src": "/redoc.js"}]
    assert "googleapis" not in page


def test_redoc_has_googles_fonts_as_fastapi_does() -> None:
    page = bytes(get_redoc_html(openapi_url="/api.json", title="Title").body).decode()

    assert "https://fonts.googleapis.com/" in page
    assert CDN.redoc_js in page


@pytest.mark.parametrize(
    "page",
    [
        swagger(nonce="n0nce"),
        RedocPage("/openapi.json", "T", nonce="n0nce").html(),
        bytes(get_swagger_ui_oauth2_redirect_html(nonce="n0nce").body).decode(),
    ],
    ids=["swagger", "redoc", "oauth2"],
)
def test_a_nonce_stands_on_every_script_and_style(page: str) -> None:
    tags = Tags(page)
    sheets = [link for link in tags.of("link") if link["rel"] == "stylesheet"]

    for tag in (*tags.of("script"), *tags.of("style"), *sheets):
        assert tag["nonce"] == "n0nce"


def test_the_return_page_hands_the_answer_to_swagger_ui() -> None:
    page = bytes(get_swagger_ui_oauth2_redirect_html().body).decode()

    assert "window.opener.swaggerUIRedirectOauth2" in page
    assert "window.close()" in page
