from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.requests import Request as StarletteRequest
from starlette.responses import PlainTextResponse as StarletteText
from starlette.routing import Route as StarletteRoute

from trivet import App, File, Form, HTMLResponse, Request, StreamingResponse, UploadFile
from trivet.errors import SetupError
from trivet.middleware.csrf import Csrf, csrf_field, csrf_token
from trivet.security.csrf import CsrfGuard
from trivet.templates import Templates
from trivet.testing import TestClient
from trivet.testing.live import LiveServer

SECRETS = "a secret of the tests that is long enough for all"


def guarded(**options: Any) -> App:
    """Give an application with every way of reading a body; `app.state.ran` notes what ran."""
    app = App()
    app.use(CsrfGuard(Csrf(tokens=True, **options)))
    ran: list[str] = []
    app.state.ran = ran

    @app.get("/form")
    async def form(request: Request) -> HTMLResponse:
        return HTMLResponse(f"<form method=post>{csrf_field(request)}</form>")

    @app.get("/token")
    def token(request: Request) -> str:
        return csrf_token(request)

    @app.get("/sign-in")
    async def sign_in(key: str) -> HTMLResponse:
        response = HTMLResponse("")
        response.set_cookie("sid", key)
        return response

    @app.post("/nothing")
    async def nothing() -> str:
        ran.append("nothing")
        return "done"

    @app.post("/fields")
    async def fields(name: Annotated[str, Form()]) -> str:
        ran.append("fields")
        return name

    @app.post("/file")
    async def file(sent: Annotated[UploadFile, File()], name: Annotated[str, Form()]) -> str:
        ran.append("file")
        return f"{name} {len(await sent.read())}"

    @app.post("/stream")
    async def stream(request: Request) -> int:
        ran.append("stream")
        return sum([len(piece) async for piece in request.stream()])

    @app.post("/raw")
    async def raw(request: Request) -> int:
        ran.append("raw")
        return len(await request.body())

    @app.post("/small", max_body_size=100)
    async def small(request: Request) -> int:
        ran.append("small")
        return len(await request.body())

    async def mounted(request: StarletteRequest) -> StarletteText:
        ran.append("mounted")
        async with request.form() as form:
            return StarletteText(str(form["name"]))

    app.mount("/old", Starlette(routes=[StarletteRoute("/fields", mounted, methods=["POST"])]))
    return app


@pytest.fixture(params=["in memory", "on the socket"])
def browser(request: pytest.FixtureRequest) -> Iterator[tuple[Any, list[str]]]:
    """A browser that says nothing of where its requests come from, and what ran for it."""
    app = guarded()
    if request.param == "in memory":
        yield TestClient(app), app.state.ran
        return
    with LiveServer(app) as server, httpx2.Client(base_url=server.url) as client:
        yield client, app.state.ran


def token_of(browser: Any) -> str:
    return str(browser.get("/token").json())


@pytest.mark.parametrize("path", ["/nothing", "/fields", "/stream", "/raw", "/old/fields"])
@pytest.mark.parametrize("kind", ["urlencoded", "multipart"])
def test_the_token_of_a_form_lets_it_through_and_the_form_is_whole(
    browser: tuple[Any, list[str]], path: str, kind: str
) -> None:
    client, ran = browser
    data = {"name": "ann", "csrf_token": token_of(client)}
    extra = {"files": {"sent": ("a.txt", b"x" * 70_000)}} if kind == "multipart" else {}

    answer = client.post(path, data=data, **extra)

    assert answer.status_code == 200
    assert len(ran) == 1
    if "fields" in path:
        assert answer.text.strip('"') == "ann"


def test_a_form_with_a_file_is_handed_on_whole(browser: tuple[Any, list[str]]) -> None:
    client, _ = browser
    data = {"csrf_token": token_of(client), "name": "ann"}

    answer = client.post("/file", data=data, files={"sent": ("a.bin", b"x" * 300_000)})

    assert answer.json() == "ann 300000"


@pytest.mark.parametrize("path", ["/nothing", "/fields", "/file", "/stream", "/raw", "/old/fields"])
@pytest.mark.parametrize("field", [None, "", "0" * 64, "é", "x" * 5000])
def test_no_handler_runs_without_a_good_token(
    browser: tuple[Any, list[str]], path: str, field: str | None
) -> None:
    client, ran = browser
    token_of(client)
    data = {"name": "ann"} | ({} if field is None else {"csrf_token": field})

    urlencoded = client.post(path, data=data)
    multipart = client.post(path, data=data, files={"sent": b"x"})

    assert (urlencoded.status_code, multipart.status_code) == (403, 403)
    assert ran == []
    assert "csrf_token" in urlencoded.json()["detail"]


@pytest.mark.parametrize(
    "kind",
    [
        None, "text/plain", "application/json", "application/octet-stream", "", "a/b",
        "multipart/form-data", "multipart/form-data; boundary=", "multipart/mixed; boundary=b",
        "application/x-www-form-urlencoded-not", "text/plain; application/x-www-form-urlencoded",
    ],
)  # fmt: skip
def test_a_token_counts_in_no_other_content_type(
    browser: tuple[Any, list[str]], kind: str | None
) -> None:
    client, ran = browser
    body = f"csrf_token={token_of(client)}&name=a".encode()
    headers = {} if kind is None else {"Content-Type": kind}

    assert client.post("/raw", content=body, headers=headers).status_code == 403
    assert ran == []


def test_two_tokens_in_one_form_are_none(browser: tuple[Any, list[str]]) -> None:
    client, ran = browser
    token = token_of(client)

    answer = client.post("/nothing", data={"csrf_token": [token, token]})

    assert answer.status_code == 403
    assert ran == []


def test_a_token_in_the_name_of_a_file_is_none(browser: tuple[Any, list[str]]) -> None:
    client, _ = browser
    token = token_of(client).encode()

    assert client.post("/nothing", files={"csrf_token": ("a", token)}).status_code == 403


def test_a_token_in_the_address_is_none(browser: tuple[Any, list[str]]) -> None:
    client, _ = browser
    token = token_of(client)

    assert client.post(f"/nothing?csrf_token={token}", data={"a": "b"}).status_code == 403


def test_a_body_that_is_larger_than_the_route_takes_is_refused(
    browser: tuple[Any, list[str]],
) -> None:
    client, ran = browser
    data = {"csrf_token": token_of(client), "name": "a" * 200}

    assert client.post("/small", data=data).status_code == 413
    assert ran == []


@pytest.mark.parametrize(
    "foreign",
    [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"},
     {"Referer": "https://evil.example/"}],
)  # fmt: skip
def test_a_token_of_a_form_does_not_outweigh_what_a_browser_says(
    browser: tuple[Any, list[str]], foreign: dict[str, str]
) -> None:
    client, ran = browser
    data = {"csrf_token": token_of(client)}

    assert client.post("/nothing", data=data, headers=foreign).status_code == 403
    assert ran == []


def test_a_hidden_origin_is_made_up_for_by_the_token_of_a_form(
    browser: tuple[Any, list[str]],
) -> None:
    client, _ = browser
    data = {"csrf_token": token_of(client)}
    hidden = {"Origin": "null", "Referer": "https://evil.example/"}

    assert client.post("/nothing", data=data, headers=hidden).status_code == 200


def test_a_wrong_token_in_the_header_is_not_made_up_for_by_the_form() -> None:
    client = TestClient(guarded())
    data = {"csrf_token": token_of(client)}

    answer = client.post("/nothing", data=data, headers={"X-CSRF-Token": "0" * 64})

    assert answer.status_code == 403


def test_a_page_of_the_form_is_the_visitors_own() -> None:
    client = TestClient(guarded())

    first = client.get("/form")
    second = client.get("/form")

    assert first.headers["vary"] == second.headers["vary"] == "Cookie"
    assert first.headers["set-cookie"].endswith("; HttpOnly; Path=/; SameSite=lax")
    assert "set-cookie" not in second.headers
    assert first.text != second.text


def test_the_cookie_is_bound_to_the_host_by_https() -> None:
    client = TestClient(guarded(), base_url="https://shop.example")

    token = token_of(client)

    assert list(client.cookies) == ["__Host-csrf"]
    assert client.post("/nothing", data={"csrf_token": token}).status_code == 200


def test_a_streamed_page_sets_the_cookie_where_the_token_is_asked_in_time() -> None:
    app = guarded()

    @app.get("/early")
    async def early(request: Request) -> StreamingResponse:
        return StreamingResponse(iter([csrf_token(request)]))

    client = TestClient(app)
    answer = client.get("/early")

    assert client.post("/nothing", data={"csrf_token": answer.text}).status_code == 200


def test_a_first_token_that_is_asked_for_too_late_is_a_loud_mistake() -> None:
    app = guarded()

    @app.get("/late")
    async def late(request: Request) -> StreamingResponse:
        async def pieces() -> Any:
            yield "a"
            yield csrf_token(request)

        return StreamingResponse(pieces())

    with pytest.raises(RuntimeError, match="had begun"):
        TestClient(app).get("/late")


# -- cookies that others put there ----------------------------------------------------------------

KNOWN = "00" * 16


def known_token(client: TestClient) -> str:
    """Give the token that somebody makes for a secret that they have chosen."""
    return str(client.get("/token", headers={"Cookie": f"csrf={KNOWN}"}).json())


def test_a_second_cookie_beside_ours_is_refused_whichever_comes_first() -> None:
    client = TestClient(guarded())
    attacker = known_token(client)
    own = client.get("/token").headers["set-cookie"].partition(";")[0]

    for cookies in (f"{own}; csrf={KNOWN}", f"csrf={KNOWN}; {own}"):
        answer = TestClient(guarded()).post(
            "/nothing", data={"csrf_token": attacker}, headers={"Cookie": cookies}
        )
        assert answer.status_code == 403


def test_a_cookie_that_others_made_up_is_none_where_ours_are_signed() -> None:
    unsigned, signed = TestClient(guarded()), TestClient(guarded(secrets=SECRETS))
    data = {"csrf_token": known_token(unsigned)}

    assert unsigned.post("/nothing", data=data, headers={"Cookie": f"csrf={KNOWN}"}).is_success
    answer = signed.post("/nothing", data=data, headers={"Cookie": f"csrf={KNOWN}"})

    assert answer.status_code == 403


def test_signed_cookies_serve_their_visitor_while_secrets_change() -> None:
    old = TestClient(guarded(secrets=SECRETS))
    token = token_of(old)
    both = TestClient(guarded(secrets=["a new secret, which is as long as it must", SECRETS]))

    cookies = "; ".join(f"{name}={value}" for name, value in old.cookies.items())
    answer = both.post("/nothing", data={"csrf_token": token}, headers={"Cookie": cookies})

    assert answer.status_code == 200


def test_by_https_a_cookie_without_the_prefix_is_not_ours() -> None:
    client = TestClient(guarded(), base_url="https://shop.example")
    data = {"csrf_token": known_token(client)}

    answer = client.post("/nothing", data=data, headers={"Cookie": f"csrf={KNOWN}"})

    assert answer.status_code == 403


def test_a_token_is_of_one_session_where_its_cookie_is_named() -> None:
    """Somebody gives a visitor their own cookie, and a token that was made for it."""
    options = {"session_cookie": "sid", "secrets": SECRETS}
    attacker, victim = TestClient(guarded(**options)), TestClient(guarded(**options))
    token = token_of(attacker)
    tossed = f"csrf={attacker.cookies['csrf']}; sid=the-victims"

    refused = victim.post("/nothing", data={"csrf_token": token}, headers={"Cookie": tossed})

    assert refused.status_code == 403


def test_a_token_ends_with_its_session() -> None:
    client = TestClient(guarded(session_cookie="sid"))
    client.get("/sign-in?key=first")
    token = token_of(client)
    assert client.post("/nothing", data={"csrf_token": token}).status_code == 200

    client.get("/sign-in?key=second")

    assert client.post("/nothing", data={"csrf_token": token}).status_code == 403


# -- templates ------------------------------------------------------------------------------------


def test_templates_write_the_field_and_the_token(tmp_path: Path) -> None:
    (tmp_path / "form.html").write_text(
        '<form method="post">{{ csrf_field() }}</form><meta content="{{ csrf_token() }}">'
    )
    app = guarded()
    templates = app.use(Templates(tmp_path))

    @app.get("/page")
    async def page(request: Request) -> HTMLResponse:
        return await templates.render("form.html", request=request)

    client = TestClient(app)
    text = client.get("/page").text

    field, meta = text.split("</form>")
    assert field.startswith('<form method="post"><input type="hidden" name="csrf_token" value="')
    for token in (field.split('"')[-2], meta.split('"')[1]):
        assert client.post("/nothing", data={"csrf_token": token}).status_code == 200


async def test_a_template_outside_of_a_request_has_no_token(tmp_path: Path) -> None:
    (tmp_path / "mail.html").write_text("{{ csrf_token() }}")
    app = guarded()
    templates = app.use(Templates(tmp_path))

    with pytest.raises(SetupError) as caught:
        await templates.text("mail.html")

    assert caught.value.code == "security.csrf"


def test_a_guard_that_checks_no_tokens_is_a_mistake() -> None:
    with pytest.raises(SetupError) as caught:
        CsrfGuard(Csrf())

    assert caught.value.code == "security.csrf"


@pytest.mark.parametrize("options", [{"secrets": SECRETS}, {"session_cookie": "sid"}])
def test_what_only_tokens_need_is_a_mistake_without_them(options: dict[str, Any]) -> None:
    with pytest.raises(SetupError) as caught:
        Csrf(**options)

    assert caught.value.code == "middleware.csrf"


def test_weak_secrets_are_refused_when_the_hook_is_made() -> None:
    with pytest.raises(SetupError) as caught:
        Csrf(tokens=True, secrets="short")

    assert caught.value.code == "middleware.csrf"
    assert "short" not in repr(Csrf(tokens=True, secrets=SECRETS))
    assert SECRETS not in repr(Csrf(tokens=True, secrets=SECRETS))
