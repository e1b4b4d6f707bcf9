"""Views of Django's that move: each request is answered as Django itself answers it, or stays."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.adopt.running import project, said_by
from trivet.adopt import Adoption, Kind, write
from trivet.adopt.django import adopt_django

KEY = "5b4f5d0e-6a0e-4a34-9d1a-1a2b3c4d5e6f"
PATHS = [
    "/", "/about", "/about/", "/version/", "/version", "/old/", "/moved/", "/away/", "/teapot/",
    "/trace/", "/method/", "/soon/", "/years/2024/", "/years/1999/", "/years/24/", "/years/20245/",
    "/years/2024", "/shop/", "/shop", "/shop/?name=bo", "/shop/?name=x%FF&name=b&name=",
    "/shop/?name=%3Cb%3E", "/shop/1/", "/shop/2/", "/shop/9/", "/shop/1", "/shop/-1/",
    "/shop/one/", "/shop/%D9%A3/", "/shop/123456789012345678901234567890/", "/shop/1/a-b_C/",
    "/shop/9/a/", "/shop/1/a.b/", "/shop/1/%C3%A9/", "/shop/by/J%C3%BCrgen/", "/shop/by/a%2Fb/",
    "/shop/by/ann/?kind=", "/shop/by/ann/?kind=x&kind=y", "/shop/by//", f"/shop/copies/{KEY}/",
    f"/shop/copies/{KEY}/?plain=1", f"/shop/copies/{KEY.upper()}/",
    f"/shop/copies/{KEY.replace('-', '')}/", f"/shop/copies/{KEY}", "/api/v1/shelf/",
    "/api/v1/shelf", "/api/v1/status/", "/api/v2/shelf/", "/checked/", "/visits/", "/number/?n=2",
    "/listed/", "/given/", "/files/a/b", "/hello/", "/later/", "/nothing/at/all", "//", "/docs",
    "/openapi.json", "/gr%C3%B6%C3%9Fe/", "/größe", "/doors/", "/rooms/1/doors/",
    "/rooms/1/ab-chair", "/rooms/x/ab-chair", "/rooms/1/abc-chair", "/rooms/1/ab-chair/",
    "/ab-chair",
]  # fmt: skip
ASKED = f"""
import json, logging, os
logging.disable(logging.CRITICAL)
os.environ["DJANGO_SETTINGS_MODULE"] = "library.settings"
from trivet.testing import TestClient
paths = {PATHS!r}
methods = ("GET", "HEAD", "OPTIONS", "POST")
asked = [(method, path, {{}}) for path in paths for method in methods]
asked += [("GET", "/trace/", {{"X-Trace": "äb"}}), ("GET", "/trace/", {{"X_Trace": "ab"}})]
def answers(app, base):
    client = TestClient(app, base_url=base, follow_redirects=False)
    found = []
    for method, path, headers in asked:
        if base.startswith("https") and (method != "GET" or len(path) > 8):
            continue
        headers = {{name: value.encode("latin-1") for name, value in headers.items()}}
        one = client.request(method, path, headers=headers)
        sent = sorted((name, value.split("=")[0] if name == "set-cookie" else value)
                      for name, value in one.headers.multi_items())
        found.append([method, path, one.status_code, one.text, sent])
    twice = client.get("/trace/", headers=[("X-Trace", "a"), ("x-trace", "b")])
    return [*found, twice.text]
"""
BEFORE = """
from django.core.asgi import get_asgi_application
app = get_asgi_application()
"""
AFTER = """
from trivet_app import app
"""
BOTH = """
print(json.dumps([answers(app, base) for base in ("http://testserver", "https://testserver")]))
"""


def adopted(folder: Path, **settings: str) -> tuple[Path, Adoption]:
    """A copy of the library, with lines of its settings replaced, adopted."""
    root = project("library", folder)
    file = root / "library" / "settings.py"
    text = file.read_text()
    for name, value in settings.items():
        text, number = re.subn(
            rf"^{name} = [^\[].*$", f"{name} = {value}", text, flags=re.MULTILINE
        )
        text += "" if number else f"{name} = {value}\n"
    file.write_text(text)
    adoption = adopt_django(root)
    write(adoption, force=True)
    return root, adoption


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Adoption]:
    return adopted(tmp_path_factory.mktemp("library"))


def told(adoption: Adoption, kind: Kind) -> dict[str, str]:
    """Give notes of a kind: an address or a setting → what is said of it."""
    pairs = (note.what.partition(" ") for note in adoption.notes if note.kind is kind)
    return {first: rest for first, _, rest in pairs}


def test_every_request_is_answered_as_by_django(library: tuple[Path, Adoption]) -> None:
    root, _ = library

    before = said_by(ASKED + BEFORE + BOTH, root)
    after = said_by(ASKED + AFTER + BOTH, root)

    for ours, theirs in zip(after, before, strict=True):
        for mine, original in zip(ours, theirs, strict=True):
            assert mine == original
    statuses = {one[2] for one in before[0][:-1]}
    assert {200, 201, 301, 302, 400, 403, 404, 405, 418} <= statuses


def test_what_stays_is_told_with_its_reason(library: tuple[Path, Adoption]) -> None:
    stays = {path: why.partition(": ")[2] for path, why in told(library[1], Kind.STAYS).items()}

    assert stays == {
        "/moved/": "the place that it redirects to is not written out as an address",
        "/api/v1/status/": "it is a class",
        "/doors/": "its parameters have defaults",
        "/^(?P<chair>[a-z]{2})-chair$": "its parameters are not those of its address",
        "/rooms/<int:room>/doors/": "its parameters have defaults",
        "/checked/": "the decorator require_GET stands around it",
        "/counted/": "it has `global COUNT`, which is not followed",
        "/visits/": 'it changes request.session["visits"]',
        "/number/": 'request.GET.get("n", "1") may be something else',
        "/listed/": "it calls sorted(TAGS), which may raise or give anything",
        "/given/": "it is given more than what is in its address",
        "/files/<path:name>": "<path:…> is no converter that can be written here",
        "/<slug:word>/": "/moved/ is asked before it, and may take its addresses",
        "/later/": "/<slug:word>/ is asked before it, and may take its addresses",
    }


def test_written_file_has_the_shape_of_the_urls(library: tuple[Path, Adoption]) -> None:
    text = (library[0] / "trivet_app.py").read_text()

    assert (
        """moved = Router()
shop = Router(prefix="/shop")  # include("shop.urls"), namespace "shop"
rooms = Router()  # include("library.rooms"), namespace "rooms"
inside = Router(prefix="/rooms/{room:int}")  # include("library.rooms"), namespace "inside"
api = Router(prefix="/api")  # include([…])
v1 = Router(prefix="/v1")  # include("shop.api"), namespace "v1"
"""
        in text
    )
    assert (
        """

@shop.get("/{number:int}/", name="shop:book")
def book(number: int) -> DjangoJSON:
    if number not in BOOKS:
        raise Http404("no such book")
    return DjangoJSON(BOOKS[number])


"""
        in text
    )
    assert (
        """
moved.include_router(shop)
moved.include_router(rooms)
moved.include_router(inside)
api.include_router(v1)
moved.include_router(api)
"""
        in text
    )


def test_names_of_routes_are_those_of_django(library: tuple[Path, Adoption]) -> None:
    asked = """
import json
from trivet_app import app
print(json.dumps([str(app.url_path_for("shop:part", number=1, part="a")),
                  str(app.url_path_for("home"))]))
"""
    assert said_by(asked, library[0]) == ["/shop/1/a/", "/"]


# -- settings ------------------------------------------------------------------------------------

HOSTS = """
import json, logging, os
logging.disable(logging.CRITICAL)
os.environ["DJANGO_SETTINGS_MODULE"] = "library.settings"
from trivet.testing import TestClient
def answers(app):
    client = TestClient(app, follow_redirects=False)
    return [
        [host, path, client.get(path, headers={"host": host}).status_code]
        for host in ("testserver", "TESTSERVER:80", "evil.example", "evil.testserver", "a.example",
                     "b.example:8000", "x.b.example", "localhost", "127.0.0.1:1", "[::1]:80",
                     "a.example@evil.example", "a b", "shop.localhost")
        for path in ("/about", "/listed/", "/nothing/", "/static/shop/shop.css")
        if not (path.startswith("/static") and host != "testserver")
    ]
"""
SAID = "\nprint(json.dumps(answers(app)))\n"


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"LIBRARY_HOSTS": "a.example,.b.example"},
        {"LIBRARY_HOSTS": "*"},
        {"LIBRARY_HOSTS": "", "LIBRARY_DEBUG": "1"},
        {"LIBRARY_HOSTS": "testserver", "LIBRARY_DEBUG": "1"},
    ],
)
def test_hosts_are_refused_as_by_django_whatever_the_environment_says(
    library: tuple[Path, Adoption], environment: dict[str, str]
) -> None:
    asked = "import trivet_app\nprint(json.dumps([answers(one) for one in (trivet_app.django_app,"
    before, after = said_by(HOSTS + asked + " trivet_app.app)]))", library[0], **environment)

    if environment.get("LIBRARY_HOSTS") == "":  # the hook stands before static files, too
        before = [one for one in before if "static" not in one[1]]
        after = [one for one in after if "static" not in one[1]]
    assert after == before
    assert {one[2] for one in after} >= {200}


def test_application_without_hosts_does_not_start(library: tuple[Path, Adoption]) -> None:
    with pytest.raises(AssertionError, match=r"AllowedHosts cannot use \[\]"):
        said_by(HOSTS + AFTER + SAID, library[0], LIBRARY_HOSTS="")


def test_collected_static_files_are_served(tmp_path: Path) -> None:
    root, adoption = adopted(tmp_path)
    asked = """
import json, os
os.environ["DJANGO_SETTINGS_MODULE"] = "library.settings"
import django; django.setup()
from django.core.management import call_command
call_command("collectstatic", interactive=False, verbosity=0)
from trivet_app import app
from trivet.testing import TestClient
client = TestClient(app)
print(json.dumps([client.get("/static/shop/shop.css").text, client.get("/static/no").status_code,
                  client.get("/media/x").status_code, client.get("/about").status_code]))
"""
    assert said_by(asked, root) == ["body { color: teal }\n", 404, 404, 200]
    written = told(adoption, Kind.REWRITTEN)
    assert written["STATIC_ROOT"].endswith("Static, once `collectstatic` has been run")


def test_mail_has_its_server_and_reads_its_secrets_from_the_environment(
    library: tuple[Path, Adoption],
) -> None:
    asked = """
import json
import trivet_app
transport = trivet_app.mail.transport
print(json.dumps([repr(transport), transport._user, transport._password, transport._starttls,
                  trivet_app.mail.sender, repr(trivet_app.site), trivet_app.mail_url()]))
"""
    secret = {"EMAIL_HOST_USER": "ann@x", "LIBRARY_MAIL_PASSWORD": "p:w"}

    assert said_by(asked, library[0], LIBRARY_MAIL_PORT="2525", **secret) == [
        "<SmtpTransport mail.example.org:2525>", "ann@x", "p:w", True, "library@example.org",
        "ProjectSettings(library_debug='', library_hosts='testserver', library_mail_port=2525,"
        " email_host_user='ann@x', library_mail_password=SecretStr('**********'))",
        "smtp://ann%40x:p%3Aw@mail.example.org:2525",
    ]  # fmt: skip


def test_no_secret_is_written_or_told(library: tuple[Path, Adoption]) -> None:
    root, adoption = library
    said = "".join(note.what + note.mend for note in adoption.notes)
    files = "".join(data.decode() for data in adoption.changed.values())

    for text in (said, files):
        for secret in ("nobody-sees", "only-for-tests", str(root)):
            assert secret not in text


def test_settings_without_a_counterpart_are_told_with_the_line(
    library: tuple[Path, Adoption],
) -> None:
    open_ones = told(library[1], Kind.DECIDE)

    assert open_ones["SESSION_COOKIE_SECURE"] == "is for Django's sessions, which stay with it"
    assert "Europe/Berlin" in open_ones["TIME_ZONE"]
    mends = {note.mend for note in library[1].notes}
    assert "app.use(Sessions(secure=True)), once sessions move" in mends
    assert 'app.use(I18n(locales=["en-us"], timezone="Europe/Berlin"))' in mends
    assert "EMAIL_HOST_USER=…\nLIBRARY_MAIL_PASSWORD=…" in mends


def test_nothing_moves_where_unknown_middleware_stands_around_it(tmp_path: Path) -> None:
    """Its languages, hosts made by code and console mail are written all the same, and start."""
    root, adoption = adopted(
        tmp_path,
        MIDDLEWARE='[*MIDDLEWARE, "django.middleware.locale.LocaleMiddleware"]',
        LANGUAGES='[("de", "Deutsch"), ("en", "English")]',
        LANGUAGE_CODE='"de"',
        ALLOWED_HOSTS='list(map(str, ["testserver"]))',
        EMAIL_BACKEND='"django.core.mail.backends.console.EmailBackend"',
        X_FRAME_OPTIONS='os.environ.get("LIBRARY_FRAMES", "sameorigin")',
    )
    asked = """
import trivet_app
from trivet_app import app
assert answers(app) == answers(trivet_app.django_app)
print(json.dumps([len(answers(app)), [one.tag for one in trivet_app.i18n.locales],
                  type(trivet_app.mail.transport).__name__, app.hooks[0].allowed_hosts,
                  app.secure_headers.frame_options]))
"""
    after, locales, mail, hosts, frames = said_by(HOSTS + asked, root, LIBRARY_FRAMES="deny")

    assert after == 40
    assert (locales, mail, hosts, frames) == (
        ["de", "en"], "ConsoleTransport", ["testserver"], "DENY",
    )  # fmt: skip
    whys = [note.what for note in adoption.notes if note.what.startswith("no view is moved")]
    locale = "django.middleware.locale.LocaleMiddleware"
    assert whys == [f"no view is moved: {locale} stands around every view"]
    assert "@moved.get" not in (root / "trivet_app.py").read_text()
    open_ones = told(adoption, Kind.DECIDE)
    assert open_ones["ALLOWED_HOSTS"].startswith("is made by code")


def test_nothing_moves_where_somebody_listens_to_each_request(tmp_path: Path) -> None:
    root = project("library", tmp_path)
    with (root / "library" / "views.py").open("a") as file:
        file.write(
            "from django.core.signals import request_started\n\n\n"
            "def heard(sender, **more):\n    pass\n\n\nrequest_started.connect(heard)\n"
        )

    adoption = adopt_django(root)

    why = "no view is moved: library.views.heard listens to request_started, around every view"
    assert why in {note.what for note in adoption.notes}
