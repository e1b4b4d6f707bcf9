"""Who may do what: one answer for rows, lists, fields, permissions."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import ColumnElement, or_

from tests.auth.site import Essay, Site, auth_tables
from trivet import App, Part
from trivet.auth import Can, Group, Identity, Rules, User, permission_name, requires
from trivet.auth.current import Knowing
from trivet.auth.identity import Means
from trivet.auth.permissions.deciding import Deciding
from trivet.auth.permissions.names import covers
from trivet.db import Database, Model
from trivet.errors import SetupError
from trivet.testing import TestClient


@pytest.fixture
async def unit(database: Database) -> AsyncIterator[None]:
    async with database.own_transaction():
        yield


def own(user: User) -> ColumnElement[bool]:
    return Essay.owner_id == user.id


@pytest.mark.usefixtures("unit")
async def test_a_condition_is_asked_for_rows_and_for_lists(site: Site) -> None:
    ann = await site.auth.accounts.make(email="ann@example.org")
    bob = await site.auth.accounts.make(email="bob@example.org")
    site.auth.rules.allow("change", Essay)(own)
    hers = await Essay.create(title="hers", owner_id=ann.id)
    his = await Essay.create(title="his", owner_id=bob.id)
    nobodys = await Essay.create(title="nobody's")

    assert await site.auth.can(ann, "change", hers)
    assert not await site.auth.can(ann, "change", his)
    assert not await site.auth.can(ann, "change", nobodys)
    assert await site.auth.can(ann, "change", Essay)
    assert not await site.auth.can(ann, "delete", Essay)
    assert not await site.auth.can(None, "change", hers)
    query = await site.auth.deciding.reachable(ann, "change", Essay.all())
    assert [essay.title for essay in await query] == ["hers"]
    assert await (await site.auth.deciding.reachable(None, "change", Essay.all())) == []


@pytest.mark.usefixtures("unit")
async def test_what_is_changed_and_not_stored_gives_no_right(site: Site) -> None:
    ann = await site.auth.accounts.make(email="ann@example.org")
    site.auth.rules.allow("change", Essay)(own)
    essay = await Essay.create(title="nobody's")

    essay.owner_id = ann.id

    assert not await site.auth.can(ann, "change", essay)


@pytest.mark.usefixtures("unit")
async def test_a_new_row_is_asked_about_as_it_is(site: Site) -> None:
    ann = await site.auth.accounts.make(email="ann@example.org")
    site.auth.rules.allow("add", Essay)(own)

    assert await site.auth.can(ann, "add", Essay(title="hers", owner_id=ann.id))
    assert not await site.auth.can(ann, "add", Essay(title="x", owner_id=ann.id + 1))
    assert not await site.auth.can(ann, "add", Essay(title="x"))


@pytest.mark.usefixtures("unit")
async def test_a_function_tells_of_single_rows_and_lists_say_that_they_cannot_ask_it(
    site: Site,
) -> None:
    ann = await site.auth.accounts.make(email="ann@example.org")

    @site.auth.rules.allow("change", Essay)
    async def short(user: Any, essay: Any) -> bool:
        return len(essay.title) < 4

    assert await site.auth.can(ann, "change", await Essay.create(title="abc"))
    assert not await site.auth.can(ann, "change", await Essay.create(title="abcd"))
    with pytest.raises(SetupError, match="single rows alone") as caught:
        await site.auth.deciding.reachable(ann, "change", Essay.all())
    assert caught.value.code == "auth.rule-not-for-lists"


@pytest.mark.usefixtures("unit")
async def test_what_is_denied_is_denied_to_superusers_too(site: Site) -> None:
    root = await site.auth.accounts.make(email="root@example.org", is_superuser=True)

    @site.auth.rules.deny("delete", Essay)
    def public(user: Any) -> ColumnElement[bool]:
        return Essay.is_public.is_(True)

    shown = await Essay.create(title="a", is_public=True)
    hidden = await Essay.create(title="b")

    assert await site.auth.can(root, "delete", hidden)
    assert not await site.auth.can(root, "delete", shown)
    query = await site.auth.deciding.reachable(root, "delete", Essay.all())
    assert [essay.title for essay in await query] == ["b"]


@pytest.mark.usefixtures("unit")
async def test_rights_come_from_the_account_its_roles_and_its_groups(site: Site) -> None:
    site.auth.rules.role("reader", ["essay.view"])
    site.auth.rules.role("editor", ["essay.*"])
    group = await Group.create(name="editors", roles=["editor"], permissions=["reports.read"])
    make = site.auth.accounts.make
    by_self = await make(email="a@example.org", permissions=["essay.view"])
    by_role = await make(email="b@example.org", roles=["reader", "no longer declared"])
    by_group = await make(email="c@example.org", groups=[group])

    assert await site.auth.can(by_self, "essay.view")
    assert await site.auth.can(by_role, "view", Essay)
    assert not await site.auth.can(by_role, "change", Essay)
    assert await site.auth.can(by_group, "change", await Essay.create(title="any"))
    assert await site.auth.can(by_group, "reports.read")
    assert not await site.auth.can(by_role, "reports.read")


@pytest.mark.usefixtures("unit")
async def test_an_account_that_is_not_active_may_nothing(site: Site) -> None:
    was = await site.auth.accounts.make(
        email="a@example.org", is_superuser=True, is_active=False, permissions=["*"]
    )
    site.auth.rules.allow("change", Essay)(own)
    essay = await Essay.create(title="x", owner_id=was.id)

    assert not await site.auth.can(was, "change", essay)
    assert not await site.auth.can(was, "reports.read")
    assert await (await site.auth.deciding.reachable(was, "change", Essay.all())) == []


@pytest.mark.usefixtures("unit")
async def test_scopes_limit_a_superuser_whose_token_it_is(site: Site) -> None:
    root = await site.auth.accounts.make(email="root@example.org", is_superuser=True)
    identity = Identity(root, "token", scopes=frozenset({"essay.view"}))
    await Essay.create(title="x")

    assert await site.auth.can(identity, "view", Essay)
    assert not await site.auth.can(identity, "change", Essay)
    assert await (await site.auth.deciding.reachable(identity, "change", Essay.all())) == []


@pytest.mark.usefixtures("unit")
async def test_a_field_that_a_rule_names_is_for_those_whom_it_allows(site: Site) -> None:
    ann = await site.auth.accounts.make(email="ann@example.org", permissions=["essay.view"])
    boss = await site.auth.accounts.make(
        email="boss@example.org", permissions=["essay.view", "essay.view.owner_id"]
    )
    site.auth.rules.allow("view", Essay, fields=["owner_id"])(own)
    hers = await Essay.create(title="hers", owner_id=ann.id)
    other = await Essay.create(title="other")

    assert await site.auth.can(ann, "view", other, "title")
    assert await site.auth.can(ann, "view", hers, "owner_id")
    assert not await site.auth.can(ann, "view", other, "owner_id")
    assert await site.auth.can(boss, "view", other, "owner_id")


@pytest.mark.usefixtures("unit")
async def test_nobody_is_asked_about_unless_a_rule_says_so(site: Site) -> None:
    @site.auth.rules.allow("view", Essay, anonymous=True)
    def public(user: Any) -> ColumnElement[bool]:
        return Essay.is_public.is_(True)

    shown = await Essay.create(title="a", is_public=True)
    hidden = await Essay.create(title="b")

    assert await site.auth.can(None, "view", shown)
    assert not await site.auth.can(None, "view", hidden)
    query = await site.auth.deciding.reachable(None, "view", Essay.all())
    assert [essay.title for essay in await query] == ["a"]


_ROWS = st.lists(st.tuples(st.booleans(), st.sampled_from([None, 0, 1])), max_size=6)


@given(rows=_ROWS, denies=st.booleans())
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
async def test_lists_and_single_rows_agree(
    made_database: Database, rows: list[tuple[bool, int | None]], denies: bool
) -> None:
    rules = Rules()
    deciding = Deciding(rules, made_database)

    @rules.allow("view", Essay)
    def visible(user: User) -> ColumnElement[bool]:
        return or_(Essay.is_public.is_(True), Essay.owner_id == user.id)

    if denies:

        @rules.deny("view", Essay)
        def others(user: User) -> ColumnElement[bool]:
            return Essay.owner_id != user.id

    async with made_database.own_transaction() as unit:
        users = [await User.create(email=f"{n}@example.org") for n in range(2)]
        essays = [
            await Essay.create(
                title="x", is_public=public, owner_id=None if n is None else users[n].id
            )
            for public, n in rows
        ]
        found = await (await deciding.reachable(users[0], "view", Essay.all()))
        single = {essay.id for essay in essays if await deciding.can(users[0], "view", essay)}
        await unit.roll_back()

    assert {essay.id for essay in found} == single


async def test_handlers_ask_by_requires_and_by_can(site: Site) -> None:
    site.auth.rules.allow("change", Essay)(own)

    @site.app.get("/reports", dependencies=[requires("reports.read")])
    async def reports() -> str:
        return "ok"

    @site.app.post("/essays/{id}")
    async def change(id: int, can: Can) -> str:
        await can.require("change", await Essay.get(id))
        return "ok"

    ann = await site.make()
    await site.make("boss@example.org", permissions=["reports.*"])
    async with site.auth.database.own_transaction():
        essay = await Essay.create(title="hers", owner_id=ann.id)

    nobody, hers = site.client(), await site.signed_in()
    boss = await site.signed_in("boss@example.org")

    assert (await nobody.get("/reports")).status_code == 401
    assert (await hers.get("/reports")).status_code == 403
    assert (await boss.get("/reports")).status_code == 200
    assert (await nobody.post(f"/essays/{essay.id}")).status_code == 401
    assert (await hers.post(f"/essays/{essay.id}")).status_code == 200
    assert (await boss.post(f"/essays/{essay.id}")).status_code == 403


def test_names_are_words_with_points() -> None:
    assert permission_name("change", Essay) == "essay.change"
    assert permission_name("view", Essay, "title") == "essay.view.title"
    for wrong in ("Essay.change", "essay change", "", ".", "essay.*.view", "essay."):
        with pytest.raises(SetupError, match="no name of a permission") as caught:
            requires(wrong)
        assert caught.value.code == "auth.permission-name"


def test_a_pattern_covers_what_is_below_it() -> None:
    assert covers(["essay.*"], "essay.view.title")
    assert covers(["*"], "anything")
    assert not covers(["essay.*"], "essays.view")
    assert not covers(["essay.*"], "essay")
    assert not covers(["essay.view"], "essay.view.title")


def test_what_is_no_rule_is_told_where_it_stands() -> None:
    rules = Rules()

    def three(user: Any, essay: Any, more: Any) -> bool:
        return True

    async def waits(user: Any) -> bool:
        return True

    functions: list[Any] = [three, waits]
    for function in functions:
        with pytest.raises(SetupError, match="is no rule") as caught:
            rules.allow("view", Essay)(function)
        assert caught.value.code == "auth.rule"
        assert __file__ in str(caught.value)
    with pytest.raises(SetupError, match="is a text") as caught:
        rules.allow("view", Essay, fields="title")
    assert caught.value.code == "auth.rule-fields"
    rules.role("reader", [])
    with pytest.raises(SetupError, match="two roles") as caught:
        rules.role("reader", [])
    assert caught.value.code == "auth.role"


def test_the_tables_of_accounts_are_in_the_metadata(made_database: Database) -> None:
    assert set(auth_tables(made_database)) <= set(Model.metadata.tables.values())


async def test_what_knows_who_asks_alone_cannot_say_what_they_may() -> None:
    class Names(Part, Knowing):
        means: ClassVar[list[Means]] = []

    app = App()
    app.use(Names())

    @app.get("/", dependencies=[requires("reports.read")])
    async def reports() -> None: ...

    with pytest.raises(SetupError, match="not what they may") as caught:
        TestClient(app).get("/")
    assert caught.value.code == "auth.not-permitting"
