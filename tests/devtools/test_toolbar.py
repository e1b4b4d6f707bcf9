"""The toolbar: in whole pages alone, and only where the page's policy lets it be."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from starlette.requests import Request
from starlette.responses import FileResponse, Response, StreamingResponse

from tests.devtools.conftest import LOCAL, local
from trivet import App, HTMLResponse
from trivet.devtools import DevTools
from trivet.devtools.toolbar import NONE, inserted, is_page, way_of
from trivet.middleware.compress import Compress
from trivet.middleware.headers import SecureHeaders
from trivet.testing import TestClient

PAGE = "<!doctype html><body><h1>Songs</h1></BODY></html>"
HTML = [(b"content-type", b"text/html; charset=utf-8")]


@pytest.mark.parametrize(
    ("policy", "way"),
    [
        ("object-src 'none'", ""),
        ("script-src 'self'", ""),
        ("script-src *", ""),
        ("default-src 'self'; style-src 'none'", ""),
        ("script-src 'self' 'nonce-abc'", ""),
        ("script-src 'nonce-abc' 'strict-dynamic'", "abc"),
        ("script-src 'nonce-abc' 'strict-dynamic' 'self'", "abc"),
        ("script-src 'none'", NONE),
        ("default-src 'none'", NONE),
        ("script-src", NONE),
        ("script-src https://cdn.example.org", NONE),
        ("script-src 'self'; script-src-elem 'none'", NONE),
    ],
)
def test_a_policy_says_how_a_script_may_be_there(policy: str, way: str | None) -> None:
    assert way_of([policy]) == way


def test_all_policies_of_a_page_must_allow_it() -> None:
    assert way_of([]) == ""
    assert way_of(["script-src 'self'", "script-src 'none'"]) is NONE
    assert way_of(["script-src 'nonce-a'", "script-src 'nonce-b'"]) is NONE
    assert way_of(["script-src 'nonce-a'", "script-src 'self'"]) == "a"


def test_it_stands_before_the_last_end_of_the_body() -> None:
    page = inserted(b"<pre></body></pre></body >", "/t.js", {"request": '/"1'}, "n")

    assert page == (
        b'<pre></body></pre><script src="/t.js" defer data-request="/&quot;1" nonce="n"></script>'
        b"</body >"
    )
    assert inserted(b"<p>a part</p>", "/t.js", {}, "") is None


def test_pages_are_html_as_it_is() -> None:
    assert is_page(HTML)
    assert not is_page([*HTML, (b"content-encoding", b"gzip")])
    assert not is_page([(b"content-type", b"application/json")])
    assert not is_page([])


@pytest.fixture
def app() -> App:
    app = App(debug=True)

    @app.get("/page", response_class=HTMLResponse)
    async def page() -> str:
        return PAGE

    @app.get("/part", response_class=HTMLResponse)
    async def part() -> str:
        return "<p>a part</p>"

    @app.get("/json")
    async def json() -> dict[str, str]:
        return {"html": PAGE}

    @app.get("/strict")
    async def strict() -> HTMLResponse:
        return HTMLResponse(PAGE, headers={"content-security-policy": "default-src 'none'"})

    @app.get("/streamed")
    async def streamed() -> StreamingResponse:
        async def pieces() -> AsyncIterator[str]:
            yield "<!doctype html><body>"
            yield "<h1>Songs</h1></body></html>"

        return StreamingResponse(pieces(), media_type="text/html")

    async def foreign(request: Request) -> Response:
        return HTMLResponse(PAGE)

    app.add_route("/foreign", foreign)
    app.use(DevTools())
    return app


@pytest.fixture
def client(app: App) -> TestClient:
    return local(app)


@pytest.mark.parametrize("path", ["/page", "/streamed", "/foreign"])
def test_pages_have_it(client: TestClient, path: str) -> None:
    answer = client.get(path)

    assert answer.text.count("toolbar.js") == 1
    assert f'data-request="{answer.headers["x-trivet-request"]}"' in answer.text
    assert answer.text.lower().endswith("</script></body></html>")
    if "content-length" in answer.headers:
        assert int(answer.headers["content-length"]) == len(answer.content)


@pytest.mark.parametrize("path", ["/part", "/json", "/strict", "/openapi.json", "/_dev"])
def test_nothing_else_has_it(client: TestClient, path: str) -> None:
    assert "toolbar.js" not in client.get(path).text


def test_its_script_is_there(client: TestClient) -> None:
    page = client.get("/page").text
    address = page.split('<script src="')[1].split('"')[0]

    answer = client.get(address)

    assert answer.headers["content-type"].startswith("text/javascript")
    assert "attachShadow" in answer.text
    assert client.get(address + "x").status_code == 404


def test_a_head_and_a_frame_are_left_alone(client: TestClient) -> None:
    assert client.head("/page").headers["content-length"] == str(len(PAGE))
    assert client.get("/page", headers={"sec-fetch-dest": "iframe"}).text == PAGE


def test_it_is_compressed_with_its_page(app: App) -> None:
    app.hooks.insert(0, Compress(minimum_size=1))

    answer = local(app).get("/page", headers={"accept-encoding": "gzip"})

    assert answer.headers["content-encoding"] == "gzip"
    assert "toolbar.js" in answer.text


def test_it_gets_the_nonce_of_the_applications_policy() -> None:
    policy = {"script-src": "'nonce' 'strict-dynamic'"}
    app = App(debug=True, secure_headers=SecureHeaders(content_security_policy=policy))
    app.use(DevTools())

    @app.get("/", response_class=HTMLResponse)
    async def page() -> str:
        return PAGE

    answer = local(app).get("/")

    nonce = answer.headers["content-security-policy"].split("'nonce-")[1].split("'")[0]
    assert f'nonce="{nonce}"' in answer.text


def test_it_can_be_left_out() -> None:
    app = App(debug=True)
    app.use(DevTools(toolbar=False))

    @app.get("/", response_class=HTMLResponse)
    async def page() -> str:
        return PAGE

    answer = local(app).get("/")

    assert answer.text == PAGE
    assert "x-trivet-request" in answer.headers


def test_below_a_mount_its_addresses_begin_with_it(app: App) -> None:
    outer = App()
    outer.mount("/inner", app)

    answer = TestClient(outer, client=LOCAL, base_url="http://localhost").get("/inner/page")

    assert answer.headers["x-trivet-request"] == "/inner/_dev/requests/1"
    assert '<script src="/inner/_dev/files/' in answer.text


def test_a_file_is_sent_as_it_is(app: App, tmp_path_factory: pytest.TempPathFactory) -> None:
    file = tmp_path_factory.mktemp("pages") / "page.html"
    file.write_text("<body>" + "x" * 200_000 + "</body>")

    @app.get("/file")
    async def page() -> FileResponse:
        return FileResponse(file)

    answer = local(app).get("/file")

    assert answer.content == file.read_bytes()
