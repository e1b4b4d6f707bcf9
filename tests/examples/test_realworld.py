"""examples/realworld: its own tests on SQLite; served on PostgreSQL, to the published contract."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_urlsafe
from typing import Any, NoReturn

import httpx2
import pytest
import yaml

from tests.databases import own_url
from tests.examples.schema_testing import check_schema
from tests.examples.serving import REPOSITORY, Example, serving

FOLDER = "examples/realworld"
CONTRACT = REPOSITORY.parent / "shared" / "realworld" / "openapi.yml"
POSTGRESQL = os.environ.get("TEST_POSTGRESQL", "postgresql://postgres@127.0.0.1:5432/test")
TIMEOUT = 180.0  # seconds


def run(*words: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, *words],
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONPATH": "src", **environment},
        capture_output=True,
        text=True,
        timeout=TIMEOUT - 10,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


# Two commands in one process, since the application's imports are what it costs.
MIGRATED = f"""
from trivet.cli import main

for words in (["migrate"], ["migrate", "--check"]):
    try:
        main(["--app", "{FOLDER}/app.py", *words])
    except SystemExit as ended:
        assert not ended.code, ended.code
"""


@pytest.mark.timeout(TIMEOUT)
def test_its_own_tests_pass_on_sqlite() -> None:
    written = run("-m", "pytest", "-q", "-n0", f"{FOLDER}/tests", DATABASE_URL="sqlite://")

    assert " passed" in written
    assert "skipped" not in written


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Give the address of a database on PostgreSQL, with the tables that the migration makes."""
    with own_url(POSTGRESQL) as found:
        written = run("-c", MIGRATED, DATABASE_URL=found)
        assert "applied 0001_initial" in written
        assert "are the same" in written  # the models, the migration, and the database
        yield found


@pytest.fixture(scope="module")
def example(address: str) -> Iterator[Example]:
    key = token_urlsafe(32)
    with serving(f"{FOLDER}/app.py", DATABASE_URL=address, SECRET_KEY=key) as running:
        yield running


@contextmanager
def person(example: Example, name: str) -> Iterator[httpx2.Client]:
    """Sign somebody up, and give what sends their requests."""
    new = {"username": name, "email": f"{name}@example.org", "password": "password123"}
    with httpx2.Client(base_url=f"{example.url}/api", timeout=30) as client:
        made = client.post("/users", json={"user": new})
        assert made.status_code == 201, made.text
        client.headers["Authorization"] = f"Token {made.json()['user']['token']}"
        yield client


@pytest.mark.timeout(TIMEOUT)
def test_two_people_write_follow_and_like_on_postgresql(example: Example) -> None:
    with person(example, "Ann") as ann, person(example, "Bob") as bob:
        for title in ("One", "Two"):
            new = {"title": title, "description": "It", "body": "x", "tagList": [title, "all"]}
            assert ann.post("/articles", json={"article": new}).status_code == 201
        two, one = ann.get("/articles?tag=all&author=ann").json()["articles"]
        bob.post("/profiles/Ann/follow")
        bob.post(f"/articles/{one['slug']}/favorite")
        bob.put(f"/articles/{one['slug']}", json={"article": {"body": "mine"}})
        said = bob.post(f"/articles/{one['slug']}/comments", json={"comment": {"body": "Thanks"}})

        feed = bob.get("/articles/feed?limit=1&offset=1").json()
        liked = ann.get("/articles?favorited=bob").json()["articles"]
        comments = ann.get(f"/articles/{one['slug']}/comments").json()["comments"]

    assert (one["title"], two["tagList"]) == ("One", ["Two", "all"])
    assert feed["articlesCount"] == 2
    assert feed["articles"][0]["author"]["following"]
    assert [article["slug"] for article in liked] == [one["slug"]]
    assert (liked[0]["favorited"], liked[0]["favoritesCount"]) == (False, 1)
    assert comments == [said.json()["comment"]]


def test_a_page_of_another_origin_may_call_it(example: Example) -> None:
    asking = {
        "Origin": "http://localhost:4100",
        "Access-Control-Request-Method": "PUT",
        "Access-Control-Request-Headers": "authorization,content-type",
    }

    answer = httpx2.options(f"{example.url}/api/user", headers=asking)

    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == "*"


def test_the_document_says_how_a_token_is_shown(example: Example) -> None:
    document = httpx2.get(f"{example.url}/openapi.json").json()

    assert document["components"]["securitySchemes"]["AccessToken"]["name"] == "Authorization"
    assert document["paths"]["/api/articles/feed"]["get"]["security"]


def corrected(contract: dict[str, Any]) -> dict[str, Any]:
    """Change the contract where its own published tests ask for something else than it says.

    There, errors are told by the names of fields and not under `body` alone; a bio and an image may
    be null; a new comment answers 201, and what is not there, forbidden, or taken 404, 403 and 409.
    (A body that is no UTF-8 is nobody's case; FastAPI's 400 answers it.)
    """
    schemas = contract["components"]["schemas"]
    for name in ("User", "Profile"):
        for one in ("bio", "image"):
            schemas[name]["properties"][one]["type"] = ["string", "null"]
    texts = {"type": "array", "items": {"type": "string"}}
    errors = {"type": "object", "minProperties": 1, "additionalProperties": texts}
    schemas["GenericErrorModel"]["properties"]["errors"] = errors
    also = {"$ref": "#/components/responses/GenericError"}
    for path, operations in contract["paths"].items():
        for operation in operations.values():
            for status in ("400", "403", "404", "409"):
                operation["responses"].setdefault(status, also)
        if path.endswith("/comments"):
            responses = operations["post"]["responses"]
            responses["201"] = responses.pop("200")
    return contract


@pytest.mark.timeout(TIMEOUT)
def test_it_keeps_to_the_published_contract(
    example: Example, tmp_path: Path, missing: Callable[[str], NoReturn]
) -> None:
    if not CONTRACT.exists():
        missing("the contract of RealWorld is not beside the project")
    contract = corrected(yaml.safe_load(CONTRACT.read_text(encoding="utf-8")))
    (tmp_path / "contract.yml").write_text(yaml.safe_dump(contract), encoding="utf-8")

    with person(example, "Eve") as eve:
        token = eve.headers["Authorization"]

    check_schema(
        example,
        tmp_path,
        *("--phases=examples,fuzzing", "--max-examples=8"),
        *("--checks", "not_a_server_error,status_code_conformance,response_schema_conformance"),
        *("--url", f"{example.url}/api", "-H", f"Authorization: {token}"),
        document="contract.yml",
    )
