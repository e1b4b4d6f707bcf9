from __future__ import annotations

from urllib.parse import quote, urljoin, urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from trivet import App, RedirectResponse, Request
from trivet.errors import SetupError
from trivet.security.redirects import redirect_back, redirect_to, safe_path
from trivet.testing import TestClient

HOSTILE = [
    "//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example", "\\/evil.example",
    "/\t/evil.example", "/\n/evil.example", "\t//evil.example", " //evil.example", "/\r\n/evil",
    "https://evil.example", "HTTPS:evil.example", "https:/evil.example", "javascript:alert(1)",
    "data:text/html,x", "mailto:a@b", "//ann@evil.example", "@evil.example", ".evil.example",
    "evil.example", "//[::1]/", "/%2F/evil.example", "/%2Fevil.example", "/%5Cevil.example",
    "/%252Fevil.example", "/%09/evil.example", "/%0d%0aSet-Cookie:a=b", "/a\r\nSet-Cookie: a=b",
    "/..//evil.example", "/.%2F/evil.example", "/a/..//evil.example", "/a\x00b", "/\u2028/evil",
    "", "?next=1", "#top", "/" + "a" * 2048, "/\ud800",
]  # fmt: skip
FRIENDLY = [
    "/", "/books", "/books/7?page=2&sort=-title#end", "/search?q=a%5Cb", "/a:b/@ann",
    "/go?to=https://other.example//x", "/a%20b", "/~ann/(1);v=2", "/50%25",
]  # fmt: skip
pieces = st.sampled_from(
    [
        *"/\\@:?#.%\t\n\r \x00ab",
        "//",
        "..",
        "%2f",
        "%5c",
        "%252f",
        "http:",
        "evil.example",
        "\uff0f",
    ]
)


@pytest.mark.parametrize("target", HOSTILE)
def test_what_may_lead_elsewhere_is_refused(target: str) -> None:
    assert safe_path(target, "/home") == "/home"


@pytest.mark.parametrize("target", FRIENDLY)
def test_a_path_of_this_site_stays_as_it_is(target: str) -> None:
    assert safe_path(target, "/home") == target


def test_what_is_missing_is_the_default() -> None:
    assert safe_path(None) == "/"


def test_text_beyond_ascii_is_encoded() -> None:
    assert safe_path("/größe und maß") == "/" + quote("größe und maß")


@given(st.lists(pieces, max_size=8).map("".join) | st.text() | st.text().map("/".__add__))
@example("/\\/evil.example")
def test_whatever_is_given_the_client_stays_on_this_site(target: str) -> None:
    path = safe_path(target)

    assert path.startswith("/")
    assert not path.startswith("//")
    assert path.isascii()
    assert path.isprintable()
    assert not set(path) & {" ", "\\"}
    # A browser takes tabs and line breaks out and reads a backslash as a slash.
    for base in ("https://shop.example/login", "http://shop.example"):
        assert urlsplit(urljoin(base, path)).netloc == "shop.example"


@given(st.lists(pieces, max_size=8).map(lambda parts: "/" + "".join(parts)))
def test_a_safe_path_is_safe_again(target: str) -> None:
    path = safe_path(target)

    assert safe_path(path) == path


def test_a_default_that_leads_elsewhere_is_a_mistake() -> None:
    with pytest.raises(SetupError) as caught:
        safe_path("//evil.example", "https://shop.example/")

    assert caught.value.code == "security.redirect"


@pytest.fixture
def client() -> TestClient:
    app = App()

    @app.post("/login")
    async def login(next: str = "/") -> RedirectResponse:
        return redirect_to(next, default="/home")

    @app.post("/vote")
    async def vote(request: Request) -> RedirectResponse:
        return redirect_back(request, default="/home")

    return TestClient(app, follow_redirects=False)


@pytest.mark.parametrize(("target", "leads"), [("/books", "/books"), ("//evil", "/home")])
def test_a_redirect_goes_where_it_is_safe(client: TestClient, target: str, leads: str) -> None:
    answer = client.post("/login", params={"next": target})

    assert (answer.status_code, answer.headers["location"]) == (303, leads)


@pytest.mark.parametrize(
    ("referer", "leads"),
    [
        ("http://testserver/books?page=2", "/books?page=2"),
        ("http://testserver//evil.example", "/home"),
        ("http://testserver.evil.example/", "/home"),
        ("http://testserver@evil.example/", "/home"),
        ("https://testserver/books", "/home"),
        ("http://evil.example/", "/home"),
        (None, "/home"),
    ],
)
def test_the_way_back_is_to_this_site_alone(
    client: TestClient, referer: str | None, leads: str
) -> None:
    answer = client.post("/vote", headers={} if referer is None else {"Referer": referer})

    assert (answer.status_code, answer.headers["location"]) == (303, leads)
