"""OpenTelemetry as a part: ``app.use(OpenTelemetry())``, and the standard variables do the rest."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import get_args

from opentelemetry import metrics, trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import Metric
from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, Resource
from opentelemetry.sdk.trace import TracerProvider

from trivet.app.application import App
from trivet.app.part import Part
from trivet.checks import Finding, Level
from trivet.errors import SetupError
from trivet.observe.otel.attributes import Shown
from trivet.observe.otel.measures import Measures, metrics_of_gauges
from trivet.observe.otel.sampling import rule_named
from trivet.observe.otel.sending import LogSending, MetricSending, Relay
from trivet.observe.otel.told import Told
from trivet.observe.otel.traces import Decider, Traces
from trivet.observe.present import watch_present
from trivet.watching import Gauge, Reading

__all__ = ["OpenTelemetry"]

_log = logging.getLogger("trivet.observe")
_SHOWN = frozenset(get_args(Shown))
_LONGEST_STOP = 5.0  # seconds that the last sending may take
_GAUGE_PATIENCE = 5.0  # seconds for one gauge


class OpenTelemetry(Part):
    """Traces, metrics and logs of an application, sent by OTLP over HTTP where that is configured.

    What is not configured (`OTEL_EXPORTER_OTLP_ENDPOINT` and its like) is not done, and costs
    nothing. `rate` is how many new traces a second each process records, where neither
    `OTEL_TRACES_SAMPLER` nor who sends a request says otherwise; with `continues` False nobody
    outside does. `shows` are what spans may say of users, nothing by default: see `Shown`.
    With a `provider` of your own all spans go there, by its sampler. Unless `is_global` is False,
    what `opentelemetry.trace` and `opentelemetry.metrics` give goes the same way, where the process
    has no other provider yet. Raises `SetupError`.
    """

    name = "opentelemetry"

    def __init__(
        self,
        *,
        rate: float = 10.0,
        shows: Collection[Shown] = (),
        continues: bool = True,
        provider: TracerProvider | None = None,
        log_level: int = logging.INFO,
        is_global: bool = True,
    ) -> None:
        unknown = sorted(set(shows) - _SHOWN)
        if unknown:
            raise SetupError(
                f"OpenTelemetry cannot show {unknown[0]!r}",
                code="observe.shows",
                mend=f"shows={{…}} of {', '.join(map(repr, sorted(_SHOWN)))}",
            )
        if not rate > 0:
            raise SetupError(
                f"OpenTelemetry cannot begin {rate!r} traces a second",
                code="observe.sampler",
                mend="rate=10.0; or OTEL_TRACES_SAMPLER=always_off for none",
            )
        self.told = told = Told()
        self._rate = rate
        self._shows = frozenset(shows)
        self._continues = continues
        self._log_level = log_level
        self._given = provider
        self._is_global = is_global
        self._app: App | None = None
        self.provider = provider
        self._relay = Relay() if provider is None and told.sends("traces") else None
        self._sends_metrics = told.sends("metrics")
        self._sends_logs = told.sends("logs")
        self._measures: Measures | None = None
        self._metrics: MetricSending | None = None
        self._logs: LogSending | None = None

    @property
    def meters(self) -> MeterProvider | None:
        """Where instruments of the application's own come from; None where none are sent."""
        return None if self._metrics is None else self._metrics.provider

    def install(self, app: App) -> None:
        """Watch the application, for what is sent."""
        self._app = app
        resource = _resource(app)
        if self._relay is not None or self._given is not None:
            app.watch(self._traces(resource))
        if self._sends_metrics:
            self._measures = Measures()
            every = self.told.metric_export_interval / 1000
            self._metrics = MetricSending(resource, every, self._read)
            app.watch(self._measures)
            # Whoever was first keeps it; an application that has one of its own is not disturbed.
            if self._is_global and not isinstance(metrics.get_meter_provider(), MeterProvider):
                metrics.set_meter_provider(self._metrics.provider)
        if self._sends_logs:
            watch_present(app)
            self._logs = LogSending(resource, self._log_level)

    def _traces(self, resource: Resource) -> Traces:
        decider = None
        if self._given is None:
            told = self.told
            rule = rule_named(told.traces_sampler, told.traces_sampler_arg, rate=self._rate)
            decider = None if rule is None else Decider(rule)
            self.provider = TracerProvider(
                sampler=None if decider is None else decider.sampler,
                id_generator=None if decider is None else decider.ids,
                resource=resource,
                shutdown_on_exit=False,  # the lifespan does
            )
            self.provider.add_span_processor(self._relay)  # type: ignore[arg-type]  # is there
            if self._is_global and not isinstance(trace.get_tracer_provider(), TracerProvider):
                trace.set_tracer_provider(self.provider)
        assert self.provider is not None
        return Traces(self.provider, decider, shows=self._shows, continues=self._continues)

    def lifespan(self, app: App) -> AbstractAsyncContextManager[None]:
        """Send while the application runs, and what is left when it stops."""
        return self._sending()

    @asynccontextmanager
    async def _sending(self) -> AsyncIterator[None]:
        senders = [one for one in (self._relay, self._metrics, self._logs) if one is not None]
        for one in senders:
            one.start()
        try:
            yield
        finally:
            try:
                async with asyncio.timeout(_LONGEST_STOP):
                    await asyncio.gather(*[one.stop() for one in senders])
            except TimeoutError:
                _log.warning("the last telemetry could not be sent within %.0f s", _LONGEST_STOP)

    async def _read(self) -> list[Metric]:
        """Give all metrics of now."""
        assert self._measures is not None
        assert self._metrics is not None
        parts = () if self._app is None else tuple(self._app.parts.values())
        read = [
            (gauge, await _readings(gauge))
            for part in parts
            for gauge in getattr(part, "gauges", tuple)()
        ]
        return [*self._measures.metrics(), *metrics_of_gauges(read, self._metrics.began)]

    def deploy_checks(self, app: App) -> Sequence[Finding]:
        """Say that nothing is sent, where that is so."""
        if self._relay or self._given or self._sends_metrics or self._sends_logs:
            return ()
        return [
            Finding(
                Level.INFO,
                "observe.not-sending",
                "OpenTelemetry is used, and nothing says where its traces, metrics and logs go",
                "OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:4318",
            )
        ]


async def _readings(gauge: Gauge) -> Sequence[Reading]:
    try:
        async with asyncio.timeout(_GAUGE_PATIENCE):
            return await gauge.read()
    except Exception:  # a database that is away takes no other number along
        _log.debug("the gauge %s could not be read", gauge.name, exc_info=True)
        return ()


def _resource(app: App) -> Resource:
    resource = Resource.create()
    added = {}
    if str(resource.attributes.get(SERVICE_NAME, "")).startswith("unknown_service"):
        added[SERVICE_NAME] = app.title or "trivet"
    if SERVICE_VERSION not in resource.attributes and app.version:
        added[SERVICE_VERSION] = app.version
    return resource.merge(Resource(added)) if added else resource
