"""Whose language a request is answered in, and what the answer says of that."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from tests.i18n.conftest import Site
from trivet import App, Request, Router, WebSocket
from trivet.cache import Cache, MemoryStore
from trivet.errors import SetupError
from trivet.i18n import CurrentLocale, I18n, locale_of
from trivet.testing import TestClient


def telling(site: Site, **options: Any) -> TestClient:
    app, i18n = site("en", "de", "pt-BR", **options)
    router = Router()

    @router.get("/told")
    async def told(locale: CurrentLocale) -> list[str]:
        return [str(locale), str(locale.timezone)]

    app.include_router(router)
    app.include_router(i18n.prefixed(router))
    return TestClient(app)


def of_user(connection: HTTPConnection) -> str | None:
    return connection.headers.get("x-user-locale")


def test_path_is_asked_before_cookie_user_and_header(site: Site) -> None:
    client = telling(site, locale_of=of_user)
    headers = {"accept-language": "de"}

    def told(path: str = "/told") -> str:
        return str(client.get(path, headers=headers).json()[0])

    assert told() == "de"
    headers["x-user-locale"] = "pt"
    assert told() == "pt-BR"
    headers["cookie"] = "locale=en"
    assert told() == "en"
    assert told("/de/told") == "de"


def test_nobody_s_wish_gives_the_first_locale(site: Site) -> None:
    assert telling(site).get("/told").json() == ["en", "UTC"]


def test_async_function_is_asked_before_the_handler(site: Site) -> None:
    asked = []

    async def of_account(connection: HTTPConnection) -> str | None:
        asked.append(connection.url.path)
        return "de"

    async def zone(connection: HTTPConnection) -> str | None:
        return "Asia/Tokyo"

    client = telling(site, locale_of=of_account, zone_of=zone)

    assert client.get("/told").json() == ["de", "Asia/Tokyo"]
    assert client.get("/pt-BR/told").json() == ["pt-BR", "Asia/Tokyo"]
    assert client.get("/told", headers={"cookie": "locale=en"}).json()[0] == "en"
    assert asked == ["/told"]


def test_async_function_comes_too_late_behind_the_first_route() -> None:
    app = App()

    async def of_account(connection: HTTPConnection) -> str | None:
        return None

    @app.get("/")
    async def index() -> None: ...

    with pytest.raises(SetupError) as caught:
        app.use(I18n(locales=["en"], locale_of=of_account))

    assert caught.value.code == "i18n.late"


def test_zone_is_the_browser_s_then_the_user_s_then_the_setting(site: Site) -> None:
    client = telling(site, timezone="Europe/Paris", zone_of=lambda c: c.headers.get("x-user-zone"))

    def told(**headers: str) -> str:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return str(client.get("/told", headers=named).json()[1])

    assert told() == "Europe/Paris"
    assert told(x_user_zone="Asia/Tokyo") == "Asia/Tokyo"
    assert told(x_user_zone="Mars/Base") == "Europe/Paris"
    assert told(x_user_zone="Asia/Tokyo", cookie="timezone=America%2FLima") == "America/Lima"
    assert told(cookie="timezone=../../etc/passwd") == "Europe/Paris"


@given(st.dictionaries(st.sampled_from(["accept-language", "cookie"]), st.binary(max_size=200)))
def test_no_header_makes_an_error(headers: dict[str, bytes]) -> None:
    app = App()
    i18n = app.use(I18n(locales=["en", "de"], timezone="UTC"))
    i18n.finder.has_prefixes = True
    raw = [(name.encode(), value) for name, value in headers.items()]
    scope = {"type": "http", "headers": raw, "app": app, "path": "//\udcff"}

    locale = locale_of(HTTPConnection(scope))

    assert str(locale) in ("en", "de")
    assert str(locale.timezone)


@pytest.mark.parametrize(
    "cookie", ["locale=xx", "locale=", "locale=" + "de" * 2000, "locale=../de", 'locale="de']
)
def test_hostile_cookie_is_no_choice(site: Site, cookie: str) -> None:
    headers = {"cookie": cookie, "accept-language": "pt"}

    assert telling(site).get("/told", headers=headers).json()[0] == "pt-BR"


# -- what the answer says ------------------------------------------------------------------------


def test_answer_tells_its_language_and_what_it_depends_on(site: Site) -> None:
    client = telling(site)

    found = client.get("/told", headers={"accept-language": "de"})
    assert found.headers["content-language"] == "de"
    assert found.headers["vary"] == "Cookie, Accept-Language"

    found = client.get("/told", headers={"cookie": "locale=de"})
    assert found.headers["vary"] == "Cookie"


def test_path_alone_needs_no_vary(site: Site) -> None:
    app, i18n = site("en", "de")
    router = Router()

    @router.get("/")
    async def told(locale: CurrentLocale) -> str:
        return str(locale)

    app.include_router(i18n.prefixed(router))
    found = TestClient(app).get("/de/")

    assert found.headers["content-language"] == "de"
    assert "vary" not in found.headers


def test_answers_that_ask_for_no_locale_say_nothing(site: Site) -> None:
    app, _ = site()

    @app.get("/")
    async def index(request: Request) -> str:
        return "plain"

    found = TestClient(app).get("/", headers={"accept-language": "de"})

    assert not {"content-language", "vary"} & set(found.headers)


def test_streams_and_plain_routes_tell_their_language_too(site: Site) -> None:
    app, i18n = site()

    @app.get("/stream")
    async def stream(locale: CurrentLocale) -> StreamingResponse:
        return StreamingResponse(iter(["a", "b"]), headers={"vary": "Origin"})

    async def plain(request: Request) -> Response:
        return PlainTextResponse(str(i18n.locale_of(request)))

    app.add_route("/plain", plain)
    client = TestClient(app, headers={"accept-language": "de"})

    assert client.get("/stream").headers["vary"] == "Origin, Cookie, Accept-Language"
    assert client.get("/plain").text == client.get("/plain").headers["content-language"] == "de"


def test_handler_s_own_content_language_stays(site: Site) -> None:
    app, _ = site()

    @app.get("/")
    async def index(locale: CurrentLocale, response: Response) -> str:
        response.headers["content-language"] = "de, en"
        return "both"

    assert TestClient(app).get("/").headers["content-language"] == "de, en"


def test_cached_page_of_one_is_not_given_to_another(site: Site) -> None:
    app, _ = site()
    cache = app.use(Cache(MemoryStore()))

    @app.get("/")
    @cache.route(ttl=60, vary=[])
    async def index(request: Request) -> str:
        return str(locale_of(request))

    client = TestClient(app)
    shown = [client.get("/", headers={"accept-language": one}).json() for one in ("de", "en")]

    assert shown == ["de", "en"]


def test_page_below_a_locale_may_be_cached(site: Site) -> None:
    app, i18n = site()
    cache = app.use(Cache(MemoryStore()))
    router, made = Router(), []

    @router.get("/")
    @cache.route(ttl=60, vary=[])
    async def index(locale: CurrentLocale) -> str:
        made.append(locale.tag)
        return str(locale)

    app.include_router(i18n.prefixed(router))
    client = TestClient(app)

    assert [client.get(path).json() for path in ("/de/", "/en/", "/de/")] == ["de", "en", "de"]
    assert made == ["de", "en"]


def test_websocket_has_a_locale(site: Site) -> None:
    app, _ = site()

    @app.websocket("/ws")
    async def talk(websocket: WebSocket, locale: CurrentLocale) -> None:
        await websocket.accept()
        await websocket.send_text(str(locale))
        await websocket.close()

    client = TestClient(app, headers={"accept-language": "de"})
    with client.websocket_connect("/ws") as socket:
        assert socket.receive_text() == "de"


def test_application_without_languages_says_what_to_write() -> None:
    with pytest.raises(SetupError) as caught:
        locale_of(HTTPConnection({"type": "http", "headers": [], "app": App()}))

    assert caught.value.code == "i18n.not-used"


# -- remembering a choice ------------------------------------------------------------------------


def test_choice_is_remembered(site: Site) -> None:
    app, i18n = site("en", "pt-BR")

    @app.post("/language/{name}")
    async def choose(name: str, response: Response) -> None:
        i18n.remember(response, name, secure=True)

    @app.get("/")
    async def told(locale: CurrentLocale) -> str:
        return str(locale)

    client = TestClient(app, base_url="https://testserver")
    found = client.post("/language/pt")

    assert "locale=pt-BR; Max-Age=31536000" in found.headers["set-cookie"]
    assert client.get("/").json() == "pt-BR"
    assert "set-cookie" not in client.post("/language/klingon").headers
