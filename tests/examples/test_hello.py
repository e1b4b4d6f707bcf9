"""examples/hello.py, called as its docstring says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests.examples.schema_testing import check_schema
from tests.examples.serving import Example, serving


@pytest.fixture(scope="module")
def hello() -> Iterator[Example]:
    with serving("examples/hello.py") as example:
        yield example


def test_hello_greets_by_name(hello: Example) -> None:
    answer = httpx2.get(f"{hello.url}/hello/Ada")

    assert (answer.status_code, answer.json()) == (200, {"message": "Hello Ada"})


def test_names_of_any_script_are_greeted(hello: Example) -> None:
    assert httpx2.get(f"{hello.url}/hello/Åsa 李").json() == {"message": "Hello Åsa 李"}


def test_what_is_not_there_is_told(hello: Example) -> None:
    assert httpx2.get(f"{hello.url}/goodbye").status_code == 404
    assert httpx2.post(f"{hello.url}/hello/Ada").status_code == 405


def test_documentation_is_served(hello: Example) -> None:
    assert httpx2.get(f"{hello.url}/docs").headers["content-type"].startswith("text/html")


@pytest.mark.slow
@pytest.mark.timeout(180)  # bounded by the number of requests, on a busy machine too
def test_generated_requests_are_answered(hello: Example, tmp_path: Path) -> None:
    check_schema(hello, tmp_path)
