"""What Flask's views read of a request's head, moved: odd queries, headers and cookies too."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.adopt.flask_pair import Pair, pair
from trivet.adopt import Kind

SITE = """
from werkzeug.exceptions import NotFound
app = Flask(__name__)

@app.get("/query")
def query():
    first = request.args.get("a", "none")
    return {"a": first, "all": request.args.getlist("a"), "b": request.args.get("b", 3, type=int)}

@app.get("/needs")
def needs(): return request.args["a"] + request.headers["X-A"]

@app.get("/headers")
def headers():
    kind = request.headers.get("Content-Type")
    return f"{request.headers.get('X-A')} {kind} {request.headers.get('x-b', 'none')}"

@app.get("/cookies")
def cookies(): return f"{request.cookies.get('a')} {sorted(request.cookies)}"

@app.get("/place/<name>")
def place(name): return jsonify(request.path, request.full_path, request.url, request.host, name)

@app.get("/method")
def method(): return request.method

@app.get("/raises")
def raises(): raise NotFound("<gone>")

@app.get("/many")
def many(): return f"{request.accept_languages.best} {request.remote_addr} {request.user_agent}"
"""
QUERIES = (
    "", "?a", "?a=", "?a=1&a=2", "?a=%ff&b=4", "?a=%ED%A0%80", "?a=1;b=2", "?a=+%2B&b=x", "?A=1",
    "?b=%D9%A3", "?a=%00", "?&&a=1&", "?a%3D=1", "?=1",
)  # fmt: skip
COOKIES = (
    "", "a=1; a=2", 'a="1 2"', "a=%20b", 'a="\\303\\251"', "a", "a=", "=1; a=3", "b=1;a=2",
    "a=1,a=2", 'a="x;y"', "a = 1", "$Version=1; a=1", 'a="', "a=b=c", ";;a=1",
)  # fmt: skip


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    with pair(tmp_path_factory.mktemp("asked"), SITE) as made:
        yield made


def test_all_routes_of_the_site_are_moved(site: Pair) -> None:
    assert [site.why[name] for name, kind in site.kinds.items() if kind is Kind.STAYS] == []


@pytest.mark.parametrize("query", QUERIES)
def test_query_is_read_as_before(site: Pair, query: str) -> None:
    for path in ("/query", "/needs", "/place/a%20b"):
        site.same("GET", path + query)
        site.same("GET", path + query, headers=[("X-A", "h")])


@pytest.mark.parametrize("cookie", COOKIES)
def test_cookies_are_read_as_before(site: Pair, cookie: str) -> None:
    site.same("GET", "/cookies", headers=[("Cookie", cookie)])


@pytest.mark.parametrize(
    "headers",
    [[("X-A", "1")], [("X-A", "")], [("Accept-Language", "de, en")]],
)
def test_headers_are_read_as_before(site: Pair, headers: list[tuple[str, str]]) -> None:
    site.same("GET", "/headers", headers=headers, content_type="text/x-own")
    site.same("GET", "/needs?a=1", headers=headers)


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS"])
@pytest.mark.parametrize("path", ["/method", "/raises", "/needs", "/cookies/"])
def test_every_method_is_answered_as_before(site: Pair, method: str, path: str) -> None:
    site.same(method, path)


@settings(max_examples=60, deadline=None)
@given(value=st.binary(max_size=12))
def test_any_bytes_in_a_query_are_read_as_before(site: Pair, value: bytes) -> None:
    site.same("GET", f"/query?a={quote(value)}&b={quote(value)}")
