"""The debug page: what it shows, what it hides, what it escapes, and that production has none."""

from __future__ import annotations

import asyncio
import html.parser
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.testclient import TestClient

from trivet.app.application import App
from trivet.app.debug_frames import raised
from trivet.app.debug_hidden import HIDDEN, hide, is_secret, shown
from trivet.app.debug_hints import hint_for
from trivet.app.debug_html import element
from trivet.binding.markers import Depends, Header
from trivet.errors import SetupError
from trivet.routing.router import Router

HTML = {"accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
JSON = {"accept": "application/json"}
SECRET = "hunter" + "2"  # so that no source line on the page holds it
SCRIPT = "<script>alert(1)</script>"


class Shown(html.parser.HTMLParser):
    """A page's text, and the names of its elements and attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.opened: list[str] = []
        self.words: list[str] = []
        self.unbalanced: list[str] = []
        self.feed(text)
        self.close()
        self.text = "".join(self.words)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag not in ("meta",):
            self.opened.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.opened or self.opened.pop() != tag:
            self.unbalanced.append(tag)

    def handle_data(self, data: str) -> None:
        self.words.append(data)


@dataclass
class Settings:
    url: str
    password: str


async def get_user(x_token: Annotated[str, Header()] = "none") -> str:
    return "ann"


async def fetch() -> dict[str, int]:
    return {}


def failing(number: int) -> None:
    password = SECRET
    settings = Settings(f"postgresql://ann:{SECRET}@db/shop", password)
    found = {"api_key": SECRET, "colour": "blue", "deep": [{"token": SECRET}]}
    try:
        raise KeyError(SCRIPT)
    except KeyError as error:
        raise LookupError(f"no {settings.url} for {SCRIPT} in {len(found)}") from error


def client_of(debug: bool = True) -> TestClient:
    app = App(debug=debug)
    router = Router(prefix="/shop")

    @router.get("/baskets/{number}")
    def basket(number: int, user: Annotated[str, Depends(get_user)], limit: int = 10) -> None:
        failing(number)

    @router.get("/forgot")
    async def forgot() -> Any:
        found: Any = fetch()
        try:
            return found["x"]
        finally:
            found.close()  # or Python warns of what nobody awaited

    @router.get("/library")
    async def library() -> int:
        return await asyncio.wait_for(None, 1)  # type: ignore[arg-type]

    @router.get("/stream")
    async def stream() -> Response:
        def parts() -> Any:
            yield b"begun"
            raise ValueError("in the stream")

        return StreamingResponse(parts())

    @app.exception_handler(500)
    async def own(request: Request, error: Exception) -> Response:
        return PlainTextResponse("sorry", 500)

    app.include_router(router)
    return TestClient(app, raise_server_exceptions=False)


def test_the_page_shows_error_frames_values_request_and_plan() -> None:
    answer = client_of().get("/shop/baskets/3?limit=5&colour=red", headers=HTML)
    page = Shown(answer.text)

    assert answer.status_code == 500
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert page.unbalanced == []
    for text in (
        "LookupError",
        "It was raised from",
        "KeyError",
        "failing",
        "test_debug.py:",
        "raise LookupError(",
        "'colour': 'blue'",
        "/shop/baskets/3",
        "path number",
        "int, required",
        "depends on get_user",
        "x_token: header x-token",
        "async def serve_basket(",
    ):
        assert text in page.text, text


def test_no_secret_is_on_the_page_in_any_form() -> None:
    headers = {
        "authorization": f"Bearer {SECRET}{SECRET}",
        "cookie": f"session={SECRET}",
        "x-token": SECRET,
        "x-api-key": SECRET,
    }
    for accept in (HTML, JSON, {"accept": "*/*"}):
        answer = client_of().get(f"/shop/baskets/3?token={SECRET}", headers=headers | accept)

        assert answer.status_code == 500
        assert SECRET not in answer.text


def test_hostile_text_stays_text() -> None:
    hostile = "<img src=x onerror=alert(1)>\"'&"
    answer = client_of().get(
        f"/shop/baskets/3?{SCRIPT}={hostile}", headers=HTML | {"x-name": hostile}
    )
    page = Shown(answer.text)

    assert SCRIPT not in answer.text
    assert "<img" not in answer.text
    assert SCRIPT in page.text
    assert hostile in page.text
    assert page.tags & {"script", "img", "iframe", "object", "form", "link"} == set()
    assert not any(name.startswith("on") or name in ("src", "style") for name in page.attributes)
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert answer.headers["cache-control"] == "no-store"


@given(st.text(), st.text())
def test_every_text_comes_back_as_it_was_or_as_visible_escapes(text: str, value: str) -> None:
    made = element("p", text, title=value)
    page = Shown(made)

    made.encode("utf-8")
    assert page.tags == {"p"}
    assert page.attributes == {"title"}
    if text.isprintable():
        assert page.text == text


def test_invisible_and_turning_characters_are_shown_as_escapes() -> None:
    assert element("p", "a\u202eb\x00c\ud800") == "<p>a\\u202eb\\x00c\\ud800</p>"


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("text/html", "text/html; charset=utf-8"),
        ("application/json, text/plain, */*", "application/json"),
        ("text/html;q=0.3, application/json;q=0.9", "application/json"),
        ("application/json;q=0, text/html;q=0.1", "text/html; charset=utf-8"),
        ("text/html;q=.", "text/plain; charset=utf-8"),
        ("*/*", "text/plain; charset=utf-8"),
        ("", "text/plain; charset=utf-8"),
    ],
)
def test_clients_get_the_form_that_they_ask_for(accept: str, kind: str) -> None:
    answer = client_of().get("/shop/forgot", headers={"accept": accept})

    assert answer.status_code == 500
    assert answer.headers["content-type"] == kind


def test_json_and_text_name_the_place_and_the_mend() -> None:
    client = client_of()
    error = client.get("/shop/forgot", headers=JSON).json()["error"]
    text = client.get("/shop/forgot").text

    assert error["type"] == "TypeError"
    assert "`await` is missing" in error["hint"]
    assert error["frames"][-1]["code"].startswith('return found["x"]')
    assert error["frames"][-1]["yours"] is True
    assert "GET /shop/forgot failed." in text
    assert "Traceback (most recent call last)" in text
    assert "What to do: A coroutine was used" in text


def test_frames_of_libraries_are_closed_and_ones_own_are_open() -> None:
    page = client_of().get("/shop/library", headers=HTML).text

    assert '<details class="frame yours" open><summary><code class="function">' in page
    assert '<details class="library"><summary>' in page
    assert '<details class="frame library" open>' not in page


def test_production_never_shows_it() -> None:
    answer = client_of(debug=False).get("/shop/baskets/3", headers=HTML)

    assert answer.text == "sorry"


def test_an_answer_that_has_begun_is_left_alone() -> None:
    app_client = client_of()

    assert app_client.get("/shop/stream", headers=HTML).text == "begun"


def test_errors_under_asgi_middleware_have_the_page_too() -> None:
    app = App(debug=True)

    @app.middleware("http")
    async def around(request: Request, call_next: Any) -> Any:
        return await call_next(request)

    @app.get("/")
    async def broken() -> None:
        raise ValueError("under middleware")

    answer = TestClient(app, raise_server_exceptions=False).get("/", headers=HTML)

    assert "under middleware" in Shown(answer.text).text


def test_the_page_stands_whatever_the_error_is_like() -> None:
    class Hostile(Exception):
        def __str__(self) -> str:
            raise RuntimeError("no text")

        __repr__ = __str__

    class Deep(BaseModel):
        number: int

    app = App(debug=True)

    @app.get("/hostile")
    async def hostile() -> None:
        unprintable = Hostile()
        raise unprintable

    @app.get("/deep")
    async def deep() -> None:
        await deep()

    @app.get("/group")
    async def group() -> None:
        raise ExceptionGroup("several", [ValueError("first"), KeyError("second")])

    @app.get("/circle")
    async def circle() -> None:
        one, two = ValueError("one"), KeyError("two")
        one.__cause__, two.__cause__ = two, one
        raise one

    @app.get("/surrogate")
    async def surrogate() -> None:
        raise ValueError("\ud800 alone")

    @app.get("/generated")
    async def generated() -> None:
        exec(compile("raise ValueError('no source')", "<nowhere>", "exec"))

    client = TestClient(app, raise_server_exceptions=False)
    for path in ("hostile", "deep", "group", "circle", "surrogate", "generated"):
        for headers in (HTML, JSON, {}):
            answer = client.get(f"/{path}", headers=headers)
            assert answer.status_code == 500
            assert answer.headers["cache-control"] == "no-store", path
    assert "Number 2 in the group was" in client.get("/group", headers=HTML).text


def test_the_part_of_the_line_that_failed_is_marked_by_character() -> None:
    try:
        assert {"é": "ü"} and {"ö": 1}["ä"]  # noqa: PT018
    except KeyError as error:
        frame = raised(error)[0].frames[-1]

    assert frame.mark is not None
    line = frame.source[frame.line - frame.first]
    assert line[slice(*frame.mark)] == '{"ö": 1}["ä"]'


def test_of_a_recursion_the_beginning_and_the_end_are_kept() -> None:
    def down(level: int) -> None:
        if level == 300:
            raise ValueError("bottom")
        down(level + 1)

    with pytest.raises(ValueError, match="bottom") as caught:
        down(0)
    frames = raised(caught.value)[0].frames

    assert len(frames) == 60
    assert ("level", "0") in frames[1].values
    assert ("level", "300") in frames[-1].values


@pytest.mark.parametrize(
    "name",
    [
        "password",
        "PASSWORD",
        "db_password",
        "passphrase",
        "pwd",
        "secret",
        "client_secret",
        "token",
        "csrf_token",
        "apiKey",
        "api_key",
        "x-api-key",
        "key",
        "SECRET_KEY",
        "secretKey",
        "authorization",
        "cookie",
        "set-cookie",
        "credentials",
        "session_id",
        "jwt",
        "private_pem",
        "auth",
        "dsn",
    ],
)
def test_names_of_secrets_are_known(name: str) -> None:
    assert is_secret(name)
    assert shown(name, SECRET) == HIDDEN


@pytest.mark.parametrize(
    "name", ["name", "keyboard", "monkey", "author", "passenger", "compass", "id", "items", "tokyo"]
)
def test_harmless_names_stay(name: str) -> None:
    assert not is_secret(name)
    assert shown(name, "value") == "'value'"


@pytest.mark.parametrize(
    "text",
    [
        f"Settings(password='{SECRET}')",
        f'{{"api-key": "{SECRET}"}}',
        f"[(b'authorization', b'Bearer {SECRET}')]",
        f"token={SECRET}&a=1",
        f"postgresql://ann:{SECRET}@db/shop",
        f"Bearer {SECRET}{SECRET}",
        f"SECRET_KEY = '{SECRET} {SECRET}'",
    ],
)
def test_secrets_inside_of_texts_are_hidden(text: str) -> None:
    assert SECRET not in hide(text)
    assert SECRET not in shown("value", text)


def test_secrets_inside_of_values_are_hidden() -> None:
    class Model(BaseModel):
        name: str
        password: str

    values = [
        {"password": SECRET},
        [{"deep": {"token": SECRET}}],
        ("cookie", SECRET),
        [(b"authorization", SECRET.encode())],
        Model(name="ann", password=SECRET),
        Settings("x", SECRET),
    ]
    for value in values:
        assert SECRET not in shown("value", value)
        assert HIDDEN in shown("value", value)


def test_values_are_kept_short() -> None:
    assert len(shown("value", "x" * 100_000)) < 1_000
    assert len(shown("value", list(range(100_000)))) < 1_000
    assert len(shown("value", dict.fromkeys(range(1000), "x" * 1000))) < 10_000


def _raised(function: Any) -> Exception:
    with pytest.raises(Exception) as caught:  # noqa: PT011  # any kind
        function()
    assert isinstance(caught.value, Exception)
    return caught.value


def test_hints_know_common_mistakes() -> None:
    def none() -> Any:
        value: Any = None
        return value.name

    hints = {
        "look-up": _raised(none),
        "Path(__file__)": _raised(lambda: open("nothing/of/the/kind")),  # noqa: SIM115
        "Install the package": _raised(lambda: __import__("no_such_module")),
        "Nothing listens": ConnectionRefusedError("refused"),
        "worker threads": RuntimeError("There is no current event loop in thread 'x'"),
        "is not": SetupError("x", mend="what is not"),
        "Sessions are not on": AssertionError("SessionMiddleware must be installed to access"),
    }
    for words, error in hints.items():
        hint = hint_for(error, ())
        assert hint is not None
        assert words in hint
    assert "`no_such_module`" in str(hint_for(_raised(lambda: __import__("no_such_module")), ()))
    assert hint_for(ValueError("nobody knows"), ()) is None


def test_hints_for_answers_that_do_not_fit() -> None:
    app = App(debug=True)

    @app.get("/tuple")
    async def with_status() -> dict[str, int]:
        return {"a": 1}, 201  # type: ignore[return-value]

    @app.get("/none")
    async def nothing() -> dict[str, int]:
        return None  # type: ignore[return-value]

    @app.get("/wrong")
    async def wrong() -> dict[str, int]:
        return {"a": "x"}  # type: ignore[dict-item]

    client = TestClient(app, raise_server_exceptions=False)

    def hint(path: str) -> str:
        return str(client.get(path, headers=JSON).json()["error"]["hint"])

    assert "status_code=201" in hint("/tuple")
    assert "`return` missing" in hint("/none")
    assert "(a)" in hint("/wrong")


@pytest.mark.browser
@pytest.mark.slow
def test_a_real_browser_draws_the_page(chromium: str, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text(client_of().get("/shop/baskets/3", headers=HTML).text)
    picture = tmp_path / "page.png"
    command = [chromium, "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"]
    drawn = subprocess.run(
        [*command, f"--screenshot={picture}", page.as_uri()],
        capture_output=True,
        text=True,
        timeout=50,
        check=True,
    )

    assert "LookupError" in drawn.stdout
    assert picture.stat().st_size > 10_000
