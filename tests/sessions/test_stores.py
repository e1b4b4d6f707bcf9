"""What every store of sessions does; the contract for one of your own."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.sessions.site import SECRET
from trivet.sessions import CookieSessions, DatabaseSessions, Kept, SessionStore
from trivet.sessions.store import GRACE, digest_of, new_token

NOW = 1_800_000_000_000
HOUR = 3_600_000


def kept(id: str = "one", user: str | None = "ann", **changed: object) -> Kept:
    made = Kept(
        id=id, user=user, data='{"values":{"a":"é\\u0000"},"flashes":[]}', created=NOW, seen=NOW,
        expires=NOW + HOUR, authenticated=NOW, is_remembered=False, address="::1", agent="curl/8",
    )  # fmt: skip
    return replace(made, **changed)  # type: ignore[arg-type]


async def test_what_was_inserted_is_found_by_its_token(store: SessionStore) -> None:
    stranger = kept("two", user=None, authenticated=None, data="", is_remembered=True)

    first, second = await store.insert(kept(), None), await store.insert(stranger, None)

    assert await store.find(first, NOW) == kept()
    assert await store.find(second, NOW) == stranger
    assert first != second


@pytest.mark.parametrize("token", ["", "x", "é" * 43, "A7" * 21 + "A", "a" * 44, "a\n" + "b" * 42])
async def test_whatever_else_was_sent_finds_nothing(store: SessionStore, token: str) -> None:
    await store.insert(kept(), None)

    assert await store.find(token, NOW) is None


async def test_a_session_that_has_ended_is_not_found(store: SessionStore) -> None:
    token = await store.insert(kept(), None)

    assert await store.find(token, NOW + HOUR - 1) is not None
    assert await store.find(token, NOW + HOUR) is None
    assert await store.of("ann", NOW + HOUR) == []


async def test_an_update_writes_over_what_was_there(store: SessionStore) -> None:
    token = await store.insert(kept(), None)
    changed = kept(data="", seen=NOW + 5, expires=NOW + 2 * HOUR, address="", agent="")

    assert await store.update(changed, token, rotates=False) == token
    assert await store.find(token, NOW) == changed


async def test_a_rotated_token_is_worth_nothing_at_once(store: SessionStore) -> None:
    old = await store.insert(kept(), None)

    new = await store.update(kept(data=""), old, rotates=True)

    assert new is not None
    assert await store.find(old, NOW) is None
    assert await store.find(new, NOW) == kept(data="")


@pytest.mark.parametrize("rotates", [True, False])
async def test_an_update_under_a_token_that_was_rotated_changes_nothing(
    store: SessionStore, rotates: bool
) -> None:
    old = await store.insert(kept(), None)
    new = await store.update(kept(data="first"), old, rotates=True)

    assert await store.update(kept(data="late"), old, rotates=rotates) is None
    await store.touch(kept(seen=NOW + 9), old)

    assert new is not None
    assert await store.find(new, NOW) == kept(data="first")


async def test_an_update_does_not_bring_back_what_was_ended(store: SessionStore) -> None:
    token = await store.insert(kept(), None)
    await store.delete("one")

    assert await store.update(kept(), token, rotates=True) is None
    await store.touch(kept(seen=NOW + 9), token)

    assert await store.find(token, NOW) is None
    assert await store.of("ann", NOW) == []


async def test_a_new_session_ends_the_one_in_whose_place_it_comes(store: SessionStore) -> None:
    old = await store.insert(kept(user=None), None)

    new = await store.insert(kept("two"), ("one", old))

    assert await store.find(old, NOW) is None
    assert await store.find(new, NOW) == kept("two")


async def test_it_is_known_for_a_minute_that_a_token_was_replaced(store: SessionStore) -> None:
    first = await store.insert(kept(user=None), None)
    second = await store.insert(kept("two"), ("one", first))
    assert await store.was_replaced(first, NOW)
    third = await store.update(kept("two"), second, rotates=True)

    assert await store.was_replaced(second, NOW)
    assert third is not None
    assert not await store.was_replaced(third, NOW)
    assert not await store.was_replaced(new_token(), NOW)
    assert not await store.was_replaced("no token", NOW)


async def test_a_touch_says_when_and_from_where_it_was_seen_and_nothing_else(
    store: SessionStore,
) -> None:
    token = await store.insert(kept(), None)
    seen = kept(seen=NOW + 7, expires=NOW + 2 * HOUR, address="10.0.0.1", agent="other")

    await store.touch(replace(seen, data="not this", user="nor this"), token)

    assert await store.find(token, NOW) == seen


async def test_a_users_sessions_are_listed_the_one_seen_last_first(store: SessionStore) -> None:
    await store.insert(kept("one"), None)
    await store.insert(kept("two", seen=NOW + 1), None)
    await store.insert(kept("three", user="Ann"), None)
    await store.insert(kept("four", user=None), None)

    assert [one.id for one in await store.of("ann", NOW)] == ["two", "one"]
    assert [one.id for one in await store.of("Ann", NOW)] == ["three"]
    assert await store.of("", NOW) == []


async def test_one_session_is_ended_for_its_user_alone(store: SessionStore) -> None:
    token = await store.insert(kept(), None)

    assert not await store.end("one", "bob")
    assert not await store.end("one", "ANN")
    assert not await store.end("two", "ann")
    assert await store.find(token, NOW) is not None
    assert await store.end("one", "ann")
    assert await store.find(token, NOW) is None
    assert not await store.end("one", "ann")


async def test_all_sessions_of_a_user_are_ended_but_one(store: SessionStore) -> None:
    tokens = [await store.insert(kept(id), None) for id in ("one", "two", "three")]
    other = await store.insert(kept("four", user="bob"), None)

    assert await store.end_all("ann", "two") == 2
    assert [await store.find(token, NOW) is not None for token in tokens] == [False, True, False]
    assert await store.end_all("ann", None) == 1
    assert await store.find(other, NOW) is not None


async def test_what_has_ended_is_forgotten(store: SessionStore) -> None:
    await store.insert(kept("one"), None)
    living = await store.insert(kept("two", expires=NOW + 2 * HOUR), None)

    await store.forget_expired(NOW + HOUR)

    assert await store.find(living, NOW) is not None
    assert await store.forget_expired(NOW + HOUR) == 0


async def test_deleting_what_is_not_there_is_no_error(store: SessionStore) -> None:
    await store.delete("nothing")


async def test_the_table_holds_no_token(database_store: DatabaseSessions) -> None:
    token = await database_store.insert(kept(), None)
    await database_store.update(kept(), token, rotates=True)

    async with database_store.database.engine.connect() as connection:
        row = (await connection.execute(database_store.table.select())).mappings().one()

    assert token not in str(dict(row))
    assert row["previous"] == digest_of(token)


async def test_a_replaced_token_is_forgotten_after_a_minute(
    database_store: DatabaseSessions,
) -> None:
    token = await database_store.insert(kept(), None)
    await database_store.update(kept(), token, rotates=True)

    assert await database_store.was_replaced(token, NOW + GRACE - 1)
    assert not await database_store.was_replaced(token, NOW + GRACE)


# -- cookies ------------------------------------------------------------------------------------


async def test_a_cookie_holds_the_session_itself() -> None:
    store = CookieSessions(SECRET)

    token = await store.insert(kept(), None)

    assert await store.find(token, NOW) == kept(address="", agent="")
    assert await CookieSessions("another secret 0123456789abcdefghij").find(token, NOW) is None
    assert await store.find(token + "x", NOW) is None
    assert await store.find(token, NOW + HOUR) is None
