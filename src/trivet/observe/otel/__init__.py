"""OpenTelemetry: traces, metrics and logs by OTLP, set up by the standard variables.

``from trivet.observe.otel import OpenTelemetry``
"""

from __future__ import annotations

from trivet.errors import MissingExtraError

try:
    from trivet.observe.otel.attributes import Shown
    from trivet.observe.otel.part import OpenTelemetry
except ModuleNotFoundError as error:
    if not (error.name or "").startswith("opentelemetry"):
        raise
    raise MissingExtraError(str(error.name), "otel", what="trivet.observe.otel") from error

__all__ = ["OpenTelemetry", "Shown"]
