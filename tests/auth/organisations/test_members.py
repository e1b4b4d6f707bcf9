"""Members: what each may, leaving and removing, and that there is an owner at all times."""

from __future__ import annotations

import asyncio

import pytest

from tests.auth.organisations.team import ROLES, Plan, Team
from trivet import Router
from trivet.auth import Identity
from trivet.auth.organisations import (
    CurrentMembership,
    CurrentOrganisation,
    Membership,
    Organisation,
    OrganisationRoles,
    Organisations,
    requires_in_organisation,
)
from trivet.errors import SetupError


async def test_who_makes_an_organisation_owns_it(team: Team) -> None:
    ann, path = await team.founded()

    answer = await ann.get(path)

    assert answer.json()["role"] == "owner"
    assert answer.json()["permissions"] == ["*"]
    assert [one["name"] for one in (await ann.get("/auth/organisations")).json()] == ["Acme"]
    assert (await team.trail())[-1] == "organisation-created"


async def test_who_is_no_member_is_told_what_is_told_where_there_is_none(team: Team) -> None:
    _, path = await team.founded()
    await team.make("bob@example.org")
    bob = await team.signed_in("bob@example.org")
    handle = path.rpartition("/")[2]
    for method, rest in (
        *(("GET", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "/leave"), ("POST", "/transfer")),
        *(("GET", "/members"), ("PATCH", "/members/x"), ("DELETE", "/members/x")),
        *(("GET", "/invitations"), ("POST", "/invitations"), ("DELETE", "/invitations/x")),
    ):
        bodies = {"PATCH": {"name": "x"} if not rest else {"role": "guest"}}
        bodies["POST"] = {"email": "x@y.z", "role": "guest"}
        if rest == "/transfer":
            bodies["POST"] = {"to": "x", "role": "guest"}
        answers = [
            await bob.request(method, f"/auth/organisations/{one}{rest}", json=bodies.get(method))
            for one in (handle, "A" * 22, handle.swapcase(), "x" * 40, "é")
        ]
        said = {(one.status_code, one.text, tuple(sorted(one.headers))) for one in answers}
        assert len(said) == 1, (method, rest, said)
        assert answers[0].status_code == 404
    assert (await bob.get("/auth/organisations")).json() == []
    assert (await team.client().get(path)).status_code == 401


async def test_a_role_gives_what_it_names_and_nothing_else(team: Team) -> None:
    ann, path = await team.founded()
    guest, handle = await team.joined(ann, path, "guest@example.org", "guest")

    assert (await guest.get(f"{path}/members")).status_code == 200
    refused = [
        await guest.patch(path, json={"name": "Mine"}),
        await guest.delete(path),
        await guest.get(f"{path}/invitations"),
        await guest.post(f"{path}/invitations", json={"email": "x@y.org", "role": "guest"}),
        await guest.patch(f"{path}/members/{handle}", json={"role": "admin"}),
        await guest.delete(f"{path}/members/{handle}"),
        await guest.post(f"{path}/transfer", json={"to": handle, "role": "guest"}),
    ]
    assert {answer.status_code for answer in refused} == {403}


async def test_nobody_makes_more_of_anybody_than_they_are(team: Team) -> None:
    ann, path = await team.founded()
    admin, handle = await team.joined(ann, path, "admin@example.org", "admin")
    owner = next(user for user, role in (await team.roles()).items() if role == "owner")

    refused = [
        await admin.patch(f"{path}/members/{handle}", json={"role": "owner"}),
        await admin.post(f"{path}/invitations", json={"email": "x@y.org", "role": "owner"}),
        await admin.patch(f"{path}/members/{owner}", json={"role": "guest"}),
        await admin.delete(f"{path}/members/{owner}"),
        await admin.post(f"{path}/transfer", json={"to": handle, "role": "guest"}),
    ]

    assert {answer.status_code for answer in refused} == {403}
    assert (await team.roles())[owner] == "owner"
    unknown = await admin.patch(f"{path}/members/{handle}", json={"role": "emperor"})
    assert unknown.status_code == 422
    nobody = await admin.patch(f"{path}/members/nobody", json={"role": "guest"})
    assert nobody.status_code == 404


async def test_members_leave_and_are_removed(team: Team) -> None:
    ann, path = await team.founded()
    bob, _ = await team.joined(ann, path, "bob@example.org", "guest")
    carl, carls = await team.joined(ann, path, "carl@example.org", "writer")
    changed = await ann.patch(f"{path}/members/{carls}", json={"role": "admin"})
    assert changed.status_code == 200

    assert (await bob.post(f"{path}/leave")).status_code == 204
    assert (await ann.delete(f"{path}/members/{carls}")).status_code == 204

    assert {(await one.get(path)).status_code for one in (bob, carl)} == {404}
    assert list((await team.roles()).values()) == ["owner"]
    assert (await team.trail())[-3:] == ["role-changed", "member-left", "member-removed"]


async def test_the_last_owner_stays(team: Team) -> None:
    ann, path = await team.founded()
    mine = next(iter(await team.roles()))
    _, bobs = await team.joined(ann, path, "bob@example.org", "owner")
    async with team.auth.database.own_transaction():
        user = await team.auth.accounts.by_handle(bobs)
        assert user is not None
        await user.update(is_active=False)

    refused = [
        await ann.post(f"{path}/leave"),
        await ann.delete(f"{path}/members/{mine}"),
        await ann.patch(f"{path}/members/{mine}", json={"role": "guest"}),
    ]

    assert {answer.status_code for answer in refused} == {409}
    assert "owner" in refused[0].json()["detail"]


async def test_of_two_owners_who_leave_at_once_one_stays(team: Team) -> None:
    ann, path = await team.founded()
    bob, _ = await team.joined(ann, path, "bob@example.org", "owner")

    answers = await asyncio.gather(ann.post(f"{path}/leave"), bob.post(f"{path}/leave"))

    assert sorted(answer.status_code for answer in answers) == [204, 409]
    assert list((await team.roles()).values()) == ["owner"]


async def test_ownership_goes_to_another_member_and_leaves_a_role(team: Team) -> None:
    ann, path = await team.founded()
    mine = next(iter(await team.roles()))
    _, bobs = await team.joined(ann, path, "bob@example.org", "guest")

    for given in ({"to": "nobody", "role": "guest"}, {"to": mine, "role": "guest"}):
        assert (await ann.post(f"{path}/transfer", json=given)).status_code == 404
    done = await ann.post(f"{path}/transfer", json={"to": bobs, "role": "admin"})

    assert done.status_code == 200
    assert await team.roles() == {mine: "admin", bobs: "owner"}
    assert (await ann.post(f"{path}/leave")).status_code == 204


async def test_what_ends_or_gives_away_an_organisation_asks_for_a_recent_sign_in(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, path = await team.founded()
    monkeypatch.setattr(team.auth, "recent", -1.0)

    for answer in (
        await ann.delete(path),
        await ann.post(f"{path}/transfer", json={"to": "x", "role": "guest"}),
    ):
        assert (answer.status_code, answer.headers["x-auth-required"]) == (403, "recent-login")


async def test_a_deleted_organisation_leaves_nothing(team: Team) -> None:
    ann, path = await team.founded()
    await ann.post(f"{path}/invitations", json={"email": "bob@example.org", "role": "guest"})
    token = team.token()

    assert (await ann.delete(path)).status_code == 204

    assert (await ann.get(path)).status_code == 404
    assert await team.roles() == {}
    looked = await team.client().post("/auth/invitations/look", json={"token": token})
    assert looked.status_code == 400


async def test_lists_and_single_rows_are_those_of_ones_organisations(team: Team) -> None:
    ann, path = await team.founded()
    _, guests = await team.joined(ann, path, "guest@example.org", "guest")
    _, writers = await team.joined(ann, path, "writer@example.org", "writer")
    await team.make("other@example.org")
    async with team.auth.database.own_transaction():
        here = (await Organisation.all())[0]
        there = await Organisation(name="Other").save()
        mine = await Plan.create(title="mine", organisation_id=here.id)
        theirs = await Plan.create(title="theirs", organisation_id=there.id)
        guest = await team.auth.accounts.by_handle(guests)
        writer = await team.auth.accounts.by_handle(writers)
        other = await team.auth.accounts.by_email("other@example.org")
        for action, user, expected in (
            *(("view", guest, ["mine"]), ("view", writer, ["mine"]), ("view", other, [])),
            *(("change", guest, []), ("change", writer, ["mine"]), ("change", other, [])),
        ):
            rows = await (await team.auth.deciding.reachable(user, action, Plan.all()))
            assert [row.title for row in rows] == expected, action
            for row in (mine, theirs):
                assert await team.auth.can(user, action, row) is (row.title in expected)
        moved = await Plan.get(theirs.id)
        moved.organisation_id = here.id
        assert not await team.auth.can(writer, "change", moved)


async def test_a_membership_that_is_not_stored_lets_nobody_see_others(team: Team) -> None:
    await team.founded()
    await team.make("mallory@example.org")
    async with team.auth.database.own_transaction():
        here = (await Organisation.all())[0]
        mallory = await team.auth.accounts.by_email("mallory@example.org")
        assert mallory is not None
        made_up = Membership(organisation_id=here.id, user=mallory.handle, role="owner")

        assert not await team.auth.can(mallory, "view", made_up)


async def test_handlers_ask_by_path_or_by_header(team: Team) -> None:
    router = Router()

    @router.get("/plans", dependencies=[requires_in_organisation("plan.change")])
    async def plans(organisation: CurrentOrganisation, member: CurrentMembership) -> list[str]:
        return [organisation.name, member.role]

    @router.get("/of/{organisation}")
    async def named(found: CurrentOrganisation) -> str:
        return found.name

    team.app.include_router(router)
    ann, path = await team.founded()
    handle = path.rpartition("/")[2]
    guest, _ = await team.joined(ann, path, "guest@example.org", "guest")
    header = {"x-organisation": handle}

    assert (await ann.get("/plans")).status_code == 400
    assert (await ann.get("/plans", headers=header)).json() == ["Acme", "owner"]
    assert (await guest.get("/plans", headers=header)).status_code == 403
    assert (await guest.get(f"/of/{handle}")).json() == "Acme"
    other = {"x-organisation": "A" * 22}
    assert (await guest.get(f"/of/{handle}", headers=other)).json() == "Acme"
    assert (await guest.get("/of/" + "A" * 22, headers=header)).status_code == 404


async def test_scopes_limit_what_a_role_gives(team: Team) -> None:
    await team.founded()
    async with team.auth.database.own_transaction():
        here = (await Organisation.all())[0]
        ann = await team.auth.accounts.by_email("ann@example.org")
        narrow = Identity(ann, "token", scopes=frozenset({"plan.*"}))

        assert await team.organisations.can(narrow, here, "plan.change")
        assert not await team.organisations.can(narrow, here, "member.invite")
        assert await team.organisations.can(ann, here, "member.invite")
        assert not await team.organisations.can(None, here, "member.invite")


async def test_a_superuser_is_no_member(team: Team) -> None:
    _, path = await team.founded()
    await team.make("root@example.org", is_superuser=True)
    root = await team.signed_in("root@example.org")

    assert (await root.get(path)).status_code == 404


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "a\x00b", "\u202eemca", "x" * 101])
async def test_a_name_is_one_line(team: Team, name: str) -> None:
    await team.make()
    ann = await team.signed_in()

    answer = await ann.post("/auth/organisations", json={"name": name})

    assert answer.status_code == 422


async def test_what_is_sent_besides_does_not_come_in(team: Team) -> None:
    ann, path = await team.founded()
    more = {"handle": "x", "id": 1, "created_at": None, "role": "owner"}
    for extra, value in more.items():
        for answer in (
            await ann.post("/auth/organisations", json={"name": "B", extra: value}),
            await ann.patch(path, json={"name": "B", extra: value}),
        ):
            assert answer.status_code == 422, extra


@pytest.mark.parametrize(
    "roles", [{"owner": ["*"]}, {"": []}, {"two words": []}, {"x" * 51: []}, {"admin": "member.*"}]
)
def test_roles_that_cannot_be_are_told(roles: dict[str, list[str]]) -> None:
    with pytest.raises(SetupError) as caught:
        OrganisationRoles(roles)
    assert caught.value.code == "auth.organisation-role"


def test_a_role_holds_what_it_gives() -> None:
    roles = OrganisationRoles(ROLES)

    assert roles.names == ("owner", "admin", "writer", "guest")
    assert roles.with_permission("plan.change") == ("owner", "admin", "writer")
    assert roles.may_give("admin", "writer")
    assert not roles.may_give("writer", "admin")
    assert not roles.may_give("gone", "guest")
    with pytest.raises(SetupError):
        roles.with_permission("No Name")


async def test_without_the_part_the_dependency_says_what_to_write(team: Team) -> None:
    @team.app.get("/here")
    async def here(organisation: CurrentOrganisation) -> str:
        return organisation.name

    await team.make()
    ann = await team.signed_in()
    team.app.parts.pop(Organisations)

    with pytest.raises(SetupError) as caught:
        await ann.get("/here", headers={"x-organisation": "x"})
    assert caught.value.code == "auth.no-organisations"
