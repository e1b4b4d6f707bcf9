"""What becomes of Django's accounts: nobody gets a right or an address that was not theirs."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from trivet.adopt import Kind
from trivet.adopt.accounts import DjangoTables, already_there, plan_accounts, read_tables
from trivet.adopt.accounts.planning import AccountPlan, Known
from trivet.auth import User
from trivet.db import Database
from trivet.errors import SetupError


def account(id: int, username: str, email: str = "", **more: Any) -> dict[str, Any]:
    return {"id": id, "username": username, "email": email, "password": "!", **more}


def planned(
    *users: dict[str, Any],
    known: Known | None = None,
    groups: dict[str, list[str]] | None = None,
    members: list[tuple[int, int]] | None = None,
    log_in: str = "username",
) -> AccountPlan:
    given = groups or {}
    names = sorted({one for ones in given.values() for one in ones})
    tables = DjangoTables(
        user_table="auth_user",
        users=list(users),
        groups=[{"id": number, "name": name} for number, name in enumerate(given, 1)],
        memberships=list(members or []),
        user_permissions=[],
        group_permissions=[
            (number, names.index(one))
            for number, ones in enumerate(given.values(), 1)
            for one in ones
        ],
        permissions=[
            {"id": number, "codename": name, "content_type_id": 1}
            for number, name in enumerate(names)
        ],
        content_types=[{"id": 1, "app_label": "shop", "model": "bigorder"}],
        log=[],
    )
    return plan_accounts(tables, known or Known(), [], log_in=log_in)


def test_names_and_addresses_take_the_form_in_which_they_are_found() -> None:
    (one,) = planned(account(1, "Ann.Lee", " Ann@Example.org", first_name="Ann")).users

    assert (one["username"], one["email"], one["name"]) == ("ann.lee", "ann@example.org", "Ann")


def test_name_that_is_an_address_counts_as_one() -> None:
    (one,) = planned(account(1, "ann@example.org")).users

    assert (one["username"], one["email"]) == (None, "ann@example.org")


def test_address_that_two_accounts_share_is_neithers() -> None:
    plan = planned(account(1, "ann", "a@example.org"), account(2, "bob", "A@example.org"))

    assert [one["email"] for one in plan.users] == [None, None]
    assert len([note for note in plan.notes if note.kind is Kind.DECIDE]) == 2


def test_address_of_an_account_that_is_there_is_not_given_to_another() -> None:
    known = Known(emails=frozenset({"a@example.org"}), has_accounts=True)

    (one,) = planned(account(1, "ann", "a@example.org"), known=known).users

    assert one["email"] is None


def test_two_names_that_become_one_are_refused() -> None:
    plan = planned(account(1, "Ann"), account(2, "ann"))

    assert (plan.users, plan.refused) == ([], 2)


def test_account_that_is_there_is_left_as_it_is() -> None:
    known = Known(usernames=frozenset({"ann"}), has_accounts=True)

    plan = planned(
        account(1, "ann", is_superuser=True), known=known, groups={"all": []}, members=[(1, 1)]
    )

    assert (plan.users, plan.members, plan.refused) == ([], [], 0)


def test_account_that_is_there_by_its_address_alone_is_left_as_it_is() -> None:
    known = Known(emails=frozenset({"ann@example.org"}), has_accounts=True)

    plan = planned(account(1, "Ann@example.org"), known=known)

    assert (plan.users, plan.refused) == ([], 0)
    assert [note.what for note in plan.notes] == [
        "1 accounts are there already, and are left as they are"
    ]


def test_group_of_the_same_name_with_other_rights_lets_nobody_in() -> None:
    known = Known(groups={"editors": frozenset({"order.*"})})

    plan = planned(
        account(1, "ann"), known=known, groups={"editors": ["add_bigorder"]}, members=[(1, 1)]
    )

    assert (plan.groups, plan.members, plan.refused) == ([], [], 1)


def test_group_of_the_same_name_and_rights_is_the_same() -> None:
    known = Known(groups={"editors": frozenset({"bigorder.add"})})

    plan = planned(
        account(1, "ann"), known=known, groups={"editors": ["add_bigorder"]}, members=[(1, 1)]
    )

    assert [name for _, name in plan.members] == ["editors"]


def test_permissions_of_ones_own_are_kept_and_guessed_names_are_told() -> None:
    plan = planned(groups={"editors": ["can publish!", "view_bigorder"]})

    assert plan.groups == [
        {"name": "editors", "permissions": ["bigorder.can_publish_", "bigorder.view"]}
    ]
    assert [note.place for note in plan.notes] == ["shop.bigorder"]


def test_keys_stay_only_where_no_account_can_have_them() -> None:
    first, second = account(7, "ann"), account(8, "bob")

    assert [one["id"] for one in planned(first, second).users] == [7, 8]
    assert "id" not in planned(first, known=Known(has_accounts=True)).users[0]


def test_account_that_could_not_sign_in_is_told() -> None:
    plan = planned(account(1, "ann"), log_in="email")

    assert [note.what for note in plan.notes] == ["has no email, by which people sign in"]


async def test_database_without_djangos_accounts_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SetupError) as found:
        await read_tables(Database(f"sqlite:///{tmp_path / 'empty.sqlite'}"))

    assert found.value.code == "adopt.no-accounts"


async def test_moments_without_a_zone_are_in_utc(tmp_path: Path) -> None:
    file = tmp_path / "old.sqlite"
    with sqlite3.connect(file) as old:
        old.execute("CREATE TABLE auth_user (id integer PRIMARY KEY, last_login datetime)")
        old.execute("INSERT INTO auth_user VALUES (1, '2026-02-03 04:05:06.789')")
    old.close()

    tables = await read_tables(Database(f"sqlite:///{file}"))

    assert tables.users[0]["last_login"].isoformat() == "2026-02-03T04:05:06.789000+00:00"
    assert tables.log == []


async def test_application_that_was_not_migrated_is_refused(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'new.sqlite'}")
    try:
        with pytest.raises(SetupError) as found:
            await already_there(database, User, None)
    finally:
        await database.close()

    assert found.value.code == "adopt.no-tables"
    assert found.value.mend.startswith("trivet migrate")
