"""Spans of requests, as a collector gets them."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx2
import pytest
from opentelemetry import trace

from tests.observe.otel.collector import Collector
from trivet import App, HTTPException, WebSocket
from trivet.observe.otel import OpenTelemetry
from trivet.testing import LiveServer, TestClient

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


def traced(**options: Any) -> App:
    app = App(title="shop", version="3.1")
    app.use(OpenTelemetry(is_global=False, **options))

    @app.get("/people/{name}")
    async def person(name: str) -> dict[str, str]:
        return {"name": name}

    @app.get("/slow/{name}")
    async def slow(name: str) -> dict[str, str]:
        await asyncio.sleep(0)
        return {"name": name}

    @app.get("/thread")
    def on_thread() -> dict[str, bool]:
        return {"recording": trace.get_current_span().is_recording()}

    @app.get("/broken/{name}")
    async def broken(name: str) -> None:
        await asyncio.sleep(0)
        raise LookupError(f"nobody is called {name}")

    @app.get("/refused")
    async def refused() -> None:
        raise HTTPException(404, "nobody")

    return app


def ask(app: App, path: str, **headers: str) -> Any:
    with TestClient(app, raise_server_exceptions=False) as client:
        return client.get(path, headers={k.replace("_", "-"): v for k, v in headers.items()})


@pytest.mark.parametrize("path", ["/people/ann", "/slow/ann"])
def test_request_is_a_span_by_the_semantic_conventions(collector: Collector, path: str) -> None:
    ask(traced(), path + "?token=abc", user_agent="Firefox")

    (span,) = collector.spans()
    route = path.replace("ann", "{name}")
    assert span.name == f"GET {route}"
    assert span.kind == "SERVER"
    assert span.attributes == {
        "http.request.method": "GET",
        "http.route": route,
        "url.path": route,
        "url.scheme": "http",
        "server.address": "testserver",
        "http.response.status_code": 200,
    }
    assert span.parent_id == ""
    assert 0 < span.seconds < 60
    assert span.resource["service.name"] == "shop"
    assert span.resource["service.version"] == "3.1"


def test_what_users_sent_is_shown_where_that_is_wanted(collector: Collector) -> None:
    app = traced(shows={"path", "query", "client", "user agent"})

    ask(app, "/people/ann?q=1", user_agent="Firefox")

    (span,) = collector.spans()
    assert span.attributes["url.path"] == "/people/ann"
    assert span.attributes["url.query"] == "q=1"
    assert span.attributes["client.address"] == "testclient"
    assert span.attributes["user_agent.original"] == "Firefox"


def test_trace_of_the_sender_is_continued(collector: Collector) -> None:
    ask(traced(), "/people/ann", traceparent=f"00-{TRACE}-{PARENT}-01")

    (span,) = collector.spans()
    assert (span.trace_id, span.parent_id) == (TRACE, PARENT)


def test_sender_that_records_nothing_is_followed(collector: Collector) -> None:
    ask(traced(), "/people/ann", traceparent=f"00-{TRACE}-{PARENT}-00")

    assert collector.spans() == []


def test_malformed_trace_of_a_sender_begins_a_new_one(collector: Collector) -> None:
    ask(traced(), "/people/ann", traceparent="00-xyz")

    (span,) = collector.spans()
    assert span.parent_id == ""


def test_sender_that_is_not_trusted_is_only_linked(collector: Collector) -> None:
    ask(traced(continues=False), "/people/ann", traceparent=f"00-{TRACE}-{PARENT}-00")

    (span,) = collector.spans()
    assert span.trace_id != TRACE
    assert span.parent_id == ""
    assert span.links == [TRACE]


def test_error_is_told_without_its_text(collector: Collector) -> None:
    ask(traced(), "/broken/ann")

    (span,) = collector.spans()
    assert span.failed
    assert span.said == ""
    assert span.attributes["error.type"] == "LookupError"
    assert span.attributes["http.response.status_code"] == 500
    ((name, told),) = span.events
    assert name == "exception"
    assert told["exception.type"] == "builtins.LookupError"
    assert "in broken" in told["exception.stacktrace"]
    assert "ann" not in str(span.events).replace("{name}", "")


def test_text_of_errors_is_shown_where_that_is_wanted(collector: Collector) -> None:
    ask(traced(shows={"errors"}), "/broken/ann")

    (span,) = collector.spans()
    assert span.said == "nobody is called ann"


def test_mistake_of_the_client_is_no_failure(collector: Collector) -> None:
    ask(traced(), "/refused")

    (span,) = collector.spans()
    assert span.attributes["http.response.status_code"] == 404
    assert not span.failed


def test_path_that_nobody_serves_makes_no_name(collector: Collector) -> None:
    ask(traced(), "/wp-admin/ann")

    (span,) = collector.spans()
    assert span.name == "GET"
    assert "url.path" not in span.attributes


def test_own_spans_nest_in_the_request_on_threads_too(collector: Collector) -> None:
    app = App()
    telemetry = app.use(OpenTelemetry(is_global=False))
    assert telemetry.provider is not None
    tracer = telemetry.provider.get_tracer("mine")

    @app.get("/price")
    def price() -> None:
        with tracer.start_as_current_span("compute the price"):
            pass

    ask(app, "/price")

    inner, outer = collector.spans()
    assert inner.name == "compute the price"
    assert (inner.trace_id, inner.parent_id) == (outer.trace_id, outer.span_id)


def test_own_spans_of_a_request_that_is_not_traced_are_not_recorded(
    collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "parentbased_always_off")
    app = App()
    telemetry = app.use(OpenTelemetry(is_global=False, rate=1.0))
    assert telemetry.provider is not None
    tracer = telemetry.provider.get_tracer("mine")

    @app.get("/price")
    async def price() -> bool:
        with tracer.start_as_current_span("compute the price") as span:
            return span.is_recording()

    assert ask(app, "/price").json() is False
    assert collector.spans() == []


def test_websocket_is_a_span(collector: Collector) -> None:
    app = traced()

    @app.websocket("/chat/{room}")
    async def chat(websocket: WebSocket, room: str) -> None:
        await websocket.accept()
        await websocket.close()

    with (
        TestClient(app) as client,
        client.websocket_connect(
            "/chat/kitchen", headers={"traceparent": f"00-{TRACE}-{PARENT}-01"}
        ),
    ):
        pass

    (span,) = collector.spans()
    assert span.name == "WS /chat/{room}"
    assert (span.kind, span.trace_id) == ("SERVER", TRACE)


def test_socket_serves_the_same(collector: Collector) -> None:
    with LiveServer(traced()) as server, httpx2.Client(base_url=server.url) as client:
        client.get("/slow/ann", headers={"traceparent": f"00-{TRACE}-{PARENT}-01"})
        client.get("/people/ann")

    waiting, ready = sorted(collector.spans(), key=lambda one: one.name, reverse=True)
    assert waiting.name == "GET /slow/{name}"
    assert (waiting.trace_id, waiting.parent_id) == (TRACE, PARENT)
    assert ready.name == "GET /people/{name}"
    assert ready.trace_id != TRACE
