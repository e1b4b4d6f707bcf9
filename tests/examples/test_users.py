"""examples/users.py over its socket: what is created can be read, and what does not fit is told."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.examples.schema_testing import check_schema
from tests.examples.serving import Example, serving

KATHERINE = {"name": "Katherine Johnson", "email": "katherine@example.org", "age": 101}


@pytest.fixture(scope="module")
def example() -> Iterator[Example]:
    with serving("examples/users.py") as running:
        yield running


@pytest.fixture
def users(example: Example) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=example.url) as client:
        yield client


def create(users: httpx2.Client, **changes: Any) -> dict[str, Any]:
    answer = users.post("/users", json={**KATHERINE, **changes})
    assert answer.status_code == 201, answer.text
    created: dict[str, Any] = answer.json()
    return created


def test_a_created_user_can_be_read(users: httpx2.Client) -> None:
    created = create(users)

    answer = users.get(f"/users/{created['id']}")

    assert (answer.status_code, answer.json()) == (200, created)
    assert {name: created[name] for name in KATHERINE} == KATHERINE
    assert datetime.fromisoformat(created["created_at"]).utcoffset() == timedelta(0)


def test_users_are_listed_page_by_page(users: httpx2.Client) -> None:
    numbers = [create(users)["id"] for _ in range(3)]
    everybody = [user["id"] for user in users.get("/users", params={"limit": 100}).json()]

    page = users.get("/users", params={"limit": 2, "offset": everybody.index(numbers[1])})

    assert [user["id"] for user in page.json()] == numbers[1:]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "Li"),
        ("name", "x" * 100),
        ("name", "Åsa 李"),
        ("email", "first.last+tag@sub.example.org"),
        ("age", 0),
        ("age", 150),
    ],
)
def test_values_at_the_edge_are_taken(users: httpx2.Client, field: str, value: object) -> None:
    assert create(users, **{field: value})[field] == value


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "L"),
        ("name", "x" * 101),
        ("name", "  L  "),
        ("name", None),
        ("email", "nowhere"),
        ("email", "a@b"),
        ("email", "two@@example.org"),
        ("email", "Ada <ada@example.org>, bob@example.org"),
        ("age", -1),
        ("age", 151),
        ("age", 36.5),
        ("age", "thirty"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_place(
    users: httpx2.Client, field: str, value: object
) -> None:
    answer = users.post("/users", json={**KATHERINE, field: value})

    assert answer.status_code == 422
    assert [error["loc"] for error in answer.json()["detail"]] == [["body", field]]


def test_all_that_is_missing_is_told_at_once(users: httpx2.Client) -> None:
    answer = users.post("/users", json={})

    assert answer.status_code == 422
    places = [error["loc"] for error in answer.json()["detail"]]
    assert places == [["body", "name"], ["body", "email"], ["body", "age"]]


def test_a_body_that_is_no_json_is_refused(users: httpx2.Client) -> None:
    answer = users.post("/users", content='{"name": ', headers={"content-type": "application/json"})

    assert answer.status_code == 422


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_a_user_who_is_not_there_is_404(users: httpx2.Client, method: str) -> None:
    answer = users.request(method, "/users/999999", json={} if method == "PATCH" else None)

    assert (answer.status_code, answer.json()) == (404, {"detail": "There is no user 999999"})


def test_a_number_that_is_none_is_422(users: httpx2.Client) -> None:
    assert users.get("/users/ada").status_code == 422
    assert users.get("/users/0").status_code == 422


def test_a_change_keeps_what_was_not_sent(users: httpx2.Client) -> None:
    created = create(users)

    answer = users.patch(f"/users/{created['id']}", json={"age": 37})

    assert (answer.status_code, answer.json()) == (200, {**created, "age": 37})
    assert users.get(f"/users/{created['id']}").json() == answer.json()


def test_a_change_that_does_not_fit_changes_nothing(users: httpx2.Client) -> None:
    created = create(users)

    answer = users.patch(f"/users/{created['id']}", json={"name": "Kate", "age": 151})

    assert answer.status_code == 422
    assert users.get(f"/users/{created['id']}").json() == created


def test_a_deleted_user_is_gone(users: httpx2.Client) -> None:
    path = f"/users/{create(users)['id']}"

    answer = users.delete(path)

    assert (answer.status_code, answer.content) == (204, b"")
    assert users.get(path).status_code == 404


def test_the_first_page_links_to_what_is_there(users: httpx2.Client) -> None:
    page = users.get("/")

    assert page.headers["content-type"].startswith("text/html")
    for path in ("docs", "redoc", "users", "openapi.json"):
        assert f'href="{path}"' in page.text
        assert users.get(f"/{path}").status_code == 200


def test_the_document_shows_examples_and_every_answer(users: httpx2.Client) -> None:
    document = users.get("/openapi.json").json()

    fields = document["components"]["schemas"]["NewUser"]["properties"]
    assert all(field["examples"] for field in fields.values())
    assert set(document["paths"]["/users/{user_id}"]) == {"get", "patch", "delete"}
    assert set(document["paths"]["/users/{user_id}"]["patch"]["responses"]) == {"200", "404", "422"}


@pytest.mark.slow
@pytest.mark.timeout(180)  # bounded by the number of requests, on a busy machine too
def test_generated_requests_are_answered(example: Example, tmp_path: Path) -> None:
    check_schema(example, tmp_path)
