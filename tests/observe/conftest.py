"""Receivers of what is sent, an environment in which nothing says where, and a Redis."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator

import pytest

from tests.cache.conftest import redis_url
from tests.observe.otel.collector import Collector
from tests.observe.receiver import Receiver, receiving

__all__ = ["redis_url"]


@pytest.fixture(autouse=True)
def nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [*os.environ]:
        if name.startswith(("OTEL_", "SENTRY_")):
            monkeypatch.delenv(name)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


@pytest.fixture
def collector(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> Collector:
    """Give a collector to which the environment says that all is sent, every trace."""
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{receiver.port}")
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "parentbased_always_on")
    return Collector(receiver)


@pytest.fixture
def logging_kept() -> Iterator[None]:
    """Let the configuration of `logging` be afterwards what it was."""
    root = logging.getLogger()
    names = ("uvicorn", "uvicorn.error", "uvicorn.access", "trivet")
    loggers = [root, *map(logging.getLogger, names)]
    kept = [(one, one.level, one.propagate, list(one.handlers)) for one in loggers]
    yield
    for logger, level, propagate, handlers in kept:
        logger.setLevel(level)
        logger.propagate = propagate
        logger.handlers[:] = handlers
