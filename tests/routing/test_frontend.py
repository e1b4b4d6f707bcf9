"""Front ends: what is served, what is refused, and which of several is meant."""

from __future__ import annotations

import errno
import os
import warnings
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Match, NoMatchFound, Route
from starlette.testclient import TestClient

from tests.middleware.exchanges import MemoryExchange
from trivet.binding.params import Depends
from trivet.concurrency import run_in_thread
from trivet.errors import DeclarationError, HTTPException, SetupError
from trivet.http.files import accepts_page
from trivet.routing import frontend as module
from trivet.routing.frontend import (
    Frontends,
    Moved,
    Refused,
)
from trivet.routing.last_resorts import finder, last_resorts
from trivet.routing.router import Router

HTML = {"accept": "text/html"}


def build(folder: Path, **files: str) -> Path:
    for name, content in files.items():
        path = folder / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return folder


def serve(*groups: Any, **options: Any) -> TestClient:
    return TestClient(Starlette(routes=list(groups)), **options)


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    return build(tmp_path / "dist", index_html="app", asset_txt="ok", about__index_html="about")


@pytest.fixture
def site(dist: Path) -> TestClient:
    group = Frontends()
    group.add("/", dist)
    return serve(group)


def test_file_is_served_with_validators(site: TestClient) -> None:
    answer = site.get("/asset.txt")

    assert (answer.status_code, answer.text) == (200, "ok")
    assert "etag" in answer.headers
    assert "last-modified" in answer.headers


def test_root_and_folder_serve_their_index(site: TestClient) -> None:
    assert site.get("/").text == "app"
    assert site.get("/about/").text == "about"


def test_folder_without_last_slash_is_redirected_with_its_query(site: TestClient) -> None:
    answer = site.get("/about?a=1", follow_redirects=False)

    assert answer.status_code == 307
    assert answer.headers["location"] == "http://testserver/about/?a=1"


def test_head_has_the_length_and_no_body(site: TestClient) -> None:
    answer = site.head("/asset.txt")

    assert (answer.status_code, answer.text) == (200, "")
    assert answer.headers["content-length"] == "2"


def test_unchanged_file_is_answered_with_304(site: TestClient) -> None:
    etag = site.get("/asset.txt").headers["etag"]

    assert site.get("/asset.txt", headers={"if-none-match": etag}).status_code == 304


def test_navigation_to_an_unknown_path_gets_the_page(site: TestClient) -> None:
    answer = site.get("/users/jane.doe", headers=HTML)

    assert (answer.status_code, answer.text) == (200, "app")
    assert answer.headers["vary"] == "Accept"
    assert answer.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("accept", ["*/*", "application/json", "image/png", "", "text/html;q=0"])
def test_other_requests_to_an_unknown_path_get_404(site: TestClient, accept: str) -> None:
    assert site.get("/missing.js", headers={"accept": accept}).status_code == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_other_methods_get_405_on_files_and_404_elsewhere(site: TestClient, method: str) -> None:
    refused = site.request(method, "/asset.txt")

    assert refused.status_code == 405
    assert refused.headers["allow"] == "GET, HEAD"
    assert site.request(method, "/").status_code == 405
    assert site.request(method, "/nowhere", headers=HTML).status_code == 404


def test_page_for_missing_files_comes_with_404(dist: Path) -> None:
    build(dist, **{"404_html": "missing"})
    group = Frontends()
    group.add("/", dist)

    answer = serve(group).get("/dashboard", headers=HTML)

    assert (answer.status_code, answer.text) == (404, "missing")


def test_page_for_missing_files_is_never_304(dist: Path) -> None:
    build(dist, **{"404_html": "missing"})
    group = Frontends()
    group.add("/", dist, "404.html")
    client = serve(group)
    etag = client.get("/nowhere").headers["etag"]

    assert client.get("/nowhere", headers={"if-none-match": etag}).status_code == 404


def test_no_fallback_gives_404(dist: Path) -> None:
    group = Frontends()
    group.add("/", dist, None)

    assert serve(group).get("/dashboard", headers=HTML).status_code == 404


def test_auto_without_any_page_gives_404(tmp_path: Path) -> None:
    group = Frontends()
    group.add("/", tmp_path)

    assert serve(group).get("/dashboard", headers=HTML).status_code == 404


def test_routes_come_first_even_with_another_method(dist: Path) -> None:
    build(dist, api="front end")

    async def endpoint(request: Request) -> Response:
        return PlainTextResponse("api")

    group = Frontends()
    group.add("/", dist)
    client = serve(Route("/api", endpoint), group)

    assert client.get("/api").text == "api"
    assert client.post("/api").status_code == 405


def test_longest_path_wins(tmp_path: Path) -> None:
    site, admin = build(tmp_path / "a", index_html="site"), build(tmp_path / "b", index_html="b")
    group = Frontends()
    group.add("/", site)
    group.add("/admin", admin)
    client = serve(group)

    assert client.get("/admin/settings", headers=HTML).text == "b"
    assert client.get("/settings", headers=HTML).text == "site"


def test_path_ends_at_a_slash(dist: Path) -> None:
    group = Frontends()
    group.add("/app/", dist)
    client = serve(group)

    assert client.get("/app/asset.txt").text == "ok"
    assert client.get("/application", headers=HTML).status_code == 404


def test_prefix_comes_before_the_path(dist: Path) -> None:
    group = Frontends()

    assert group.add("/", dist, prefix="/internal").path == "/internal"
    assert group.add("/ui", dist, prefix="/internal").path == "/internal/ui"


def test_root_path_is_left_out(dist: Path) -> None:
    group = Frontends()
    group.add("/app", dist)

    assert serve(group, root_path="/proxy").get("/app/asset.txt").text == "ok"
    assert serve(group, root_path="/proxy").get("/proxy/app/asset.txt").text == "ok"


def test_websockets_are_not_matched(dist: Path) -> None:
    group = Frontends()
    one = group.add("/", dist)

    assert group.matches({"type": "websocket", "path": "/"})[0] is Match.NONE
    assert one.matches({"type": "websocket", "path": "/"})[0] is Match.NONE


def test_no_link_leads_to_a_front_end(dist: Path) -> None:
    group = Frontends()
    one = group.add("/", dist)

    with pytest.raises(NoMatchFound):
        group.url_path_for("frontend")
    with pytest.raises(NoMatchFound):
        one.url_path_for("frontend")


@pytest.mark.parametrize(
    "path",
    ["/../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt", "/%5c..%5csecret.txt", "/%00"],
)
def test_nothing_outside_the_folder_is_served(dist: Path, site: TestClient, path: str) -> None:
    (dist.parent / "secret.txt").write_text("secret")

    assert site.get(path).status_code == 404


@given(
    st.lists(st.sampled_from(["..", ".", "", "secret.txt", "a", "\\..", "~", "//", "%2e"])).map(
        "/".join
    )
)
def test_no_path_climbs_out(tmp_path_factory: pytest.TempPathFactory, path: str) -> None:
    home = tmp_path_factory.getbasetemp() / "climb"
    build(home / "dist" / "a", index_html="a")
    (home / "secret.txt").write_text("secret")
    group = Frontends()
    one = group.add("/", home / "dist")

    found = one.find("/" + path)

    assert isinstance(found, (Refused, Moved)) or "secret" not in found.stored.path


def test_link_that_leads_out_is_not_followed(dist: Path, site: TestClient) -> None:
    (dist.parent / "secret.txt").write_text("secret")
    os.symlink(dist.parent / "secret.txt", dist / "link.txt")

    assert site.get("/link.txt").status_code == 404


def test_dot_files_are_hidden(dist: Path, site: TestClient) -> None:
    (dist / ".env").write_text("KEY=1")
    (dist / ".well-known").mkdir()
    (dist / ".well-known" / "security.txt").write_text("mailto:")

    assert site.get("/.env").status_code == 404
    assert site.get("/.well-known/security.txt").text == "mailto:"


def test_hashed_names_are_kept_by_caches(dist: Path, site: TestClient) -> None:
    build(dist, assets__app_3f2a91bc_js="1", assets__app_js="2")

    assert "immutable" in site.get("/assets/app.3f2a91bc.js").headers["cache-control"]
    assert "cache-control" not in site.get("/assets/app.js").headers


def test_ready_compressed_file_is_sent_to_who_takes_it(dist: Path, site: TestClient) -> None:
    (dist / "asset.txt.br").write_bytes(b"short")

    plain = site.get("/asset.txt", headers={"accept-encoding": "gzip"})
    small = site.build_request("GET", "/asset.txt", headers={"accept-encoding": "br"})
    with site.stream("GET", small.url, headers=small.headers) as answer:
        raw = b"".join(answer.iter_raw())

    assert (plain.text, plain.headers["vary"]) == ("ok", "Accept-Encoding")
    assert raw == b"short"
    assert answer.headers["content-encoding"] == "br"
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (PermissionError(), 401),
        (ValueError(), 404),
        (OSError(errno.ENAMETOOLONG, "name too long"), 404),
    ],
)
def test_unreadable_names_are_refused(
    dist: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int
) -> None:
    group = Frontends()
    one = group.add("/", dist)

    def fail(path: str) -> Any:
        raise error

    monkeypatch.setattr(one.app, "lookup_path", fail)

    assert one.find("/asset.txt") == Refused(status)


def test_too_long_name_gets_404(site: TestClient) -> None:
    assert site.get("/" + "a" * 5000).status_code == 404


@pytest.mark.parametrize(
    ("accept", "page"),
    [
        ("text/html", True),
        ("text/html; charset=utf-8; q=0.8", True),
        ("TEXT/HTML", True),
        ("text/html;q=wat", True),
        ("application/xhtml+xml", True),
        ("image/png, text/html;q=0.1", True),
        ("text/html;q=0.0", False),
        ("text/html; q=0, */*; q=1", False),
        ("*/*", False),
        ("text/*", False),
        ("", False),
    ],
)
def test_page_must_be_asked_for_by_name(accept: str, page: bool) -> None:
    assert accepts_page(accept) is page


@pytest.mark.parametrize("path", ["", "app"])
def test_path_without_a_slash_is_an_error(dist: Path, path: str) -> None:
    with pytest.raises(DeclarationError, match="starts with a slash"):
        Frontends().add(path, dist)


def test_unknown_fallback_is_an_error(dist: Path) -> None:
    with pytest.raises(DeclarationError, match="fallback"):
        Frontends().add("/", dist, "other.html")  # type: ignore[arg-type]


def test_missing_folder_is_an_error_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    with pytest.raises(SetupError, match="does not exist") as caught:
        Frontends().add("/", "missing")

    assert "'missing'" in str(caught.value)
    assert str(tmp_path / "missing") in str(caught.value)


def test_missing_folder_is_a_warning_in_development(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="does not exist") as caught:
        Frontends().add("/", tmp_path / "missing", development=True)

    assert caught[0].filename == __file__


def test_wanted_check_fails_in_development_too(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="does not exist"):
        Frontends().add("/", tmp_path / "missing", check_dir=True, development=True)


def test_existing_folder_gives_no_warning_in_development(dist: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Frontends().add("/", dist, development=True)


def test_folder_that_is_never_built_fails_the_request(tmp_path: Path) -> None:
    group = Frontends()
    group.add("/", tmp_path / "missing", check_dir=False)

    with pytest.raises(SetupError, match="does not exist"):
        serve(group).get("/asset.txt")


def test_folder_that_is_built_later_is_served(tmp_path: Path) -> None:
    group = Frontends()
    group.add("/", tmp_path / "dist", check_dir=False)
    build(tmp_path / "dist", index_html="late")

    assert serve(group).get("/").text == "late"


def test_named_fallback_must_exist(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match=r"'index\.html' does not exist in the directory"):
        Frontends().add("/", tmp_path, "index.html")

    group = Frontends()
    group.add("/", tmp_path, "404.html", check_dir=False)
    with pytest.raises(SetupError, match=r"'404\.html' does not exist in the directory"):
        serve(group).get("/missing")


def test_dependencies_are_never_gone_past(dist: Path) -> None:
    group = Frontends([Depends(lambda: None)])
    group.add("/", dist)

    with pytest.raises(SetupError, match="served by the application"):
        serve(group).get("/asset.txt")
    assert serve(group).post("/asset.txt").status_code == 405


def test_dependencies_are_in_the_route_for_reading_only(dist: Path) -> None:
    def guard() -> None: ...

    one = Frontends([Depends(guard)]).add("/", dist)

    assert [call.function for call in one.reading.plan.dependencies] == [guard]
    assert one.reading.methods == {"GET", "HEAD"}
    assert one.refusing.plan.dependencies == []
    assert not one.reading.include_in_schema


async def test_route_for_reading_gives_what_dependencies_said(dist: Path) -> None:
    one = Frontends().add("/", dist)
    request = Request({"type": "http", "method": "GET", "path": "/asset.txt", "headers": []})
    response = Response()
    del response.headers["content-length"]
    response.set_cookie("seen", "1")

    answer = await one.reading.endpoint(request, response)

    assert answer.headers["set-cookie"].startswith("seen=1")
    assert answer.headers["content-length"] == "2"


async def test_route_for_refusing_raises_405(dist: Path) -> None:
    one = Frontends().add("/", dist)
    request = Request({"type": "http", "method": "POST", "path": "/asset.txt", "headers": []})

    with pytest.raises(HTTPException) as caught:
        await one.refusing.endpoint(request)

    assert caught.value.status_code == 405


def gather(router: Router, directory: Path, path: str = "/") -> Frontends:
    group = Frontends(router.dependencies)
    group.add(path, directory, prefix=router.prefix)
    router.frontends.append(group)
    return group


def test_inclusions_add_prefixes_and_dependencies(dist: Path) -> None:
    guards = [Depends(lambda: None) for _ in range(4)]
    child = Router(prefix="/child", dependencies=[guards[3]])
    own = gather(child, dist, "/ui")
    parent = Router(dependencies=[guards[1]])
    parent.include_router(child, prefix="/in", dependencies=[guards[2]])
    root = Router()
    root.include_router(parent, prefix="/parent", dependencies=[guards[0]])

    others, found = last_resorts(root)

    assert others == []
    assert [one.path for one in found] == ["/parent/in/child/ui"]
    assert found[0].dependencies == guards
    assert found[0].app is own.routes[0].app


def test_last_resorts_come_most_specific_first(dist: Path) -> None:
    root, other = Router(), Router()
    gather(root, dist)
    gather(other, dist)
    gather(other, dist, "/ui")
    root.include_router(other, prefix="/admin")

    _, found = last_resorts(root)

    assert [one.path for one in found] == ["/admin/ui", "/admin", "/"]


def test_other_routes_among_front_ends_come_before_them(dist: Path) -> None:
    async def endpoint(request: Request) -> Response:
        return PlainTextResponse("low")

    router, root = Router(), Router()
    router.frontends.append(Route("/low", endpoint))
    gather(router, dist)
    root.include_router(router, prefix="/in")

    others, found = last_resorts(root)

    assert [one.effective.path for one in others] == ["/in/low"]
    assert [one.path for one in found] == ["/in"]


def test_looking_is_done_on_a_worker_thread(dist: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[Any] = []
    real = run_in_thread

    async def watch(function: Any, *given: Any) -> Any:
        called.append(function)
        return await real(function, *given)

    monkeypatch.setattr(module, "run_in_thread", watch)
    group = Frontends()
    one = group.add("/", dist)

    assert serve(group).get("/dashboard", headers=HTML).text == "app"
    assert called == [one.find]


def found_by(router: Router, method: str, path: str) -> tuple[Any, MemoryExchange]:
    exchange = MemoryExchange(method, path)
    find = finder(router, lambda context: cast(Any, context.original_route))
    assert find is not None
    return find(exchange), exchange


def test_finder_gives_one_target_for_reading_and_one_for_the_rest(dist: Path) -> None:
    router = Router()
    site = gather(router, dist).routes[0]
    admin = gather(router, dist, "/admin").routes[0]

    assert found_by(router, "GET", "/x")[0] is site.reading
    assert found_by(router, "HEAD", "/admin/x")[0] is admin.reading
    assert found_by(router, "POST", "/admin")[0] is admin.refusing


def test_finder_asks_other_routes_first(dist: Path) -> None:
    async def endpoint(request: Request) -> Response:
        return PlainTextResponse("low")

    class Own(BaseRoute):
        def matches(self, scope: Any) -> Any:
            return (Match.FULL if scope["path"] == "/own" else Match.NONE), {}

    router = Router()
    group = gather(router, dist)
    low, own = Route("/low/{id}", endpoint), Own()
    router.frontends += [low, own]

    target, exchange = found_by(router, "GET", "/low/3")
    assert target is low
    assert exchange.params == ("3",)
    assert found_by(router, "POST", "/low/3")[0] is group.routes[0].refusing
    assert found_by(router, "GET", "/own")[0] is own


def test_finder_finds_nothing_where_nothing_fits(dist: Path) -> None:
    router = Router()
    assert finder(router, lambda context: cast(Any, context)) is None

    gather(router, dist, "/ui")
    assert found_by(router, "GET", "/other")[0] is None
