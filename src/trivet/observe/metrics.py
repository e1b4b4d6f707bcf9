"""Figures for Prometheus, in a registry that is the application's own.

Labels have few values: routes as they are declared, never paths that somebody asks for; tables, and
no statements. What comes from elsewhere is cut off at some number of rows.
"""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from trivet.errors import MissingExtraError, SetupError
from trivet.observe.readers import Readers
from trivet.observe.tallies import Tallies
from trivet.routing.router import Router
from trivet.watching import Gauge, Reading

__all__ = ["Figures", "Metrics"]

_log = logging.getLogger("trivet.observe")

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True, kw_only=True)
class Metrics:
    """Figures for Prometheus at `path`; durations are sorted by the limits `buckets`, in seconds.

    Gauges of the parts (pools, queues) are read with each scrape, for at most `deadline` seconds.
    Raises `SetupError` for limits that do not rise.
    """

    path: str = "/metrics"
    buckets: Sequence[float] = BUCKETS
    deadline: float = 2.0

    def __post_init__(self) -> None:
        if not self.buckets or list(self.buckets) != sorted({float(one) for one in self.buckets}):
            raise SetupError(
                f"buckets={self.buckets!r} are no limits: each has to be above the one before",
                code="observe.buckets",
                mend="Metrics(buckets=[0.01, 0.1, 1.0])",
            )


class Figures:
    """The registry, what is counted, and the route that shows it; needs prometheus-client."""

    def __init__(self, options: Metrics, gauges: Callable[[], Sequence[Gauge]]) -> None:
        try:
            # Any: what is loaded by name, by those alone who want metrics.
            self._library: Any = import_module("prometheus_client")
            self._families: Any = import_module("prometheus_client.core")
            self._formats: Any = import_module("prometheus_client.exposition")
        except ImportError as error:
            raise MissingExtraError(
                "prometheus-client", "observe", what="Metrics (Observe(metrics=None) has none)"
            ) from error
        self.options = options
        self.tallies = Tallies(options.buckets)
        self.registry: Any = self._library.CollectorRegistry(auto_describe=False)
        """A `CollectorRegistry`: ``Counter("orders", "…", registry=observe.registry)``."""
        self._gauges = gauges
        self._read: list[tuple[Gauge, Sequence[Reading]]] = []
        self._library.ProcessCollector(registry=self.registry)
        self._library.GCCollector(registry=self.registry)
        self._library.PlatformCollector(registry=self.registry)
        self.registry.register(self)

    # -- reading ---------------------------------------------------------------------------------

    def router(self, readers: Readers) -> Router:
        """Give the route that shows the figures to `readers` alone."""
        router = Router(include_in_schema=False)

        @router.get(self.options.path)
        async def metrics(request: Request) -> Response:
            readers.check(request)
            encode, media_type = self._formats.choose_encoder(request.headers.get("accept", ""))
            text = await self.text(encode)
            return Response(text, headers={"content-type": media_type, "cache-control": "no-store"})

        return router

    async def text(self, encode: Callable[[Any], bytes] | None = None) -> bytes:
        """Give all figures as Prometheus reads them, by default in its older format of text."""
        self._read = await self._read_gauges()
        text: bytes = (encode or self._library.generate_latest)(self.registry)
        return text

    async def _read_gauges(self) -> list[tuple[Gauge, Sequence[Reading]]]:
        gauges = list(self._gauges())
        found = await asyncio.gather(*[self._one(one) for one in gauges])
        return list(zip(gauges, found, strict=True))

    async def _one(self, gauge: Gauge) -> Sequence[Reading]:
        try:
            async with asyncio.timeout(self.options.deadline):
                return await gauge.read()
        except Exception as error:  # the others are worth reading without it
            _log.warning("the gauge %s cannot be read: %r", gauge.name, error)
            return ()

    # -- as a collector --------------------------------------------------------------------------

    def collect(self) -> Iterator[Any]:
        """Give the families of Prometheus; called by the registry."""
        tallies = self.tallies
        requests: dict[tuple[str, ...], list[float]] = {
            (*tallies.routes[name], f"{status}xx" if status else "none"): row
            for (name, status), row in list(tallies.requests.items())
        }
        yield self._histogram(
            "http_server_request_duration_seconds",
            "How long requests took, until their whole answer was handed to the server.",
            ("method", "route", "status"),
            requests,
        )
        gauge = self._families.GaugeMetricFamily
        yield gauge(
            "http_server_active_requests", "Requests under way.", value=max(tallies.in_flight, 0)
        )
        counter = self._families.CounterMetricFamily(
            "http_server_exceptions", "Errors that nobody handled.", labels=("route", "type")
        )
        for labels, count in list(tallies.exceptions.items()):
            counter.add_metric(labels, count)
        yield counter
        for name, help, labels, rows in (
            ("db_client_operation_duration_seconds", "How long queries took.",
             ("operation", "collection", "outcome"), tallies.queries),
            ("db_client_connection_wait_time_seconds", "How long somebody waited for a connection.",
             ("pool", "outcome"), tallies.waits),
            ("trivet_job_duration_seconds", "How long attempts of jobs took.",
             ("job", "queue", "outcome"), tallies.jobs),
            ("trivet_mail_duration_seconds", "How long deliveries of mail took.",
             ("transport", "outcome"), tallies.mails),
        ):  # fmt: skip
            if rows:
                yield self._histogram(name, help, labels, dict(rows))
        yield from self._of_parts()

    def _histogram(
        self,
        name: str,
        help: str,
        labels: Sequence[str],
        rows: Mapping[tuple[str, ...], Sequence[float]],
    ) -> Any:
        family = self._families.HistogramMetricFamily(name, help, labels=labels)
        limits = [self._library.utils.floatToGoString(one) for one in self.tallies.buckets]
        for key, row in rows.items():
            buckets, total = [], 0.0
            for limit, count in zip([*limits, "+Inf"], row[1:], strict=True):
                total += count
                buckets.append((limit, total))
            family.add_metric(key, buckets, row[0])
        return family

    def _of_parts(self) -> Iterator[Any]:
        families: dict[str, Any] = {}
        for gauge, readings in self._read:
            labels = sorted({name for one in readings for name in one.labels})
            family = families.get(gauge.name)
            if family is None:
                make = self._families.GaugeMetricFamily
                if gauge.counts:
                    make = self._families.CounterMetricFamily
                family = families[gauge.name] = make(gauge.name, gauge.help, labels=labels)
            for one in readings:
                family.add_metric([one.labels.get(name, "") for name in labels], one.value)
        yield from families.values()


def is_one_of_several() -> bool:
    """Tell whether this process was begun by another one, beside others that serve the same."""
    return multiprocessing.parent_process() is not None
