"""examples/realworld: its own tests on two databases, its migration, the published contract."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import httpx2
import pytest
import yaml

from tests.examples.schema_testing import check_schema
from tests.examples.serving import REPOSITORY, Example, serving

FOLDER = "examples/realworld"
CONTRACT = REPOSITORY.parent / "shared" / "realworld" / "openapi.yml"
POSTGRESQL = os.environ.get("TEST_POSTGRESQL", "postgresql://postgres@127.0.0.1:5432/test")
PERSON = {"username": "Ann", "email": "ann@example.org", "password": "password123"}
TIMEOUT = 180.0  # seconds
ARTICLE = {"title": "How to", "description": "It", "body": "Works", "tagList": ["b", "a"]}


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
@pytest.mark.parametrize(
    ("database", "options"),
    [
        ("sqlite://", ()),
        # What the databases may differ in, on tables that the migration has made.
        (POSTGRESQL, ("-k", "list or favorite", "-o", "trivet_tables=migrations")),
    ],
    ids=["sqlite", "postgresql"],
)
def test_its_own_tests_pass(database: str, options: tuple[str, ...]) -> None:
    written = run("-m", "pytest", "-q", "-n0", f"{FOLDER}/tests", *options, DATABASE_URL=database)

    assert " passed" in written
    assert "skipped" not in written


@pytest.mark.timeout(TIMEOUT)
def test_its_migration_makes_what_its_models_say(tmp_path: Path) -> None:
    database = f"sqlite:///{tmp_path}/conduit.db"

    written = run("-c", MIGRATED, DATABASE_URL=database)

    assert "applied 0001_initial" in written
    assert "are the same" in written


@pytest.fixture(scope="module")
def example() -> Iterator[Example]:
    with serving(f"{FOLDER}/app.py") as running:
        yield running


@pytest.fixture(scope="module")
def token(example: Example) -> str:
    """Sign up, write an article, and give the token of who wrote it."""
    with httpx2.Client(base_url=f"{example.url}/api") as client:
        made = client.post("/users", json={"user": PERSON})
        assert made.status_code == 201, made.text
        token: str = made.json()["user"]["token"]
        client.headers["Authorization"] = f"Token {token}"
        assert client.post("/articles", json={"article": ARTICLE}).status_code == 201
    return token


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
    example: Example, token: str, tmp_path: Path, missing: Callable[[str], NoReturn]
) -> None:
    if not CONTRACT.exists():
        missing("the contract of RealWorld is not beside the project")
    contract = corrected(yaml.safe_load(CONTRACT.read_text(encoding="utf-8")))
    (tmp_path / "contract.yml").write_text(yaml.safe_dump(contract), encoding="utf-8")

    check_schema(
        example,
        tmp_path,
        *("--phases=examples,fuzzing", "--max-examples=8"),
        *("--checks", "not_a_server_error,status_code_conformance,response_schema_conformance"),
        *("--url", f"{example.url}/api", "-H", f"Authorization: Token {token}"),
        document="contract.yml",
    )
