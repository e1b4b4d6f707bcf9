"""Reports of errors, as a server of Sentry's protocol gets them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import sentry_sdk
from starlette.requests import ClientDisconnect, Request

from tests.observe.otel.collector import Collector
from tests.observe.receiver import Receiver
from tests.observe.test_logs import Known
from trivet import App, HTTPException
from trivet.db import Database, Model
from trivet.errors import SetupError
from trivet.jobs import Jobs
from trivet.middleware.request_id import RequestId
from trivet.observe.otel import OpenTelemetry
from trivet.observe.reports import Reports
from trivet.testing import TestClient, async_client


class ReportedModel(Model, apart=True):
    """Where the tables of these tests are registered."""


def dsn(receiver: Receiver) -> str:
    return f"http://key@127.0.0.1:{receiver.port}/7"


def reported(receiver: Receiver) -> list[dict[str, Any]]:
    """Give the events of all envelopes."""
    found = []
    for one in receiver.posted:
        if one.path != "/api/7/envelope/":
            continue
        lines = one.body.split(b"\n")
        for head, body in zip(lines[1::2], lines[2::2], strict=False):
            if json.loads(head)["type"] == "event":
                found.append(json.loads(body))
    return found


def shop(receiver: Receiver, **options: Any) -> App:
    app = App(title="shop", version="3.1", hooks=[RequestId()])
    app.use(Reports(dsn(receiver), **options))

    @app.get("/sell/{name}")
    async def sell(name: str) -> None:
        await asyncio.sleep(0)
        raise LookupError(f"password={name}")

    @app.get("/thread")
    def on_thread() -> None:
        raise KeyError("thread")

    @app.get("/refused")
    async def refused() -> None:
        raise HTTPException(503, "later")

    @app.get("/left")
    async def left() -> None:
        raise ClientDisconnect

    @app.exception_handler(ZeroDivisionError)
    async def handled(request: Any, error: Exception) -> Any:
        raise HTTPException(400)

    return app


def ask(app: App, *paths: str, **headers: str) -> None:
    with TestClient(app, raise_server_exceptions=False) as client:
        for path in paths:
            client.get(path, headers=headers)


def test_error_is_reported_with_route_id_and_release(receiver: Receiver) -> None:
    ask(shop(receiver, environment="test"), "/sell/ann?q=1", **{"x-request-id": "r-1"})

    (event,) = reported(receiver)
    assert event["transaction"] == "GET /sell/{name}"
    assert event["tags"] == {"method": "GET", "route": "/sell/{name}", "request_id": "r-1"}
    assert (event["release"], event["environment"]) == ("shop@3.1", "test")
    assert event["level"] == "error"
    (error,) = event["exception"]["values"]
    assert error["type"] == "LookupError"
    assert error["mechanism"] == {"type": "trivet", "handled": False}
    assert error["stacktrace"]["frames"][-1]["function"] == "sell"


def test_report_holds_nothing_of_who_has_asked(receiver: Receiver) -> None:
    headers = {"cookie": "session=abcdefgh", "authorization": "Bearer abcdefgh"}
    ask(shop(receiver), "/sell/Winnifred?q=hello", **headers)

    text = str(reported(receiver))
    for secret in ("Winnifred", "abcdefgh", "q=hello", "testclient"):
        assert secret not in text


def test_variables_are_sent_where_that_is_wanted(receiver: Receiver) -> None:
    ask(shop(receiver, variables=True), "/sell/Winnifred")

    assert "Winnifred" in str(reported(receiver))


def test_errors_of_worker_threads_are_reported_and_what_is_answered_is_not(
    receiver: Receiver,
) -> None:
    ask(shop(receiver), "/refused", "/thread", "/nowhere", "/left")

    assert [one["exception"]["values"][0]["type"] for one in reported(receiver)] == ["KeyError"]


def test_account_is_named_by_its_id(receiver: Receiver) -> None:
    app = shop(receiver)
    known = app.use(Known())

    @app.get("/account")
    async def account(request: Request) -> None:
        await known.identify(request)
        raise LookupError

    ask(app, "/account")

    (event,) = reported(receiver)
    assert event["user"] == {"id": "7"}


def test_trace_is_named(receiver: Receiver, collector: Collector) -> None:
    app = shop(receiver)
    app.use(OpenTelemetry(is_global=False))

    ask(app, "/sell/ann")

    span = collector.span("GET /sell/{name}")
    (event,) = reported(receiver)
    assert event["contexts"]["trace"]["trace_id"] == span.trace_id


@asynccontextmanager
async def with_jobs(receiver: Receiver, folder: Path, **options: Any) -> AsyncIterator[Jobs]:
    app = App()
    db = app.use(Database(f"sqlite:///{folder / 'reported.db'}", models=ReportedModel))
    jobs = app.use(Jobs(db, in_server=False))
    app.use(Reports(dsn(receiver), **options))
    await db.create_tables()
    async with async_client(app):
        yield jobs


@pytest.mark.parametrize(("attempts", "times"), [(False, 0), (True, 1)])
async def test_job_that_is_tried_again_is_reported_where_that_is_wanted(
    receiver: Receiver, tmp_path: Path, attempts: bool, times: int
) -> None:
    async with with_jobs(receiver, tmp_path, attempts=attempts) as jobs:

        @jobs.job(max_attempts=5)
        async def greet(name: str) -> None:
            raise LookupError

        async with jobs.database.transaction():
            await greet.enqueue("Winnifred")
        await jobs.run_pending()

    assert len(reported(receiver)) == times


async def test_job_that_is_dead_is_reported(receiver: Receiver, tmp_path: Path) -> None:
    async with with_jobs(receiver, tmp_path) as jobs:

        @jobs.job(max_attempts=1, queue="mail")
        async def greet(name: str) -> None:
            raise LookupError

        async with jobs.database.transaction():
            sent = await greet.enqueue("Winni" + "fred")
        await jobs.run_pending()

    (event,) = reported(receiver)
    assert event["transaction"] == greet.name
    assert event["contexts"]["job"] == {
        "id": str(sent.id),
        "queue": "mail",
        "attempt": 1,
    }
    assert "Winnifred" not in str(event)


def test_more_than_a_second_may_have_are_counted_in_the_log(
    receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    ask(shop(receiver, rate=0.001), "/sell/ann", "/sell/bob", "/sell/cyd")

    assert len(reported(receiver)) == 1
    assert [one for one in caplog.messages if "not reported" in one]


def test_client_of_ones_own_is_used(receiver: Receiver) -> None:
    app = App()
    client = sentry_sdk.Client(dsn=dsn(receiver), release="mine", default_integrations=False)
    app.use(Reports(client=client))

    @app.get("/")
    async def broken() -> None:
        raise LookupError

    ask(app, "/")

    (event,) = reported(receiver)
    assert event["release"] == "mine"
    client.close()


def test_environment_says_to_whom(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SENTRY_DSN", dsn(receiver))
    monkeypatch.setenv("SENTRY_RELEASE", "r7")
    app = App()
    app.use(Reports())

    @app.get("/")
    async def broken() -> None:
        raise LookupError

    ask(app, "/")

    (event,) = reported(receiver)
    assert event["release"] == "r7"


def test_nothing_is_watched_without_an_address() -> None:
    app = App()
    reports = app.use(Reports())

    assert app.watchers == []
    (finding,) = reports.deploy_checks(app)
    assert finding.code == "observe.not-reporting"


def test_address_that_is_none_is_refused() -> None:
    with pytest.raises(SetupError) as caught:
        App().use(Reports("sentry.example.org"))

    assert caught.value.code == "observe.dsn"
