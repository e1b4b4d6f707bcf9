"""What dependencies open is closed in the opposite order, with the error that is under way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Annotated, Any

import anyio
import pytest
from starlette.responses import StreamingResponse

from trivet import App, BackgroundTasks, Depends, HTTPException
from trivet.errors import DependencyScopeError
from trivet.testing import TestClient

log: list[str] = []


@pytest.fixture(autouse=True)
def _empty_log() -> None:
    log.clear()


class OwnError(Exception):
    pass


def noting(name: str, *, is_async: bool = True) -> Callable[[], Any]:
    """Make a dependency that notes when it is opened, what is thrown in, and when it is closed."""

    async def asynchronous() -> AsyncIterator[str]:
        log.append(f"open {name}")
        try:
            yield name
        except BaseException as error:
            log.append(f"{name} saw {type(error).__name__}")
            raise
        finally:
            log.append(f"close {name}")

    def plain() -> Iterator[str]:
        log.append(f"open {name}")
        try:
            yield name
        except BaseException as error:
            log.append(f"{name} saw {type(error).__name__}")
            raise
        finally:
            log.append(f"close {name}")

    return asynchronous if is_async else plain


def client(app: App) -> TestClient:
    return TestClient(app, raise_server_exceptions=False)


@pytest.mark.parametrize("is_async", [True, False])
def test_everything_is_closed_in_the_opposite_order(is_async: bool) -> None:
    app = App()
    first, second = noting("a", is_async=is_async), noting("b", is_async=not is_async)

    @app.get("/")
    async def handler(a: str = Depends(first), b: str = Depends(second)) -> str:
        log.append("handler")
        return a + b

    assert client(app).get("/").json() == "ab"
    assert log == ["open a", "open b", "handler", "close b", "close a"]


@pytest.mark.parametrize("is_async", [True, False])
def test_an_error_is_thrown_into_everything_that_is_open(is_async: bool) -> None:
    app = App()
    first, second = noting("a", is_async=is_async), noting("b", is_async=is_async)

    @app.get("/")
    async def handler(a: str = Depends(first), b: str = Depends(second)) -> None:
        raise HTTPException(418)

    assert client(app).get("/").status_code == 418
    assert log == [
        "open a",
        "open b",
        "b saw HTTPException",
        "close b",
        "a saw HTTPException",
        "close a",
    ]


def test_values_that_do_not_fit_close_what_was_opened_before() -> None:
    app = App()

    @app.get("/")
    async def handler(q: int, a: str = Depends(noting("a"))) -> None:
        log.append("handler")

    assert client(app).get("/?q=x").status_code == 422
    assert log == ["open a", "a saw RequestValidationError", "close a"]


def test_an_error_while_opening_closes_only_what_is_open() -> None:
    app = App()

    async def broken(a: str = Depends(noting("a"))) -> AsyncIterator[None]:
        raise HTTPException(503)
        yield

    @app.get("/")
    async def handler(b: None = Depends(broken), c: str = Depends(noting("c"))) -> None:
        log.append("handler")

    assert client(app).get("/").status_code == 503
    assert log == ["open a", "a saw HTTPException", "close a"]


@pytest.mark.parametrize("is_async", [True, False])
def test_a_replaced_error_is_what_the_others_see(is_async: bool) -> None:
    app = App()

    async def replacing_async(a: str = Depends(noting("a"))) -> AsyncIterator[None]:
        try:
            yield
        except OwnError:
            raise HTTPException(409, "replaced") from None

    def replacing_plain(a: str = Depends(noting("a"))) -> Iterator[None]:
        try:
            yield
        except OwnError:
            raise HTTPException(409, "replaced") from None

    replacing = replacing_async if is_async else replacing_plain

    @app.get("/", dependencies=[Depends(replacing)])
    async def handler() -> None:
        raise OwnError

    answer = client(app).get("/")

    assert (answer.status_code, answer.json()) == (409, {"detail": "replaced"})
    assert log == ["open a", "a saw HTTPException", "close a"]


@pytest.mark.parametrize("is_async", [True, False])
def test_a_swallowed_error_is_named_as_a_mistake(is_async: bool) -> None:
    app = App()

    async def swallowing_async() -> AsyncIterator[None]:
        try:  # noqa: SIM105  # as people write it
            yield
        except OwnError:
            pass

    def swallowing_plain() -> Iterator[None]:
        try:  # noqa: SIM105  # as people write it
            yield
        except OwnError:
            pass

    @app.get("/", dependencies=[Depends(swallowing_async if is_async else swallowing_plain)])
    async def handler() -> None:
        raise OwnError

    assert client(app).get("/").status_code == 500
    with pytest.raises(RuntimeError, match="is not raising the exception again"):
        TestClient(app).get("/")


@pytest.mark.parametrize("yields", [0, 2])
@pytest.mark.parametrize("is_async", [True, False])
def test_a_generator_must_yield_once(yields: int, is_async: bool) -> None:
    app = App()

    async def counted_async() -> AsyncIterator[int]:
        for number in range(yields):
            yield number

    def counted_plain() -> Iterator[int]:
        yield from range(yields)

    @app.get("/")
    async def handler(n: int = Depends(counted_async if is_async else counted_plain)) -> int:
        return n

    with pytest.raises(RuntimeError, match="generator didn't"):
        TestClient(app).get("/")


def test_function_scope_ends_before_the_answer_and_request_scope_after_the_tasks() -> None:
    app = App()

    @app.get("/")
    async def handler(
        tasks: BackgroundTasks,
        early: Annotated[str, Depends(noting("early"), scope="function")],
        late: Annotated[str, Depends(noting("late"), scope="request")],
    ) -> StreamingResponse:
        tasks.add_task(log.append, "task")

        async def chunks() -> AsyncIterator[bytes]:
            log.append("body")
            yield b"x"

        return StreamingResponse(chunks())

    assert client(app).get("/").text == "x"
    assert log == ["open early", "open late", "close early", "body", "task", "close late"]


def test_an_error_of_function_scope_still_becomes_the_answer() -> None:
    app = App()

    async def committing() -> AsyncIterator[None]:
        yield
        raise HTTPException(409, "could not commit")

    @app.get("/")
    async def handler(
        late: str = Depends(noting("late")),
        commit: None = Depends(committing, scope="function"),
    ) -> str:
        return "done"

    answer = client(app).get("/")

    assert (answer.status_code, answer.json()) == (409, {"detail": "could not commit"})
    assert log == ["open late", "late saw HTTPException", "close late"]


def test_what_lives_longer_cannot_depend_on_what_ends_sooner() -> None:
    app = App()

    async def longer(
        early: str = Depends(noting("early"), scope="function"),
    ) -> AsyncIterator[None]:
        yield

    async def handler(value: None = Depends(longer, scope="request")) -> None: ...

    with pytest.raises(DependencyScopeError, match=r"binding\.dependency-scope"):
        app.get("/")(handler)


def test_streams_keep_what_they_use_open() -> None:
    app = App()

    @app.get("/")
    async def handler(a: str = Depends(noting("a"))) -> AsyncIterator[str]:
        log.append("first")
        yield a
        log.append("second")
        yield a

    assert client(app).get("/").text == '"a"\n"a"\n'
    assert log == ["open a", "first", "second", "close a"]


def test_a_shared_dependency_is_opened_once_and_an_unshared_one_each_time() -> None:
    app = App()
    shared, own = noting("shared"), noting("own")

    @app.get("/")
    async def handler(
        a: str = Depends(shared),
        b: str = Depends(shared),
        c: str = Depends(own, use_cache=False),
        d: str = Depends(own, use_cache=False),
    ) -> None: ...

    client(app).get("/")

    assert log.count("open shared") == log.count("close shared") == 1
    assert log.count("open own") == log.count("close own") == 2


async def _get(app: App, receive: Any = None) -> list[Any]:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def nothing() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    scope = {
        "type": "http",
        "method": "GET",
        "path": "/",
        "headers": [(b"host", b"t")],
        "query_string": b"",
        "http_version": "1.1",
        "scheme": "http",
        "server": ("t", 80),
    }
    await app(scope, receive or nothing, send)
    return sent


@pytest.mark.parametrize("is_async", [True, False])
@pytest.mark.parametrize("through_scope", [True, False])
async def test_cancellation_reaches_what_is_open_and_it_may_still_wait(
    is_async: bool, through_scope: bool
) -> None:
    app = App()
    entered = asyncio.Event()

    async def waits_on_leaving() -> AsyncIterator[None]:
        try:
            yield
        finally:
            await asyncio.sleep(0)
            log.append("cleaned")

    @app.get("/", dependencies=[Depends(noting("a", is_async=is_async)), Depends(waits_on_leaving)])
    async def handler() -> None:
        entered.set()
        await asyncio.Event().wait()

    if through_scope:
        async with anyio.create_task_group() as group:
            group.start_soon(_get, app)
            await entered.wait()
            group.cancel_scope.cancel()
    else:
        task = asyncio.ensure_future(_get(app))
        await entered.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    assert log == ["open a", "cleaned", "a saw CancelledError", "close a"]


async def test_a_limited_dependency_gives_its_place_back_after_errors_too() -> None:
    app = App()
    inside = 0
    peak = 0

    async def limited() -> AsyncIterator[None]:
        nonlocal inside, peak
        inside += 1
        peak = max(peak, inside)
        await asyncio.sleep(0)
        try:
            yield
        finally:
            inside -= 1

    @app.get("/", dependencies=[Depends(limited, max_concurrency=2)])
    async def handler() -> None:
        await asyncio.sleep(0)
        raise HTTPException(400)

    answers = await asyncio.gather(*(_get(app) for _ in range(10)))

    assert [sent[0]["status"] for sent in answers] == [400] * 10
    assert (inside, peak) == (0, 2)
