"""Whether a threshold was reached, and by how much. Pure functions over samples."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks.case import Threshold


@dataclass(frozen=True)
class Sample:
    """The figures of one peer in one case in one round."""

    case: str
    peer: str
    round: int
    values: dict[str, float]


@dataclass(frozen=True)
class Figure:
    """A metric over all rounds."""

    middle: float
    low: float
    high: float


@dataclass(frozen=True)
class Verdict:
    """`reached` is None where a side of the comparison was not measured.

    `ratio` is what was found in the unit of the threshold: ours through theirs, or ours where the
    limit is absolute. `worst` is the same with our dearest and their cheapest round.
    """

    threshold: Threshold
    reached: bool | None
    ratio: float | None
    worst: float | None
    text: str


def figure(samples: Iterable[Sample], case: str, peer: str, metric: str) -> Figure | None:
    """Give median and range of a metric, or None where there is no sample."""
    found = [
        sample.values[metric]
        for sample in samples
        if sample.case == case and sample.peer == peer and metric in sample.values
    ]
    return Figure(median(found), min(found), max(found)) if found else None


def judge(threshold: Threshold, samples: Sequence[Sample]) -> Verdict:
    """Hold the samples against one threshold."""
    ours = figure(samples, threshold.case, "trivet", threshold.metric)
    if ours is None:
        return Verdict(threshold, None, None, None, "not measured: no figure of Trivet")
    if threshold.peer is None:
        return _absolute(threshold, ours)
    theirs = figure(
        samples, threshold.peer_case or threshold.case, threshold.peer, threshold.metric
    )
    if theirs is None:
        return Verdict(threshold, None, None, None, f"not measured: no figure of {threshold.peer}")
    if theirs.low <= 0:
        return Verdict(threshold, None, None, None, f"{threshold.peer} used too little to measure")
    ratio = ours.middle / theirs.middle
    worst = ours.high / theirs.low
    reached = _keeps(ratio, threshold)
    share = ratio / threshold.at_most
    if reached:
        text = f"reached: {ratio:.3f} of {threshold.at_most:.3f} allowed, {1 - share:.1%} to spare"
        if not _keeps(worst, threshold):
            text += " (not in every pair of rounds)"
    else:
        text = (
            f"not reached: {ratio:.3f}, {threshold.at_most:.3f} allowed, {share - 1:.1%} too much"
        )
    return Verdict(threshold, reached, ratio, worst, text)


def _absolute(threshold: Threshold, ours: Figure) -> Verdict:
    reached = _keeps(ours.high, threshold)
    text = "reached" if reached else "not reached"
    text += f": {ours.high:g} in the worst round, {threshold.at_most:g} allowed"
    return Verdict(threshold, reached, ours.high, ours.high, text)


def _keeps(value: float, threshold: Threshold) -> bool:
    return value < threshold.at_most if threshold.strict else value <= threshold.at_most
