"""What is traced, by the standard variables and by default."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from opentelemetry.sdk.trace.sampling import Decision, TraceIdRatioBased

from tests.observe.otel.collector import Collector
from trivet import App
from trivet.errors import SetupError
from trivet.observe.otel import OpenTelemetry
from trivet.observe.otel.sampling import rule_named
from trivet.testing import TestClient

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


def asked(times: int, headers: dict[str, str] | None = None, **options: Any) -> None:
    app = App()
    app.use(OpenTelemetry(is_global=False, **options))

    @app.get("/")
    async def page() -> None: ...

    with TestClient(app) as client:
        for _ in range(times):
            client.get("/", headers=headers)


def sent(flag: str) -> dict[str, str]:
    return {"traceparent": f"00-{TRACE}-{PARENT}-{flag}"}


def test_so_many_new_traces_a_second_by_default(
    collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OTEL_TRACES_SAMPLER")

    asked(20, rate=0.001)  # one to begin with, and the next in a quarter of an hour

    assert len(collector.spans()) == 1


def test_who_sends_a_decision_is_followed_by_default(
    collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OTEL_TRACES_SAMPLER")

    asked(5, sent("01"), rate=0.001)

    assert len(collector.spans()) == 5


@pytest.mark.parametrize(
    ("name", "flag", "recorded"),
    [
        ("always_on", None, 1),
        ("always_on", "00", 1),
        ("always_off", None, 0),
        ("always_off", "01", 0),
        ("parentbased_always_on", None, 1),
        ("parentbased_always_on", "00", 0),
        ("parentbased_always_off", None, 0),
        ("parentbased_always_off", "01", 1),
    ],
)
def test_named_sampler_is_honoured(
    collector: Collector, monkeypatch: pytest.MonkeyPatch, name: str, flag: str, recorded: int
) -> None:
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", name)

    asked(1, sent(flag) if flag else None)

    assert len(collector.spans()) == recorded


def test_ratio_decides_by_the_id_as_the_sdk_does() -> None:
    rule = rule_named("traceidratio", "0.3", rate=1.0)
    theirs = TraceIdRatioBased(0.3)
    ids = [Random(number).getrandbits(128) for number in range(500)]

    assert rule is not None
    ours = [rule.takes(id) for id in ids]
    recorded = Decision.RECORD_AND_SAMPLE
    assert ours == [theirs.should_sample(None, id, "").decision is recorded for id in ids]
    assert 100 < sum(ours) < 200


@pytest.mark.parametrize("argument", ["much", "1.5", "-0.1", "nan"])
def test_ratio_that_is_none_is_refused(argument: str) -> None:
    with pytest.raises(SetupError) as caught:
        rule_named("parentbased_traceidratio", argument, rate=1.0)

    assert caught.value.code == "observe.sampler"


def test_sampler_that_only_the_sdk_knows_is_left_to_it() -> None:
    assert rule_named("jaeger_remote", "", rate=1.0) is None


def test_ratio_of_all_is_recorded_by_the_sdk_too(
    collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "traceidratio")
    monkeypatch.setenv("OTEL_TRACES_SAMPLER_ARG", "1.0")

    asked(3)

    assert len({one.trace_id for one in collector.spans()}) == 3
