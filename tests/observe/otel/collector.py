"""What was sent by OTLP, decoded by OpenTelemetry's own definitions of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span as SentSpan

from tests.observe.receiver import Receiver


@dataclass(frozen=True)
class Span:
    """A span as it was sent."""

    name: str
    kind: str
    trace_id: str
    span_id: str
    parent_id: str
    attributes: dict[str, Any]
    resource: dict[str, Any]
    failed: bool
    said: str
    events: list[tuple[str, dict[str, Any]]]
    links: list[str]
    seconds: float


@dataclass(frozen=True)
class Entry:
    """A log record as it was sent."""

    text: str
    severity: str
    attributes: dict[str, Any]
    trace_id: str
    span_id: str


class Collector:
    """Reads what a receiver has got."""

    def __init__(self, receiver: Receiver) -> None:
        self.receiver = receiver

    def spans(self) -> list[Span]:
        """Give all spans, in the order in which they ended."""
        found = []
        for body in self._bodies("/v1/traces"):
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                of = _attributes(resource.resource.attributes)
                for scope in resource.scope_spans:
                    found += [_span(one, of) for one in scope.spans]
        return found

    def span(self, name: str) -> Span:
        """Give the one span of a name."""
        (found,) = [one for one in self.spans() if one.name == name]
        return found

    def metrics(self) -> dict[str, Any]:
        """Give the last that was sent of each metric."""
        found: dict[str, Any] = {}
        for body in self._bodies("/v1/metrics"):
            for resource in ExportMetricsServiceRequest.FromString(body).resource_metrics:
                for scope in resource.scope_metrics:
                    found |= {one.name: one for one in scope.metrics}
        return found

    def counts(self, name: str) -> dict[tuple[Any, ...], int]:
        """Give how many were counted by a histogram, by the values of its attributes by name."""
        points = self.metrics()[name].histogram.data_points
        return {
            tuple(value for _, value in sorted(_attributes(one.attributes).items())): one.count
            for one in points
        }

    def entries(self) -> list[Entry]:
        """Give all log records."""
        return [
            Entry(
                one.body.string_value,
                one.severity_text,
                _attributes(one.attributes),
                one.trace_id.hex(),
                one.span_id.hex(),
            )
            for body in self._bodies("/v1/logs")
            for resource in ExportLogsServiceRequest.FromString(body).resource_logs
            for scope in resource.scope_logs
            for one in scope.log_records
        ]

    def _bodies(self, path: str) -> list[bytes]:
        return [one.body for one in self.receiver.posted if one.path == path]


def _attributes(pairs: Any) -> dict[str, Any]:  # Any: protobuf's repeated fields
    return {pair.key: getattr(pair.value, pair.value.WhichOneof("value")) for pair in pairs}


def _span(one: SentSpan, resource: dict[str, Any]) -> Span:
    return Span(
        name=one.name,
        kind=SentSpan.SpanKind.Name(one.kind).removeprefix("SPAN_KIND_"),
        trace_id=one.trace_id.hex(),
        span_id=one.span_id.hex(),
        parent_id=one.parent_span_id.hex(),
        attributes=_attributes(one.attributes),
        resource=resource,
        failed=one.status.code == 2,
        said=one.status.message,
        events=[(event.name, _attributes(event.attributes)) for event in one.events],
        links=[link.trace_id.hex() for link in one.links],
        seconds=(one.end_time_unix_nano - one.start_time_unix_nano) / 1e9,
    )
