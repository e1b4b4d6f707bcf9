"""What carries spans, metrics and log entries away, started and stopped with the application.

Queues and threads are the SDK's. Nothing here waits on the event loop for another machine.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from time import time_ns

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import (
    InMemoryMetricReader,
    Metric,
    MetricsData,
    ResourceMetrics,
    ScopeMetrics,
)
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, Span, SpanProcessor
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.util.instrumentation import InstrumentationScope

from trivet.concurrency import run_in_thread
from trivet.observe.otel.log_records import OtlpHandler

__all__ = ["LogSending", "MetricSending", "Relay"]

_log = logging.getLogger("trivet.observe")


class Relay(SpanProcessor):
    """Hands spans to a queue while the application runs, and to nobody otherwise."""

    def __init__(self) -> None:
        self._queue: SpanProcessor | None = None

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        """Nothing: a queue wants what has ended."""

    def on_end(self, span: ReadableSpan) -> None:
        """Put a span into the queue."""
        if self._queue is not None:
            self._queue.on_end(span)

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Send what waits; blocks."""
        return self._queue is None or self._queue.force_flush(timeout_millis)

    def start(self) -> None:
        """Make the queue, and its thread."""
        self._queue = BatchSpanProcessor(OTLPSpanExporter())

    async def stop(self) -> None:
        """Send what waits, and end the thread."""
        queue, self._queue = self._queue, None
        if queue is not None:
            await run_in_thread(queue.shutdown)


class MetricSending:
    """Sends metrics every so many seconds, and once more at the end.

    `provider` is for instruments that the application makes itself; `read` gives ours.
    """

    def __init__(
        self, resource: Resource, every: float, read: Callable[[], Awaitable[list[Metric]]]
    ) -> None:
        self._reader = InMemoryMetricReader()
        self.provider = MeterProvider([self._reader], resource=resource)
        self._resource = resource
        self._every = every
        self._read = read
        self._exporter: OTLPMetricExporter | None = None
        self._task: asyncio.Task[None] | None = None
        self.began = time_ns()

    def start(self) -> None:
        """Begin to send, on the running event loop."""
        self._exporter = OTLPMetricExporter()
        self._task = asyncio.create_task(self._run(), name="metrics by OTLP")

    async def stop(self) -> None:
        """Send for the last time."""
        task, self._task = self._task, None
        if task is None:
            return
        task.cancel()
        await asyncio.wait([task])
        await self._send()
        exporter, self._exporter = self._exporter, None
        if exporter is not None:
            await run_in_thread(exporter.shutdown)

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(self._every)
            await self._send()

    async def _send(self) -> None:
        try:
            metrics = await self._read()
            exporter = self._exporter
            if exporter is not None:
                await run_in_thread(exporter.export, self._data(metrics))
        except Exception:  # the next time may find what was away
            _log.exception("metrics could not be sent")

    def _data(self, metrics: list[Metric]) -> MetricsData:
        scope = ScopeMetrics(InstrumentationScope("trivet"), metrics, "")
        ours = ResourceMetrics(self._resource, [scope], "")
        others = self._reader.get_metrics_data()
        return MetricsData([ours, *(others.resource_metrics if others is not None else ())])


class LogSending:
    """Sends what is logged, beside all that is done with it otherwise."""

    def __init__(self, resource: Resource, level: int) -> None:
        self._resource = resource
        self._level = level
        self._provider: LoggerProvider | None = None
        self._handler: OtlpHandler | None = None

    def start(self) -> None:
        """Listen to the root logger."""
        self._provider = provider = LoggerProvider(resource=self._resource, shutdown_on_exit=False)
        provider.add_log_record_processor(BatchLogRecordProcessor(OTLPLogExporter()))
        self._handler = OtlpHandler(provider.get_logger("trivet"), self._level)
        logging.getLogger().addHandler(self._handler)

    async def stop(self) -> None:
        """Listen no more, and send what waits."""
        if self._handler is not None:
            logging.getLogger().removeHandler(self._handler)
        provider, self._provider = self._provider, None
        if provider is not None:
            await run_in_thread(provider.shutdown)
