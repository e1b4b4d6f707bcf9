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


def test_deploy_names_what_production_lacks(trivet: Trivet, write: Write) -> None:
    write({"main.py": "from trivet import App\napp = App(debug=True)\n"})

    done = trivet("check", "--deploy", "--json")

    assert done.code == 1
    assert codes(done.out) == [
        "deploy.debug",
        "deploy.hosts",
        "deploy.headers",
        "deploy.docs",
        "deploy.https",
    ]


def test_deploy_is_content_with_what_is_there(trivet: Trivet, write: Write) -> None:
    write(
        {
            "main.py": "from trivet import App\n"
            "from trivet.middleware.headers import SecureHeaders\n"
            "from trivet.middleware.hosts import AllowedHosts\n"
            "from trivet.middleware.https import HttpsRedirect\n"
            "app = App(openapi_url=None)\n"
            "app.add_hook(AllowedHosts(allowed_hosts=['shop.example']))\n"
            "app.add_hook(SecureHeaders())\napp.add_hook(HttpsRedirect())\n"
        }
    )

    done = trivet("check", "--deploy", "--json")

    assert (done.code, codes(done.out)) == (0, []), done.err


def test_silenced_code_is_left_out_and_strict_makes_warnings_fail(
    trivet: Trivet, write: Write
) -> None:
    write({"main.py": HEAD})
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
