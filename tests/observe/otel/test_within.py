"""Spans of what a request does, and of what it leaves to jobs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.observe.otel.collector import Collector, Span
from trivet import App
from trivet.ai.tokens import Piece, TokenStream, TokenStreams, Usage
from trivet.cache import Cache
from trivet.db import Database, Mapped, Model, field
from trivet.jobs import Jobs
from trivet.mail import Mail, MemoryTransport, Message
from trivet.observe.calls import Calls
from trivet.observe.otel import OpenTelemetry
from trivet.testing import async_client

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


class Observed(Model, apart=True):
    """Where the tables of these tests are registered."""


class TracedBook(Observed):
    title: Mapped[str] = field(max_length=100)


class Site:
    """An application with everything that tells of itself."""

    def __init__(self, folder: Path) -> None:
        self.db = Database(f"sqlite:///{folder / 'traced.db'}", models=Observed)
        self.app = App()
        self.app.use(self.db)
        self.jobs = self.app.use(Jobs(self.db, in_server=False))
        self.app.use(OpenTelemetry(is_global=False))

    @asynccontextmanager
    async def running(self) -> AsyncIterator[httpx2.AsyncClient]:
        await self.db.create_tables()
        async with async_client(self.app) as client:
            yield client


@pytest.fixture
def site(collector: Collector, tmp_path: Path) -> Site:
    return Site(tmp_path)


def named(collector: Collector, start: str) -> list[Span]:
    return [one for one in collector.spans() if one.name.startswith(start)]


async def test_query_is_a_span_without_its_values(site: Site, collector: Collector) -> None:
    @site.app.get("/books")
    async def books() -> int:
        return len(await TracedBook.where(title="Momo"))

    async with site.running() as client:
        await client.get("/books")

    request = collector.span("GET /books")
    (query,) = named(collector, "SELECT")
    assert query.kind == "CLIENT"
    assert (query.trace_id, query.parent_id) == (request.trace_id, request.span_id)
    assert query.attributes["db.system.name"] == "sqlite"
    assert query.attributes["db.operation.name"] == "SELECT"
    assert query.attributes["db.collection.name"] == TracedBook.__tablename__
    assert "WHERE" in query.attributes["db.query.text"]
    assert "Momo" not in str(query)


async def test_query_that_failed_says_by_what(site: Site, collector: Collector) -> None:
    @site.app.get("/books")
    async def books() -> None:
        await site.db.sql("SELECT 'Momo' FROM nowhere WHERE page = 42")

    async with site.running() as client:
        with pytest.raises(Exception, match="nowhere"):
            await client.get("/books")

    query = collector.span("SELECT nowhere")
    assert query.failed
    assert query.attributes["error.type"]
    assert query.attributes["db.query.text"] == "SELECT ? FROM nowhere WHERE page = ?"


async def test_job_continues_the_trace_of_who_has_put_it_in(
    site: Site, collector: Collector
) -> None:
    @site.jobs.job
    async def greet(name: str) -> None:
        await TracedBook.where(title=name)

    @site.app.post("/greet")
    async def put_in() -> None:
        await greet.enqueue("Ann")

    async with site.running() as client:
        await client.post("/greet", headers={"traceparent": f"00-{TRACE}-{PARENT}-01"})
        await site.jobs.run_pending()

    request = collector.span("POST /greet")
    sent = collector.span(f"send {greet.name}")
    done = collector.span(f"process {greet.name}")
    assert (sent.kind, done.kind) == ("PRODUCER", "CONSUMER")
    assert sent.parent_id == request.span_id
    assert done.parent_id == sent.span_id
    assert {request.trace_id, sent.trace_id, done.trace_id} == {TRACE}
    assert done.attributes["messaging.destination.name"] == "default"
    assert done.attributes["trivet.job.outcome"] == "done"
    within = [one for one in named(collector, "SELECT") if one.parent_id == done.span_id]
    assert len(within) >= 1
    assert "Ann" not in str(collector.spans())


async def test_job_of_a_request_that_is_not_traced_is_not_traced(
    site: Site, collector: Collector
) -> None:
    @site.jobs.job
    async def greet() -> None: ...

    @site.app.post("/greet")
    async def put_in() -> int:
        return (await greet.enqueue()).id

    async with site.running() as client:
        headers = {"traceparent": f"00-{TRACE}-{PARENT}-00"}
        id = (await client.post("/greet", headers=headers)).json()
        carried = await row(site, id)
        await site.jobs.run_pending()

    assert carried == f"00-{TRACE}-{PARENT}-00"
    assert named(collector, "send") + named(collector, "process") == []


async def test_jobs_put_in_together_carry_one_trace(site: Site, collector: Collector) -> None:
    @site.jobs.job
    async def greet(name: str) -> None: ...

    @site.app.post("/greet")
    async def put_in() -> None:
        await greet.enqueue_many([("Ann",), ("Bob",)])

    async with site.running() as client:
        await client.post("/greet")
        await site.jobs.run_pending()

    sent = collector.span(f"send {greet.name}")
    assert sent.attributes["messaging.batch.message_count"] == 2
    done = named(collector, "process")
    assert [one.parent_id for one in done] == [sent.span_id] * 2


async def test_job_that_failed_says_so(site: Site, collector: Collector) -> None:
    @site.jobs.job(max_attempts=1)
    async def greet() -> None:
        raise LookupError("Ann")

    async with site.running():
        async with site.db.transaction():
            await greet.enqueue()
        await site.jobs.run_pending()

    (done,) = named(collector, "process")
    assert done.parent_id == ""
    assert done.failed
    assert done.attributes["trivet.job.outcome"] == "dead"
    assert done.attributes["error.type"] == "LookupError"


async def row(site: Site, id: int) -> Any:
    jobs = site.jobs.board.jobs
    async with site.db.engine.connect() as connection:
        return (
            await connection.execute(jobs.select().with_only_columns(jobs.c.trace))
        ).scalar_one()


async def test_mail_and_cache_are_spans(collector: Collector) -> None:
    app = App()
    cache = app.use(Cache())
    mail = app.use(Mail(MemoryTransport(), sender="shop@example.org"))
    app.use(OpenTelemetry(is_global=False))

    @app.get("/")
    async def page() -> None:
        await cache.get("ann@example.org")
        await mail.send(Message(to="ann@example.org", subject="Hello", text="Hello"))

    async with async_client(app) as client:
        await client.get("/")

    request = collector.span("GET /")
    (looked_up,) = named(collector, "cache")
    (sent,) = named(collector, "mail")
    assert looked_up.name == "cache get"
    assert looked_up.attributes["trivet.cache.outcome"] == "miss"
    assert sent.attributes["trivet.mail.recipients"] == 1
    assert {looked_up.parent_id, sent.parent_id} == {request.span_id}
    assert "ann@" not in str(collector.spans())


async def test_stream_of_tokens_is_a_span_that_ends_where_it_began(
    collector: Collector, caplog: pytest.LogCaptureFixture
) -> None:
    app = App()
    streams = app.use(TokenStreams())
    app.use(OpenTelemetry(is_global=False))

    async def words() -> AsyncIterator[Piece]:
        yield "Down"
        yield Usage(input_tokens=9, output_tokens=3)

    @app.get("/chat")
    async def chat() -> TokenStream:
        return streams.openai(words(), model="alice")

    async with async_client(app) as client:
        await client.get("/chat")

    request, stream = collector.span("GET /chat"), collector.span("chat alice")
    assert (stream.trace_id, stream.parent_id) == (request.trace_id, request.span_id)
    assert stream.attributes["gen_ai.usage.output_tokens"] == 3
    assert "detach" not in caplog.text


async def test_call_is_a_span_and_takes_the_trace_along(collector: Collector) -> None:
    app = App()
    calls = app.use(Calls())
    app.use(OpenTelemetry(is_global=False))
    there = f"http://127.0.0.1:{collector.receiver.port}"
    transport = calls.watched(httpx2.AsyncHTTPTransport())

    @app.get("/")
    async def page() -> None:
        async with httpx2.AsyncClient(transport=transport, base_url=there) as client:
            await client.get("/missing/ann?token=abc")

    async with async_client(app) as client:
        await client.get("/")

    request = collector.span("GET /")
    call = collector.span("GET")
    assert (call.kind, call.parent_id) == ("CLIENT", request.span_id)
    assert call.attributes == {
        "http.request.method": "GET",
        "server.address": "127.0.0.1",
        "server.port": collector.receiver.port,
        "url.full": there + "/",
        "http.response.status_code": 404,
        "error.type": "404",
    }
    (asked,) = [one for one in collector.receiver.posted if one.path.startswith("/missing")]
    assert asked.headers["traceparent"] == f"00-{call.trace_id}-{call.span_id}-03"


async def test_call_within_what_is_not_traced_says_so(
    collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = App()
    calls = app.use(Calls())
    app.use(OpenTelemetry(is_global=False))
    there = f"http://127.0.0.1:{collector.receiver.port}"

    @app.get("/")
    async def page() -> None:
        transport = calls.watched(httpx2.AsyncHTTPTransport())
        async with httpx2.AsyncClient(transport=transport, base_url=there) as client:
            await client.get("/missing")

    async with async_client(app) as client:
        await client.get("/", headers={"traceparent": f"00-{TRACE}-{PARENT}-00"})

    (asked,) = [one for one in collector.receiver.posted if one.path.startswith("/missing")]
    assert asked.headers["traceparent"] == f"00-{TRACE}-{PARENT}-00"
    assert collector.spans() == []


async def test_requests_at_the_same_time_keep_their_own_traces(collector: Collector) -> None:
    app = App()
    cache = app.use(Cache())
    app.use(OpenTelemetry(is_global=False))

    @app.get("/{name}")
    async def page(name: str) -> None:
        await asyncio.sleep(0.001)
        await cache.get(name)

    async with async_client(app) as client:
        await asyncio.gather(*[client.get(f"/{name}") for name in "abcdef"])

    requests = {one.span_id: one.trace_id for one in named(collector, "GET")}
    looked_up = named(collector, "cache")
    assert len(requests) == len(looked_up) == 6
    assert {one.parent_id: one.trace_id for one in looked_up} == requests
