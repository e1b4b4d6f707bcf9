"""Metrics, as a collector gets them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from opentelemetry import metrics

from tests.observe.otel.collector import Collector
from trivet import App
from trivet.app.part import Part
from trivet.cache import Cache
from trivet.observe.otel import OpenTelemetry
from trivet.observe.otel.measures import Measures
from trivet.testing import TestClient
from trivet.watching import Gauge, Happening, Reading


def measured() -> App:
    app = App()
    app.use(OpenTelemetry(is_global=False))

    @app.get("/people/{name}")
    async def person(name: str) -> None: ...

    @app.get("/slow/{name}")
    async def slow(name: str) -> None:
        await asyncio.sleep(0)
        if name == "bob":
            raise LookupError(name)

    return app


def test_requests_are_counted_by_route_method_and_status(collector: Collector) -> None:
    with TestClient(measured(), raise_server_exceptions=False) as client:
        for path in ("/people/ann", "/people/bob", "/slow/ann", "/slow/bob", "/nowhere"):
            client.get(path)
        client.post("/people/ann")

    # By name: error.type, http.request.method, http.response.status_code, http.route, url.scheme.
    assert collector.counts("http.server.request.duration") == {
        ("GET", 200, "/people/{name}", "http"): 2,
        ("GET", 200, "/slow/{name}", "http"): 1,
        ("LookupError", "GET", 500, "/slow/{name}", "http"): 1,
        ("GET", 404, "http"): 1,
        ("POST", 405, "http"): 1,
    }
    metric = collector.metrics()["http.server.request.duration"]
    assert metric.unit == "s"
    assert metric.histogram.aggregation_temporality == 2  # cumulative
    point = metric.histogram.data_points[0]
    assert list(point.explicit_bounds)[:3] == [0.005, 0.01, 0.025]
    assert sum(point.bucket_counts) == point.count
    assert point.sum > 0


def test_requests_that_are_not_traced_are_counted(
    collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "always_off")

    with TestClient(measured()) as client:
        client.get("/people/ann")
        client.get("/slow/ann")

    assert collector.spans() == []
    assert sum(collector.counts("http.server.request.duration").values()) == 2


def test_what_parts_do_is_counted(collector: Collector) -> None:
    app = measured()
    cache = app.use(Cache())

    @app.get("/cached")
    async def cached() -> None:
        await cache.get("a")
        await cache.set("a", 1, ttl=9)
        await cache.get("a")

    with TestClient(app) as client:
        client.get("/cached")

    assert collector.counts("trivet.cache.duration") == {
        ("get", "miss"): 1,
        ("set",): 1,
        ("get", "hit"): 1,
    }


class Shop(Part):
    name = "shop"

    def gauges(self) -> Sequence[Gauge]:
        async def waiting() -> Sequence[Reading]:
            return [Reading(3, {"queue": "mail"})]

        async def sold() -> Sequence[Reading]:
            return [Reading(7)]

        async def broken() -> Sequence[Reading]:
            raise OSError("the database is away")

        return (
            Gauge("shop_waiting", "What waits.", waiting),
            Gauge("shop_sold_total", "What was sold.", sold, counts=True),
            Gauge("shop_broken", "What cannot be read.", broken),
        )


def test_gauges_of_parts_are_sent_and_one_that_fails_is_left_out(collector: Collector) -> None:
    app = measured()
    app.use(Shop())

    with TestClient(app):
        pass

    sent = collector.metrics()
    (waiting,) = sent["shop_waiting"].gauge.data_points
    (sold,) = sent["shop_sold_total"].sum.data_points
    assert waiting.as_double == 3
    assert waiting.attributes[0].value.string_value == "mail"
    assert sold.as_double == 7
    assert sent["shop_sold_total"].sum.is_monotonic
    assert "shop_broken" not in sent


def test_instruments_of_the_application_are_sent_beside_ours(collector: Collector) -> None:
    app = App()
    telemetry = app.use(OpenTelemetry(is_global=False))
    assert telemetry.meters is not None
    sold: metrics.Counter = telemetry.meters.get_meter("shop").create_counter("shop.sold")

    with TestClient(app):
        sold.add(2, {"kind": "book"})

    (point,) = collector.metrics()["shop.sold"].sum.data_points
    assert point.as_int == 2


def test_more_series_than_there_may_be_become_one() -> None:
    measures = Measures(most=2)

    for number in range(5):
        happening = Happening("mail", f"transport {number}")
        happening.ended = happening.began + 0.2
        measures.ends(happening)

    (metric,) = measures.metrics()
    points = metric.data.data_points
    assert [one.count for one in points] == [1, 1, 3]  # type: ignore[union-attr]
    assert dict(points[2].attributes or {}) == {"otel.metric.overflow": True}
