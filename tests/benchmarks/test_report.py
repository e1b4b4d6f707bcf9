"""Table and chart say what was found, and only that."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import pytest

from benchmarks.chart import svg
from benchmarks.report import Results, markdown, number, table
from benchmarks.verdict import Sample

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def results() -> Results:
    def sample(peer: str, turn: int, cost: float) -> Sample:
        values = {"cost_us": cost, "throughput": 1e6 / cost, "p99_ms": 1.5}
        return Sample("get", peer, turn, {**values, "rss_mb": 40.0, "pss_mb": 30.0})

    peers = {"fastapi": "FastAPI", "trivet": "Trivet"}
    return Results(
        machine={"date": "2026-01-01", "processor": "A <fast> & cool one", "system": "Linux"},
        settings={"rounds": 3, "server_cpu": 0, "load_cpu": 1, "connections": 32},
        peers={
            name: {"title": title, "note": "", "versions": {"python": "3.11"}}
            for name, title in peers.items()
        },
        skipped={"Go net/http": "not installed (go-server is missing)"},
        failed=[{"peer": "Sanic", "case": "get", "reason": "status 500 | in place of 200"}],
        samples=[
            *(sample("fastapi", turn, cost) for turn, cost in enumerate([98.0, 105.0, 100.0])),
            *(sample("trivet", turn, cost) for turn, cost in enumerate([10.0, 12.0, 9.0])),
        ],
    )


def test_the_cheapest_peer_comes_first_with_median_and_range(results: Results) -> None:
    lines = markdown(results).splitlines()

    start = lines.index("## GET of a small JSON dictionary")
    assert lines[start + 4].startswith("| Trivet | 10.0 (9.00 to 12.0) | 0.10 |")
    assert lines[start + 5].startswith("| FastAPI | 100 (98.0 to 105) | 1.00 |")


def test_peers_that_were_left_out_are_named_with_the_reason(results: Results) -> None:
    text = markdown(results)

    assert "| Go net/http | left out: not installed (go-server is missing) |" in text
    assert "- Sanic: status 500" in text


def test_every_threshold_has_a_line_even_when_not_measured(results: Results) -> None:
    text = markdown(results)

    assert "✓ reached: 0.100 of 0.143 allowed" in text
    assert "not measured: no figure of go" in text


def test_a_disturbed_machine_is_confessed(results: Results) -> None:
    results.samples = [
        Sample(s.case, s.peer, s.round, {**s.values, "disturbance": 0.3}) for s in results.samples
    ]

    assert "The machine was not quiet: something else had 30%" in markdown(results)


def test_the_database_beside_the_server_has_a_column_of_its_own(results: Results) -> None:
    values = {"cost_us": 50.0, "throughput": 1.0, "p99_ms": 1.0, "rss_mb": 1.0, "pss_mb": 1.0}
    beside = {"database_us": 33.0, "queries": 2.0}
    results.samples = [Sample("data-list-postgresql", "trivet", 0, {**values, **beside})]
    results.machine["databases"] = {"PostgreSQL": "15.1"}

    text = markdown(results)

    assert "| CPU µs of the database | queries |" in text
    assert "| Trivet | 50.0 (50.0 to 50.0) | - | 33.0 | 2.00 |" in text
    assert "Databases: PostgreSQL 15.1." in text


def test_a_script_is_told_by_its_time_and_memory(results: Results) -> None:
    values = {"cpu_s": 1.5, "seconds": 2.0, "peak_mb": 80.0, "growth_mb": 4.0}
    results.samples = [Sample("data-bulk-sqlite", "trivet", 0, values)]

    assert "| Trivet | 1.50 (1.50 to 1.50) | 2.00 (2.00 to 2.00) |" in markdown(results)


def test_results_survive_their_json(results: Results) -> None:
    again = Results.from_json(json.loads(json.dumps(results.as_json())))

    assert markdown(again) == markdown(results)


def test_the_chart_is_well_formed_and_needs_nothing_from_outside(results: Results) -> None:
    text = svg(results)

    root = ElementTree.fromstring(text)
    assert root.tag == f"{SVG}svg"
    assert not [node for node in root.iter() if node.tag in {f"{SVG}script", f"{SVG}image"}]
    assert "url(" not in text
    assert "prefers-color-scheme: dark" in text


def test_bars_are_in_proportion_to_the_medians(results: Results) -> None:
    root = ElementTree.fromstring(svg(results))

    widths = [float(node.attrib["width"]) for node in root.iter(f"{SVG}rect")]
    assert widths[0] / widths[1] == pytest.approx(10 / 100, rel=0.01)


def test_a_chart_of_nothing_is_still_a_chart() -> None:
    assert ElementTree.fromstring(svg(Results())).tag == f"{SVG}svg"


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0"), (9.876, "9.88"), (98.76, "98.8"), (9876.5, "9,876")]
)
def test_figures_have_three_digits_that_matter(value: float, text: str) -> None:
    assert number(value) == text


def test_a_bar_in_a_cell_does_not_break_the_table() -> None:
    assert table(["a"], [["x | y\nz"]]).splitlines()[-1] == r"| x \| y z |"
