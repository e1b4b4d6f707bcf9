"""Who may do what with a resource: accounts say so, everywhere the same."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest

from tests.auth.site import Site, auth_tables, site_on
from tests.databases import clean_database, emptied
from tests.db.conftest import URLS, address
from trivet import Part
from trivet.auth import User
from trivet.checks import Level, collect
from trivet.cli.findings import checks_of
from trivet.db import Database, Mapped, Model, field, foreign_key, relationship
from trivet.resources import Resource, action, resource

Client = httpx2.AsyncClient


class ResourceNote(Model):
    """Something that belongs to somebody."""

    __tablename__ = "resource_test_notes"

    text: Mapped[str] = field(max_length=50)
    grade: Mapped[int] = field(default=0)
    is_public: Mapped[bool] = field(default=False)
    owner_id: Mapped[int | None] = foreign_key(User, on_delete="CASCADE")
    owner: Mapped[User | None] = relationship()


class Notes(Resource[ResourceNote]):
    """Notes with an action of one, and one of many."""

    @action()
    async def publish(self, row: ResourceNote) -> ResourceNote:
        return await row.update(is_public=True)

    @action("GET")
    async def newest(self) -> list[ResourceNote]:
        return await ResourceNote.all().order_by(-ResourceNote.id).limit(1)

    @action("GET")
    async def every(self) -> list[ResourceNote]:
        return await ResourceNote.all()


def tables(database: Database) -> list[Any]:
    note: Any = ResourceNote
    return [*auth_tables(database), note.__table__]


@pytest.fixture(params=list(URLS), scope="module")
def kind(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


@pytest.fixture(scope="module")
async def made_database(kind: str) -> AsyncIterator[Database]:
    async with clean_database(address(kind), tables(Database(address(kind)))) as found:
        yield found


@pytest.fixture
async def database(made_database: Database) -> AsyncIterator[Database]:
    yield made_database
    await emptied(made_database, tables(made_database))


@pytest.fixture
def site(database: Database) -> Site:
    found = site_on(database)
    found.app.include_router(
        resource(
            Notes,
            prefix="/notes",
            filters=[ResourceNote.grade, ResourceNote.text, "owner__email"],
            orders=[ResourceNote.grade, ResourceNote.text],
            include=[ResourceNote.owner],
            bulk=5,
        )
    )
    return found


async def make(text: str, owner: Any = None, **values: Any) -> ResourceNote:
    owner_id = None if owner is None else owner.id
    return await ResourceNote.create(text=text, owner_id=owner_id, **values)


async def notes_of(site: Site) -> tuple[Any, Any, dict[str, int]]:
    """Give two accounts, and a note of each, and one that is public."""
    ann, bob = await site.make("ann@example.org"), await site.make("bob@example.org")
    async with site.auth.database.own_transaction():
        made = {
            "anns": (await make("anns", ann, grade=1)).id,
            "bobs": (await make("bobs", bob, grade=2)).id,
            "public": (await make("public", bob, is_public=True, grade=3)).id,
        }
    return ann, bob, made


def allow_own(site: Site) -> None:
    """Let people see their own notes and public ones, and do the rest with their own."""
    for name in ("add", "change", "delete"):

        @site.auth.rules.allow(name, ResourceNote)
        def own(user: Any) -> Any:
            return ResourceNote.owner_id == user.id

    @site.auth.rules.allow("view", ResourceNote)
    def own_or_public(user: Any) -> Any:
        return (ResourceNote.owner_id == user.id) | ResourceNote.is_public


async def texts(client: Client, query: str = "") -> list[str]:
    answer = await client.get(f"/notes{query}")
    assert answer.status_code == 200, answer.text
    return sorted(row["text"] for row in answer.json()["items"])


async def test_nobody_may_anything_that_nobody_allowed(site: Site) -> None:
    _, _, made = await notes_of(site)
    stranger = site.client()
    ann = await site.signed_in()

    for client, status in ((stranger, 401), (ann, 403)):
        assert (await client.get("/notes")).status_code == status
        assert (await client.get(f"/notes/{made['anns']}")).status_code == status
        assert (await client.post("/notes", json={"text": "x"})).status_code == status
        assert (await client.delete(f"/notes/{made['anns']}")).status_code == status


async def test_lists_and_rows_agree(site: Site) -> None:
    _, _, made = await notes_of(site)
    allow_own(site)
    ann = await site.signed_in()

    assert await texts(ann) == ["anns", "public"]
    statuses = {name: (await ann.get(f"/notes/{id}")).status_code for name, id in made.items()}
    assert statuses == {"anns": 200, "bobs": 404, "public": 200}
    exported = (await ann.get("/notes", headers={"accept": "text/csv"})).text
    assert "anns" in exported
    assert "bobs" not in exported


async def test_an_action_gives_rows_that_may_be_seen(site: Site) -> None:
    await notes_of(site)
    allow_own(site)
    ann = await site.signed_in()

    answer = await ann.get("/notes/every")

    assert sorted(row["text"] for row in answer.json()) == ["anns", "public"]


async def test_a_row_that_may_be_seen_and_not_changed_is_a_403(site: Site) -> None:
    _, _, made = await notes_of(site)
    allow_own(site)
    ann = await site.signed_in()

    for name, status in (("anns", 200), ("public", 403), ("bobs", 404)):
        answer = await ann.patch(f"/notes/{made[name]}", json={"text": name})
        assert answer.status_code == status, name
    for name, status in (("public", 403), ("bobs", 404), ("anns", 204)):
        assert (await ann.delete(f"/notes/{made[name]}")).status_code == status, name


async def test_one_row_that_may_not_be_changed_refuses_all(site: Site) -> None:
    _, _, made = await notes_of(site)
    allow_own(site)
    ann = await site.signed_in()

    assert (await ann.post(f"/notes/{made['public']}/publish")).status_code == 403
    assert (await ann.post(f"/notes/{made['bobs']}/publish")).status_code == 404
    changes = [{"id": made[name], "grade": 9} for name in ("anns", "public")]
    assert (await ann.patch("/notes/bulk", json=changes)).status_code == 403
    assert (await ann.get(f"/notes/{made['anns']}")).json()["grade"] == 1


async def test_a_row_is_made_for_oneself_alone(site: Site) -> None:
    ann, bob, _ = await notes_of(site)
    allow_own(site)
    client = await site.signed_in()

    mine = await client.post("/notes", json={"text": "new", "owner_id": ann.id})
    others = await client.post("/notes", json={"text": "new", "owner_id": bob.id})

    assert (mine.status_code, others.status_code) == (201, 403)


async def test_a_field_that_one_may_not_see_is_not_there(site: Site) -> None:
    _, _, made = await notes_of(site)
    allow_own(site)

    @site.auth.rules.allow("view", ResourceNote, fields=["grade"])
    def owners(user: Any) -> Any:
        return ResourceNote.owner_id == user.id

    ann = await site.signed_in()
    rows = {row["text"]: row for row in (await ann.get("/notes")).json()["items"]}
    assert rows["anns"]["grade"] == 1
    assert "grade" not in rows["public"]
    assert "grade" not in (await ann.get(f"/notes/{made['public']}")).json()
    assert "grade" not in (await ann.get("/notes", headers={"accept": "text/csv"})).text
    assert "grade" not in (await ann.get("/notes/newest")).json()[0]
    assert (await ann.post(f"/notes/{made['anns']}/publish")).json()["grade"] == 1
    # Nor is it told by what is found, or by the order.
    assert (await ann.get("/notes?grade=3")).status_code == 403
    assert (await ann.get("/notes?order=grade")).status_code == 403


async def test_the_document_requires_no_field_that_a_rule_hides(site: Site) -> None:
    """A client is made of the document before the first request, and checks what it gets."""

    @site.auth.rules.allow("view", ResourceNote, fields=["grade"])
    def own_grade(user: Any) -> Any:
        return ResourceNote.owner_id == user.id

    @site.auth.rules.allow("view", User, fields=["email"])
    def own_email(user: Any) -> Any:
        return User.id == user.id

    schemas = site.app.openapi()["components"]["schemas"]

    assert "grade" not in schemas["ResourceNoteRead"]["required"]
    assert "text" in schemas["ResourceNoteRead"]["required"]
    assert "email" not in schemas["ResourceNoteOwnerRead"]["required"]


async def test_a_field_that_one_may_not_set_is_refused(site: Site) -> None:
    ann, _, made = await notes_of(site)
    allow_own(site)

    @site.auth.rules.allow("change", ResourceNote, fields=["grade"])
    def teachers(user: Any) -> bool:
        return bool(user.is_staff)

    client = await site.signed_in()
    path = f"/notes/{made['anns']}"
    assert (await client.patch(path, json={"text": "mine"})).status_code == 200
    assert (await client.patch(path, json={"grade": 10})).status_code == 403
    assert (await client.get(path)).json()["grade"] == 1
    whole = {"text": "mine", "grade": 10, "owner_id": ann.id}
    assert (await client.put(path, json=whole)).status_code == 403


async def test_related_rows_that_one_may_not_see_are_not_included(site: Site) -> None:
    await notes_of(site)
    allow_own(site)

    @site.auth.rules.allow("view", User)
    def oneself(user: Any) -> Any:
        return User.id == user.id

    ann = await site.signed_in()
    rows = {row["text"]: row for row in (await ann.get("/notes?include=owner")).json()["items"]}
    assert rows["anns"]["owner"]["email"] == "ann@example.org"
    assert rows["public"]["owner"] is None
    assert (await ann.get("/notes?owner__email=bob@example.org")).status_code == 403


def allow_all_notes(site: Site) -> None:
    @site.auth.rules.allow("*", ResourceNote)
    def everybody(user: Any) -> bool:
        return True


async def named(client: Client, method: str, path: str, body: Any) -> tuple[int, Any]:
    """Give the status, and the errors: the place of each with its message."""
    answer = await client.request(method, path, json=body)
    if answer.status_code != 422:
        return answer.status_code, None
    return 422, [(one["loc"], one["type"]) for one in answer.json()["detail"]]


async def test_a_reference_names_a_row_that_one_may_see(site: Site) -> None:
    ann, bob, made = await notes_of(site)
    allow_all_notes(site)

    @site.auth.rules.allow("view", User)
    def oneself(user: Any) -> Any:
        return User.id == user.id

    client = await site.signed_in()
    refused = (422, [(["body", "owner_id"], "foreign_key")])
    for owner, expected in ((ann.id, (201, None)), (bob.id, refused), (bob.id + 99, refused)):
        body = {"text": "new", "owner_id": owner}
        assert await named(client, "POST", "/notes", body) == expected
    path = f"/notes/{made['anns']}"
    assert await named(client, "PATCH", path, {"owner_id": bob.id}) == refused
    assert await named(client, "PUT", path, {"text": "x", "owner_id": bob.id}) == refused
    assert (await named(client, "PATCH", path, {"owner_id": None}))[0] == 200
    # What stays as it was is no reference that one gives.
    same = {"text": "x", "owner_id": bob.id}
    assert (await named(client, "PATCH", f"/notes/{made['bobs']}", same))[0] == 200


async def test_references_of_many_rows_are_refused_by_their_place(site: Site) -> None:
    ann, bob, made = await notes_of(site)
    allow_all_notes(site)

    @site.auth.rules.allow("view", User)
    def oneself(user: Any) -> Any:
        return User.id == user.id

    client = await site.signed_in()
    owners = (ann.id, bob.id, None, ann.id)
    rows = [{"text": "new", "owner_id": owner} for owner in owners]
    refused = (422, [(["body", 1, "owner_id"], "foreign_key")])
    assert await named(client, "POST", "/notes/bulk", rows) == refused
    changes = [{"id": made[name], "owner_id": bob.id} for name in ("bobs", "anns")]
    assert await named(client, "PATCH", "/notes/bulk", changes) == refused
    assert (await named(client, "POST", "/notes/bulk", [rows[0], *rows[2:]]))[0] == 201


async def test_a_rule_about_single_rows_is_asked_about_each_that_is_named(site: Site) -> None:
    ann, bob, _ = await notes_of(site)
    allow_all_notes(site)

    @site.auth.rules.allow("view", User)
    def oneself(user: Any, other: Any) -> bool:
        return bool(user.id == other.id)

    client = await site.signed_in()
    for owner, status in ((ann.id, 201), (bob.id, 422)):
        answer = await client.post("/notes", json={"text": "new", "owner_id": owner})
        assert answer.status_code == status


async def test_a_reference_to_what_no_rule_is_about_is_free(site: Site) -> None:
    _, bob, _ = await notes_of(site)
    allow_all_notes(site)
    client = await site.signed_in()

    answer = await client.post("/notes", json={"text": "new", "owner_id": bob.id})

    assert answer.status_code == 201


async def test_a_rule_that_lists_cannot_ask_is_a_finding(site: Site) -> None:
    allow_own(site)

    @site.auth.rules.allow("view", ResourceNote)
    def friends(user: Any, note: Any) -> bool:
        return False

    @site.auth.rules.allow("change", ResourceNote)
    def editors(user: Any, note: Any) -> bool:
        return False

    found = collect(checks_of(site.app, deploy=False))
    (told,) = (one for one in found if one.code == "resources.rule-not-for-lists")

    assert told.level is Level.ERROR
    assert "test_permissions.py" in (told.where or "")
    assert "def own(user)" in (told.hint or "")


async def test_people_who_are_not_signed_in_see_what_a_rule_shows_them(site: Site) -> None:
    await notes_of(site)

    @site.auth.rules.allow("view", ResourceNote, anonymous=True)
    def public(user: Any) -> Any:
        return ResourceNote.is_public

    assert await texts(site.client()) == ["public"]
    assert (await site.client().post("/notes", json={"text": "x"})).status_code == 401


async def test_whoever_holds_the_permission_may(site: Site) -> None:
    await notes_of(site)
    await site.make("eve@example.org", permissions=["resource_note.*"])
    eve = await site.signed_in("eve@example.org")

    assert await texts(eve, "?order=grade") == ["anns", "bobs", "public"]
    assert (await eve.post("/notes", json={"text": "x"})).status_code == 201


async def test_the_document_says_that_credentials_are_taken(site: Site) -> None:
    class Keys(Part):
        name = "keys"

        def security_schemes(self) -> dict[str, Any]:
            return {"key": {"type": "apiKey", "in": "header", "name": "x-key"}}

    site.app.use(Keys())

    operation = site.app.openapi()["paths"]["/notes"]["post"]

    assert {"key": []} in operation["security"]
