"""What is started first is stopped last, each once; a failed start is told to the server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from trivet import App, Part, Request, Router
from trivet.testing import TestClient

log: list[str] = []


@pytest.fixture(autouse=True)
def _empty_log() -> None:
    log.clear()


def noting(name: str, state: dict[str, Any] | None = None) -> Any:
    @asynccontextmanager
    async def lifespan(app: Any) -> AsyncIterator[dict[str, Any] | None]:
        log.append(f"start {name}")
        yield state
        log.append(f"stop {name}")

    return lifespan


def run(app: App) -> None:
    with TestClient(app):
        log.append("serve")


def test_included_routers_start_later_and_stop_earlier() -> None:
    app, outer, inner = App(lifespan=noting("app")), Router(), Router(lifespan=noting("inner"))
    outer.include_router(inner)
    app.include_router(outer)

    run(app)

    assert log == ["start app", "start inner", "serve", "stop inner", "stop app"]


def test_events_of_an_application_and_its_routers_run_once() -> None:
    def note(text: str) -> Any:
        return lambda: log.append(text)

    router = Router(on_startup=[note("router up")], on_shutdown=[note("router down")])
    app = App(on_startup=[note("app up")], on_shutdown=[note("app down")])
    app.include_router(router)

    @router.on_event("startup")
    async def late() -> None:
        log.append("late up")

    run(app)

    assert log == ["app up", "router up", "late up", "serve", "router down", "app down"]


def test_generators_are_lifespans_too() -> None:
    async def asynchronous(app: Any) -> AsyncIterator[None]:
        log.append("start")
        yield
        log.append("stop")

    def plain(app: Any) -> Iterator[None]:
        log.append("plain start")
        yield
        log.append("plain stop")

    run(App(lifespan=asynchronous))
    run(App(lifespan=plain))

    assert log == ["start", "serve", "stop", "plain start", "serve", "plain stop"]


def test_mounted_applications_are_started_once() -> None:
    app, inner = App(lifespan=noting("app")), App(lifespan=noting("inner"))
    app.mount("/a", inner)
    app.mount("/b", inner)

    run(app)

    assert log == ["start app", "start inner", "serve", "stop inner", "stop app"]


def test_what_parts_open_is_there_before_the_applications_own_lifespan() -> None:
    class Opening(Part):
        name = "opening"

        def lifespan(self, app: App) -> Any:
            return noting("part", {"pool": "open"})(app)

    app = App(lifespan=noting("app", {"own": 1}))
    app.use(Opening())

    @app.get("/")
    async def show(request: Request) -> dict[str, Any]:
        return {"pool": request.state.pool, "own": request.state.own}

    with TestClient(app) as client:
        assert client.get("/").json() == {"pool": "open", "own": 1}

    assert log == ["start part", "start app", "stop app", "stop part"]


def test_states_are_joined_and_the_outer_one_wins() -> None:
    app = App(lifespan=noting("app", {"a": "app", "b": "app"}))
    inner = App(lifespan=noting("inner", {"a": "inner", "c": "inner"}))
    app.mount("/inner", inner)

    @app.get("/")
    async def show(request: Request) -> list[str]:
        return [request.state.a, request.state.b, request.state.c]

    with TestClient(app) as client:
        assert client.get("/").json() == ["app", "app", "inner"]


async def _speak(app: App, *messages: str) -> list[dict[str, Any]]:
    waiting = [{"type": f"lifespan.{message}"} for message in messages]
    sent: list[Any] = []

    async def receive() -> Any:
        return waiting.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    try:
        await app({"type": "lifespan", "state": {}}, receive, send)
    except LookupError:
        sent.append({"type": "raised"})
    return sent


async def test_a_failed_start_is_told_and_what_was_started_is_stopped() -> None:
    @asynccontextmanager
    async def broken(app: Any) -> AsyncIterator[None]:
        raise LookupError("no database")
        yield

    app = App(lifespan=noting("app"))
    app.include_router(Router(lifespan=broken))

    first, *rest = await _speak(app, "startup")

    assert first["type"] == "lifespan.startup.failed"
    assert "no database" in first["message"]
    assert rest == [{"type": "raised"}]
    assert log == ["start app"]


async def test_a_failed_stop_is_told() -> None:
    @asynccontextmanager
    async def broken(app: Any) -> AsyncIterator[None]:
        yield
        raise LookupError("cannot close")

    started, stopped, _ = await _speak(App(lifespan=broken), "startup", "shutdown")

    assert started["type"] == "lifespan.startup.complete"
    assert stopped["type"] == "lifespan.shutdown.failed"
