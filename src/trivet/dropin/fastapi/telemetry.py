"""`fastapi.telemetry`: its names, and nothing behind them.

FastAPI's telemetry is a product of its own. Programs that configure it run here unchanged and
record nothing by it; instrument them by `opentelemetry-instrumentation-fastapi`.
"""

from __future__ import annotations

from collections.abc import Callable, MutableMapping, Sequence
from dataclasses import dataclass
from typing import Any, TypedDict

from starlette.requests import Request
from starlette.websockets import WebSocket

__all__ = ["TelemetryConfig", "TelemetryData", "get_telemetry_data"]


class TelemetryConfig(TypedDict, total=False):
    """What `FastAPI(telemetry=...)` takes; it is taken and has no effect."""

    tracer_provider: Any  # OpenTelemetry's, which need not be installed
    meter_provider: Any
    logger_provider: Any
    tracing: bool
    metrics: bool
    logs: bool
    operation_spans: bool
    auto_configure: bool
    exclude: Callable[[MutableMapping[str, Any]], bool] | None


@dataclass(kw_only=True)
class TelemetryData:
    """What FastAPI's telemetry knows of a request; never made here."""

    request: Request | None = None
    websocket: WebSocket | None = None
    body: Any = None
    values: dict[str, Any] | None = None
    errors: Sequence[Any] | None = None


def get_telemetry_data(context: Any = None) -> TelemetryData | None:
    """Give None: nothing is recorded here."""
    return None
