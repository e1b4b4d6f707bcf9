"""What the standard variables of OpenTelemetry say; the SDK reads most of them itself.

Here are those by which it is decided what is sent at all:
https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/.
"""

from __future__ import annotations

from typing import Literal

from trivet.errors import SetupError
from trivet.settings import Settings, SettingsConfigDict

__all__ = ["Signal", "Told"]

Signal = Literal["traces", "metrics", "logs"]

_HTTP = "http/protobuf"


class Told(Settings):
    """The variables, without `.env` and TOML: the SDK does not read those either."""

    model_config = SettingsConfigDict(
        env_prefix="OTEL_", env_file=None, toml_file=None, env_ignore_empty=True
    )

    sdk_disabled: bool = False
    exporter_otlp_endpoint: str | None = None
    exporter_otlp_traces_endpoint: str | None = None
    exporter_otlp_metrics_endpoint: str | None = None
    exporter_otlp_logs_endpoint: str | None = None
    exporter_otlp_protocol: str = _HTTP
    exporter_otlp_traces_protocol: str | None = None
    exporter_otlp_metrics_protocol: str | None = None
    exporter_otlp_logs_protocol: str | None = None
    traces_exporter: str | None = None
    metrics_exporter: str | None = None
    logs_exporter: str | None = None
    traces_sampler: str | None = None
    traces_sampler_arg: str = ""
    metric_export_interval: float = 60_000.0
    """Milliseconds."""

    def sends(self, signal: Signal) -> bool:
        """Tell whether a signal is to be sent by OTLP; raises `SetupError` for another way."""
        if self.sdk_disabled:
            return False
        exporter: str | None = getattr(self, f"{signal}_exporter")
        variable = f"OTEL_{signal.upper()}_EXPORTER"
        if exporter is None:
            own = getattr(self, f"exporter_otlp_{signal}_endpoint")
            if own is None and self.exporter_otlp_endpoint is None:
                return False
        elif exporter == "none":
            return False
        elif exporter != "otlp":
            raise SetupError(
                f"{variable} is {exporter!r}, and Trivet sends {signal} by OTLP alone",
                code="observe.exporter",
                mend=f"{variable}=otlp, or none; or give OpenTelemetry(…) a provider of your own",
            )
        protocol = getattr(self, f"exporter_otlp_{signal}_protocol") or self.exporter_otlp_protocol
        if protocol != _HTTP:
            raise SetupError(
                f"OTLP is to be spoken as {protocol!r}, and Trivet speaks it over HTTP",
                code="observe.otlp-protocol",
                mend=f"OTEL_EXPORTER_OTLP_PROTOCOL={_HTTP}, and the collector's port for it, 4318",
            )
        return True
