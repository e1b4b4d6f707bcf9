"""The whole run: prepares the peers, measures them in turn, writes the results."""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import (
    cases,
    chart,
    check,
    data_runs,
    install,
    load,
    measure,
    peers,
    report,
    slow_tokens,
    startup,
)
from benchmarks import websockets as open_sockets
from benchmarks.case import LoadCase, ScriptCase
from benchmarks.data_cases import SCRIPT_CASES
from benchmarks.data_runs import Databases
from benchmarks.peers import Peer
from benchmarks.report import Results
from benchmarks.servers import Server, ServerFailed
from benchmarks.stores import Kind
from benchmarks.stream_cases import STREAM_CASES
from benchmarks.verdict import Sample

RESULTS = Path(__file__).with_name("results")
QUICK_PEERS = "trivet,fastapi,flask,fastify,go,fastapi-sqlalchemy,by-hand,sqlalchemy-core"
# What is served with a database where statements can be counted.
COUNTED = {("data", "postgresql"), ("admin", "orders")}
FAILURES = (
    ServerFailed,
    check.WrongAnswer,
    load.LoadFailed,
    subprocess.SubprocessError,
    OSError,
    ValueError,
)


@dataclass(frozen=True)
class Options:
    """What one run does; times are in seconds."""

    names: tuple[str, ...]
    peers: tuple[Peer, ...]
    rounds: int
    seconds: float
    connections: int
    sockets: int
    idle_seconds: float
    server_cpu: int
    load_cpu: int
    quick: bool
    output: Path


class Suite:
    """One run over all chosen peers and cases; `results` grows while it goes."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.results = Results()
        self._begun = time.monotonic()
        self._rates: dict[tuple[str, str], float] = {}
        self._refused: set[tuple[str, str]] = set()
        self._queries: data_runs.Queries = {}
        self._databases = Databases()

    def run(self) -> Results:
        """Prepare, then measure round by round; a failing peer never ends the run."""
        try:
            here = self._prepare()
            for turn in range(self.options.rounds):
                # Another peer begins each round, so that a drift of the machine favours nobody.
                for peer in here[turn % len(here) :] + here[: turn % len(here)]:
                    self._measure(peer, turn)
        finally:
            self._databases.close()
        self.results.machine["load_average_after"] = os.getloadavg()[0]
        return self.results

    def _prepare(self) -> list[Peer]:
        here = []
        self.results.machine = machine()
        self.results.settings = settings(self.options)
        behind = {case.name: case.database for case in cases.LOAD_CASES}
        behind |= {script.name: script.database for script in SCRIPT_CASES}
        wanted = [kind for name in self.options.names if (kind := behind.get(name)) is not None]
        self.results.machine["databases"] = self._databases.prepare(wanted, self._say)
        self.results.skipped.update(self._databases.absent)
        for peer in self.options.peers:
            if not peer.cases.intersection(self.options.names):
                continue
            if reason := install.prepare(peer, self._say):
                self.results.skipped[peer.title] = reason
                self._say(f"{peer.title} is left out: {reason}")
                continue
            self.results.peers[peer.name] = {
                "title": peer.title,
                "note": peer.note,
                "versions": install.versions(peer),
            }
            here.append(peer)
        return here

    def _measure(self, peer: Peer, turn: int) -> None:
        wanted = [
            case
            for case in cases.LOAD_CASES
            if case.name in self.options.names and case.name in peer.cases
        ]
        for app, routes, database in dict.fromkeys(map(_served_by, wanted)):
            if not self._databases.has(database):
                continue
            group = [case for case in wanted if _served_by(case) == (app, routes, database)]
            probes = {"data": data_runs.PROBE, "routes": group[0].request.path}
            probe = probes.get(app, "/hello")
            address = "" if database is None else self._databases.of(database).url
            cpu = self.options.server_cpu
            try:
                if database is not None:
                    self._databases.of(database).tidy()
                if (app, database) in COUNTED and database is not None and turn == 0:
                    store = self._databases.of(database)
                    self._queries |= data_runs.queries(peer, group, store, cpu, probe)
                with Server(
                    peer, app, cpu=cpu, probe=probe, routes=routes, database=address
                ) as server:
                    for case in group:
                        self._load(server, case, turn)
            except FAILURES as error:
                for case in group:
                    self._fail(peer, case.name, error)
        for script in SCRIPT_CASES:
            if script.name in self.options.names and script.name in peer.cases:
                self._script(peer, script, turn)
        for name, streams in STREAM_CASES.items():
            if name in self.options.names and name in peer.cases:
                self._slow_tokens(peer, name, streams, turn)
        if "websockets" in self.options.names and "websockets" in peer.cases:
            self._websockets(peer, turn)
        if {"startup", "memory"} & set(self.options.names) and "startup" in peer.cases:
            self._startup(peer, turn)

    def _load(self, server: Server, case: LoadCase, turn: int) -> None:
        key = server.peer.name, case.name
        if key in self._refused:
            return
        try:
            if case.database is not None and case.empties is not None:
                self._databases.of(case.database).empty(case.empties)
            case = check.signed_in(server.port, case.of_peer(server.peer.name))
            case = check.filled_in(server.port, case)
            if turn == 0:
                check.verify(server.port, case)
                if case.database is not None:
                    data_runs.verify(server.port, case, self._databases.of(case.database))
                if key in self._queries:
                    data_runs.compare_queries(case, self._queries[key])
                if case.name == "sync" and server.peer.blocking_off_loop:
                    check.verify_thread(server.port)
            values = self._under_load(server, case, key)
            if case.name == "dependencies" and server.peer.sessions:
                check.verify_sessions(server.port)
        except FAILURES as error:
            self._fail(server.peer, case.name, error)
            return
        self._keep(Sample(case.name, server.peer.name, turn, values))
        cost, rate = values["cost_us"], values["throughput"]
        self._say(
            f"round {turn + 1}  {server.peer.title:<20} {case.name:<24}"
            f"{cost:9.2f} µs a {case.unit}  {rate:10,.0f}/s  p99 {values['p99_ms']:.2f} ms"
        )

    def _under_load(self, server: Server, case: LoadCase, key: tuple[str, str]) -> dict[str, float]:
        connections = case.connections or self.options.connections
        generator = load.Generator(
            server.port,
            server.pid,
            self.options.server_cpu,
            self.options.load_cpu,
            None if case.database is None else self._databases.of(case.database).pid,
        )
        if case.requests is not None:
            self._rates[key] = case.requests / self.options.seconds
        # Warm-up: the first time for a second, which also tells how many requests fill the time.
        if key in self._rates:
            generator.send(case.request, connections, int(self._rates[key] * 0.3) + connections)
        else:
            warm = generator.for_a_second(case.request, connections)
            self._rates[key] = warm.requests / warm.seconds
        count = int(self._rates[key] * self.options.seconds) + connections
        found = generator.send(case.request, connections, count)
        held = measure.memory(server.pid)
        units = found.requests * case.units
        if generator.database is not None:
            # It works on the same processors, so what disturbed the server cannot be told.
            beside = {"database_us": found.database_seconds * 1e6 / units}
        else:
            beside = {"disturbance": found.disturbance}
        if key in self._queries:
            beside["queries"] = len(self._queries[key])
        return {
            "cost_us": found.cpu_seconds * 1e6 / units,
            "throughput": units / found.seconds,
            "p50_ms": found.p50_ms,
            "p99_ms": found.p99_ms,
            "rss_mb": held.rss / 1e6,
            "pss_mb": held.pss / 1e6,
            "requests": found.requests,
            "cpu_seconds": found.cpu_seconds,
            **beside,
        }

    def _script(self, peer: Peer, case: ScriptCase, turn: int) -> None:
        if (peer.name, case.name) in self._refused or not self._databases.has(case.database):
            return
        store = self._databases.of(case.database)
        try:
            values = data_runs.script(peer, case, store, self.options.server_cpu)
        except FAILURES as error:
            self._fail(peer, case.name, error)
            return
        self._keep(Sample(case.name, peer.name, turn, values))
        self._say(
            f"round {turn + 1}  {peer.title:<20} {case.name:<24}{values['cpu_s']:9.2f} s of CPU, "
            f"peak {values['peak_mb']:.1f} MB, {values['growth_mb']:+.1f} MB"
        )

    def _slow_tokens(self, peer: Peer, name: str, streams: int, turn: int) -> None:
        if (peer.name, name) in self._refused:
            return
        cpus = {"server_cpu": self.options.server_cpu, "load_cpu": self.options.load_cpu}
        try:
            values = slow_tokens.run(peer, streams=streams, **cpus)
        except FAILURES as error:
            self._fail(peer, name, error)
            return
        self._keep(Sample(name, peer.name, turn, values))
        self._say(
            f"round {turn + 1}  {peer.title:<20} {name:<24}{values['cost_us']:9.2f} µs a token, "
            f"first after {values['first_ms']:.0f} ms, {values['pss_mb']:.1f} MB, "
            f"{values['missing']:g} missing"
        )

    def _websockets(self, peer: Peer, turn: int) -> None:
        options = self.options
        if (peer.name, "websockets") in self._refused:
            return
        try:
            values = open_sockets.run(
                peer,
                connections=options.sockets,
                idle_seconds=options.idle_seconds,
                server_cpu=options.server_cpu,
                load_cpu=options.load_cpu,
            )
        except FAILURES as error:
            self._fail(peer, "websockets", error)
            return
        self._keep(Sample("websockets", peer.name, turn, values))
        self._say(
            f"round {turn + 1}  {peer.title:<20} websockets   "
            f"{values['pss_kb_per_connection']:9.2f} KiB a connection, "
            f"{values['missing']:g} of {options.sockets:,} messages missing"
        )

    def _startup(self, peer: Peer, turn: int) -> None:
        if (peer.name, "startup") in self._refused:
            return
        try:
            begun, held = startup.run(peer, server_cpu=self.options.server_cpu, warm=turn == 0)
        except FAILURES as error:
            self._fail(peer, "startup", error)
            self._fail(peer, "memory", error)
            return
        if "startup" in self.options.names:
            self._keep(Sample("startup", peer.name, turn, begun))
        if "memory" in self.options.names:
            self._keep(Sample("memory", peer.name, turn, held))
        self._say(
            f"round {turn + 1}  {peer.title:<20} startup      "
            f"{begun['import_ms']:9.0f} ms import, {begun['first_answer_ms']:.0f} ms to the first "
            f"answer, {held['rss_mb']:.1f} MB"
        )

    def _keep(self, sample: Sample) -> None:
        self.results.samples.append(sample)

    def _fail(self, peer: Peer, case: str, error: Exception) -> None:
        """Note the failure and leave the peer out of the case for good, earlier rounds too."""
        self._refused.add((peer.name, case))
        self.results.samples = [
            sample
            for sample in self.results.samples
            if (sample.peer, sample.case) != (peer.name, case)
        ]
        reason = str(error) or type(error).__name__
        failure = {"peer": peer.title, "case": case, "reason": reason}
        if failure not in self.results.failed:
            self.results.failed.append(failure)
            self._say(f"{peer.title} is left out of {case}: {reason}")

    def _say(self, line: str) -> None:
        print(f"{time.monotonic() - self._begun:6.1f}s  {line}", flush=True)


def _served_by(case: LoadCase) -> tuple[str, int, Kind | None]:
    return case.app, case.routes, case.database


def machine() -> dict[str, object]:
    """Describe where this runs, as far as it matters for the figures."""
    model = platform.processor()
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "processor": model,
        "processors": len(os.sched_getaffinity(0)),
        "system": f"{platform.system()} {platform.release()}, Python {platform.python_version()}",
        "load_average_before": os.getloadavg()[0],
    }


def settings(options: Options) -> dict[str, object]:
    """Give the options as plain data for the results."""
    left_out = {"names", "peers", "output"}
    found = {key: value for key, value in vars(options).items() if key not in left_out}
    return {**found, "cases": list(options.names)}


def write(results: Results, folder: Path) -> None:
    """Write latest.json, latest.md and latest.svg into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "latest.json").write_text(json.dumps(results.as_json(), indent=1) + "\n")
    (folder / "latest.md").write_text(report.markdown(results))
    (folder / "latest.svg").write_text(chart.svg(results))


def main(arguments: Iterable[str] | None = None) -> int:
    """Run the command line; gives the exit code."""
    parser = _parser()
    given = parser.parse_args(None if arguments is None else list(arguments))
    if given.report_only:
        results = Results.from_json(json.loads((given.output / "latest.json").read_text()))
    else:
        if sys.platform != "linux":
            parser.error("the benchmarks read /proc and pin processors: they need Linux")
        if load.find() is None:
            parser.error(load.MISSING)
        try:
            options = _options(given)
        except ValueError as error:
            parser.error(str(error))
        # 10,000 open sockets on either side need as many file descriptors.
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        results = Suite(options).run()
    write(results, given.output)
    print(f"\n{report.markdown(results)}")
    print(f"written: latest.json, latest.md and latest.svg in {given.output}")
    # Thresholds are reported, never enforced here: only wrong answers of Trivet's fail the run.
    wrong = [failure for failure in results.failed if failure["peer"] == "Trivet"]
    return 1 if wrong else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Measure what a request costs Trivet and its peers, side by side.",
        epilog=f"cases: {', '.join(cases.TITLES)}; peers: {', '.join(peers.BY_NAME)}",
    )
    add = parser.add_argument
    add("--quick", action="store_true", help="about two minutes: few peers, short loads, 2 rounds")
    add("--only", metavar="CASE,CASE", help="only these cases (data: all with a database)")
    add("--peers", metavar="A,B", help="only these beside Trivet, or: all")
    add("--rounds", type=int, help="rounds over all servers (5; quick: 2)")
    add("--seconds", type=float, help="length of one load, about (3; quick: 1)")
    add("--connections", type=int, default=32, help="connections of the load generator (32)")
    add("--sockets", type=int, help="open WebSockets (10000; quick: 2000)")
    add("--output", type=Path, default=RESULTS, help="folder of the results")
    add("--report-only", action="store_true", help="write table and chart again from latest.json")
    return parser


def _options(given: argparse.Namespace) -> Options:
    quick: bool = given.quick
    processors = sorted(os.sched_getaffinity(0))
    return Options(
        names=cases.chosen(given.only),
        peers=peers.chosen(given.peers or (QUICK_PEERS if quick else None)),
        rounds=given.rounds or (2 if quick else 5),
        seconds=given.seconds or (1.0 if quick else 3.0),
        connections=given.connections,
        sockets=given.sockets or (2_000 if quick else 10_000),
        idle_seconds=1.0 if quick else 5.0,
        server_cpu=processors[0],
        load_cpu=processors[-1],
        quick=quick,
        output=given.output,
    )
