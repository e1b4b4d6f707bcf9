"""Routes under a locale's prefix, and links to them."""

from __future__ import annotations

import pytest

from tests.i18n.conftest import Site
from trivet import App, Router
from trivet.errors import SetupError
from trivet.i18n import I18n
from trivet.templates import Templates
from trivet.testing import TestClient

PAGE = """{{ locale_url('book', id=3) }}
{{ locale_url('book', id=3, locale='en') }}
{{ switch_url('pt-BR') }}
{{ url_for('book', locale='de', id=3) }}
"""


def shop(site: Site) -> App:
    app, i18n = site("en", "de", "pt-BR", pages={"page.html": PAGE})
    templates = app.parts[Templates]
    assert isinstance(templates, Templates)
    router = Router()

    @router.get("/books/{id}", name="book")
    @templates.page("page.html")
    async def book(id: int) -> None: ...

    app.include_router(i18n.prefixed(router))
    return app


def test_links_are_in_the_page_s_language(site: Site) -> None:
    lines = TestClient(shop(site)).get("/de/books/7?a=1&b=2").text.split()

    assert lines == [
        "/de/books/3",
        "/en/books/3",
        "/pt-BR/books/7?a=1&amp;b=2",
        "/de/books/3",
    ]


def test_links_begin_where_the_application_is_mounted(site: Site) -> None:
    outer = App()
    outer.mount("/shop", shop(site))

    lines = TestClient(outer).get("/shop/de/books/7").text.split()

    assert lines[:3] == ["/shop/de/books/3", "/shop/en/books/3", "/shop/pt-BR/books/7"]


def test_other_words_than_locales_are_not_found(site: Site) -> None:
    client = TestClient(shop(site))

    assert client.get("/xx/books/7").status_code == 404
    assert client.get("/DE/books/7").status_code == 200
    assert client.get("/" + "d" * 5000 + "/books/7").status_code == 404


def test_what_is_not_found_below_a_locale_is_said_in_it(site: Site) -> None:
    found = TestClient(shop(site)).get("/de/nothing", headers={"accept-language": "en"})

    assert (found.status_code, found.json()) == (404, {"detail": "Nicht gefunden"})


def test_switching_never_leaves_the_site(site: Site) -> None:
    app = shop(site)
    i18n = app.parts[I18n]
    assert isinstance(i18n, I18n)
    client = TestClient(app)

    assert i18n.links.switched(None, "de") == "/de/"
    assert i18n.links.switched(None, "/evil.example") == "/en/"
    lines = client.get("/de//evil.example/books/7").text
    assert "//evil" not in lines.removeprefix("/de//")


def test_link_to_no_route_is_a_mistake(site: Site) -> None:
    _, i18n = site()

    with pytest.raises(SetupError) as caught:
        i18n.links.url(None, "nothing")

    assert caught.value.code == "i18n.no-route"


def test_links_need_an_application() -> None:
    with pytest.raises(SetupError) as caught:
        _ = I18n(locales=["en"]).links

    assert caught.value.code == "i18n.not-used"
