from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Annotated, Any

import pytest

from tests.databases import clean_database
from tests.db.conftest import URLS, address
from trivet import App, BackgroundTasks, Form, HTTPException, Request, Response, StreamingResponse
from trivet.db import Database, Mapped, Model, field
from trivet.db.kept_answers import DatabaseAnswers
from trivet.errors import SetupError
from trivet.security.idempotency import Idempotency
from trivet.security.kept_answers import (
    AnswersAway,
    AnswerStore,
    KeptAnswer,
    LostClaim,
    MemoryAnswers,
)
from trivet.testing import TestClient, async_client, running

KEY = {"Idempotency-Key": '"8e03978e-40d5-43dd-bc93-6894a57f9324"'}


class Shop(Model, apart=True):
    """Models of a shop that must not sell twice."""


class Order(Shop):
    name: Mapped[str] = field(max_length=50)


def shop_on(kind: str) -> AbstractAsyncContextManager[Database]:
    """Give a database with the shop's tables and that of answers."""
    DatabaseAnswers(Database(address(kind), models=Shop))  # its table
    return clean_database(address(kind), Shop.metadata, models=Shop)


# -- stores ---------------------------------------------------------------------------------------


@pytest.fixture(params=["memory", *URLS])
async def store(request: pytest.FixtureRequest) -> AsyncIterator[AnswerStore]:
    if request.param == "memory":
        yield MemoryAnswers()
        return
    async with shop_on(request.param) as database:
        yield DatabaseAnswers(database, timeout=20)


async def test_a_key_is_claimed_once_and_its_answer_is_found(store: AnswerStore) -> None:
    assert await store.claim("k", "f", "one", 60, 60) is None
    assert await store.claim("k", "f", "two", 60, 60) == KeptAnswer("f", None)
    assert await store.claim("other", "f", "two", 60, 60) is None

    await store.keep("k", "one", b"answer \0\xff", 60)

    assert await store.claim("k", "g", "three", 60, 60) == KeptAnswer("f", b"answer \0\xff")


async def test_of_many_at_one_moment_one_has_the_key(store: AnswerStore) -> None:
    claims = [store.claim("k", "f", f"t{number}", 60, 60) for number in range(12)]

    found = await asyncio.gather(*claims)

    assert found.count(None) == 1


async def test_a_claim_that_has_ended_is_somebody_elses_and_its_answer_too(
    store: AnswerStore,
) -> None:
    assert await store.claim("k", "f", "one", 0.001, 60) is None
    await asyncio.sleep(0.01)
    assert await store.claim("k", "f", "two", 60, 60) is None

    await store.keep("k", "one", b"late", 60)
    await store.release("k", "one")

    assert await store.claim("k", "f", "three", 60, 60) == KeptAnswer("f", None)


async def test_a_claim_that_is_given_back_is_there_for_the_next(store: AnswerStore) -> None:
    await store.claim("k", "f", "one", 60, 60)
    await store.release("k", "one")

    assert await store.claim("k", "g", "two", 60, 60) is None


async def test_an_answer_is_not_given_back(store: AnswerStore) -> None:
    await store.claim("k", "f", "one", 60, 60)
    await store.keep("k", "one", b"a", 60)
    await store.release("k", "one")

    assert await store.claim("k", "f", "two", 60, 60) == KeptAnswer("f", b"a")


async def test_answers_end(store: AnswerStore) -> None:
    await store.claim("k", "f", "one", 60, 60)
    await store.keep("k", "one", b"a", 0.001)
    await asyncio.sleep(0.01)

    assert await store.claim("k", "g", "two", 60, 60) is None


async def test_memory_is_bounded() -> None:
    store = MemoryAnswers(max_entries=2)
    for key in "abc":
        await store.claim(key, "f", "t", 60, 60)

    assert await store.claim("a", "f", "t", 60, 60) is None


# -- requests -------------------------------------------------------------------------------------


def selling(**options: Any) -> App:
    app = App()
    app.use(Idempotency(**options))
    sold: list[Any] = []
    app.state.sold = sold

    @app.post("/orders", status_code=201)
    async def order(name: str, response: Response) -> dict[str, Any]:
        sold.append(name)
        await asyncio.sleep(0)
        response.headers["Location"] = f"/orders/{len(sold)}"
        response.set_cookie("last", name)
        return {"number": len(sold)}

    @app.post("/forms")
    async def form(name: Annotated[str, Form()]) -> str:
        sold.append(name)
        return name

    @app.post("/status/{status}")
    async def with_status(status: int) -> None:
        sold.append(status)
        raise HTTPException(status, "on purpose")

    @app.post("/broken")
    async def broken() -> None:
        sold.append("broken")
        raise LookupError("on purpose")

    @app.post("/stream")
    async def stream() -> StreamingResponse:
        sold.append("stream")
        return StreamingResponse(iter([b"a", b"b"]))

    @app.post("/large")
    async def large() -> str:
        sold.append("large")
        return "x" * 10_000

    @app.post("/tasks")
    async def tasks(tasks: BackgroundTasks) -> str:
        tasks.add_task(sold.append, "task")
        return "ok"

    @app.get("/orders")
    async def orders() -> int:
        return len(sold)

    return app


def test_the_same_request_is_done_once_and_answered_twice() -> None:
    app = selling()
    client = TestClient(app)

    first = client.post("/orders?name=lamp", headers=KEY)
    client.cookies.clear()
    second = client.post("/orders?name=lamp", headers=KEY)

    assert app.state.sold == ["lamp"]
    assert (first.status_code, second.status_code) == (201, 201)
    assert second.json() == first.json() == {"number": 1}
    assert second.headers["location"] == "/orders/1"
    assert second.headers["idempotent-replayed"] == "true"
    assert "idempotent-replayed" not in first.headers
    assert "set-cookie" in first.headers
    assert "set-cookie" not in second.headers


def test_requests_without_a_key_and_other_methods_are_done_as_often_as_they_come() -> None:
    app = selling()
    client = TestClient(app)

    for _ in range(2):
        client.post("/orders?name=lamp")
        client.cookies.clear()
    counted = [client.get("/orders", headers=KEY).json() for _ in range(2)]

    assert app.state.sold == ["lamp", "lamp"]
    assert counted == [2, 2]


@pytest.mark.parametrize(
    ("path", "sent"),
    [("/orders?name=chair", {}), ("/forms", {"data": {"name": "lamp"}}),
     ("/orders?name=lamp", {"content": b"{}"})],
)  # fmt: skip
def test_another_request_with_the_same_key_is_refused(path: str, sent: dict[str, Any]) -> None:
    app = selling(by=lambda request: "ann")
    client = TestClient(app)
    client.post("/orders?name=lamp", headers=KEY)

    answer = client.post(path, headers=KEY, **sent)

    assert answer.status_code == 422
    assert app.state.sold == ["lamp"]


def test_a_form_is_part_of_the_request() -> None:
    app = selling()
    client = TestClient(app)

    statuses = [
        client.post("/forms", data={"name": name}, headers=KEY).status_code
        for name in ("lamp", "lamp", "chair")
    ]

    assert statuses == [200, 200, 422]
    assert app.state.sold == ["lamp"]


def test_keys_are_each_callers_own() -> None:
    app = selling()
    callers = [{"Authorization": "Bearer a"}, {"Authorization": "Bearer b"}, {"Cookie": "s=1"}, {}]

    for _ in range(2):
        for caller in callers:
            TestClient(app).post("/orders?name=lamp", headers={**KEY, **caller})

    assert len(app.state.sold) == 4


def test_who_a_caller_is_may_be_said() -> None:
    app = selling(by=lambda request: request.headers.get("x-customer"))
    for token in ("a", "b"):
        headers = {**KEY, "Authorization": f"Bearer {token}", "X-Customer": "7"}
        TestClient(app).post("/orders?name=lamp", headers=headers)

    assert len(app.state.sold) == 1


@pytest.mark.parametrize("status", [400, 404, 409, 422])
def test_refusals_are_answers_like_others(status: int) -> None:
    app = selling()
    answers = [TestClient(app).post(f"/status/{status}", headers=KEY) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [status, status]
    assert app.state.sold == [status]


@pytest.mark.parametrize("status", [408, 425, 429, 500, 503])
def test_what_may_be_tried_again_is_tried_again(status: int) -> None:
    app = selling()
    for _ in range(2):
        TestClient(app).post(f"/status/{status}", headers=KEY)

    assert app.state.sold == [status, status]


def test_an_error_that_nobody_handles_is_not_kept() -> None:
    app = selling()
    for _ in range(2):
        with pytest.raises(LookupError):
            TestClient(app).post("/broken", headers=KEY)

    assert app.state.sold == ["broken", "broken"]


@pytest.mark.parametrize("path", ["/stream", "/large", "/tasks"])
def test_what_is_not_kept_is_not_done_again_either(path: str) -> None:
    app = selling(most=1000)

    first, second = [TestClient(app).post(path, headers=KEY) for _ in range(2)]

    assert (first.status_code, second.status_code) == (200, 409)
    assert "was not kept" in second.json()["detail"]
    assert len(app.state.sold) == 1


async def test_while_the_first_is_running_the_second_is_told_to_wait() -> None:
    app = App()
    app.use(Idempotency())
    begun, may_end = asyncio.Event(), asyncio.Event()

    @app.post("/slow")
    async def slow() -> str:
        begun.set()
        await may_end.wait()
        return "done"

    async with async_client(app) as client:
        first = asyncio.create_task(client.post("/slow", headers=KEY))
        await begun.wait()
        second = await client.post("/slow", headers=KEY)
        may_end.set()
        await first
        third = await client.post("/slow", headers=KEY)

    assert (second.status_code, second.headers["retry-after"]) == (409, "1")
    assert third.json() == "done"


async def test_who_leaves_in_between_may_try_again() -> None:
    app = App()
    app.use(Idempotency())
    begun = asyncio.Event()
    tries = []

    @app.post("/slow")
    async def slow() -> str:
        tries.append(1)
        begun.set()
        if len(tries) == 1:
            await asyncio.Event().wait()
        return "done"

    async with async_client(app) as client:
        first = asyncio.create_task(client.post("/slow", headers=KEY))
        await begun.wait()
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        assert (await client.post("/slow", headers=KEY)).json() == "done"


@pytest.mark.parametrize("key", ["", '""', "a b", "é", "x" * 256, "a\x7f"])
def test_what_is_no_key_is_refused(key: str) -> None:
    app = selling()
    headers = [(b"Idempotency-Key", key.encode("latin-1"))]

    answer = TestClient(app).post("/orders?name=lamp", headers=headers)

    assert answer.status_code == 400
    assert app.state.sold == []


def test_two_keys_are_none() -> None:
    headers = [("Idempotency-Key", "a"), ("Idempotency-Key", "b")]

    answer = TestClient(selling()).post("/orders?name=lamp", headers=headers)

    assert answer.status_code == 400


def test_a_key_may_be_required() -> None:
    client = TestClient(selling(required=True))

    assert client.post("/orders?name=lamp").status_code == 400
    assert client.post("/orders?name=lamp", headers=KEY).status_code == 201
    assert client.get("/orders").status_code == 200


def test_where_nothing_can_be_known_nothing_is_done() -> None:
    class Away(MemoryAnswers):
        async def claim(self, *given: Any) -> KeptAnswer | None:
            raise AnswersAway("no answer")

    app = selling(store=Away())
    answer = TestClient(app).post("/orders?name=lamp", headers=KEY)

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert app.state.sold == []


@pytest.mark.parametrize("options", [{"ttl": 0}, {"lease": -1}, {"methods": "POST"}])
def test_what_cannot_work_is_a_mistake(options: dict[str, Any]) -> None:
    with pytest.raises(SetupError) as caught:
        Idempotency(**options)

    assert caught.value.code == "security.idempotency"


# -- with a database ------------------------------------------------------------------------------


@pytest.fixture(params=list(URLS))
async def database(request: pytest.FixtureRequest) -> AsyncIterator[Database]:
    async with shop_on(request.param) as found:
        yield found


async def test_an_order_and_its_answer_are_committed_together(database: Database) -> None:
    class Unwritten(DatabaseAnswers):
        """The process ends right behind the commit: nothing is kept after it."""

        async def keep(self, *given: Any) -> None:
            raise AnswersAway("the process has ended")

    app = App()
    app.use(database)
    app.use(Idempotency(Unwritten(database, timeout=20)))

    @app.post("/orders")
    async def order(name: str) -> str:
        return (await Order(name=name).save()).name

    async with running(app), async_client(app) as client:
        answers = [await client.post("/orders?name=lamp", headers=KEY) for _ in range(2)]
        async with database.transaction():
            assert await Order.where().count() == 1

    assert [answer.json() for answer in answers] == ["lamp", "lamp"]
    assert answers[1].headers["idempotent-replayed"] == "true"


async def test_what_was_rolled_back_is_done_by_the_next(database: Database) -> None:
    app = App()
    app.use(database)
    app.use(Idempotency(DatabaseAnswers(database, timeout=20)))
    tries = []

    @app.post("/orders")
    async def order(name: str) -> str:
        tries.append(1)
        await Order(name=name).save()
        if len(tries) == 1:
            raise HTTPException(503, "not now")
        return name

    async with running(app), async_client(app) as client:
        answers = [await client.post("/orders?name=lamp", headers=KEY) for _ in range(3)]
        async with database.transaction():
            assert await Order.where().count() == 1

    assert [answer.status_code for answer in answers] == [503, 200, 200]


async def test_who_took_so_long_that_another_began_is_rolled_back(database: Database) -> None:
    app = App()
    app.use(database)
    app.use(Idempotency(DatabaseAnswers(database, timeout=20), lease=0.05))
    begun, may_end = asyncio.Event(), asyncio.Event()
    tries = []

    @app.post("/orders")
    async def order(name: str) -> str:
        tries.append(1)
        if len(tries) == 1:
            begun.set()
            await may_end.wait()
        await Order(name=f"{name} {len(tries)}").save()
        return name

    async with running(app), async_client(app) as client:
        first = asyncio.create_task(client.post("/orders?name=lamp", headers=KEY))
        await begun.wait()
        await asyncio.sleep(0.1)
        second = await client.post("/orders?name=lamp", headers=KEY)
        may_end.set()
        late = await first
        async with database.transaction():
            assert await Order.where().count() == 1

    assert (late.status_code, second.status_code) == (409, 200)


async def test_outside_a_unit_of_work_nothing_is_kept_within_one(database: Database) -> None:
    store = DatabaseAnswers(database)
    await store.claim("k", "f", "t", 60, 60)

    await store.keep_within("k", "t", b"a", 60, lambda: None)

    assert await store.claim("k", "f", "u", 60, 60) == KeptAnswer("f", None)


async def test_a_lost_claim_is_told_within_the_transaction(database: Database) -> None:
    store = DatabaseAnswers(database)

    async def write() -> None:
        async with database.transaction():
            await Order(name="lamp").save()
            await store.keep_within("nobodys", "t", b"a", 60, lambda: None)

    with pytest.raises(LostClaim):
        await write()


SERVED = """
    import asyncio, os, signal, sys
    from trivet import App
    from trivet.db import Database, Mapped, Model, field
    from trivet.db.kept_answers import DatabaseAnswers
    from trivet.security.idempotency import Idempotency
    from trivet.testing import async_client, running

    class Order(Model):
        name: Mapped[str] = field(max_length=50)

    app = App()
    database = app.use(Database("sqlite:///orders.db"))
    app.use(Idempotency(DatabaseAnswers(database), lease=0.2))

    @app.post("/orders")
    async def order(name: str) -> str:
        await Order(name=name).save()
        if sys.argv[1] == "dies":
            os.kill(os.getpid(), signal.SIGKILL)
        return name

    async def main() -> None:
        async with running(app), async_client(app) as client:
            await database.create_tables()
            answer = await client.post("/orders?name=lamp", headers={"Idempotency-Key": "k"})
            async with database.transaction():
                print(answer.status_code, await Order.where().count())

    asyncio.run(main())
"""


def test_a_process_that_is_killed_in_between_has_done_nothing_and_the_next_does_it(
    tmp_path: Path,
) -> None:
    (tmp_path / "served.py").write_text(textwrap.dedent(SERVED))

    def serve(how: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "served.py", how], cwd=tmp_path, env=dict(os.environ), timeout=50,
            capture_output=True, text=True, check=False,
        )  # fmt: skip

    killed = serve("dies")
    time.sleep(0.3)  # its claim has ended
    first, second = serve("lives"), serve("lives")

    assert killed.returncode == -signal.SIGKILL
    assert (first.stdout.split(), second.stdout.split()) == (["200", "1"], ["200", "1"])


def test_the_request_is_handed_on_whole_to_who_reads_it_alone() -> None:
    app = App()
    app.use(Idempotency())

    @app.post("/raw")
    async def raw(request: Request) -> int:
        return sum([len(piece) async for piece in request.stream()])

    client = TestClient(app)
    answers = [client.post("/raw", content=b"x" * 70_000, headers=KEY).json() for _ in range(2)]

    assert answers == [70_000, 70_000]
