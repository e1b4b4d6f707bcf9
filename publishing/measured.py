"""The tables and charts of the benchmarks as pages: `docs/reference/measured`. Run by `make docs`:

python -m publishing.measured docs/reference/measured
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

__all__ = ["write_measured"]

RESULTS = Path(__file__).parents[1] / "benchmarks" / "results"
_PAGES = {
    "requests": ("What a request costs", RESULTS),
    "rows": ("What a row costs", RESULTS / "data"),
    "admin": ("What a list of the admin costs", RESULTS / "admin"),
    "observed": ("What it costs to be observed", RESULTS / "observe"),
}


def write_measured(folder: Path) -> None:
    """Write a page for each committed run into an empty `folder`, with its chart."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name, (title, results) in _PAGES.items():
        text = (results / "latest.md").read_text(encoding="utf-8")
        _, _, rest = text.partition("\n")
        # A row that another run measures says nothing here.
        lines = [line for line in rest.splitlines() if "| - not measured:" not in line]
        shutil.copy(results / "latest.svg", folder / f"{name}.svg")
        chart = f"![The same as a chart]({name}.svg)"
        page = "\n".join([f"# {title}", "", chart, *lines, ""])
        (folder / f"{name}.md").write_text(page, encoding="utf-8")


if __name__ == "__main__":
    write_measured(Path(sys.argv[1]))
