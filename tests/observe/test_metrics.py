"""Figures for Prometheus: what is counted, under which labels, and who may see it."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx2
import pytest
from prometheus_client import Counter
from prometheus_client.parser import text_string_to_metric_families

from tests.observe.seen import Waits
from trivet import App
from trivet.cache import Cache
from trivet.errors import MissingExtraError, SetupError
from trivet.observe import Metrics, Observe, Readers
from trivet.observe.tallies import OTHER, Tallies
from trivet.routing.watched import Watched
from trivet.testing import LiveProcess, TestClient
from trivet.watching import Happening

TOKEN = "a-token-of-some-letters"
SAID = {"authorization": f"Bearer {TOKEN}"}


def site() -> App:
    app = App()

    @app.get("/books/{number}")
    async def book(number: int) -> int:
        return number

    @app.get("/broken")
    async def broken() -> None:
        raise ValueError("it is broken")

    app.use(Observe(readers=Readers(token=TOKEN)))
    return app


def samples(client: TestClient) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    text = client.get("/metrics", headers=SAID).text
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def labels(**values: str) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(values.items()))


def test_requests_are_counted_by_route_and_class_of_status() -> None:
    client = TestClient(site())
    for path in ("/books/1", "/books/2", "/books/three"):
        client.get(path)

    found = samples(client)

    name = "http_server_request_duration_seconds_count"
    ok = labels(method="GET", route="/books/{number}", status="2xx")
    refused = labels(method="GET", route="/books/{number}", status="4xx")
    assert found[name, ok] == 2
    assert found[name, refused] == 1
    assert found[name.replace("count", "bucket"), labels(**dict(ok), le="+Inf")] == 2


def test_paths_that_nobody_serves_make_no_labels() -> None:
    client = TestClient(site())
    for number in range(50):
        client.get(f"/guessed/{number}")
        client.request(f"GUESS{number}", "/books/1")

    found = samples(client)

    name = "http_server_request_duration_seconds_count"
    assert found[name, labels(method="GET", route="", status="4xx")] == 50
    assert found[name, labels(method="_OTHER", route="", status="4xx")] == 50
    assert sum(one == name for one, _ in found) == 2


def test_errors_that_nobody_handles_are_counted_by_their_class() -> None:
    client = TestClient(site(), raise_server_exceptions=False)
    client.get("/broken")

    found = samples(client)

    assert found["http_server_exceptions_total", labels(route="/broken", type="ValueError")] == 1


def test_request_for_the_figures_is_the_one_under_way() -> None:
    assert samples(TestClient(site()))["http_server_active_requests", ()] == 1


def test_request_whose_client_leaves_is_under_way_no_more() -> None:
    tallies = Tallies((1.0,))
    exchange: Any = SimpleNamespace(method="GET", on_answered=None)
    work: Any = Watched(Waits(), "/", [tallies]).begin(exchange)
    assert tallies.in_flight == 1

    work.close()

    assert tallies.in_flight == 0
    assert list(tallies.requests) == [("GET /", 0)]
    assert tallies.exceptions == {}


def test_gauges_of_parts_are_read_when_somebody_asks() -> None:
    app = site()
    cache = app.use(Cache())
    client = TestClient(app)

    async def looked_up() -> None:
        await cache.get("a")
        await cache.set("a", 1)
        await cache.get("a")

    asyncio.run(looked_up())
    found = samples(client)

    name = "trivet_cache_lookups_total"
    assert found[name, labels(cache="trivet", outcome="hit")] == 1
    assert found[name, labels(cache="trivet", outcome="miss")] == 1


def test_figures_of_ones_own_stand_beside() -> None:
    app = App()
    observe = app.use(Observe(readers=Readers(token=TOKEN)))
    orders = Counter("orders", "Orders placed.", registry=observe.registry)

    orders.inc()

    assert samples(TestClient(app))["orders_total", ()] == 1


def test_applications_have_registries_of_their_own() -> None:
    one, other = TestClient(site()), TestClient(site())
    one.get("/books/1")

    assert not any("books" in str(key) for key in samples(other))


def test_openmetrics_is_given_to_who_asks_for_it() -> None:
    client = TestClient(site())
    client.get("/books/1")
    accept = {"accept": "application/openmetrics-text; version=1.0.0"}

    answer = client.get("/metrics", headers={**SAID, **accept})

    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    assert answer.text.endswith("# EOF\n")


def test_statements_beyond_some_number_are_counted_together() -> None:
    tallies = Tallies((1.0,))
    for number in range(2100):
        facts = {"db.operation.name": "SELECT", "db.collection.name": f"made_{number}"}
        happening = Happening("query", "SELECT", facts)
        happening.ended = happening.began
        tallies.ends(happening)

    assert len(tallies.queries) == 2001
    assert tallies.queries[OTHER, OTHER, OTHER][-2:] == [100.0, 0.0]


@pytest.mark.parametrize(
    ("client", "headers", "status"),
    [
        ("127.0.0.1", {}, 200),
        ("::1", {}, 200),
        ("::ffff:127.0.0.1", {}, 200),
        ("192.0.2.7", {}, 403),
        ("127.0.0.1", {"x-forwarded-for": "192.0.2.7"}, 403),
        ("127.0.0.1", {"via": "1.1 proxy"}, 403),
        ("testclient", {}, 403),
    ],
)
def test_figures_are_shown_to_this_machine_alone(
    client: str, headers: dict[str, str], status: int
) -> None:
    app = App()
    app.use(Observe())

    answer = TestClient(app, client=(client, 5000)).get("/metrics", headers=headers)

    assert answer.status_code == status


def test_who_says_another_token_is_asked_for_the_right_one() -> None:
    answer = TestClient(site()).get("/metrics", headers={"authorization": "Bearer another"})

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"


def test_networks_may_be_named() -> None:
    app = App()
    app.use(Observe(readers=Readers(addresses=["10.0.0.0/8"])))

    assert TestClient(app, client=("10.1.2.3", 1)).get("/metrics").status_code == 200
    assert TestClient(app, client=("127.0.0.1", 1)).get("/metrics").status_code == 403


def test_everybody_as_a_reader_is_a_finding() -> None:
    observe = Observe(readers=Readers(addresses=["0.0.0.0/0"]))

    assert [found.code for found in observe.checks(App())] == ["observe.everybody"]


@pytest.mark.parametrize("buckets", [(), (0.1, 0.1), (1.0, 0.5)])
def test_limits_of_durations_rise(buckets: tuple[float, ...]) -> None:
    with pytest.raises(SetupError) as caught:
        Metrics(buckets=buckets)

    assert caught.value.code == "observe.buckets"


def test_worker_beside_others_says_that_its_figures_are_its_own(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(
        "from trivet import App\nfrom trivet.observe import Observe\n"
        "app = App()\napp.use(Observe())\n"
    )

    with LiveProcess(["main:app", "--workers", "2"], folder=tmp_path) as server:
        answer = httpx2.get(f"{server.url}/metrics")

    assert answer.status_code == 200
    assert "/metrics shows the figures of one of several workers" in server.log


def test_metrics_without_their_library_name_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "prometheus_client", None)

    with pytest.raises(MissingExtraError, match=r"trivet\[observe\]"):
        Observe(metrics=Metrics())
    with pytest.raises(AttributeError):
        _ = Observe(metrics=None).registry
