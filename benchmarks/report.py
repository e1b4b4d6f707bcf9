"""The results as Markdown: verdicts first, then every figure. Pure functions over the results."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any

from benchmarks.cases import LOAD_CASES, THRESHOLDS, TITLES
from benchmarks.data_cases import SCRIPT_CASES
from benchmarks.stream_cases import STREAM_CASES
from benchmarks.verdict import Figure, Sample, figure, judge

# More of the server's processor than this for others, and the report warns.
QUIET_SHARE = 0.05
# What stands beside the cost of a case with a database, where it was measured.
DATABASE_COLUMNS = {"database_us": "CPU µs of the database", "queries": "queries"}
SCRIPTS = frozenset(case.name for case in SCRIPT_CASES)
# Whose cost the others are told as a share of, the first that was measured.
REFERENCES = ("fastapi", "fastapi-sqlalchemy", "django")
UNITS = {case.name: case.unit for case in LOAD_CASES}
STREAM_COLUMNS = {
    "cost_us": "CPU µs a token",
    "missing": "tokens missing",
    "first_ms": "first token, ms",
    "first_p99_ms": "first token of the slowest 1 %, ms",
    "seconds": "all whole after, s",
    "pss_mb": "PSS, MB",
    "pss_kb_per_stream": "PSS, KiB a stream",
}
WEBSOCKET_COLUMNS = {
    "pss_kb_per_connection": "PSS, KiB a connection",
    "rss_kb_per_connection": "RSS, KiB a connection",
    "open_us": "opening, µs of CPU",
    "idle_cpu_percent": "idle, % of a processor",
    "cost_us": "message, µs of CPU",
    "broadcast_ms": "all reached, ms",
    "missing": "missing",
}
STARTUP_COLUMNS = {
    "import_ms": "import, ms",
    "first_answer_ms": "process to first answer, ms",
    "cpu_ms": "CPU until then, ms",
}
SCRIPT_COLUMNS = {
    "cpu_s": "CPU, s",
    "seconds": "from first to last row, s",
    "peak_mb": "peak RSS, MB",
    "growth_mb": "growth of RSS, MB",
}
MEMORY_COLUMNS = {"rss_mb": "RSS, MB", "pss_mb": "PSS, MB"}


@dataclass
class Results:
    """Everything that one run has found; what latest.json holds."""

    machine: dict[str, Any] = field(default_factory=dict)  # open: what the machine tells
    settings: dict[str, Any] = field(default_factory=dict)  # open: the options of the run
    peers: dict[str, dict[str, Any]] = field(default_factory=dict)  # title, note, versions
    skipped: dict[str, str] = field(default_factory=dict)
    failed: list[dict[str, str]] = field(default_factory=list)
    samples: list[Sample] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Give plain data for JSON, the verdicts included."""
        verdicts = [asdict(judge(threshold, self.samples)) for threshold in THRESHOLDS]
        return {**asdict(self), "verdicts": verdicts}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Results:
        """Read what `as_json` gave; the verdicts are judged again from the samples."""
        fields = {key: value for key, value in data.items() if key != "verdicts"}
        return cls(**{**fields, "samples": [Sample(**sample) for sample in fields["samples"]]})


def markdown(results: Results) -> str:
    """Write the whole report."""
    parts = ["# What a request costs", _conditions(results), _verdicts(results)]
    cases = [name for name in TITLES if any(sample.case == name for sample in results.samples)]
    for case in cases:
        parts.append(f"## {TITLES[case]}")
        if case in STREAM_CASES:
            parts.append(_columns(results, case, STREAM_COLUMNS))
        elif case == "websockets":
            parts.append(_columns(results, case, WEBSOCKET_COLUMNS))
        elif case == "startup":
            parts.append(_columns(results, case, STARTUP_COLUMNS))
        elif case == "memory":
            parts.append(_columns(results, case, MEMORY_COLUMNS))
        elif case in SCRIPTS:
            parts.append(_columns(results, case, SCRIPT_COLUMNS))
        else:
            parts.append(_load(results, case))
    parts.append(_peers(results))
    return "\n\n".join(part for part in parts if part) + "\n"


def number(value: float) -> str:
    """Write a figure with three digits that matter, thousands apart."""
    if value == 0 or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def with_range(found: Figure | None) -> str:
    """Write a median with its range, or a dash."""
    if found is None:
        return "-"
    return f"{number(found.middle)} ({number(found.low)} to {number(found.high)})"


def order(results: Results, case: str, metric: str) -> list[str]:
    """Give the peers that were measured in a case, the lowest median first."""
    found = {
        name: middle.middle
        for name in results.peers
        if (middle := figure(results.samples, case, name, metric)) is not None
    }
    return sorted(found, key=found.__getitem__)


def _conditions(results: Results) -> str:
    machine, settings = results.machine, results.settings
    lines = [
        f"{machine.get('date', '')}, {machine.get('processor', '')}, {machine.get('system', '')}. "
        f"{settings.get('rounds')} rounds, servers in turn, each on processor "
        f"{settings.get('server_cpu')}, the load generator on processor "
        f"{settings.get('load_cpu')}, {settings.get('connections')} connections. "
        "Figures are medians with their range over the rounds; cost is CPU time (user and system) "
        "of the server's whole process tree.",
    ]
    if databases := machine.get("databases"):
        named = ", ".join(f"{name} {version}" for name, version in databases.items())
        lines.append(
            f"Databases: {named}. PostgreSQL shares the processors with server and load; its own "
            "CPU time stands beside, and is in no cost."
        )
    if settings.get("quick"):
        lines.append("**A quick run: short loads, few rounds. Good for a look, not for a claim.**")
    shares = [
        sample.values["disturbance"] for sample in results.samples if "disturbance" in sample.values
    ]
    if shares and median(shares) > QUIET_SHARE:
        lines.append(
            f"**The machine was not quiet: something else had {median(shares):.0%} of the server's "
            f"processor (median; up to {max(shares):.0%}). That cools caches and makes every cost "
            "dearer; throughput and p99 suffer most.**"
        )
    if settings.get("server_cpu") == settings.get("load_cpu"):
        lines.append("**Server and load shared one processor: throughput and p99 mean little.**")
    return "\n\n".join(lines)


def _verdicts(results: Results) -> str:
    """Give the thresholds of the cases that were run; all of them stand in the JSON."""
    run = {sample.case for sample in results.samples}
    rows = []
    for threshold in (one for one in THRESHOLDS if one.case in run):
        verdict = judge(threshold, results.samples)
        mark = {True: "✓", False: "✗", None: "-"}[verdict.reached]
        rows.append([TITLES[threshold.case], threshold.wording, f"{mark} {verdict.text}"])
    return "## To reach\n\n" + table(["case", "to reach", "verdict"], rows)


def _load(results: Results, case: str) -> str:
    measured = order(results, case, "cost_us")
    reference = next((name for name in REFERENCES if name in measured), "fastapi")
    base = figure(results.samples, case, reference, "cost_us")
    beside = [
        metric
        for metric in DATABASE_COLUMNS
        if any(figure(results.samples, case, name, metric) for name in measured)
    ]
    rows = []
    for name in measured:
        found = {
            metric: figure(results.samples, case, name, metric)
            for metric in ("cost_us", "throughput", "p99_ms", "rss_mb", "pss_mb", *beside)
        }
        cost = found["cost_us"]
        share = f"{cost.middle / base.middle:.2f}" if cost and base else "-"
        rows.append([results.peers[name]["title"], with_range(cost), share])
        rows[-1] += [number(held.middle) if (held := found[m]) else "-" for m in beside]
        rows[-1] += [with_range(found[metric]) for metric in ("throughput", "p99_ms")]
        rows[-1] += [number(held.middle) for held in (found["rss_mb"], found["pss_mb"]) if held]
    unit = UNITS[case]
    whose = "Django's" if reference == "django" else "FastAPI's"
    heads = ["peer", f"CPU µs a {unit}", f"of {whose}", *(DATABASE_COLUMNS[m] for m in beside)]
    heads += [f"{unit}s a second", "p99, ms", "RSS, MB", "PSS, MB"]
    return table(heads, rows) + _failures(results, case)


def _columns(results: Results, case: str, columns: dict[str, str]) -> str:
    rows = [
        [results.peers[name]["title"]]
        + [with_range(figure(results.samples, case, name, metric)) for metric in columns]
        for name in order(results, case, next(iter(columns)))
    ]
    return table(["peer", *columns.values()], rows) + _failures(results, case)


def _failures(results: Results, case: str) -> str:
    found = [failure for failure in results.failed if failure["case"] == case]
    lines = dict.fromkeys(f"- {failure['peer']}: {failure['reason']}" for failure in found)
    return "\n\nLeft out:\n\n" + "\n".join(lines) if lines else ""


def _peers(results: Results) -> str:
    rows = [
        [peer["title"], peer["note"], ", ".join(f"{k} {v}" for k, v in peer["versions"].items())]
        for peer in results.peers.values()
    ]
    rows += [[name, f"left out: {reason}", ""] for name, reason in results.skipped.items()]
    return "## Peers\n\n" + table(["peer", "set-up", "versions"], rows)


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Write a Markdown table; bars and line ends inside a cell are made harmless."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(
        "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in line) + " |"
        for line in lines
    )
