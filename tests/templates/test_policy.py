"""The Content-Security-Policy of pages: the page's own scripts run, and no others."""

from __future__ import annotations

import pytest

from tests.templates.conftest import Site
from trivet import App, Depends, HTMLResponse, Request, Response
from trivet.dropin.fastapi import FastAPI
from trivet.errors import SetupError
from trivet.middleware.headers import (
    ContentPolicy,
    SecureHeaders,
    careful_headers,
    csp_nonce,
    page_policy,
)
from trivet.templates import Templates
from trivet.testing import TestClient

POLICY = "content-security-policy"
REST = "object-src 'none'; base-uri 'none'; frame-ancestors 'self'"
PLAIN = f"script-src 'self'; {REST}"
NONCED = '<script nonce="{{ csp_nonce() }}">1</script>'
TEXTS = {"plain.html": "<p>x", "nonced.html": NONCED, "late.html": "x" * 40_000 + NONCED}


def nonce_in(text: str) -> str:
    return text.partition('nonce="')[2].partition('"')[0]


def served(app: App, templates: Templates) -> TestClient:
    @app.get("/plain")
    @templates.page("plain.html")
    async def plain() -> dict[str, int]:
        return {}

    @app.get("/nonced")
    @templates.page("nonced.html")
    async def nonced() -> dict[str, int]:
        return {}

    @app.get("/rendered")
    async def rendered(request: Request) -> Response:
        return await templates.render("nonced.html", request=request)

    @app.get("/streamed")
    async def streamed(request: Request) -> Response:
        return await templates.stream("late.html", request=request)

    @app.get("/own")
    @templates.page("plain.html")
    async def own(response: Response) -> dict[str, int]:
        response.headers[POLICY] = "default-src 'none'"
        return {}

    @app.get("/own-rendered")
    async def own_rendered() -> Response:
        headers = {"Content-Security-Policy": "default-src 'none'"}
        return await templates.render("plain.html", headers=headers)

    more = ContentPolicy({"script-src": "'self' 'nonce' https://js.example", "base-uri": None})

    @app.get("/more", dependencies=[Depends(more)])
    @templates.page("nonced.html")
    async def page_with_more() -> dict[str, int]:
        return {}

    @app.get("/data")
    async def data() -> dict[str, int]:
        return {}

    return TestClient(app)


def test_a_page_without_scripts_of_its_own_allows_those_of_files(site: Site) -> None:
    headers = served(*site(TEXTS)).get("/plain").headers

    assert headers.get_list(POLICY) == [PLAIN]


@pytest.mark.parametrize("path", ["/nonced", "/rendered", "/streamed"])
def test_a_page_allows_the_scripts_that_have_its_nonce(site: Site, path: str) -> None:
    client = served(*site(TEXTS))

    pages = [client.get(path) for _ in range(3)]

    for page in pages:
        nonce = nonce_in(page.text)
        assert page.headers.get_list(POLICY) == [f"script-src 'self' 'nonce-{nonce}'; {REST}"]
    assert len({nonce_in(page.text) for page in pages}) == 3


@pytest.mark.parametrize("path", ["/own", "/own-rendered"])
def test_a_handlers_own_policy_stays(site: Site, path: str) -> None:
    assert served(*site(TEXTS)).get(path).headers.get_list(POLICY) == ["default-src 'none'"]


def test_a_route_changes_directives_of_its_own_pages(site: Site) -> None:
    client = served(*site(TEXTS))

    page = client.get("/more")

    assert page.headers[POLICY] == (
        f"script-src 'self' 'nonce-{nonce_in(page.text)}' https://js.example;"
        " object-src 'none'; frame-ancestors 'self'"
    )
    assert client.get("/plain").headers[POLICY] == PLAIN


def test_data_has_no_policy_of_scripts(site: Site) -> None:
    assert served(*site(TEXTS)).get("/data").headers[POLICY] == REST


def test_one_word_leaves_the_policy_of_pages_out(site: Site) -> None:
    app, templates = site(TEXTS)
    app.secure_headers = careful_headers(pages=None)

    page = served(app, templates).get("/nonced")

    assert page.headers[POLICY] == REST


def test_one_policy_for_all_answers_knows_the_nonce_of_a_template(site: Site) -> None:
    app, templates = site(TEXTS)
    app.hooks.append(SecureHeaders(content_security_policy={"script-src": "'nonce'"}))

    page = served(app, templates).get("/nonced")

    assert page.headers.get_list(POLICY) == [f"script-src 'nonce-{nonce_in(page.text)}'"]


def test_programs_of_fastapi_have_no_policy(site: Site) -> None:
    app = FastAPI()
    _, templates = site(TEXTS)
    app.use(templates)

    page = served(app, templates).get("/nonced")

    assert POLICY not in page.headers
    assert nonce_in(page.text)


def test_a_nonce_without_a_request_says_what_to_write(site: Site) -> None:
    app, templates = site(TEXTS)

    @app.get("/")
    async def page() -> Response:
        return await templates.render("nonced.html")

    with pytest.raises(SetupError, match="request=request") as found:
        TestClient(app).get("/")

    assert found.value.code == "templates.no-request"


def test_a_page_that_is_written_by_hand_takes_the_same_policy() -> None:
    app = App()

    @app.get("/")
    async def page(request: Request) -> HTMLResponse:
        text = f'<script nonce="{csp_nonce(request)}">1</script>'
        assert app.secure_headers is not None
        policy = page_policy(app.secure_headers.pages, request)
        return HTMLResponse(text, headers={POLICY: str(policy)})

    answer = TestClient(app).get("/")

    assert f"'nonce-{nonce_in(answer.text)}'" in answer.headers[POLICY]


@pytest.mark.parametrize("wrong", [{"Script": "'self'"}, {"script-src": "'self'; img-src *"}])
def test_a_routes_policy_that_browsers_would_ignore_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(SetupError, match="write"):
        ContentPolicy(wrong)
