"""How long things take, counted in buckets: the metrics that are sent by OTLP.

A watcher. Counting is ours, because an instrument of OpenTelemetry's SDK costs as much for each
value as a small request does: 12 µs of CPU. What is counted here becomes the SDK's own data when it
is sent. Names, units and buckets are those of the semantic conventions.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock
from time import time_ns
from typing import Any

from opentelemetry.sdk.metrics.export import (
    AggregationTemporality,
    Gauge,
    Histogram,
    HistogramDataPoint,
    Metric,
    NumberDataPoint,
    Sum,
)

from trivet.http.exchange import Exchange
from trivet.observe.otel.attributes import error_type
from trivet.watching import Count, Happening, Reading
from trivet.watching import Gauge as PartGauge

__all__ = ["Measures", "metrics_of_gauges"]

_HTTP = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)
_DATABASE = (0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0)
_STATUS = "http.response.status_code"
_MOST_SERIES = 2_000  # of one instrument, as many as the SDK has


@dataclass(frozen=True)
class _Instrument:
    name: str
    description: str
    bounds: tuple[float, ...]
    attributes: tuple[str, ...]
    """The facts that tell its series apart."""
    fixed: tuple[tuple[str, str], ...] = ()


_INSTRUMENTS: dict[str, _Instrument] = {
    "request": _Instrument(
        "http.server.request.duration",
        "Duration of HTTP server requests.",
        _HTTP,
        ("http.request.method", "http.route", _STATUS, "url.scheme"),
    ),
    "call": _Instrument(
        "http.client.request.duration",
        "Duration of HTTP client requests.",
        _HTTP,
        ("http.request.method", "server.address", "server.port", _STATUS),
    ),
    "query": _Instrument(
        "db.client.operation.duration",
        "Duration of database client operations.",
        _DATABASE,
        ("db.system.name", "db.namespace", "db.operation.name", "db.collection.name"),
    ),
    "job": _Instrument(
        "messaging.process.duration",
        "Duration of processing operation.",
        _HTTP,
        ("messaging.system", "messaging.destination.name", "trivet.job.outcome"),
        (("messaging.operation.name", "process"),),
    ),
    "cache": _Instrument(
        "trivet.cache.duration",
        "Duration of what is done with the cache.",
        _DATABASE,
        ("trivet.cache.outcome",),
    ),
    "mail": _Instrument("trivet.mail.duration", "Duration of sending a mail.", _HTTP, ()),
}
# Those whose name says something that is no fact.
_NAMED = {"job": "trivet.job.name", "cache": "trivet.cache.operation"}


@dataclass(slots=True, eq=False)
class _Series:
    attributes: dict[str, Any]
    counts: list[int]
    began: int = field(default_factory=time_ns)
    sum: float = 0.0


class Measures:
    """The watcher: one histogram for each kind of thing, with a series for each of its sorts.

    Beyond `most` series of one, the rest is counted together.
    """

    def __init__(self, most: int = _MOST_SERIES) -> None:
        self._most = most
        self._lock = Lock()
        self._series: dict[str, dict[Any, _Series]] = {kind: {} for kind in _INSTRUMENTS}

    def begins(self, happening: Happening) -> None:
        """Nothing: it is counted at its end."""

    def counting(self, name: str, facts: Mapping[str, Any]) -> Count:
        """Give what counts the requests of one route and method.

        Without a lock: requests are told on the event loop's thread, and read there.
        """
        known: dict[Any, _Series] = {}
        place = bisect_left

        def count(
            exchange: Exchange, status: int, seconds: float, error: BaseException | None
        ) -> None:
            key = status if error is None else (status, type(error))
            series = known.get(key)
            if series is None:
                series = known[key] = self._made_for(name, facts, exchange, status, error)
            series.counts[place(_HTTP, seconds)] += 1
            series.sum += seconds

        return count

    def _made_for(
        self,
        name: str,
        facts: Mapping[str, Any],
        exchange: Exchange,
        status: int,
        error: BaseException | None,
    ) -> _Series:
        happening = Happening("request", name, {**facts}, error=error)
        if status:
            happening.facts[_STATUS] = status
        # As the first of them came; a service is seldom reached both ways, and to ask costs each
        # request as much as to count it.
        happening.facts["url.scheme"] = exchange.scheme
        return self._made(happening, self._key(happening))

    def ends(self, happening: Happening) -> None:
        """Count what is no request."""
        known = self._series.get(happening.kind)
        if known is None or happening.ended is None:
            return
        seconds = happening.ended - happening.began
        key = self._key(happening)
        series = known.get(key) or self._made(happening, key)
        place = bisect_left(_INSTRUMENTS[happening.kind].bounds, seconds)
        with self._lock:  # what a handler without `async` does is told on its thread
            series.counts[place] += 1
            series.sum += seconds

    def _key(self, happening: Happening) -> Any:
        facts = happening.facts
        instrument = _INSTRUMENTS[happening.kind]
        return (
            happening.name,
            error_type(happening),
            *[facts.get(name) for name in instrument.attributes],
        )

    def _made(self, happening: Happening, key: Any) -> _Series:
        instrument = _INSTRUMENTS[happening.kind]
        known = self._series[happening.kind]
        attributes: dict[str, Any] = dict(instrument.fixed)
        if len(known) >= self._most:
            # What the SDK does with more: one series for all of the rest.
            key, attributes = "overflow", {"otel.metric.overflow": True}
        else:
            facts = happening.facts
            for name in instrument.attributes:
                value = facts.get(name)
                if value is not None:
                    attributes[name] = value
            if happening.kind in _NAMED:
                attributes[_NAMED[happening.kind]] = happening.name
            failed = error_type(happening)
            if failed is not None:
                attributes["error.type"] = failed
        with self._lock:
            return known.setdefault(key, _Series(attributes, [0] * (len(instrument.bounds) + 1)))

    def metrics(self) -> list[Metric]:
        """Give what was counted since the beginning, as the SDK's data."""
        found = []
        for kind, series in self._series.items():
            if series:
                instrument = _INSTRUMENTS[kind]
                with self._lock:
                    points = [_point(one, instrument.bounds) for one in series.values()]
                data = Histogram(points, AggregationTemporality.CUMULATIVE)
                found.append(Metric(instrument.name, instrument.description, "s", data))
        return found


def _point(series: _Series, bounds: tuple[float, ...]) -> HistogramDataPoint:
    return HistogramDataPoint(
        attributes=series.attributes,
        start_time_unix_nano=series.began,
        time_unix_nano=time_ns(),
        count=sum(series.counts),
        sum=series.sum,
        bucket_counts=tuple(series.counts),
        explicit_bounds=bounds,
        # OTLP lets them out, and of a whole life they say little.
        min=None,  # type: ignore[arg-type]  # as the exporter takes them
        max=None,  # type: ignore[arg-type]
    )


def metrics_of_gauges(
    read: Sequence[tuple[PartGauge, Sequence[Reading]]], since: int
) -> list[Metric]:
    """Give what parts have in gauges as the SDK's data; `since` is when counting began."""
    found = []
    for gauge, readings in read:
        points = [
            NumberDataPoint(dict(one.labels), since, time_ns(), float(one.value))
            for one in readings
        ]
        data = (
            Sum(points, AggregationTemporality.CUMULATIVE, is_monotonic=True)
            if gauge.counts
            else Gauge(points)
        )
        if points:
            found.append(Metric(gauge.name, gauge.help, "", data))
    return found
