"""Passwords are hashed by Argon2id, verified, and stored anew where they are old."""

from __future__ import annotations

import asyncio
import threading
import unicodedata
from collections.abc import Callable

import pytest
from argon2 import PasswordHasher, Type
from argon2.exceptions import VerifyMismatchError
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from trivet.auth.passwords import PasswordRefused, Passwords, Verdict
from trivet.auth.passwords.argon import Argon
from trivet.auth.passwords.turns import Turns
from trivet.errors import HTTPException, SetupError

PEPPER, OTHER = "p" * 32, "o" * 32


def cheap(**options: object) -> Passwords:
    return Passwords(**{"time_cost": 1, "memory_cost": 8, **options})  # type: ignore[arg-type]


async def test_the_right_password_is_right_and_no_other() -> None:
    passwords = cheap()

    stored = await passwords.hash("correct horse")

    assert await passwords.verify("correct horse", stored) == Verdict(True)
    assert await passwords.verify("correct horsf", stored) == Verdict(False)
    assert not await passwords.verify("correct horsf", stored)


async def test_by_default_a_hash_is_argon2id_of_64_mib_and_2_passes() -> None:
    stored = await Passwords().hash("correct horse")

    assert stored.startswith("$argon2id$v=19$m=65536,t=2,p=1$")
    PasswordHasher().verify(stored, "correct horse")


async def test_two_hashes_of_one_password_differ() -> None:
    passwords = cheap()

    assert await passwords.hash("correct horse") != await passwords.hash("correct horse")


@settings(max_examples=60, deadline=None)
@given(st.text(min_size=1, max_size=60), st.text(min_size=1, max_size=60))
async def test_whatever_can_be_hashed_is_verified(one: str, other: str) -> None:
    passwords = cheap()
    try:
        stored = await passwords.hash(one)
        is_other = bool(await passwords.verify(other, stored))
    except PasswordRefused:
        return

    assert await passwords.verify(one, stored) == Verdict(True)
    same = unicodedata.normalize("NFKC", one) == unicodedata.normalize("NFKC", other)
    assert is_other == same


@pytest.mark.parametrize(
    "typed", ["Zo\u00eb caf\u00e9", "Zoe\u0308 cafe\u0301", "\uff3ao\u00eb\u3000caf\u00e9"]
)
async def test_however_a_keyboard_spells_it_it_is_the_same_password(typed: str) -> None:
    passwords = cheap()

    stored = await passwords.hash("Zo\u00eb caf\u00e9")

    assert await passwords.verify(typed, stored) == Verdict(True)


async def test_a_hash_of_the_text_as_it_was_typed_is_right_and_upgraded() -> None:
    passwords = cheap()
    typed = "Zoe\u0308 cafe\u0301"
    stored = PasswordHasher(1, 8, 1).hash(typed.encode())

    verdict = await passwords.verify(typed, stored)

    assert verdict.ok
    assert verdict.upgraded is not None
    assert await passwords.verify(typed, verdict.upgraded) == Verdict(True)


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("", "missing"),
        ("x" * 1025, "too-long"),
        ("é" * 513, "too-long"),
        ("\ufdfa" * 40, "too-long"),  # one sign that NFKC spells out in 33 bytes
        ("pass\x00word", "character"),
        ("pass\ud800word", "character"),
    ],
)
async def test_what_is_never_hashed_is_a_422_that_does_not_repeat_it(
    password: str, code: str
) -> None:
    passwords = cheap()
    calls: list[Callable[[], object]] = [
        lambda: passwords.hash(password),
        lambda: passwords.verify(password, "!"),
        lambda: passwords.pretend(password),
        lambda: passwords.check(password),
    ]

    for call in calls:
        with pytest.raises(PasswordRefused) as caught:
            await call()  # type: ignore[misc]
        assert caught.value.status_code == 422
        assert [one.code for one in caught.value.reasons] == [code]
        assert not password or password not in f"{caught.value!r}{caught.value.detail}"
        assert caught.value.__cause__ is None
        assert caught.value.__suppress_context__ or caught.value.__context__ is None


async def test_1024_bytes_are_a_password() -> None:
    passwords = cheap()

    assert await passwords.verify("x" * 1024, await passwords.hash("x" * 1024))


@pytest.mark.parametrize(
    "change", [{"time_cost": 2}, {"memory_cost": 16}, {"memory_cost": 16, "parallelism": 2}]
)
async def test_a_hash_of_another_cost_is_upgraded_once(change: dict[str, int]) -> None:
    stored = await cheap().hash("correct horse")
    dearer = cheap(**change)

    verdict = await dearer.verify("correct horse", stored)

    assert verdict.upgraded is not None
    assert await dearer.verify("correct horse", verdict.upgraded) == Verdict(True)
    assert await dearer.verify("wrong", stored) == Verdict(False)


async def test_argon2i_is_read_and_upgraded() -> None:
    stored = PasswordHasher(1, 8, 1, type=Type.I).hash("correct horse")

    verdict = await cheap().verify("correct horse", stored)

    assert (verdict.upgraded or "").startswith("$argon2id$")


# -- what is nobody's password -------------------------------------------------------------------

# Always the same: the names of cases are made of it, and must be alike in each process.
GOOD = (
    "$argon2id$v=19$m=8,t=1,p=1$BHe3IWD30qYiemd5U1FWIw$w5imORsvqZD61N5w4oV4q3sm+0Xxw2Dax3UlkjHxifI"
)


@pytest.mark.parametrize(
    "stored",
    [
        None, "", "!", "!abc", "x", "plain", "$", "$argon2id$", "$argon2id$v=19$m=8,t=1,p=1$$",
        GOOD[:-1], GOOD + "\n", " " + GOOD, GOOD.replace("v=19", "v=18"),
        GOOD.replace("m=8", "m=262145"), GOOD.replace("m=8", "m=99999999999"),
        GOOD.replace("t=1", "t=999999"), GOOD.replace("m=8,t=1", "m=262144,t=9"),
        GOOD.replace("p=1", "p=17"), GOOD.replace("p=1", "p=0"), GOOD.replace("t=1", "t=0"),
        GOOD.replace("m=8", "m=0"), GOOD.replace("m=8", "m=\u0668"), GOOD + "A" * 600,
        f"pepper:00000000{GOOD}", f"pepper:{GOOD}",
    ],
)  # fmt: skip
async def test_what_is_no_hash_of_ours_is_nobodys_password(stored: str | None) -> None:
    assert await cheap().verify("x", stored) == Verdict(False)


async def test_the_hash_that_these_are_made_of_is_somebodys() -> None:
    assert await cheap().verify("x", GOOD) == Verdict(True)


@settings(max_examples=200, deadline=None)
@given(
    st.one_of(
        st.text(max_size=80),
        st.from_regex(
            r"\A\$argon2id\$v=19\$m=[0-9]{1,2},t=[0-9],p=[0-9]\$[a-zA-Z0-9+/=]{0,30}\$.*"
        ),
        st.builds(
            lambda at, sign: GOOD[:at] + sign + GOOD[at + 1 :],
            st.integers(0, len(GOOD) - 1),
            st.characters(max_codepoint=127),
        ),
    )
)
async def test_no_stored_text_raises(stored: str) -> None:
    verdict = await cheap().verify("not it", stored)

    assert verdict == Verdict(False)


async def test_nobody_signs_in_with_what_is_unusable() -> None:
    passwords = cheap()
    marked = passwords.unusable()

    assert marked != passwords.unusable()
    assert not passwords.is_usable(marked)
    assert passwords.is_usable(await passwords.hash("correct horse"))
    for password in (marked, marked[1:], "!"):
        assert not await passwords.verify(password, marked)


@pytest.mark.parametrize("stored", [None, "!unusable", "no form"])
async def test_for_whom_is_not_known_as_much_is_worked_as_for_whom_is(
    stored: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    passwords = cheap(time_cost=3, memory_cost=64, pepper=PEPPER)
    known = await passwords.hash("correct horse")
    worked: list[tuple[int, str]] = []
    verify = Argon.verify

    def counted(self: Argon, secret: bytes, stored: str) -> bool:
        assert self.can_read(stored)
        worked.append((len(secret), stored.rpartition("$")[0].rpartition("$")[0]))
        return verify(self, secret, stored)

    monkeypatch.setattr(Argon, "verify", counted)

    await passwords.verify("wrong", known)
    await passwords.verify("wrong", stored)
    await passwords.pretend("wrong")

    assert len(worked) == 3
    assert len(set(worked)) == 1


def test_the_hash_of_nobody_is_one_that_the_library_computes() -> None:
    for _ in range(20):
        with pytest.raises(VerifyMismatchError):
            PasswordHasher().verify(Argon(1, 8, 1).nobodys(), "x")


# -- peppers -------------------------------------------------------------------------------------


async def test_a_peppered_hash_is_of_no_use_without_the_pepper() -> None:
    stored = await cheap(pepper=PEPPER).hash("correct horse")

    assert stored.startswith("pepper:")
    assert PEPPER not in stored
    assert await cheap(pepper=SecretStr(PEPPER)).verify("correct horse", stored) == Verdict(True)
    assert not await cheap().verify("correct horse", stored)
    assert not await cheap(pepper=OTHER).verify("correct horse", stored)
    assert not await cheap().verify("correct horse", stored.partition("$")[2])


@pytest.mark.parametrize(
    ("before", "after"), [(None, PEPPER), (PEPPER, [OTHER, PEPPER]), ([OTHER, PEPPER], PEPPER)]
)
async def test_a_hash_with_another_pepper_is_upgraded(
    before: str | list[str] | None, after: str | list[str]
) -> None:
    stored = await cheap(pepper=before).hash("correct horse")
    now = cheap(pepper=after if isinstance(before, str | None) else [*[PEPPER], OTHER])

    verdict = await now.verify("correct horse", stored)

    assert verdict.upgraded is not None
    assert await now.verify("correct horse", verdict.upgraded) == Verdict(True)


def test_a_pepper_that_can_be_guessed_is_refused_and_not_told() -> None:
    with pytest.raises(SetupError) as caught:
        Passwords(pepper="short-pepper")

    assert caught.value.code == "auth.pepper"
    assert "short-pepper" not in str(caught.value)


def test_no_secret_is_in_a_repr() -> None:
    assert PEPPER not in repr(Passwords(pepper=PEPPER))
    assert "hash" not in repr(Verdict(True, "$argon2id$hash"))


# -- turns ---------------------------------------------------------------------------------------


async def test_so_many_run_so_many_wait_and_others_are_told_503() -> None:
    turns = Turns(2, 3)
    gate = threading.Event()
    running: list[int] = []
    most: list[int] = []

    def work() -> None:
        running.append(1)
        most.append(len(running))
        gate.wait(20)
        running.pop()

    tasks = [asyncio.create_task(turns.run(work)) for _ in range(5)]
    async with asyncio.timeout(20):
        while len(running) < 2:  # noqa: ASYNC110
            await asyncio.sleep(0.001)  # a thread tells it

        with pytest.raises(HTTPException) as caught:
            await turns.run(work)
        gate.set()
        await asyncio.gather(*tasks)

    assert caught.value.status_code == 503
    assert (caught.value.headers or {})["Retry-After"] == "1"
    assert len(most) == 5
    assert max(most) == 2


async def test_who_is_cancelled_while_waiting_leaves_the_queue() -> None:
    turns = Turns(1, 1)
    gate = threading.Event()
    first = asyncio.create_task(turns.run(lambda: gate.wait(20)))
    waiting = asyncio.create_task(turns.run(lambda: True))
    async with asyncio.timeout(20):
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)

        next_one = asyncio.create_task(turns.run(lambda: True))
        await asyncio.sleep(0)
        gate.set()

        assert await next_one
        assert await first


async def test_the_event_loop_goes_on_meanwhile() -> None:
    threads = {threading.get_ident()}
    turns = Turns(None, 1)

    threads.add(await turns.run(threading.get_ident))

    assert len(threads) == 2
    assert 1 <= turns.at_once <= 8


# -- settings ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong",
    [
        {"time_cost": 0}, {"memory_cost": 7}, {"memory_cost": 8, "parallelism": 2},
        {"memory_cost": 300_000}, {"time_cost": 100}, {"parallelism": 0},
        {"parallelism": 17},
    ],
)  # fmt: skip
def test_costs_that_cannot_be_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(SetupError) as caught:
        Passwords(**wrong)  # type: ignore[arg-type]

    assert caught.value.code == "auth.password-cost"


def test_hashes_that_are_too_cheap_are_a_finding() -> None:
    assert [one.code for one in cheap().findings()] == ["auth.weak-passwords"]
    assert Passwords().findings() == ()
    assert Passwords(time_cost=2, memory_cost=19_456).findings() == ()
