"""Charts as their template draws them: numbers as texts, and the arcs of a ring."""

from __future__ import annotations

from collections.abc import Sequence
from math import cos, pi, sin

from trivet.admin.declared.dashboard import Chart
from trivet.admin.home.series import Series
from trivet.admin.views import ChartView, Point
from trivet.admin.visits import Visit

__all__ = ["drawn"]

_MOST_ARCS = 6  # beyond which the rest is one
_OUTER, _INNER = 70.0, 44.0
_MIDDLE = 80.0


def drawn(chart: Chart, series: Series, visit: Visit, url: str) -> ChartView:
    """Give a chart."""
    pairs = list(zip(series.labels, series.values, strict=True))
    if chart.kind == "donut":
        pairs = _few(pairs, visit)
    points = [Point(label, value, visit.number(_plain(value))) for label, value in pairs]
    total = sum(value for _, value in pairs)
    return ChartView(
        label=chart.label,
        kind={"bar": "bars", "line": "line", "donut": "donut"}[chart.kind],
        hint=chart.hint,
        url=url,
        points=points,
        total=visit.number(_plain(total)),
        arcs=_arcs([value for _, value in pairs]) if chart.kind == "donut" else (),
    )


def _few(pairs: Sequence[tuple[str, float]], visit: Visit) -> list[tuple[str, float]]:
    """Give the largest parts, and the rest as one; less than nothing is no part of a ring."""
    parts = sorted((one for one in pairs if one[1] > 0), key=lambda one: -one[1])
    if len(parts) <= _MOST_ARCS:
        return parts
    rest = sum(value for _, value in parts[_MOST_ARCS - 1 :])
    return [*parts[: _MOST_ARCS - 1], (visit.say("Others"), rest)]


def _arcs(values: Sequence[float]) -> list[str]:
    """Give a path for each part of a ring, from the top on and clockwise."""
    total = sum(values)
    found, at = [], 0.0
    for value in values:
        # A whole ring has no ends: a hair is left open.
        share = min(value / total, 0.99999)
        found.append(_arc(at, at + share))
        at += value / total
    return found


def _arc(begin: float, end: float) -> str:
    large = int(end - begin > 0.5)
    (ax, ay), (bx, by) = _at(begin, _OUTER), _at(end, _OUTER)
    (cx, cy), (dx, dy) = _at(end, _INNER), _at(begin, _INNER)
    return (
        f"M{ax:.1f} {ay:.1f}A{_OUTER:g} {_OUTER:g} 0 {large} 1 {bx:.1f} {by:.1f}"
        f"L{cx:.1f} {cy:.1f}A{_INNER:g} {_INNER:g} 0 {large} 0 {dx:.1f} {dy:.1f}Z"
    )


def _at(share: float, radius: float) -> tuple[float, float]:
    angle = 2 * pi * share - pi / 2
    return _MIDDLE + radius * cos(angle), _MIDDLE + radius * sin(angle)


def _plain(value: float) -> int | float:
    return int(value) if float(value).is_integer() else round(value, 2)
