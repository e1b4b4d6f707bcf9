from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from trivet import App, BackgroundTasks, HTTPException, Request, StreamingResponse
from trivet.db import Database, Mapped, Model, field
from trivet.errors import SetupError
from trivet.middleware.headers import SecureHeaders
from trivet.security.deadline import Deadline, deadline
from trivet.testing import TestClient, async_client, running
from trivet.testing.live import LiveServer


class Hurried(Model, apart=True):
    """Models of an application in a hurry."""


class Order(Hurried):
    name: Mapped[str] = field(max_length=50)


async def for_ever() -> None:
    await asyncio.Event().wait()


def hurried(seconds: float = 0.05) -> App:
    app = App(hooks=[SecureHeaders()])
    app.use(Deadline(seconds, retry_after=7))
    app.state.notes = []

    @app.get("/slow")
    async def slow() -> None:
        try:
            await for_ever()
        except asyncio.CancelledError:
            app.state.notes.append("cancelled")
            raise

    @app.get("/quick")
    async def quick() -> str:
        await asyncio.sleep(0)
        return "done"

    @app.get("/never-waits")
    async def never_waits() -> str:
        return "done"

    @app.get("/stream")
    async def stream() -> StreamingResponse:
        async def pieces() -> AsyncIterator[str]:
            for piece in ("a", "b", "c"):
                yield piece
                await asyncio.sleep(3 * seconds)

        return StreamingResponse(pieces())

    @app.get("/late-stream")
    async def late_stream() -> StreamingResponse:
        await for_ever()
        return StreamingResponse(iter([b"a"]))

    @app.get("/unlimited")
    @deadline(None)
    async def unlimited() -> str:
        await asyncio.sleep(3 * seconds)
        return "done"

    @app.get("/patient")
    @deadline(60)
    async def patient() -> str:
        await asyncio.sleep(3 * seconds)
        return "done"

    @app.get("/stubborn")
    async def stubborn() -> str:
        try:
            await for_ever()
        except asyncio.CancelledError:
            raise HTTPException(418, "as you like") from None
        return "never"

    @app.get("/own-timeout")
    async def own_timeout() -> None:
        raise TimeoutError("somebody else's")

    return app


def test_a_handler_that_takes_too_long_is_cancelled_and_answered() -> None:
    app = hurried()

    answer = TestClient(app).get("/slow")

    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "7"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.json() == {"detail": "This took longer than 0.05 seconds"}
    assert app.state.notes == ["cancelled"]


@pytest.mark.parametrize("path", ["/quick", "/never-waits", "/unlimited", "/patient"])
def test_others_are_left_alone(path: str) -> None:
    assert TestClient(hurried()).get(path).json() == "done"


def test_a_stream_that_has_begun_goes_on() -> None:
    client = TestClient(hurried(0.02))

    assert client.get("/stream").text == "abc"
    assert client.get("/late-stream").status_code == 503


def test_a_handler_that_answers_when_it_is_cancelled_has_answered() -> None:
    assert TestClient(hurried()).get("/stubborn").status_code == 418


def test_an_error_that_only_looks_like_it_is_an_error() -> None:
    with pytest.raises(TimeoutError, match="somebody else's"):
        TestClient(hurried()).get("/own-timeout")


def test_the_answer_has_the_shape_of_all_errors() -> None:
    app = hurried()

    @app.exception_handler(503)
    async def busy(request: Request, error: HTTPException) -> Any:
        return StreamingResponse(iter([b"later"]), 503)

    assert TestClient(app).get("/slow").text == "later"


def test_background_tasks_take_their_time() -> None:
    app = hurried()
    done = []

    @app.get("/then")
    async def then(tasks: BackgroundTasks) -> str:
        async def later() -> None:
            await asyncio.sleep(0.15)
            done.append(1)

        tasks.add_task(later)
        await asyncio.sleep(0)
        return "soon"

    assert TestClient(app).get("/then").json() == "soon"
    assert done == [1]


async def test_what_was_written_is_rolled_back(tmp_path: Path) -> None:
    app = App()
    app.use(Deadline(0.1))
    database = app.use(Database(f"sqlite:///{tmp_path}/orders.db", models=Hurried))

    @app.post("/orders")
    async def order() -> None:
        await Order(name="lamp").save()
        await for_ever()

    async with running(app), async_client(app) as client:
        await database.create_tables(Hurried)
        answer = await client.post("/orders")
        async with database.transaction():
            count = await Order.where().count()

    assert answer.status_code == 503
    assert count == 0


def test_a_body_that_a_handler_reads_itself_has_the_same_time() -> None:
    app = hurried()

    @app.post("/read")
    async def read(request: Request) -> int:
        return len(await request.body())

    with LiveServer(app) as server, httpx2.Client(base_url=server.url) as client:
        assert client.get("/slow").status_code == 503
        assert client.post("/read", content=b"x" * 10).json() == 10
        assert client.get("/quick").json() == "done"


@pytest.mark.parametrize("arguments", [{"seconds": 0}, {"seconds": 1, "retry_after": -1}])
def test_what_is_no_time_is_a_mistake(arguments: dict[str, Any]) -> None:
    with pytest.raises(SetupError) as caught:
        Deadline(**arguments)

    assert caught.value.code == "security.deadline"
