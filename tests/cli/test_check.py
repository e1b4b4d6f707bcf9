"""Mistakes are found without serving; the exit code says whether there are errors."""

from __future__ import annotations

import json

import pytest

from tests.cli.shop import SHOP
from tests.cli.typed import Trivet, Write

HEAD = "from trivet import App\napp = App()\n"


def codes(text: str) -> list[str]:
    return [finding["code"] for finding in json.loads(text)]


def test_sound_application_has_no_findings(trivet: Trivet, write: Write) -> None:
    write({"main.py": SHOP})

    done = trivet("check")

    assert (done.code, done.out) == (0, "no findings\n"), done.err


SHADOWED = [
    ('@app.get("/{a}")', '@app.get("/me")', "GET /me"),
    ('@app.get("/x/{a}")', '@app.get("/x/{b}")', "GET /x/{b}"),
    ('@app.get("/x/{a}")', '@app.get("/x/{b:int}")', "GET /x/{b:int}"),
    ('@app.get("/x/{a:path}")', '@app.get("/x/y/{b}")', "GET /x/y/{b}"),
    ('@app.get("/x")', '@app.api_route("/x", methods=["GET", "POST"])', "GET /x"),
]


@pytest.mark.parametrize(("first", "second", "lost"), SHADOWED)
def test_route_that_is_never_reached_is_a_warning(
    trivet: Trivet, write: Write, first: str, second: str, lost: str
) -> None:
    write({"main.py": f"{HEAD}{first}\nasync def one(): ...\n{second}\nasync def two(): ...\n"})

    done = trivet("check")

    assert done.code == 0
    assert f"warning: {lost} is never reached" in done.out
    assert "[routes.never-reached]" in done.out
    assert "main.py:5" in done.out


REACHED = [
    ('@app.get("/me")', '@app.get("/{a}")'),
    ('@app.get("/x/{a:int}")', '@app.get("/x/{b}")'),
    ('@app.get("/x/{a}")', '@app.get("/x/{b:path}")'),
    ('@app.get("/x")', '@app.post("/x")'),
    ('@app.get("/x")', '@app.websocket("/x")'),
]


@pytest.mark.parametrize(("first", "second"), REACHED)
def test_route_that_is_reached_is_no_finding(
    trivet: Trivet, write: Write, first: str, second: str
) -> None:
    write({"main.py": f"{HEAD}{first}\nasync def one(): ...\n{second}\nasync def two(): ...\n"})

    assert codes(trivet("check", "--json").out) == []


def test_operation_that_is_twice_in_the_document_is_a_warning(trivet: Trivet, write: Write) -> None:
    write(
        {
            "main.py": f'{HEAD}@app.get("/x", operation_id="same")\nasync def one(): ...\n'
            '@app.get("/y", operation_id="same")\nasync def two(): ...\n'
        }
    )

    done = trivet("check", "--json")

    assert codes(done.out) == ["openapi.warning"]


def test_document_that_cannot_be_made_is_an_error(trivet: Trivet, write: Write) -> None:
    write({"main.py": f"{HEAD}def broken():\n    raise ValueError('no')\napp.openapi = broken\n"})

    done = trivet("check")

    assert done.code == 1
    assert "cannot be made: ValueError: no [openapi.not-made]" in done.out


def test_part_brings_its_own_checks(trivet: Trivet, write: Write) -> None:
    write(
        {
            "main.py": f"from trivet.app.part import Part\n"
            f"from trivet.checks import Finding, Level\n{HEAD}"
            "class Clock(Part):\n    def checks(self, app):\n"
            "        return [Finding(Level.ERROR, 'clock.late', 'it is late', 'wind it')]\n"
            "app.use(Clock())\n"
        }
    )

    done = trivet("check")

    assert done.code == 1
    assert done.out == "error: it is late [clock.late]\n  instead: wind it\n\n1 error\n"


def test_exempt_path_that_no_route_has_is_a_warning(trivet: Trivet, write: Write) -> None:
    write(
        {
            "main.py": HEAD + "from trivet.middleware.csrf import Csrf\n"
            "app.add_hook(Csrf(exempt=['/hooks/bank', '/hooks/*', '/bank', '/gone/*']))\n"
            "@app.post('/hooks/{name}')\nasync def one(): ...\n"
        }
    )

    done = trivet("check", "--json")

    assert codes(done.out) == ["routes.csrf-exempt"] * 2
    assert "'/bank'" in done.out
    assert "'/gone/*'" in done.out


HEALTH = (
    "@app.get('/health')\nasync def health(): ...\n@app.get('/ready')\nasync def ready(): ...\n"
)


def test_deploy_names_what_production_lacks(trivet: Trivet, write: Write) -> None:
    write({"main.py": "from trivet import App\napp = App(debug=True)\n"})

    done = trivet("check", "--deploy", "--json")

    assert done.code == 1
    assert set(codes(done.out)) == {
        "deploy.debug", "deploy.hosts", "deploy.docs", "deploy.https", "deploy.health",
    }  # fmt: skip


def test_deploy_asks_for_what_was_taken_out_of_the_headers(trivet: Trivet, write: Write) -> None:
    write(
        {
            "main.py": "from trivet import App\n"
            "from trivet.middleware.headers import careful_headers\n"
            "app = App(secure_headers=careful_headers(hsts=None, pages=None))\n"
        }
    )

    assert {"deploy.hsts", "deploy.csp"} <= set(codes(trivet("check", "--deploy", "--json").out))


def test_deploy_asks_for_headers_that_were_left_out(trivet: Trivet, write: Write) -> None:
    write({"main.py": "from trivet import App\napp = App(secure_headers=None)\n"})
    assert "deploy.headers" in codes(trivet("check", "--deploy", "--json").out)


@pytest.mark.parametrize(("guard", "found"), [("", True), ("app.add_hook(Csrf())\n", False)])
def test_deploy_asks_for_a_guard_of_sessions(
    trivet: Trivet, write: Write, guard: str, found: bool
) -> None:
    write(
        {
            "main.py": HEAD + "from trivet.middleware.csrf import Csrf\n"
            "from trivet.middleware.sessions import Sessions\n"
            "app.add_hook(Sessions(secrets='a secret of these tests, of many signs'))\n" + guard
        }
    )

    done = trivet("check", "--deploy", "--json")

    assert ("deploy.csrf" in codes(done.out)) is found


def test_deploy_is_content_with_what_is_there(trivet: Trivet, write: Write) -> None:
    write(
        {
            "main.py": "from trivet import App\n"
            "from trivet.middleware.headers import Hsts, SecureHeaders\n"
            "from trivet.middleware.hosts import AllowedHosts\n"
            "from trivet.middleware.https import HttpsRedirect\n"
            "app = App(openapi_url=None)\n"
            "app.add_hook(AllowedHosts(allowed_hosts=['shop.example']))\n"
            "app.add_hook(SecureHeaders(hsts=Hsts(), content_security_policy='script-src x'))\n"
            "app.add_hook(HttpsRedirect())\n" + HEALTH
        }
    )

    done = trivet("check", "--deploy", "--json")

    assert (done.code, codes(done.out)) == (0, []), done.err


def test_silenced_code_is_left_out_and_strict_makes_warnings_fail(
    trivet: Trivet, write: Write
) -> None:
    write({"main.py": "from trivet import App\napp = App(secure_headers=None)\n" + HEALTH})
    silenced = [word for code in ("deploy.docs", "deploy.https") for word in ("--silence", code)]

    done = trivet("check", "--deploy", "--strict", "--json", *silenced)
    quiet = trivet(
        "check",
        "--deploy",
        "--strict",
        *silenced,
        "--silence",
        "deploy.hosts",
        "--silence",
        "deploy.headers",
    )

    assert (done.code, codes(done.out)) == (1, ["deploy.hosts", "deploy.headers"])
    assert quiet.code == 0


PRODUCTION = (
    "import os\n"
    "from trivet import App, Depends\n"
    "from trivet.middleware.cors import Cors\n"
    "from trivet.middleware.csrf import Csrf\n"
    "from trivet.middleware.headers import Hsts, SecureHeaders\n"
    "from trivet.middleware.hosts import AllowedHosts\n"
    "from trivet.middleware.https import HttpsRedirect\n"
    "from trivet.middleware.proxy import ProxyHeaders\n"
    "from trivet.middleware.sessions import Sessions\n"
    "from trivet.security.api_key import APIKeyCookie\n"
    "from trivet.security.http import HTTPBasic\n"
    "from trivet.security.rate_limit import RateLimit\n"
    "SECRET = ''.join(chr(65 + n) for n in range(40))\n"
    "app = App(openapi_url=None, hooks=[\n"
    "    AllowedHosts(allowed_hosts=['shop.example']),\n"
    "    HttpsRedirect(),\n"
    "    SecureHeaders(hsts=Hsts(), content_security_policy={'default-src': \"'self'\"}),\n"
    "])\n" + HEALTH
)


def deploys(trivet: Trivet, write: Write, more: str) -> list[str]:
    write({"main.py": PRODUCTION + more})
    done = trivet("check", "--deploy", "--json")
    assert done.err == ""
    return codes(done.out)


def test_a_whole_set_up_has_no_findings(trivet: Trivet, write: Write) -> None:
    more = "app.add_hook(Csrf())\napp.add_hook(Sessions(secrets=SECRET))\n"

    assert deploys(trivet, write, more) == []


SIGN_IN = "@app.post('/sign-in'{})\nasync def sign_in(): ...\n"
BASIC = "@app.{}('/x')\nasync def x(who=Depends(HTTPBasic())): ...\n"

LACKING = [
    ("app.routes.pop()\n", []),
    ("app.routes.pop()\napp.add_hook(Csrf())\nfrom trivet.cache import Cache\napp.use(Cache())\n",
     ["cache.memory", "deploy.ready"]),
    ("app.routes.pop()\napp.routes.pop()\n", ["deploy.health"]),
    ("app.hooks[0] = AllowedHosts(allowed_hosts=['*'])\n", ["deploy.hosts"]),
    ("app.hooks[2] = SecureHeaders()\n", ["deploy.hsts", "deploy.csp"]),
    ("app.add_hook(Sessions(secrets=SECRET))\n", ["deploy.csrf"]),
    (BASIC.format("post"), ["deploy.csrf"]),
    (BASIC.format("get"), []),
    ("@app.put('/x')\nasync def x(k=Depends(APIKeyCookie(name='k'))): ...\n", ["deploy.csrf"]),
    ("app.add_hook(Csrf())\napp.add_hook(Sessions(secrets=SECRET, secure=False))\n",
     ["deploy.cookies"]),
    ("del app.hooks[1]\napp.add_hook(Csrf())\napp.add_hook(Sessions(secrets=SECRET))\n",
     ["deploy.cookies", "deploy.https"]),
    ("app.add_hook(Csrf(tokens=True, secrets='written-here-0123456789-abcdefghij'))\n",
     ["deploy.secret-in-code"]),
    (SIGN_IN.format(""), ["deploy.rate-limit"]),
    (SIGN_IN.format(", dependencies=[Depends(RateLimit('3/minute'))]"), ["deploy.rates"]),
    ("app.max_body_size = None\n", ["deploy.body-size"]),
    ("app.add_hook(ProxyHeaders(trusted=['*']))\n", ["deploy.proxies"]),
    ("app.add_hook(Cors(allow_origins=['*'], allow_credentials=True))\n", ["deploy.cors"]),
    ("app.add_hook(Cors(allow_origin_regex='.*', allow_credentials=True))\n", ["deploy.cors"]),
    ("app.add_hook(Cors(allow_origins=['*']))\n", []),
    ("from trivet.db import Database\napp.use(Database('sqlite://'))\n", ["deploy.database"]),
    ("from trivet.db import Database\napp.use(Database('sqlite:///a.db'))\n", []),
    ("from trivet.security.idempotency import Idempotency\napp.use(Idempotency())\n",
     ["deploy.idempotency"]),
]  # fmt: skip


@pytest.mark.parametrize(("more", "expected"), LACKING)
def test_what_production_lacks_has_a_name(
    trivet: Trivet, write: Write, more: str, expected: list[str]
) -> None:
    assert sorted(deploys(trivet, write, more)) == sorted(expected)


def test_a_secret_in_the_code_is_told_by_its_place_and_not_by_itself(
    trivet: Trivet, write: Write
) -> None:
    secret = "written-here-0123456789-abcdefghij"
    write({"main.py": PRODUCTION + f"app.add_hook(Csrf(tokens=True, secrets='{secret}'))\n"})

    done = trivet("check", "--deploy")

    assert done.code == 1
    assert "main.py:23" in done.out
    assert secret not in done.out


def test_files_that_are_not_collected_are_worth_knowing(trivet: Trivet, write: Write) -> None:
    write(
        {
            "static/a.css": "",
            "main.py": PRODUCTION + "from trivet.static import Static\napp.use(Static())\n",
        }
    )

    assert codes(trivet("check", "--deploy", "--json").out) == ["deploy.static"]
