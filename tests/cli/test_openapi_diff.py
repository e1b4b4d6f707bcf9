"""`trivet openapi diff`: what it says, for people and programs, and how it ends."""

from __future__ import annotations

import json

import pytest

from tests.cli.typed import Trivet, Write

APP = """
from trivet import App

app = App()


@app.get("/books")
def books(limit: int = 10) -> list[str]:
    return []
"""
CHANGED = APP.replace("limit: int = 10", "limit: int").replace("list[str]", "list[int]")


@pytest.fixture
def both(trivet: Trivet, write: Write) -> None:
    write({"old.py": APP, "new.py": CHANGED})
    assert trivet("openapi", "old.py", "--output", "old.json").code == 0
    assert trivet("openapi", "new.py", "--output", "new.yaml").code == 0


@pytest.mark.usefixtures("both")
def test_a_breaking_change_is_told_first_and_ends_with_1(trivet: Trivet) -> None:
    done = trivet("openapi", "diff", "old.json", "new.yaml")

    assert done.code == 1
    assert done.out.startswith("Breaks clients:")
    assert "GET /books" in done.out
    assert "the query parameter `limit` is required now  [parameter.required]" in done.out
    assert "break clients." in done.out


@pytest.mark.usefixtures("both")
def test_a_document_is_compared_with_the_application(trivet: Trivet) -> None:
    same = trivet("--app", "old.py:app", "openapi", "diff", "old.json")
    other = trivet("openapi", "diff", "old.json", "--app", "new.py:app")

    assert (same.code, other.code) == (0, 1)
    assert same.out == "Nothing changed.\n"


@pytest.mark.usefixtures("both")
def test_what_is_allowed_does_not_count(trivet: Trivet) -> None:
    done = trivet(
        "openapi", "diff", "old.json", "new.yaml", "--json",
        "--allow", "parameter.required GET /books", "--allow", "response.type-widened",
    )  # fmt: skip

    assert done.code == 0, done.out
    found = json.loads(done.out)
    assert found["breaking"] == 0
    assert {one["is_allowed"] for one in found["changes"] if one["is_breaking"]} == {True}


@pytest.mark.usefixtures("both")
def test_programs_get_json(trivet: Trivet) -> None:
    done = trivet("openapi", "diff", "old.json", "new.yaml", "--json", "--breaking")

    found = json.loads(done.out)
    assert done.code == 1
    assert found["breaking"] == len(found["changes"])
    assert {
        "code": "parameter.required",
        "where": "GET /books",
        "what": "the query parameter `limit` is required now",
        "is_breaking": True,
        "is_allowed": False,
    } in found["changes"]


@pytest.mark.usefixtures("both")
def test_colour_is_there_where_a_terminal_has_it(trivet: Trivet) -> None:
    done = trivet("openapi", "diff", "old.json", "new.yaml", FORCE_COLOR="1")

    assert "\x1b[31m" in done.out


@pytest.mark.usefixtures("both")
def test_two_documents_in_one_place_are_refused(trivet: Trivet) -> None:
    done = trivet("openapi", "diff", "old.json", "new.yaml", "--app", "new.py:app")

    assert done.code == 2
