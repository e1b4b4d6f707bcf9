"""The part: what decides whether anything is sent, and what is refused."""

from __future__ import annotations

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from tests.observe.otel.collector import Collector
from tests.observe.receiver import Receiver
from trivet import App
from trivet.errors import SetupError
from trivet.observe.otel import OpenTelemetry
from trivet.testing import TestClient


def test_nothing_is_watched_where_nothing_is_configured() -> None:
    app = App()

    telemetry = app.use(OpenTelemetry())

    assert app.watchers == []
    assert telemetry.provider is None
    (finding,) = telemetry.deploy_checks(app)
    assert finding.code == "observe.not-sending"


@pytest.mark.parametrize(
    "variables",
    [
        {"OTEL_SDK_DISABLED": "true"},
        {
            "OTEL_TRACES_EXPORTER": "none",
            "OTEL_METRICS_EXPORTER": "none",
            "OTEL_LOGS_EXPORTER": "none",
        },
    ],
)
def test_nothing_is_sent_where_that_is_switched_off(
    collector: Collector, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    app = App()
    app.use(OpenTelemetry())

    with TestClient(app) as client:
        client.get("/")

    assert collector.receiver.posted == []


def test_one_signal_alone_may_be_sent(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    address = f"http://127.0.0.1:{receiver.port}/v1/metrics"
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", address)
    app = App()
    app.use(OpenTelemetry(is_global=False))

    with TestClient(app) as client:
        client.get("/")

    assert {one.path for one in receiver.posted} == {"/v1/metrics"}


def test_headers_and_resource_of_the_environment_are_sent(
    collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "x-team=books")
    monkeypatch.setenv("OTEL_SERVICE_NAME", "from outside")
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=test")
    app = App(title="shop")
    app.use(OpenTelemetry(is_global=False))

    with TestClient(app) as client:
        client.get("/")

    (span,) = collector.spans()
    assert span.resource["service.name"] == "from outside"
    assert span.resource["deployment.environment.name"] == "test"
    assert {one.headers["x-team"] for one in collector.receiver.posted} == {"books"}


def test_provider_of_ones_own_gets_all_spans_by_its_sampler() -> None:
    kept = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(kept))
    app = App()
    app.use(OpenTelemetry(provider=provider))

    TestClient(app).get("/nowhere")

    (span,) = kept.get_finished_spans()
    assert span.name == "GET"


def test_collector_that_is_away_disturbs_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "0.2")
    app = App()
    app.use(OpenTelemetry(is_global=False))

    @app.get("/")
    async def page() -> bool:
        return True

    with TestClient(app) as client:
        assert client.get("/").json() is True


@pytest.mark.parametrize(
    ("variables", "options", "code"),
    [
        ({"OTEL_TRACES_EXPORTER": "zipkin"}, {}, "observe.exporter"),
        (
            {"OTEL_TRACES_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"},
            {},
            "observe.otlp-protocol",
        ),
        ({}, {"shows": {"passwords"}}, "observe.shows"),
        ({}, {"rate": 0}, "observe.sampler"),
    ],
)
def test_what_cannot_be_done_is_refused(
    monkeypatch: pytest.MonkeyPatch,
    variables: dict[str, str],
    options: dict[str, object],
    code: str,
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    with pytest.raises(SetupError) as caught:
        OpenTelemetry(**options)  # type: ignore[arg-type]

    assert caught.value.code == code
    assert caught.value.mend
