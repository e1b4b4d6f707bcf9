"""The cost of each case as bars in one SVG, readable on light and on dark pages.

Hand-written and self-contained: no script, no font, no outside file.
"""

from __future__ import annotations

from html import escape

from benchmarks.cases import LOAD_CASES
from benchmarks.report import Results, number, order
from benchmarks.verdict import figure

WIDTH = 880
GAP = 40
PANEL = (WIDTH - GAP) / 2
LABEL = 84
LETTER = 6.6  # about as wide as one is
VALUE = 58
ROW = 21
HEAD = 46
TOP = 64
# Only the measure for the case with many routes; the table has it.
LEFT_OUT = frozenset({"routes-1"})

STYLE = """
  text { font: 12px ui-sans-serif, system-ui, "Segoe UI", Helvetica, Arial, sans-serif;
         fill: #424a53; }
  .title { font-size: 17px; font-weight: 600; fill: #1f2328; }
  .case { font-weight: 600; fill: #1f2328; }
  .unit { fill: #656d76; font-size: 11px; }
  .value { font-variant-numeric: tabular-nums; }
  .bar { fill: #afb8c1; }
  .range { stroke: #656d76; stroke-width: 1; }
  .ours .bar { fill: #d9480f; }
  .ours text { fill: #c2410c; font-weight: 600; }
  @media (prefers-color-scheme: dark) {
    text, .value { fill: #b7bfc8; }
    .title, .case { fill: #e6edf3; }
    .unit { fill: #8d96a0; }
    .bar { fill: #484f58; }
    .range { stroke: #9aa4af; }
    .ours .bar { fill: #f76707; }
    .ours text { fill: #ff922b; }
  }
"""


def svg(results: Results) -> str:
    """Draw one panel of bars a case, the cheapest peer first, with the range over the rounds."""
    panels = [
        (case.title, case.unit, case.name, names)
        for case in LOAD_CASES
        if case.name not in LEFT_OUT and (names := order(results, case.name, "cost_us"))
    ]
    body = []
    y = float(TOP)
    for start in range(0, len(panels), 2):
        row = panels[start : start + 2]
        for column, (title, unit, name, names) in enumerate(row):
            body += _panel(results, title, unit, name, names, column * (PANEL + GAP), y)
        y += HEAD + ROW * max(len(names) for *_, names in row) + 18
    height = int(y) + 4
    rounds = results.settings.get("rounds", "?")
    head = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        f'width="{WIDTH}" height="{height}" role="img" aria-labelledby="title">',
        '<title id="title">CPU time a request costs the server, by framework</title>',
        f"<style>{STYLE}</style>",
        '<text class="title" x="0" y="22">What a request costs the server</text>',
        '<text class="unit" x="0" y="42">CPU microseconds of the process tree, shorter is better; '
        f"median of {rounds} rounds, thin line: range</text>",
    ]
    return "\n".join([*head, *body, "</svg>"]) + "\n"


def _panel(
    results: Results, title: str, unit: str, case: str, names: list[str], x: float, y: float
) -> list[str]:
    found = {name: figure(results.samples, case, name, "cost_us") for name in names}
    longest = max(value.high for value in found.values() if value) or 1.0
    label = max(LABEL, 8 + LETTER * max(len(results.peers[name]["title"]) for name in names))
    scale = (PANEL - label - VALUE) / longest
    lines = [
        f'<text class="case" x="{x:g}" y="{y + 12:g}">{escape(title)}</text>',
        f'<text class="unit" x="{x:g}" y="{y + 29:g}">µs a {escape(unit)}</text>',
    ]
    for index, name in enumerate(names):
        value = found[name]
        if value is None:
            continue
        top = y + HEAD + index * ROW - 4
        left = x + label
        end = left + value.high * scale
        lines += [
            f'<g class="{"ours" if name == "trivet" else "theirs"}">',
            f'<text x="{left - 8:.1f}" y="{top + 11:.1f}" text-anchor="end">'
            f"{escape(results.peers[name]['title'])}</text>",
            f'<rect class="bar" x="{left:.1f}" y="{top:.1f}" rx="2" height="14" '
            f'width="{max(value.middle * scale, 1):.1f}"/>',
            f'<path class="range" d="M{left + value.low * scale:.1f} {top + 7:.1f}H{end:.1f}"/>',
            f'<text class="value" x="{end + 6:.1f}" y="{top + 11:.1f}">'
            f"{number(value.middle)}</text>",
            "</g>",
        ]
    return lines
