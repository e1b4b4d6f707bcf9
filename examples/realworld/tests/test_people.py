"""Accounts, profiles, and who follows whom."""

from typing import Any

import pytest

from realworld.models import User
from realworld.tests.conftest import Api

ADA = {"username": "Ada", "email": "Ada@Example.org", "password": "password123"}


async def test_who_signs_up_may_sign_in(api: Api, db: Any) -> None:
    made = (await api("POST /users", status=201, user=ADA))["user"]
    found = (await api("POST /users/login", user=ADA))["user"]

    assert made.pop("token")
    assert found.pop("token")
    assert (
        made
        == found
        == {
            "username": "Ada",
            "email": "ada@example.org",
            "bio": None,
            "image": None,
        }
    )


@pytest.mark.parametrize(
    ("change", "status", "text"),
    [
        ({"username": " "}, 422, "can't be blank"),
        ({"username": "a b"}, 422, "Enter a name"),
        ({"email": "ada"}, 422, "Enter an e-mail address"),
        ({"password": "short"}, 422, "too short"),
        ({"username": "ANN"}, 409, "has already been taken"),
        ({"email": "ann@example.org"}, 409, "has already been taken"),
    ],
)
async def test_what_is_wrong_with_an_account_is_told_by_field(
    api: Api, ann: User, change: dict[str, str], status: int, text: str
) -> None:
    told = (await api("POST /users", status=status, user=ADA | change))["errors"]

    assert list(told) == list(change)
    assert text in told[next(iter(change))][0]


async def test_nobody_signs_in_by_a_wrong_password(api: Api, ann: User) -> None:
    wrong = {"email": "ann@example.org", "password": "password123"}

    answer = await api("POST /users/login", status=401, user=wrong)

    assert answer == {"errors": {"credentials": ["invalid"]}}


async def test_ones_own_account_is_shown_and_changed(api: Api, ann: User) -> None:
    changed = await api("PUT /user", by=ann, user={"bio": "I write.", "username": "Anna"})

    assert changed["user"]["bio"] == "I write."
    assert (await api("GET /user", by=ann))["user"]["username"] == "Anna"
    assert (await api("PUT /user", by=ann, user={"bio": ""}))["user"]["bio"] is None
    await api("PUT /user", by=ann, status=422, user={"email": None})


async def test_a_new_password_ends_the_old_tokens(api: Api, async_client: Any, db: Any) -> None:
    old = (await api("POST /users", status=201, user=ADA))["user"]["token"]
    headers = {"Authorization": f"Token {old}"}
    change = {"user": {"password": "another one"}}

    new = (await async_client.put("/api/user", headers=headers, json=change)).json()

    assert (await async_client.get("/api/user", headers=headers)).status_code == 401
    headers = {"Authorization": f"Token {new['user']['token']}"}
    assert (await async_client.get("/api/user", headers=headers)).status_code == 200
    await api("POST /users/login", user=ADA | change["user"])


async def test_following_shows_to_the_follower_alone(api: Api, ann: User, bob: User) -> None:
    for _ in range(2):  # the second time changes nothing
        followed = await api("POST /profiles/Bob/follow", by=ann)
        assert followed["profile"] == {
            "username": "Bob",
            "bio": None,
            "image": None,
            "following": True,
        }

    assert (await api("GET /profiles/bob", by=ann))["profile"]["following"]
    assert not (await api("GET /profiles/bob"))["profile"]["following"]
    assert not (await api("DELETE /profiles/bob/follow", by=ann))["profile"]["following"]


@pytest.mark.parametrize(
    "line",
    ["GET /user", "PUT /user", "POST /profiles/ann/follow", "GET /articles/feed", "POST /articles"],
)
async def test_nobody_is_told_that_a_token_is_missing(api: Api, ann: User, line: str) -> None:
    assert await api(line, status=401) == {"errors": {"token": ["is missing"]}}


async def test_a_profile_that_nobody_has_is_not_found(api: Api, db: Any) -> None:
    assert await api("GET /profiles/x", status=404) == {"errors": {"profile": ["not found"]}}
