"""What is logged, as a collector gets it."""

from __future__ import annotations

import asyncio
import logging

import pytest

from tests.observe.otel.collector import Collector
from trivet import App
from trivet.middleware.request_id import RequestId
from trivet.observe.otel import OpenTelemetry
from trivet.testing import TestClient

log = logging.getLogger("tests.shop")


@pytest.fixture(autouse=True)
def at_info() -> None:
    log.setLevel(logging.INFO)


def logging_app() -> App:
    app = App(hooks=[RequestId()])
    app.use(OpenTelemetry(is_global=False))

    @app.get("/sell/{name}")
    async def sell(name: str) -> None:
        await asyncio.sleep(0)
        log.info("sold to %s, password=%s", name, "hunter22", extra={"price": 3, "token": "abc"})
        try:
            raise LookupError("api_key=abcdef")
        except LookupError:
            log.exception("failed")

    return app


def test_entry_has_the_ids_of_its_trace_and_no_secrets(collector: Collector) -> None:
    with TestClient(logging_app()) as client:
        client.get("/sell/ann", headers={"x-request-id": "r-1"})

    (span,) = collector.spans()
    sold, failed = [one for one in collector.entries() if "logger.name" in one.attributes][:2]
    assert sold.text == "sold to ann, password=***"
    assert sold.severity == "INFO"
    assert (sold.trace_id, sold.span_id) == (span.trace_id, span.span_id)
    assert sold.attributes["price"] == 3
    assert sold.attributes["token"] == "***"
    assert sold.attributes["trivet.request.id"] == "r-1"
    assert failed.attributes["exception.type"] == "builtins.LookupError"
    assert "abcdef" not in str(failed)


def test_nothing_is_heard_once_the_application_has_stopped(collector: Collector) -> None:
    before = list(logging.getLogger().handlers)
    app = logging_app()
    for _ in range(2):  # it may be started again
        with TestClient(app):
            log.warning("here")
        log.warning("gone")

    assert [one.text for one in collector.entries()] == ["here", "here"]
    assert logging.getLogger().handlers == before
