"""What it costs to be observed: the small JSON request once more, with more and more that looks on.

The case `get` is the same without the part.
"""

from __future__ import annotations

from benchmarks.case import LoadCase, Request, Threshold

_REQUEST, _ANSWER = Request("/hello"), {"message": "Hello, World!"}

OBSERVE_CASES = (
    LoadCase(
        name="observe-off",
        title="GET of a small JSON dictionary, Observe with nothing on",
        request=_REQUEST,
        answer=_ANSWER,
        app="observed_off",
    ),
    LoadCase(
        name="observe-metrics",
        title="The same with figures for Prometheus and reports on queries",
        request=_REQUEST,
        answer=_ANSWER,
        app="observed_metrics",
    ),
)

OBSERVE_THRESHOLDS = (
    Threshold(
        case="observe-off",
        metric="cost_us",
        wording="within 3 % of the cost without the part",
        peer="trivet",
        at_most=1.03,
        peer_case="get",
    ),
    Threshold(
        case="observe-metrics",
        metric="cost_us",
        wording="at most 25 % more than without the part",
        peer="trivet",
        at_most=1.25,
        peer_case="get",
    ),
)
