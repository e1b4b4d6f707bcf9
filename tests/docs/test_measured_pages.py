"""What the benchmarks wrote becomes pages, verdicts that were not reached included."""

from __future__ import annotations

from pathlib import Path

from publishing.measured import RESULTS, write_measured


def test_each_committed_run_is_a_page_with_its_chart(tmp_path: Path) -> None:
    write_measured(tmp_path / "measured")

    pages = ("admin", "observed", "requests", "rows")
    assert sorted(path.name for path in (tmp_path / "measured").iterdir()) == [
        f"{name}.{ending}" for name in pages for ending in ("md", "svg")
    ]
    page = (tmp_path / "measured" / "rows.md").read_text()
    assert page.startswith("# What a row costs")
    assert "not measured" not in page
    told = (RESULTS / "data" / "latest.md").read_text()
    assert page.count("not reached") == told.count("not reached")
