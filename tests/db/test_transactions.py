"""Transactions that see one state, that only read, and that are tried again."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy.exc import DBAPIError

from tests.db.archive import Account
from tests.db.models import Post
from trivet.db import Database, StaleError
from trivet.errors import SetupError


async def apart(work: object) -> None:
    """Do something in a transaction of its own while another one is open."""
    await asyncio.create_task(work)  # type: ignore[arg-type]


async def test_one_state_of_the_data_is_seen(database: Database) -> None:
    async with database.transaction():
        await Post.create(title="a")

    async def another() -> None:
        async with database.own_transaction():
            await Post.create(title="b")

    async with database.transaction(isolation="repeatable read", read_only=True):
        assert await Post.all().count() == 1
        await apart(another())
        assert await Post.all().count() == 1
    async with database.transaction():
        assert await Post.all().count() == 2


async def test_who_only_reads_cannot_write(database: Database) -> None:
    async def write() -> None:
        async with database.transaction(read_only=True):
            await Post.create(title="a")

    with pytest.raises(DBAPIError):
        await write()
    async with database.transaction():  # on the same connections, as always
        await Post.create(title="b")
        assert await Post.all().values_list("title") == ["b"]


async def test_options_need_a_transaction_of_their_own(database: Database) -> None:
    async with database.transaction():
        await Post.create(title="a")
        with pytest.raises(SetupError, match=r"\[db\.transaction-inside\]"):
            async with database.transaction(read_only=True):
                pass

        @database.retrying()
        async def work() -> None: ...

        with pytest.raises(SetupError, match="work, tried again"):
            await work()


async def test_lost_races_are_run_again(database: Database, kind: str) -> None:
    """Two take from one account at once; none of both withdrawals is lost."""
    async with database.transaction():
        await Post.create(title="account", views=100)
    met = asyncio.Barrier(2)
    tries = 0

    @database.retrying(5, isolation="serializable")
    async def take(amount: int) -> int:
        nonlocal tries
        tries += 1
        post = await Post.get(1)
        if tries <= 2 and kind != "sqlite":  # there, the second waits until the first is through
            await met.wait()
        return (await post.update(views=post.views - amount)).views

    await asyncio.gather(take(10), take(20))

    async with database.transaction():
        assert (await Post.get(1)).views == 70
    assert tries == (2 if kind == "sqlite" else 3)


async def test_stale_rows_are_read_again(database: Database) -> None:
    async with database.transaction():
        await Account.create(owner="ann", balance=1)
    tries = 0

    async def other() -> None:
        async with database.own_transaction():
            await (await Account.get(1)).update(balance=5)

    @database.retrying()
    async def double() -> None:
        nonlocal tries
        tries += 1
        account = await Account.get(1)
        if tries == 1:
            await apart(other())
        await account.update(balance=account.balance * 2)

    await double()

    async with database.transaction():
        assert (await Account.get(1)).balance == 10
    assert tries == 2


async def test_what_always_fails_fails_in_the_end_and_other_errors_at_once(
    database: Database,
) -> None:
    tries: list[str] = []

    @database.retrying(2)
    async def fail(error: Exception) -> None:
        await Post.create(title="lost")
        tries.append(str(error))
        raise error

    with pytest.raises(StaleError):
        await fail(StaleError("again"))
    with pytest.raises(ZeroDivisionError):
        await fail(ZeroDivisionError("once"))

    assert len([text for text in tries if text.startswith("again")]) == 3
    assert tries.count("once") == 1
    async with database.transaction():
        assert await Post.all().count() == 0
