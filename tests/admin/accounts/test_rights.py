"""Accounts in the admin: nobody gives what they do not have, and nobody takes over an account."""

from __future__ import annotations

from typing import Any

import pytest

from tests.admin.history.conftest import written
from tests.admin.history.test_pages import told
from tests.admin.shop import Shop
from tests.auth.site import PASSWORD
from trivet.auth import Group, User

RIGHTS = ["user.view", "user.add", "user.change", "user.delete", "group.*", "adm_artist.view"]


async def account(shop: Shop, email: str, **values: Any) -> Any:
    return await shop.person(email, **values)


async def stored(shop: Shop, email: str) -> Any:
    async with shop.database.own_transaction():
        return await User.where(email=email).with_(User.groups).first()


@pytest.mark.parametrize(
    "given",
    [
        {"is_superuser": "true"},
        {"is_staff": "true"},
        {"permissions": ["adm_record.view"]},
        {"permissions": ["*"]},
        {"permissions": ["user.*"]},
        {"roles": ["editor"]},
        {"roles": ["unknown"]},
    ],
)
async def test_staff_does_not_give_what_they_do_not_hold(shop: Shop, given: dict[str, Any]) -> None:
    bob = await account(shop, "bob@example.org")
    ann = await shop.staff(*RIGHTS)
    me = await stored(shop, "ann@example.org")

    for row in (bob, me):
        await ann.post(
            f"/admin/user/{row.id}", data={"email": row.email, "is_active": "true", **given}
        )
    await ann.post(
        "/admin/user/add", data={"email": "new@example.org", "is_active": "true", **given}
    )

    for email in ("bob@example.org", "ann@example.org", "new@example.org"):
        found = await stored(shop, email)
        if found is None:
            continue
        assert not found.is_superuser
        assert found.is_staff is (email == "ann@example.org")
        assert found.permissions == (RIGHTS if email == "ann@example.org" else [])
        assert found.roles == []


async def test_staff_gives_what_they_hold(shop: Shop) -> None:
    bob = await account(shop, "bob@example.org")
    ann = await shop.staff(*RIGHTS)

    answer = await ann.post(
        f"/admin/user/{bob.id}",
        data={
            "email": "Bob@Example.org",
            "is_active": "true",
            "permissions": ["adm_artist.view", "group.change"],
        },
    )

    assert answer.status_code == 303, told(answer.text)
    found = await stored(shop, "bob@example.org")
    assert found.permissions == ["adm_artist.view", "group.change"]


async def test_staff_does_not_put_anybody_into_a_group_of_more_rights(shop: Shop) -> None:
    bob = await account(shop, "bob@example.org")
    async with shop.database.own_transaction():
        strong = await Group.create(name="strong", permissions=["adm_record.delete"])
        weak = await Group.create(name="weak", permissions=["adm_artist.view"])
    ann = await shop.staff(*RIGHTS)
    form = {"email": "bob@example.org", "is_active": "true"}

    refused = await ann.post(f"/admin/user/{bob.id}", data={**form, "groups": [str(strong.id)]})
    taken = await ann.post(f"/admin/user/{bob.id}", data={**form, "groups": [str(weak.id)]})

    assert (refused.status_code, taken.status_code) == (403, 303)
    assert [one.name for one in (await stored(shop, "bob@example.org")).groups] == ["weak"]


async def test_staff_does_not_give_a_group_what_they_do_not_hold(shop: Shop) -> None:
    ann = await shop.staff(*RIGHTS)

    added = await ann.post("/admin/group/add", data={"name": "all", "permissions": ["*"]})

    assert added.status_code == 403
    async with shop.database.own_transaction():
        assert await Group.where().count() == 0


@pytest.mark.parametrize(
    "values",
    [
        {"is_superuser": True},
        {"is_staff": True, "permissions": ["adm_record.delete"]},
        {"permissions": ["adm_record.delete"]},
        {"roles": ["editor"]},
    ],
)
async def test_an_account_of_more_rights_is_not_taken_over(
    shop: Shop, values: dict[str, Any]
) -> None:
    bob = await account(shop, "bob@example.org", **values)
    ann = await shop.staff(*RIGHTS)
    url = f"/admin/user/{bob.id}"

    answers = [
        await ann.post(url, data={"email": "ann2@example.org", "is_active": "true"}),
        await ann.post(f"{url}/account", data={"do": "password", "password": "nine tall birches"}),
        await ann.post(f"{url}/account", data={"do": "end-sessions"}),
        await ann.post(f"{url}/delete"),
        await ann.get(f"{url}/account"),
    ]

    assert {one.status_code for one in answers} == {403}
    assert (await stored(shop, "bob@example.org")).password == bob.password


async def test_a_superuser_gives_rights_and_the_history_says_so(shop: Shop) -> None:
    bob = await account(shop, "bob@example.org")
    root = await shop.root()

    page = (await root.get(f"/admin/user/{bob.id}")).text
    answer = await root.post(
        f"/admin/user/{bob.id}",
        data={
            "email": "bob@example.org",
            "is_active": "true",
            "is_staff": "true",
            "permissions": ["adm_record.*", "reports.read"],
            "roles": ["editor"],
        },
    )

    assert 'value="adm_record.*"' in page
    assert 'value="editor"' in page
    assert bob.password not in page
    assert answer.status_code == 303, told(answer.text)
    found = await stored(shop, "bob@example.org")
    assert (found.is_staff, found.roles) == (True, ["editor"])
    (entry,) = await written(shop.database)
    assert entry.changes["is_staff"] == [False, True]
    assert entry.changes["permissions"][1] == {"json": ["adm_record.*", "reports.read"]}


async def test_a_permission_that_is_no_name_of_one_is_refused(shop: Shop) -> None:
    bob = await account(shop, "bob@example.org")
    root = await shop.root()

    answer = await root.post(
        f"/admin/user/{bob.id}",
        data={"email": "bob@example.org", "is_active": "true", "permissions": ["Sudo!"]},
    )

    assert answer.status_code == 422


async def test_a_password_is_set_and_never_shown(shop: Shop) -> None:
    bob = await shop.signed_in("bob@example.org")
    key = (await stored(shop, "bob@example.org")).id
    root = await shop.root()
    url = f"/admin/user/{key}/account"

    weak = await root.post(url, data={"do": "password", "password": "password"})
    answer = await root.post(url, data={"do": "password", "password": "nine tall birches"})

    assert (weak.status_code, answer.status_code) == (422, 303)
    assert "nine tall birches" not in (await root.get(f"/admin/user/{key}/history")).text
    assert (await bob.get("/auth/me")).status_code == 401  # its sessions ended
    client = shop.client()
    old = await client.post(
        "/auth/sign-in", json={"log_in": "bob@example.org", "password": PASSWORD}
    )
    assert old.status_code == 401
    assert [one.action for one in await written(shop.database)] == ["password"]


async def test_sign_in_events_are_read_and_changed_by_nobody(shop: Shop) -> None:
    root = await shop.root()

    listed = (await root.get("/admin/security-event/")).text
    answers = [
        await root.get("/admin/security-event/add"),
        await root.post("/admin/security-event/1", data={"kind": "x"}),
        await root.post("/admin/security-event/1/delete"),
    ]

    assert "signed-in" in listed
    assert "/admin/security-event/add" not in listed
    assert [one.status_code for one in answers] == [403, 403, 403]
