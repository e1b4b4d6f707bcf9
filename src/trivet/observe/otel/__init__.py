"""OpenTelemetry: traces, metrics and logs by OTLP, set up by the standard variables.

``from trivet.observe.otel import OpenTelemetry``
"""

from __future__ import annotations

from importlib.util import find_spec

from trivet.errors import MissingExtraError

for _package in ("opentelemetry.sdk", "opentelemetry.exporter.otlp.proto.http"):
    try:
        _is_there = find_spec(_package) is not None
    except ModuleNotFoundError:
        _is_there = False
    if not _is_there:
        raise MissingExtraError(_package, "otel", what="trivet.observe.otel")

from trivet.observe.otel.attributes import Shown
from trivet.observe.otel.part import OpenTelemetry

__all__ = ["OpenTelemetry", "Shown"]
