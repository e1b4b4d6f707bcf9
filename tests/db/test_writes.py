"""Many rows at once, rows that two want to make, habits of models, statements in words."""

from __future__ import annotations

import asyncio
import datetime
from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx2
import pytest
from sqlalchemy.exc import IntegrityError

from tests.db.archive import Account, Chapter, Line, Paper, Shelf
from tests.db.models import Author, Post, Vote
from trivet import App
from trivet.db import Database, NotFound, OutsideUnitError, StaleError, related
from trivet.errors import SetupError
from trivet.testing import async_client


async def test_many_rows_are_created(database: Database) -> None:
    async with database.transaction():
        assert await Post.bulk_create({"title": f"T{n}"} for n in range(1500)) == 1500
        made = await Post.bulk_create(
            [Post(title="a"), {"title": "b", "views": 7}, Post(title="c")], returning=True
        )
        assert [(post.title, post.views) for post in made] == [("a", 0), ("b", 7), ("c", 0)]
        assert [post.id for post in made] == [1501, 1502, 1503]
        assert await Post.bulk_create([]) == 0
        with pytest.raises(TypeError, match="no column 'titel'"):
            await Post.bulk_create([{"titel": "x"}])
    async with database.transaction():
        assert await Post.all().count() == 1503
        found = await Post.get(1502)
        assert (found.title, found.views, found.published) == ("b", 7, False)
        assert found.created.tzinfo is datetime.UTC


async def test_many_rows_are_changed(database: Database) -> None:
    async with database.transaction():
        await Post.bulk_create({"title": f"T{n}"} for n in range(5))
    async with database.transaction():
        await Post.bulk_update([{"id": 1, "title": "one"}, {"id": 2, "views": 2}])
        third = await Post.get(3)
        third.title, third.views = "three", 9
        await Post.bulk_update([third], ["title"])
        with pytest.raises(ValueError, match=r"needs its key \(id\)"):
            await Post.bulk_update([{"title": "x"}])
    async with database.transaction():
        rows = await Post.where(id__lt=4).order_by("id").values_list("title", "views")
        assert rows[:2] == [("one", 0), ("T1", 2)]
        assert rows[2][0] == "three"


async def test_rows_are_written_over_what_is_there(database: Database) -> None:
    async with database.transaction():
        await Author.create(name="Ann", email="old@example.org")
    async with database.transaction():
        rows = [{"name": "Ann", "email": "new@example.org"}, {"name": "Bob", "email": None}]
        made = await Author.upsert(rows, [Author.name], returning=True)
        assert (made[0].id, made[0].email) == (1, "new@example.org")
        await Author.upsert([{"name": "Bob", "email": "x@example.org"}], ["name"], [])
    async with database.transaction():
        assert await Author.all().order_by("id").values_list("name", "email") == [
            ("Ann", "new@example.org"),
            ("Bob", None),
        ]


async def test_upserts_go_by_keys_of_several_columns_and_count_versions(
    database: Database,
) -> None:
    async with database.transaction():
        await Post.create(title="One")
        await Vote.create(post_id=1, voter="ann", worth=1)
        await Vote.upsert([{"post_id": 1, "voter": "ann", "worth": 5}], ["post_id", "voter"])
        await Account.create(owner="ann", balance=1)
    async with database.transaction():
        assert await Vote.all().values_list("worth") == [5]
        await Account.upsert([{"owner": "ann", "balance": 2, "version": 1}], ["owner"])
    async with database.transaction():
        account = await Account.get(1)
        assert (account.balance, account.version) == (2, 2)


async def test_a_row_is_found_or_made(database: Database) -> None:
    async with database.transaction():
        ann, is_new = await Author.get_or_create({"email": "a@example.org"}, name="Ann")
        assert is_new
        again, is_new = await Author.get_or_create({"email": "b@example.org"}, name="Ann")
        assert (again is ann, is_new, again.email) == (True, False, "a@example.org")
        changed, is_new = await Author.update_or_create({"email": "c@example.org"}, name="Ann")
        assert (changed is ann, is_new) == (True, False)
        _, is_new = await Author.update_or_create({"email": None}, name__exact="Bob")
        assert is_new
        with pytest.raises(IntegrityError):
            await Author.get_or_create({"name": "Ann"}, id=99)
    async with database.transaction():
        rows = await Author.all().order_by("id").values_list("name", "email")
        assert rows == [("Ann", "c@example.org"), ("Bob", None)]


@pytest.mark.parametrize("way", ["get_or_create", "update_or_create"])
async def test_two_who_make_the_same_row_get_the_same_row(database: Database, way: str) -> None:
    both = asyncio.Barrier(2)

    async def write(email: str) -> tuple[int, bool]:
        async with database.transaction():
            assert await Author.where(name="Ann").find() is None
            await both.wait()  # neither of them has seen a row
            author, is_new = await getattr(Author, way)({"email": email}, name="Ann")
            await asyncio.sleep(0.05)
            return author.id, is_new

    found = await asyncio.gather(write("a@example.org"), write("b@example.org"))

    assert sorted(is_new for _, is_new in found) == [False, True]
    assert len({key for key, _ in found}) == 1
    second = ["a@example.org", "b@example.org"][[is_new for _, is_new in found].index(False)]
    async with database.transaction():
        (author,) = await Author.all()
        assert (author.email == second) is (way == "update_or_create")


async def test_deleted_rows_stay_out_of_queries(database: Database) -> None:
    async with database.transaction():
        shelf = await Shelf.create(name="S")
        kept = await Paper.create(title="kept", shelf=shelf)
        gone = await Paper.create(title="gone", shelf=shelf)
        await gone.delete()
    async with database.transaction():
        assert await Paper.all().values_list("title") == ["kept"]
        assert [paper.title for paper in await Paper.where(id__gt=0)] == ["kept"]
        assert await Paper.find(gone.id) is None
        with pytest.raises(NotFound):
            await Paper.get(gone.id)
        assert (await Paper.get(kept.id)).title == "kept"
        (loaded,) = await Shelf.all().with_(Shelf.papers)
        assert [paper.title for paper in loaded.papers] == ["kept"]
        assert not await Shelf.where(papers__title="gone").exists()
        assert await Shelf.where(papers__title="kept").exists()
        assert await Paper.with_deleted().count() == 2
        (found,) = await Paper.only_deleted()
        assert found.is_deleted
        await found.restore()
    async with database.transaction():
        assert await Paper.all().count() == 2
        assert await Paper.where(title="kept").delete() == 1
        assert await Paper.with_deleted().count() == 2
        await (await Paper.get(gone.id)).erase()
        assert await Paper.with_deleted().values_list("title") == ["kept"]


async def test_who_changes_what_he_has_not_seen_is_told(database: Database) -> None:
    async with database.transaction():
        await Account.create(owner="ann", balance=10)

    async def other() -> None:
        async with database.own_transaction():
            await (await Account.get(1)).update(balance=20)

    async def late() -> None:
        async with database.transaction():
            account = await Account.get(1)
            await asyncio.create_task(other())
            account.balance += 1

    with pytest.raises(StaleError, match="somebody else was faster"):
        await late()
    async with database.transaction():
        account = await Account.get(1)
        assert (account.balance, account.version) == (20, 2)
        assert await Account.all().update(balance=0) == 1
    async with database.transaction():
        account = await Account.get(1)
        assert account.version == 3
        with pytest.raises(StaleError, match="at version 3, and 2 was expected"):
            account.expect(2)
        with pytest.raises(SetupError, match=r"\[db\.bulk-versions\]"):
            await Account.bulk_update([{"id": 1, "balance": 1}])


async def test_a_stale_change_is_answered_with_409(database: Database) -> None:
    app = App()
    app.use(database)

    @app.put("/accounts/{id}")
    async def change(id: int, version: int, balance: int) -> Account:
        return await (await Account.get(id)).expect(version).update(balance=balance)

    @app.get("/accounts")
    async def several(after: str | None = None) -> list[Account]:
        return (await Account.all().order_by("id").cursor_page(after)).items

    async with database.transaction():
        await Account.create(owner="ann")
    async with async_client(app) as client:
        answers = [
            await client.put("/accounts/1", params={"version": 1, "balance": balance})
            for balance in (5, 6)
        ]
        refused: httpx2.Response = await client.get("/accounts", params={"after": "nonsense"})

    assert [answer.status_code for answer in answers] == [200, 409]
    assert answers[0].json()["version"] == 2
    assert refused.status_code == 400


async def test_generated_columns_are_read_with_each_write(database: Database) -> None:
    async with database.transaction():
        line = await Line.create(order_no=1, place=1, price=3, amount=2)
        assert line.total == 6
        await line.update(amount=4)
        assert line.total == 12
    async with database.transaction():
        line = await Line.get((1, 1))
        line.price = 10
        await Line.create(order_no=1, place=2)
        assert await Line.where(total__gt=12).count() == 1
        assert line.total == 40


@dataclass
class Titled:
    id: int
    title: str


@pytest.fixture
async def journal(database: Database) -> AsyncIterator[Database]:
    async with database.transaction():
        ann = await Author.create(name="Ann")
        for number in range(3):
            await Post.create(title=f"T{number}", views=number, author=ann)
    async with database.transaction():
        yield database


async def test_statements_in_words_give_rows_and_objects(journal: Database) -> None:
    select = "select id, title from post where views >= :least order by id"
    assert [row.title for row in await journal.sql(select, least=1)] == ["T1", "T2"]
    assert await journal.sql(select, least=2).into(Titled) == [Titled(3, "T2")]
    posts = await journal.sql("select * from post where id in :ids", ids=(1, 3)).into(Post)
    assert [post.title for post in posts] == ["T0", "T2"]
    assert posts[0].created.tzinfo is datetime.UTC
    assert await journal.sql("select count(*) from post").scalar() == 3
    hostile = await journal.sql("select id from post where title = :t", t="x' or '1'='1").first()
    assert hostile is None


async def test_statements_in_words_write_within_the_transaction(journal: Database) -> None:
    async def fail() -> None:
        async with journal.transaction():
            await journal.sql("update post set views = views + :n", n=10).execute()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert await journal.sql("delete from post where id = :id", id=3).execute() == 1
    assert await Post.all().order_by("id").values_list("views") == [0, 1]


async def test_statements_in_words_tell_what_is_wrong(journal: Database) -> None:
    with pytest.raises(TypeError, match="needs a value for :id"):
        await journal.sql("select * from post where id = :id")
    with pytest.raises(TypeError, match="has no :it"):
        await journal.sql("select 1", it=2)
    with pytest.raises(SetupError, match=r"gives no .*title.*\n.*\n.*\[db\.sql-columns\]"):
        await journal.sql("select id from post").into(Post)
    elsewhere = Database("sqlite://")
    with pytest.raises(OutsideUnitError):
        elsewhere.sql("select 1")
    with pytest.raises(NotFound):
        await journal.sql("select * from post where id = 99").into(Post).one()


def test_relations_of_a_model_to_itself_are_refused() -> None:
    with pytest.raises(SetupError, match=r"\[db\.related-to-itself\]"):
        related(Chapter.parts)
