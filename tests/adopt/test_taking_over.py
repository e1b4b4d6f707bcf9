"""Planned accounts, written into each kind of database: all of them, or nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.auth.site import auth_tables
from tests.databases import clean_database
from tests.db.conftest import URLS, address
from trivet.admin.history import changes_in
from trivet.adopt.accounts import AccountPlan, already_there, take_over
from trivet.auth import User
from trivet.db import Database, UniqueViolation

MOMENT = datetime(2020, 1, 2, tzinfo=UTC)


@pytest.fixture(params=list(URLS))
async def database(request: pytest.FixtureRequest) -> AsyncIterator[Database]:
    url = address(request.param)
    bare = Database(url)
    async with clean_database(url, [*auth_tables(bare), changes_in(bare.metadata)]) as found:
        yield found


def account(handle: str, **more: Any) -> dict[str, Any]:
    return {
        "handle": handle, "username": handle, "email": None, "name": "", "password": "!",
        "is_active": True, "is_staff": False, "is_superuser": False, "permissions": [],
        "signed_in_at": MOMENT, "joined_at": MOMENT, **more,
    }  # fmt: skip


def plan() -> AccountPlan:
    line = {
        "at": MOMENT, "model": "user", "key": "", "label": "bob", "action": "add", "handle": "ann",
        "name": "Ann", "by_handle": None, "by_name": None, "changes": {}, "batch": "django-5",
        "request": None, "address": None, "agent": None,
    }  # fmt: skip
    return AccountPlan(
        users=[account("ann", id=40, permissions=["order.add"]), account("bob", id=41)],
        groups=[{"name": "editors", "permissions": ["order.change"]}],
        members=[("bob", "editors")],
        log=[line],
        about_users={0: "bob"},
    )


async def test_everything_is_there_and_known_the_second_time(database: Database) -> None:
    log = changes_in(database.metadata)

    await take_over(plan(), database, User, log)

    known = await already_there(database, User, log)
    assert known.usernames == {"ann", "bob"}
    assert known.groups == {"editors": frozenset({"order.change"})}
    assert known.taken_log == {"django-5"}
    async with database.transaction() as unit:
        bob = await User.where(User.username == "bob").with_(User.groups).one()
        keys = [row[0] for row in await unit.rows(log.select().with_only_columns(log.c.key))]
    assert (bob.id, bob.handle, bob.joined_at, bob.signed_in_at) == (41, "bob", MOMENT, MOMENT)
    assert [group.name for group in bob.groups] == ["editors"]
    assert keys == ["41"]


async def test_keys_go_on_behind_those_that_were_taken(database: Database) -> None:
    await take_over(plan(), database, User, None)

    async with database.transaction():
        new = await User(username="new").save()

    assert new.id > 41


async def test_nothing_is_there_where_one_line_cannot_be(database: Database) -> None:
    broken = plan()
    broken.users.append(account("cat", username="ann"))

    with pytest.raises(UniqueViolation):
        await take_over(broken, database, User, changes_in(database.metadata))

    known = await already_there(database, User, None)
    assert (known.usernames, known.groups) == (frozenset(), {})
