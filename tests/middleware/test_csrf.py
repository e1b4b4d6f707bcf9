from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import WebSocketDenialResponse

from tests.middleware.exchanges import MemoryExchange, answered, ready
from trivet import App, Request, WebSocket
from trivet.errors import SetupError
from trivet.middleware.csrf import Csrf, csrf_token
from trivet.testing import TestClient

Headers = Sequence[tuple[str, str]]
COOKIE = ("Cookie", "session=x")
HOST = ("Host", "shop.example")
FRIEND = "https://app.friend.example"


def status(hook: Csrf, *headers: tuple[str, str], method: str = "POST", path: str = "/",
           scheme: str = "https") -> int:  # fmt: skip
    given = [HOST, *headers]
    return answered(hook, MemoryExchange(method, path, given, scheme=scheme), ready("ok")).status


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "QUERY", "PURGE", "post"])
def test_every_method_that_may_change_something_is_guarded(method: str) -> None:
    assert status(Csrf(), COOKIE, ("Sec-Fetch-Site", "cross-site"), method=method) == 403


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "TRACE"])
def test_safe_methods_pass_from_anywhere(method: str) -> None:
    assert status(Csrf(), COOKIE, ("Sec-Fetch-Site", "cross-site"), method=method) == 200


@pytest.mark.parametrize(
    ("site", "expected"),
    [("same-origin", 200), ("none", 200), ("same-site", 403), ("cross-site", 403), ("", 403),
     ("Same-Origin", 403), ("same-origin, none", 403), ("something-new", 403)],
)  # fmt: skip
def test_the_browser_says_where_the_request_comes_from(site: str, expected: int) -> None:
    assert status(Csrf(), COOKIE, ("Sec-Fetch-Site", site)) == expected


def test_other_subdomains_pass_only_where_it_is_said() -> None:
    assert status(Csrf(same_site=True), COOKIE, ("Sec-Fetch-Site", "same-site")) == 200
    assert status(Csrf(same_site=True), COOKIE, ("Sec-Fetch-Site", "cross-site")) == 403


def test_two_words_of_where_it_comes_from_are_refused() -> None:
    both = (("Sec-Fetch-Site", "same-origin"), ("Sec-Fetch-Site", "cross-site"))

    assert status(Csrf(), COOKIE, *both) == 403


def test_an_own_origin_does_not_outweigh_what_the_browser_says() -> None:
    origin = ("Origin", "https://shop.example")

    assert status(Csrf(), COOKIE, ("Sec-Fetch-Site", "cross-site"), origin) == 403


@pytest.mark.parametrize(
    ("header", "value", "expected"),
    [
        ("Origin", "https://shop.example", 200),
        ("Origin", "http://shop.example", 403),
        ("Origin", "https://shop.example:8443", 403),
        ("Origin", "https://shop.example.evil.example", 403),
        ("Origin", "https://evil.example", 403),
        ("Origin", "null", 403),
        ("Origin", "", 403),
        ("Referer", "https://shop.example/basket?a=b", 200),
        ("Referer", "https://shop.example", 200),
        ("Referer", "http://shop.example/", 403),
        ("Referer", "https://shop.example@evil.example/", 403),
        ("Referer", "https://evil.example/https://shop.example/", 403),
        ("Referer", "https://[", 403),
        ("Referer", "about:blank", 403),
        ("Referer", "", 403),
    ],
)
def test_without_fetch_metadata_the_origin_decides(header: str, value: str, expected: int) -> None:
    assert status(Csrf(), COOKIE, (header, value)) == expected


def test_an_own_referer_does_not_outweigh_another_origin() -> None:
    referer = ("Referer", "https://shop.example/")

    assert status(Csrf(), COOKIE, ("Origin", "https://evil.example"), referer) == 403
    assert status(Csrf(), COOKIE, ("Origin", "null"), referer) == 403


@pytest.mark.parametrize(
    ("scheme", "host", "origin"),
    [("https", "shop.example:443", "https://shop.example"),
     ("http", "Shop.Example:80", "http://shop.example"),
     ("http", "[::1]:8000", "http://[::1]:8000")],
)  # fmt: skip
def test_the_own_origin_is_written_as_browsers_write_it(
    scheme: str, host: str, origin: str
) -> None:
    exchange = MemoryExchange(
        "POST", headers=[("Host", host), COOKIE, ("Origin", origin)], scheme=scheme
    )

    assert answered(Csrf(), exchange, ready()).status == 200


def test_a_scheme_that_no_browser_has_is_nobodys_origin() -> None:
    """A server may take the scheme from a header of a proxy's, whatever stands there."""
    assert status(Csrf(), COOKIE, ("Origin", "https://shop.example"), scheme="odd") == 403


def test_a_request_without_host_has_no_own_origin() -> None:
    exchange = MemoryExchange("POST", headers=[COOKIE, ("Origin", "https://shop.example")])

    assert answered(Csrf(), exchange, ready()).status == 403


@pytest.mark.parametrize("site", [None, "cross-site", "same-site"])
def test_trusted_origins_pass(site: str | None) -> None:
    hook = Csrf(trusted_origins=[FRIEND])
    told = [("Sec-Fetch-Site", site)] if site else []

    assert status(hook, COOKIE, ("Origin", FRIEND), *told) == 200
    assert status(hook, COOKIE, ("Origin", FRIEND + ".evil"), *told) == 403


def test_what_says_nothing_of_its_sender_is_refused() -> None:
    answer = answered(Csrf(), MemoryExchange("POST", headers=[HOST, COOKIE]), ready())

    assert answer.status == 403
    assert b"neither Sec-Fetch-Site nor Origin nor Referer" in answer.body


@pytest.mark.parametrize(
    ("credentials", "expected"),
    [
        ([], 200),
        ([("Authorization", "Bearer abc")], 200),
        ([COOKIE, ("Authorization", "bearer abc")], 200),
        ([("Authorization", "Basic YTpi")], 403),
        ([("Authorization", "Negotiate abc")], 403),
        ([COOKIE, ("Authorization", "Bearer a"), ("Authorization", "Basic YTpi")], 403),
        ([COOKIE, ("Authorization", "")], 403),
        ([("Cookie", "")], 403),
    ],
)
def test_only_what_a_browser_sends_by_itself_is_guarded(
    credentials: Headers, expected: int
) -> None:
    assert status(Csrf(), *credentials, ("Sec-Fetch-Site", "cross-site")) == expected


def test_a_login_can_be_guarded_before_there_is_a_cookie() -> None:
    hook = Csrf(anonymous=True)

    assert status(hook, ("Sec-Fetch-Site", "cross-site")) == 403
    assert status(hook, ("Origin", "https://evil.example")) == 403
    assert status(hook, ("Origin", "https://shop.example")) == 200
    assert status(hook) == 200  # a program


foreign = st.sampled_from(["cross-site", "same-site", "null", "x", "https://evil.example", ""])
noise = st.sampled_from(
    ["Accept", "Content-Type", "X-Requested-With", "X-CSRF-Token", "X-Forwarded-Host"]
)


@given(
    st.sampled_from(["POST", "PUT", "PATCH", "DELETE"]),
    st.lists(st.tuples(st.sampled_from(["Sec-Fetch-Site", "Origin", "Referer"]), foreign)),
    st.lists(st.tuples(noise, st.sampled_from(["a", "shop.example", "https://shop.example"]))),
    st.booleans(),
)
def test_no_foreign_request_with_a_cookie_passes(
    method: str, told: list[tuple[str, str]], others: list[tuple[str, str]], tokens: bool
) -> None:
    assert status(Csrf(tokens=tokens), *others, COOKIE, *told, method=method) == 403


EXEMPT = Csrf(exempt=["/webhooks/bank", "/open/*"])


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/webhooks/bank", 200), ("/webhooks/bank/", 403), ("/webhooks/bank2", 403),
        ("/webhooks", 403), ("/open/a/b", 200), ("/open/", 200), ("/open", 403),
        ("/opened", 403), ("/open/../account", 403), ("/open//account", 403), ("/", 403),
    ],
)  # fmt: skip
def test_only_the_paths_that_are_named_are_exempt(path: str, expected: int) -> None:
    assert status(EXEMPT, COOKIE, ("Sec-Fetch-Site", "cross-site"), path=path) == expected


@pytest.mark.parametrize(
    "arguments",
    [
        {"trusted_origins": "https://a.example"},
        {"trusted_origins": ["a.example"]},
        {"trusted_origins": ["https://a.example/"]},
        {"trusted_origins": ["https://a.example:443"]},
        {"trusted_origins": ["https://*.example"]},
        {"trusted_origins": ["null"]},
        {"exempt": "/a"},
        {"exempt": ["a"]},
        {"exempt": ["/a*"]},
        {"exempt": ["/*/b"]},
    ],
)
def test_what_no_browser_would_send_is_refused_when_the_hook_is_made(
    arguments: dict[str, Any],
) -> None:
    with pytest.raises(SetupError) as caught:
        Csrf(**arguments)

    assert caught.value.code == "middleware.csrf"


@pytest.fixture
def app() -> App:
    app = App(hooks=[Csrf(tokens=True, trusted_origins=[FRIEND])])

    @app.get("/token")
    async def token(request: Request) -> str:
        return csrf_token(request)

    @app.post("/change")
    async def change(request: Request) -> int:
        return len(await request.body())

    @app.websocket("/live")
    async def live(socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_text("hello")
        await socket.close()

    return app


@pytest.mark.parametrize(
    "sent",
    [
        {"json": {"a": 1}},
        {"data": {"a": "1"}},
        {"files": {"a": b"1"}},
        {"content": b"{}", "headers": {"Content-Type": "text/plain"}},
        {"content": b"{}", "headers": {"Content-Type": "application/json"}},
        {"content": b"{}"},
        {},
    ],
    ids=["json", "form", "multipart", "text", "raw-json", "no-type", "no-body"],
)
def test_no_content_type_gets_round_it(app: App, sent: dict[str, Any]) -> None:
    browser = TestClient(app, cookies={"session": "x"})
    headers = sent.pop("headers", {})
    foreign = {**headers, "Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}

    refused = browser.post("/change", headers=foreign, **sent)
    passed = browser.post("/change", headers={**headers, "Sec-Fetch-Site": "same-origin"}, **sent)

    assert (refused.status_code, passed.status_code) == (403, 200)
    assert "CSRF" in refused.json()["detail"]


def test_a_path_that_no_route_has_is_guarded_too(app: App) -> None:
    browser = TestClient(app, cookies={"session": "x"})

    assert browser.post("/nowhere").status_code == 403


def test_an_own_token_lets_an_old_browser_through(app: App) -> None:
    browser = TestClient(app)
    token = browser.get("/token").json()

    assert browser.post("/change").status_code == 403
    assert browser.post("/change", headers={"X-CSRF-Token": token}).status_code == 200
    hidden = {"X-CSRF-Token": token, "Origin": "null"}
    assert browser.post("/change", headers=hidden).status_code == 200


def test_a_token_does_not_outweigh_another_sites_origin(app: App) -> None:
    browser = TestClient(app)
    token = {"X-CSRF-Token": browser.get("/token").json()}

    for foreign in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        assert browser.post("/change", headers={**token, **foreign}).status_code == 403


def test_a_token_of_another_visitor_is_refused(app: App) -> None:
    browser, other = TestClient(app), TestClient(app)
    browser.get("/token")
    token = other.get("/token").json()

    assert browser.post("/change", headers={"X-CSRF-Token": token}).status_code == 403


@pytest.mark.parametrize("token", ["", "0" * 64, "x" * 64, "0" * 63, "é" * 64])
def test_what_is_no_token_is_refused(app: App, token: str) -> None:
    browser = TestClient(app)
    browser.get("/token")

    answer = browser.post("/change", headers={b"X-CSRF-Token": token.encode("latin-1")})

    assert answer.status_code == 403


def test_tokens_are_another_text_each_time_and_all_valid(app: App) -> None:
    browser = TestClient(app)
    tokens = [browser.get("/token").json() for _ in range(3)]

    assert len(set(tokens)) == 3
    for token in tokens:
        assert browser.post("/change", headers={"X-CSRF-Token": token}).status_code == 200


def test_a_token_counts_only_where_tokens_are_asked_for(app: App) -> None:
    browser = TestClient(app)
    token = browser.get("/token").json()
    cookie = ("Cookie", f"csrf={browser.cookies['csrf']}")
    headers = [HOST, cookie, ("X-CSRF-Token", token)]

    for hook, expected in ((Csrf(tokens=True), 200), (Csrf(), 403)):
        assert answered(hook, MemoryExchange("POST", headers=headers), ready()).status == expected


def test_a_token_that_nobody_checks_is_a_mistake() -> None:
    with pytest.raises(SetupError) as caught:
        csrf_token(MemoryExchange().starlette())

    assert caught.value.code == "middleware.csrf"


@pytest.mark.parametrize(
    ("headers", "opens"),
    [
        ({"Origin": "http://testserver"}, True),
        ({"Origin": FRIEND}, True),
        ({"Sec-Fetch-Site": "same-origin"}, True),
        ({"Origin": "https://evil.example"}, False),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "http://testserver"}, False),
        ({}, False),
    ],
)
def test_a_websocket_opens_for_own_pages(app: App, headers: dict[str, str], opens: bool) -> None:
    browser = TestClient(app, cookies={"session": "x"})

    if opens:
        with browser.websocket_connect("/live", headers=headers) as socket:
            assert socket.receive_text() == "hello"
    else:
        with (
            pytest.raises(WebSocketDenialResponse) as caught,
            browser.websocket_connect("/live", headers=headers),
        ):
            pass
        assert caught.value.status_code == 403


def test_websockets_may_be_left_alone() -> None:
    app = App(hooks=[Csrf(sockets=False)])

    @app.websocket("/live")
    async def live(socket: WebSocket) -> None:
        await socket.accept()
        await socket.close()

    browser = TestClient(app, cookies={"session": "x"})
    with browser.websocket_connect("/live", headers={"Origin": "https://evil.example"}):
        pass
