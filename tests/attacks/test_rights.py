"""Rights: what nobody gave comes from no name, no pattern, no group and no scope."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.attacks.target import Target
from trivet.auth import Group, Identity
from trivet.auth.permissions.names import covers

_WORDS = st.lists(st.sampled_from(["post", "posts", "change", "user", "x"]), min_size=1, max_size=4)


@given(_WORDS, _WORDS)
def test_a_pattern_covers_whole_words_alone(held: list[str], asked: list[str]) -> None:
    pattern, name = ".".join(held) + ".*", ".".join(asked)

    assert covers([pattern], name) is (asked[: len(held)] == held and len(asked) > len(held))
    assert covers([".".join(held)], name) is (held == asked)


@pytest.mark.parametrize(
    "held", ["", ".*", "**", "*.*", "*.change", "post.change*", "post*", "%", "_"]
)
def test_what_is_no_pattern_covers_nothing(held: str) -> None:
    assert not covers([held], "post.change")


async def test_a_role_that_the_code_does_not_declare_gives_nothing(target: Target) -> None:
    target.auth.rules.role("editor", ["post.change"])
    await target.make("a@example.org", roles=["editor"])
    await target.make("b@example.org", roles=["admin", "Editor", "editor ", "*", "post.change"])
    async with target.auth.database.own_transaction():
        editor = await target.auth.accounts.by_email("a@example.org")
        other = await target.auth.accounts.by_email("b@example.org")
        assert await target.auth.can(editor, "post.change")
        assert not await target.auth.can(other, "post.change")


async def test_a_group_that_is_gone_gives_nothing(target: Target) -> None:
    await target.make()
    async with target.auth.database.own_transaction():
        user: Any = await target.auth.accounts.by_email("ann@example.org")
        group = await Group(name="editors", permissions=["post.*"]).save()
        user = await target.auth.user.where(id=user.id).with_("groups").one()
        user.groups.append(group)
        await target.auth.user.save(user)
    async with target.auth.database.own_transaction():
        user = await target.auth.accounts.by_email("ann@example.org")
        assert await target.auth.can(user, "post.change")
        await Group.where(name="editors").delete()
    async with target.auth.database.own_transaction():
        user = await target.auth.accounts.by_email("ann@example.org")
        assert not await target.auth.can(user, "post.change")


@pytest.mark.parametrize("scopes", [(), ("post.read",), ("post",), ("post.change.price",), ("",)])
async def test_no_scope_gives_what_it_does_not_name(
    target: Target, scopes: tuple[str, ...]
) -> None:
    await target.make(is_superuser=True)
    async with target.auth.database.own_transaction():
        root = await target.auth.accounts.by_email("ann@example.org")
        asked = Identity(root, "token", scopes=frozenset(scopes))
        assert await target.auth.can(root, "post.change")
        assert not await target.auth.can(asked, "post.change")
        rows = await (await target.auth.deciding.reachable(asked, "view", Group.all()))
        assert rows == []


async def test_who_acts_as_another_keeps_nothing_of_their_own(target: Target) -> None:
    await target.make(permissions=["users.impersonate", "post.*"])
    customer = await target.make("customer@example.org")
    browser = await target.signed_in()
    assert (
        await browser.post("/auth/impersonation", json={"handle": customer.handle})
    ).status_code == 200

    for _ in range(2):
        answer = await browser.post("/auth/impersonation", json={"handle": customer.handle})
        assert answer.status_code == 403
    session = (await browser.get("/auth/sessions")).json()
    assert all(one["address"] != "" for one in session)
    ended = await browser.delete("/auth/sessions/x")
    assert ended.status_code == 403
