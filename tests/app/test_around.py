"""What a part opens around each handler that may wait."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from trivet import App, BackgroundTasks, Depends, HTTPException, JSONResponse, Part, Response
from trivet.http.exchange import Exchange
from trivet.routing.around import Around
from trivet.routing.route import Route
from trivet.routing.router import Router


class Noting(Around):
    def __init__(self, log: list[Any]) -> None:
        self.log = log

    def begin(self, exchange: Exchange | None) -> str:
        self.log.append("begin")
        return "it"

    async def finish(self, opened: str, status: int) -> None:
        await asyncio.sleep(0)
        self.log.append(("finish", opened, status))

    async def leave(self, opened: str, error: BaseException | None) -> None:
        await asyncio.sleep(0)
        self.log.append(("leave", None if error is None else type(error).__name__))


class Notes(Part):
    def __init__(self, log: list[Any]) -> None:
        self.log = log

    def around(self) -> Around:
        return Noting(self.log)


class Wrapped(Route):
    """A route whose class makes its own handler."""

    def get_route_handler(self) -> Any:
        return super().get_route_handler()


@pytest.fixture(params=["plain", "custom"])
def served(request: pytest.FixtureRequest) -> tuple[TestClient, list[Any]]:
    log: list[Any] = []
    app = App()
    app.use(Notes(log))
    router = Router(route_class=Wrapped if request.param == "custom" else Route)

    async def session() -> AsyncIterator[str]:
        yield "session"
        log.append("session closed")

    @router.get("/waits")
    async def waits(
        tasks: BackgroundTasks, session: str = Depends(session, scope="function")
    ) -> str:
        await asyncio.sleep(0)
        tasks.add_task(log.append, "task")
        log.append("handler")
        return session

    @router.get("/tells")
    async def tells() -> Response:
        await asyncio.sleep(0)
        return JSONResponse({}, 409)

    @router.get("/raises")
    async def raises() -> None:
        await asyncio.sleep(0)
        raise HTTPException(418)

    app.include_router(router)
    return TestClient(app), log


def test_it_is_closed_behind_dependencies_and_before_the_answer(
    served: tuple[TestClient, list[Any]],
) -> None:
    client, log = served

    assert client.get("/waits").json() == "session"
    assert log == [
        *("begin", "handler", "session closed", ("finish", "it", 200), "task", ("leave", None)),
    ]


def test_it_is_told_of_the_answers_status(served: tuple[TestClient, list[Any]]) -> None:
    client, log = served

    assert client.get("/tells").status_code == 409
    assert log == ["begin", ("finish", "it", 409), ("leave", None)]


def test_it_is_told_of_an_error_before_that_is_answered(
    served: tuple[TestClient, list[Any]],
) -> None:
    client, log = served

    assert client.get("/raises").status_code == 418
    assert log == ["begin", ("leave", "HTTPException"), ("leave", None)]


def test_what_closing_raises_is_answered_in_place_of_the_answer() -> None:
    class Failing(Around):
        async def finish(self, opened: Any, status: int) -> None:
            raise HTTPException(503, "could not be stored")

    class Fails(Part):
        def around(self) -> Around:
            return Failing()

    app = App()
    app.use(Fails())

    @app.get("/")
    async def root() -> str:
        await asyncio.sleep(0)
        return "done"

    answer = TestClient(app).get("/")
    assert (answer.status_code, answer.json()) == (503, {"detail": "could not be stored"})


def test_handlers_that_cannot_wait_have_nothing_around_them() -> None:
    log: list[Any] = []
    app = App()
    app.use(Notes(log))

    @app.get("/")
    async def root() -> str:
        return "done"

    assert TestClient(app).get("/").json() == "done"
    assert log == []


def test_several_are_opened_outside_in_and_closed_inside_out() -> None:
    log: list[Any] = []

    class Named(Around):
        def __init__(self, name: str) -> None:
            self.name = name

        def begin(self, exchange: Exchange | None) -> str:
            log.append(f"begin {self.name}")
            return self.name

        async def finish(self, opened: str, status: int) -> None:
            log.append(f"finish {opened}")

        async def leave(self, opened: str, error: BaseException | None) -> None:
            log.append(f"leave {opened}")
            if error is None:
                raise RuntimeError(f"{opened} cannot leave")

    class Outer(Part):
        def around(self) -> Around:
            return Named("outer")

    class Inner(Part):
        def around(self) -> Around:
            return Named("inner")

    app = App()
    app.use(Outer())
    app.use(Inner())

    @app.get("/")
    async def root() -> str:
        await asyncio.sleep(0)
        return "done"

    with pytest.raises(RuntimeError, match="inner cannot leave"):
        TestClient(app).get("/")
    assert log == [
        *("begin outer", "begin inner", "finish inner", "finish outer"),
        *("leave inner", "leave outer"),
    ]
